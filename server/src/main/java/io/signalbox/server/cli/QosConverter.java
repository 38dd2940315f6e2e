package io.signalbox.server.cli;

import io.signalbox.server.packet.Qos;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code 0}, {@code 1} or {@code 2}. */
final class QosConverter implements ITypeConverter<Qos> {
  @Override
  public Qos convert(String text) {
    return switch (text) {
      case "0" -> Qos.AT_MOST_ONCE;
      case "1" -> Qos.AT_LEAST_ONCE;
      case "2" -> Qos.EXACTLY_ONCE;
      default -> throw new TypeConversionException("\"" + text + "\" must be 0, 1 or 2");
    };
  }
}
