package io.signalbox.server.packet;

import static io.signalbox.server.packet.Property.Place.AUTH;
import static io.signalbox.server.packet.Property.Place.CONNACK;
import static io.signalbox.server.packet.Property.Place.CONNECT;
import static io.signalbox.server.packet.Property.Place.DISCONNECT;
import static io.signalbox.server.packet.Property.Place.PUBACK;
import static io.signalbox.server.packet.Property.Place.PUBCOMP;
import static io.signalbox.server.packet.Property.Place.PUBLISH;
import static io.signalbox.server.packet.Property.Place.PUBREC;
import static io.signalbox.server.packet.Property.Place.PUBREL;
import static io.signalbox.server.packet.Property.Place.SUBACK;
import static io.signalbox.server.packet.Property.Place.SUBSCRIBE;
import static io.signalbox.server.packet.Property.Place.UNSUBACK;
import static io.signalbox.server.packet.Property.Place.UNSUBSCRIBE;
import static io.signalbox.server.packet.Property.Place.WILL;

import org.jspecify.annotations.Nullable;

/**
 * The table of MQTT 5.0 section 2.2.2.2: identifier, type, range and place of every property. The
 * codec follows it; no rule about a single property stands anywhere else.
 */
@SuppressWarnings("EnumOrdinal") // as bits of sets that never leave the process
public enum Property {
  // Numbers first: Properties keeps them apart from the others by their ordinal.
  PAYLOAD_FORMAT_INDICATOR(0x01, Type.BYTE, 0, 1, PUBLISH, WILL),
  MESSAGE_EXPIRY_INTERVAL(0x02, Type.FOUR_BYTE, 0, Limits.FOUR_BYTE, PUBLISH, WILL),
  SESSION_EXPIRY_INTERVAL(0x11, Type.FOUR_BYTE, 0, Limits.FOUR_BYTE, CONNECT, CONNACK, DISCONNECT),
  SERVER_KEEP_ALIVE(0x13, Type.TWO_BYTE, 0, Limits.TWO_BYTE, CONNACK),
  REQUEST_PROBLEM_INFORMATION(0x17, Type.BYTE, 0, 1, CONNECT),
  WILL_DELAY_INTERVAL(0x18, Type.FOUR_BYTE, 0, Limits.FOUR_BYTE, WILL),
  REQUEST_RESPONSE_INFORMATION(0x19, Type.BYTE, 0, 1, CONNECT),
  RECEIVE_MAXIMUM(0x21, Type.TWO_BYTE, 1, Limits.TWO_BYTE, CONNECT, CONNACK),
  TOPIC_ALIAS_MAXIMUM(0x22, Type.TWO_BYTE, 0, Limits.TWO_BYTE, CONNECT, CONNACK),
  TOPIC_ALIAS(0x23, Type.TWO_BYTE, 1, Limits.TWO_BYTE, PUBLISH),
  MAXIMUM_QOS(0x24, Type.BYTE, 0, 1, CONNACK),
  RETAIN_AVAILABLE(0x25, Type.BYTE, 0, 1, CONNACK),
  MAXIMUM_PACKET_SIZE(0x27, Type.FOUR_BYTE, 1, Limits.FOUR_BYTE, CONNECT, CONNACK),
  WILDCARD_SUBSCRIPTION_AVAILABLE(0x28, Type.BYTE, 0, 1, CONNACK),
  SUBSCRIPTION_IDENTIFIERS_AVAILABLE(0x29, Type.BYTE, 0, 1, CONNACK),
  SHARED_SUBSCRIPTION_AVAILABLE(0x2A, Type.BYTE, 0, 1, CONNACK),

