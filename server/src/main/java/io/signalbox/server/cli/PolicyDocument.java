package io.signalbox.server.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A policy as its author wrote it, for a broker or a store to read.
 *
 * @param isJson else it is YAML
 */
public record PolicyDocument(String text, boolean isJson) {
  private static final int FILE_BYTES_MAX = 4 << 20;

  /**
   * @param file JSON if its name ends in {@code .json}
   * @throws CommandFailure it cannot be read, or has more than 4 MiB
   */
  static PolicyDocument read(Path file) throws CommandFailure {
    try {
      if (Files.size(file) > FILE_BYTES_MAX) {
        throw new IOException("is larger than " + FILE_BYTES_MAX + " bytes");
      }
      return new PolicyDocument(Files.readString(file), file.toString().endsWith(".json"));
    } catch (IOException e) {
      throw new CommandFailure("cannot read \"" + file + "\": " + e.getMessage(), e);
    }
  }
}
