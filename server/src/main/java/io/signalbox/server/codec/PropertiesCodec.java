package io.signalbox.server.codec;

import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.Property.Place;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.Side;
import io.signalbox.server.packet.UserProperty;
import java.util.Objects;

/**
 * The property list that most 5.0 packets have (section 2.2.2), by the table in {@link Property}.
 */
final class PropertiesCodec {
  private static final Property[] ALL = Property.values();

  private PropertiesCodec() {}

  /** Reads the Property Length and the properties. */
  static Properties decode(PacketReader in, Place place, Side sender) throws PacketException {
    int length = in.variableByteInteger("property length");
    if (length == 0) {
      return Properties.NONE;
    }
    if (length > in.remaining()) {
      throw in.malformed("property length " + length + " with " + in.remaining() + " bytes left");
    }
    int outer = in.narrow(length);
    Properties properties = decodeValues(in, place, sender);
    in.widen(outer);
    return properties;
  }

  /** Reads properties up to the end of what the reader shows. */
  static Properties decodeValues(PacketReader in, Place place, Side sender) throws PacketException {
    var properties = Properties.builder();
    int userProperties = 0;
    while (in.remaining() > 0) {
      int id = in.variableByteInteger("property identifier");
      Property property = Property.ofId(id);
      if (property == null) {
        throw in.malformed("unknown property 0x%02X".formatted(id));
      }
      if (!property.standsIn(place)) {
        throw in.malformed(property + " has no place in " + place);
      }
      if (!property.isSentBy(sender, place)) {
        throw in.protocolError(property + " in " + place + " from a " + nameOf(sender));
      }
      if (properties.has(property) && !property.isRepeatable(place)) {
        throw in.protocolError(property + " more than once in " + place);
      }
      if (property == Property.USER_PROPERTY) {
        in.checkUserProperties(++userProperties);
      }
      decodeValue(in, property, properties);
    }
    return properties.build();
  }

  private static String nameOf(Side side) {
    return side == Side.CLIENT ? "client" : "server";
  }

  private static void decodeValue(PacketReader in, Property property, Properties.Builder into)
      throws PacketException {
    String field = property.toString();
    switch (property.type()) {
      case BYTE -> into.put(property, inRange(in, property, in.oneByte(field)));
      case TWO_BYTE -> into.put(property, inRange(in, property, in.twoBytes(field)));
      case FOUR_BYTE -> into.put(property, inRange(in, property, in.fourBytes(field)));
      case VARIABLE ->
          into.addSubscriptionIdentifier(
              (int) inRange(in, property, in.variableByteInteger(field)));
      case STRING -> {
        String value = in.string(field);
        if (property == Property.RESPONSE_TOPIC && !isTopicName(value)) {
          throw in.protocolError("response topic is empty or has a wildcard"); // [MQTT-3.3.2-14]
        }
        into.put(property, value);
      }
      case BINARY -> into.put(property, in.binary(field));
      case STRING_PAIR ->
          into.addUserProperty(in.string(field), in.string(field)); // [MQTT-1.5.7-1]
    }
  }

  private static boolean isTopicName(String text) {
    return !text.isEmpty() && text.indexOf('+') < 0 && text.indexOf('#') < 0;
  }

  private static long inRange(PacketReader in, Property property, long value)
      throws PacketException {
    if (value >= property.smallest() && value <= property.largest()) {
      return value;
    }
    String problem =
        property + " " + value + " is outside " + property.smallest() + ".." + property.largest();
    throw property == Property.TOPIC_ALIAS
        ? in.refused(ReasonCode.TOPIC_ALIAS_INVALID, problem) // [MQTT-3.3.2-8]
        : in.protocolError(problem);
  }

  /** Bytes with the Property Length in front. */
  static int length(Properties properties) {
    int length = lengthOfValues(properties);
    return VariableByteInteger.length(length) + length;
  }

  static int lengthOfValues(Properties properties) {
    if (properties.isEmpty()) {
      return 0;
    }
    int length = 0;
    for (Property property : ALL) {
      if (properties.has(property)) {
        length += lengthOfValue(properties, property);
      }
    }
    return length;
  }

  private static int lengthOfValue(Properties properties, Property property) {
    return switch (property.type()) {
      case BYTE -> 2;
      case TWO_BYTE -> 3;
      case FOUR_BYTE -> 5;
      case STRING -> 1 + ByteOutput.stringLength(string(properties, property));
      case BINARY -> 3 + binary(properties, property).length;
      case VARIABLE -> lengthOfIdentifiers(properties.subscriptionIdentifiers());
      case STRING_PAIR -> {
        int length = 0;
        for (UserProperty pair : properties.userProperties()) {
          length +=
              1 + ByteOutput.stringLength(pair.name()) + ByteOutput.stringLength(pair.value());
        }
        yield length;
      }
    };
  }

  static int lengthOfIdentifiers(int[] identifiers) {
    int length = 0;
    for (int identifier : identifiers) {
      length += 1 + VariableByteInteger.length(identifier);
    }
    return length;
  }

  /** Writes the Property Length and the properties. */
  static void encode(Properties properties, ByteOutput out) {
    VariableByteInteger.put(out, lengthOfValues(properties)); // [MQTT-2.2.2-1]
    encodeValues(properties, out);
  }

  static void encodeValues(Properties properties, ByteOutput out) {
    if (properties.isEmpty()) {
      return;
    }
    for (Property property : ALL) {
      if (properties.has(property)) {
        encodeValue(properties, property, out);
      }
    }
  }

  private static void encodeValue(Properties properties, Property property, ByteOutput out) {
    switch (property.type()) {
      case BYTE -> {
        out.put1(property.id());
        out.put1((int) properties.number(property, 0));
      }
      case TWO_BYTE -> {
        out.put1(property.id());
        out.put2((int) properties.number(property, 0));
      }
      case FOUR_BYTE -> {
        out.put1(property.id());
        out.put4(properties.number(property, 0));
      }
      case STRING -> {
        out.put1(property.id());
        out.putString(string(properties, property));
      }
      case BINARY -> {
        out.put1(property.id());
        out.putBinary(binary(properties, property));
      }
      case VARIABLE -> encodeIdentifiers(properties.subscriptionIdentifiers(), out);
      case STRING_PAIR -> {
        for (UserProperty pair : properties.userProperties()) { // in their order [MQTT-3.3.2-18]
          out.put1(property.id());
          out.putString(pair.name());
          out.putString(pair.value());
        }
      }
    }
  }

  static void encodeIdentifiers(int[] identifiers, ByteOutput out) {
    for (int identifier : identifiers) {
      out.put1(Property.SUBSCRIPTION_IDENTIFIER.id());
      VariableByteInteger.put(out, identifier);
    }
  }

  private static String string(Properties properties, Property property) {
    return Objects.requireNonNull(properties.string(property));
  }

  private static byte[] binary(Properties properties, Property property) {
    return Objects.requireNonNull(properties.binary(property));
  }
}