  CONTENT_TYPE(0x03, Type.STRING, PUBLISH, WILL),
  RESPONSE_TOPIC(0x08, Type.STRING, PUBLISH, WILL),
  CORRELATION_DATA(0x09, Type.BINARY, PUBLISH, WILL),
  SUBSCRIPTION_IDENTIFIER(0x0B, Type.VARIABLE, 1, Limits.VARIABLE, SUBSCRIBE, PUBLISH),
  ASSIGNED_CLIENT_IDENTIFIER(0x12, Type.STRING, CONNACK),
  AUTHENTICATION_METHOD(0x15, Type.STRING, CONNECT, CONNACK, AUTH),
  AUTHENTICATION_DATA(0x16, Type.BINARY, CONNECT, CONNACK, AUTH),
  RESPONSE_INFORMATION(0x1A, Type.STRING, CONNACK),
  SERVER_REFERENCE(0x1C, Type.STRING, CONNACK, DISCONNECT),
  REASON_STRING(
      0x1F,
      Type.STRING,
      CONNACK,
      PUBACK,
      PUBREC,
      PUBREL,
      PUBCOMP,
      SUBACK,
      UNSUBACK,
      DISCONNECT,
      AUTH),
  USER_PROPERTY(
      0x26,
      Type.STRING_PAIR,
      CONNECT,
      WILL,
      CONNACK,
      PUBLISH,
      PUBACK,
      PUBREC,
      PUBREL,
      PUBCOMP,
      SUBSCRIBE,
      SUBACK,
      UNSUBSCRIBE,
      UNSUBACK,
      DISCONNECT,
      AUTH);

  /** How a value is written (section 2.2.2.2). */
  public enum Type {
    BYTE,
    TWO_BYTE,
    FOUR_BYTE,
    VARIABLE,
    STRING,
    BINARY,
    STRING_PAIR;

    /** Whether a value is one number of fixed width. */
    public boolean isNumber() {
      return compareTo(FOUR_BYTE) <= 0;
    }
  }

  /** Where a list of properties stands: in a packet with a property list, or with the Will. */
  public enum Place {
    CONNECT,
    WILL,
    CONNACK,
    PUBLISH,
    PUBACK,
    PUBREC,
    PUBREL,
    PUBCOMP,
    SUBSCRIBE,
    SUBACK,
    UNSUBSCRIBE,
    UNSUBACK,
    DISCONNECT,
    AUTH
  }

  private static final class Limits {
    static final long TWO_BYTE = 0xFFFFL;
    static final long FOUR_BYTE = 0xFFFF_FFFFL;
    static final long VARIABLE = 268_435_455L;
  }

  private static final @Nullable Property[] BY_ID = new Property[128];

  static {
    for (Property property : values()) {
      BY_ID[property.id] = property;
    }
  }

  private final int id;
  private final Type type;
  private final long smallest;
  private final long largest;

  /** A bit for each place. */
  private final int places;

  Property(int id, Type type, Place first, Place... others) {
    this(id, type, 0, 0, first, others);
  }

  Property(int id, Type type, long smallest, long largest, Place first, Place... others) {
    this.id = id;
    this.type = type;
    this.smallest = smallest;
    this.largest = largest;
    int bits = 1 << first.ordinal();
    for (Place other : others) {
      bits |= 1 << other.ordinal();
    }
    this.places = bits;
  }

  /** The identifier on the wire, one byte for all that exist. */
  public int id() {
    return id;
  }

  public Type type() {
    return type;
  }

  /** Smallest value of a number that is no Protocol Error. */
  public long smallest() {
    return smallest;
  }

  /** Largest value of a number that is no Protocol Error. */
  public long largest() {
    return largest;
  }

  /** Whether the standard lists the property for this place, whoever sends it. */
  public boolean standsIn(Place place) {
    return (places & 1 << place.ordinal()) != 0;
  }

  /**
   * Whether this side may send it at a place where it {@linkplain #standsIn stands}: a client gives
   * no Subscription Identifier with PUBLISH and no Server Reference, a server no Session Expiry
   * Interval with DISCONNECT.
   */
  public boolean isSentBy(Side sender, Place place) {
    return switch (this) {
      case SUBSCRIPTION_IDENTIFIER -> // [MQTT-3.3.4-6]
          place != Place.PUBLISH || sender == Side.SERVER;
      case SERVER_REFERENCE -> sender == Side.SERVER;
      case SESSION_EXPIRY_INTERVAL -> // [MQTT-3.14.2-2]
          place != Place.DISCONNECT || sender == Side.CLIENT;
      default -> true;
    };
  }

  /** Whether it may stand more than once at this place. */
  public boolean isRepeatable(Place place) {
    return this == USER_PROPERTY || (this == SUBSCRIPTION_IDENTIFIER && place == Place.PUBLISH);
  }

  /**
   * @return null when no property has this identifier
   */
  public static @Nullable Property ofId(int id) {
    return id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
  }
}
