package io.signalbox.it.wire;

import static io.signalbox.it.wire.PacketType.AUTH;
import static io.signalbox.it.wire.PacketType.CONNACK;
import static io.signalbox.it.wire.PacketType.DISCONNECT;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBCOMP;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PacketType.PUBREC;
import static io.signalbox.it.wire.PacketType.PUBREL;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static io.signalbox.it.wire.PacketType.UNSUBACK;
import static io.signalbox.it.wire.PropertyBytes.*;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Properties of a packet from the server, in the order received. Reading fails on an identifier
 * that a server may not send in that packet, on a second one of a kind that may appear once, and on
 * a value outside its range (section 2.2.2.2).
 */
public final class ReceivedProperties {
  private enum Kind {
    BYTE,
    TWO_BYTES,
    FOUR_BYTES,
    VARIABLE,
    STRING,
    PAIR,
    BINARY
  }

  private record Rule(Kind kind, Set<PacketType> allowedIn) {}

  private record One(int identifier, Object value) {}

  private static final Set<PacketType> WITH_REASON =
      EnumSet.of(CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT, AUTH);

  /** What a server may send and where; Session Expiry in DISCONNECT is the client's alone. */
  private static final Map<Integer, Rule> RULES =
      Map.ofEntries(
          rule(PAYLOAD_FORMAT_INDICATOR, Kind.BYTE, PUBLISH),
          rule(MESSAGE_EXPIRY_INTERVAL, Kind.FOUR_BYTES, PUBLISH),
          rule(CONTENT_TYPE, Kind.STRING, PUBLISH),
          rule(RESPONSE_TOPIC, Kind.STRING, PUBLISH),
          rule(CORRELATION_DATA, Kind.BINARY, PUBLISH),
          rule(SUBSCRIPTION_IDENTIFIER, Kind.VARIABLE, PUBLISH),
          rule(TOPIC_ALIAS, Kind.TWO_BYTES, PUBLISH),
          rule(SESSION_EXPIRY_INTERVAL, Kind.FOUR_BYTES, CONNACK),
          rule(ASSIGNED_CLIENT_IDENTIFIER, Kind.STRING, CONNACK),
          rule(SERVER_KEEP_ALIVE, Kind.TWO_BYTES, CONNACK),
          rule(AUTHENTICATION_METHOD, Kind.STRING, CONNACK, AUTH),
          rule(AUTHENTICATION_DATA, Kind.BINARY, CONNACK, AUTH),
          rule(RESPONSE_INFORMATION, Kind.STRING, CONNACK),
          rule(SERVER_REFERENCE, Kind.STRING, CONNACK, DISCONNECT),
          rule(RECEIVE_MAXIMUM, Kind.TWO_BYTES, CONNACK),
          rule(TOPIC_ALIAS_MAXIMUM, Kind.TWO_BYTES, CONNACK),
          rule(MAXIMUM_QOS, Kind.BYTE, CONNACK),
          rule(RETAIN_AVAILABLE, Kind.BYTE, CONNACK),
          rule(MAXIMUM_PACKET_SIZE, Kind.FOUR_BYTES, CONNACK),
          rule(WILDCARD_SUBSCRIPTION_AVAILABLE, Kind.BYTE, CONNACK),
          rule(SUBSCRIPTION_IDENTIFIER_AVAILABLE, Kind.BYTE, CONNACK),
          rule(SHARED_SUBSCRIPTION_AVAILABLE, Kind.BYTE, CONNACK),
          Map.entry(REASON_STRING, new Rule(Kind.STRING, WITH_REASON)),
          Map.entry(USER_PROPERTY, new Rule(Kind.PAIR, EnumSet.allOf(PacketType.class))));

  /** A user property. */
  public record Pair(String name, String value) {}

  private final List<One> all = new ArrayList<>();

  private ReceivedProperties() {}

  private static Map.Entry<Integer, Rule> rule(
      int identifier, Kind kind, PacketType first, PacketType... more) {
    return Map.entry(identifier, new Rule(kind, EnumSet.of(first, more)));
  }

  static ReceivedProperties none() {
    return new ReceivedProperties();
  }

  static ReceivedProperties read(PacketType type, Fields fields) {
    var properties = new ReceivedProperties();
    int length = fields.variableByteInteger("Property Length");
    Fields part = fields.part(length, "properties");
    while (!part.isEmpty()) {
      int identifier = part.variableByteInteger("property identifier");
      String name = "property 0x" + HexFormat.of().toHexDigits((byte) identifier);
      @Nullable Rule rule = RULES.get(identifier);
      if (rule == null || !rule.allowedIn().contains(type)) {
        throw part.malformed(name + " is not for this packet");
      }
      boolean repeatable = identifier == USER_PROPERTY || identifier == SUBSCRIPTION_IDENTIFIER;
      if (!repeatable && properties.has(identifier)) {
        throw part.malformed(name + " appears twice");
      }
      Object value =
          switch (rule.kind()) {
            case BYTE -> (long) part.u8(name);
            case TWO_BYTES -> (long) part.u16(name);
            case FOUR_BYTES -> part.u32(name);
            case VARIABLE -> (long) part.variableByteInteger(name);
            case STRING -> part.utf8(name);
            case PAIR -> new Pair(part.utf8(name), part.utf8(name));
            case BINARY -> part.binary(name);
          };
      checkRange(part, identifier, name, value);
      properties.all.add(new One(identifier, value));
    }
    return properties;
  }

  private static void checkRange(Fields fields, int identifier, String name, Object value) {
    boolean good =
        switch (identifier) {
          case PAYLOAD_FORMAT_INDICATOR,
              MAXIMUM_QOS,
              RETAIN_AVAILABLE,
              WILDCARD_SUBSCRIPTION_AVAILABLE,
              SUBSCRIPTION_IDENTIFIER_AVAILABLE,
              SHARED_SUBSCRIPTION_AVAILABLE ->
              (long) value <= 1;
          case SUBSCRIPTION_IDENTIFIER, RECEIVE_MAXIMUM, MAXIMUM_PACKET_SIZE, TOPIC_ALIAS ->
              (long) value != 0;
          default -> true;
        };
    if (!good) {
      throw fields.malformed(name + " has the forbidden value " + value);
    }
  }

  public boolean has(int identifier) {
    return all.stream().anyMatch(one -> one.identifier() == identifier);
  }

  public boolean isEmpty() {
    return all.isEmpty();
  }

  /** The first value of a numeric property. */
  public Optional<Long> number(int identifier) {
    return value(identifier).map(Long.class::cast);
  }

  public Optional<String> text(int identifier) {
    return value(identifier).map(String.class::cast);
  }

  public Optional<byte[]> data(int identifier) {
    return value(identifier).map(byte[].class::cast);
  }

  private Optional<Object> value(int identifier) {
    return all.stream().filter(one -> one.identifier() == identifier).map(One::value).findFirst();
  }

  public List<Pair> userProperties() {
    return all.stream()
        .filter(one -> one.identifier() == USER_PROPERTY)
        .map(one -> (Pair) one.value())
        .toList();
  }

  public List<Long> subscriptionIds() {
    return all.stream()
        .filter(one -> one.identifier() == SUBSCRIPTION_IDENTIFIER)
        .map(one -> (Long) one.value())
        .toList();
  }

  @Override
  public String toString() {
    return all.toString();
  }
}
