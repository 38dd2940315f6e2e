package io.signalbox.server.packet;

import static io.signalbox.server.packet.PacketType.AUTH;
import static io.signalbox.server.packet.PacketType.CONNACK;
import static io.signalbox.server.packet.PacketType.DISCONNECT;
import static io.signalbox.server.packet.PacketType.PUBACK;
import static io.signalbox.server.packet.PacketType.PUBCOMP;
import static io.signalbox.server.packet.PacketType.PUBREC;
import static io.signalbox.server.packet.PacketType.PUBREL;
import static io.signalbox.server.packet.PacketType.SUBACK;
import static io.signalbox.server.packet.PacketType.UNSUBACK;

import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The Reason Codes of MQTT 5.0 section 2.4 and the packets each may stand in.
 *
 * <p>One constant a number: 0x00 is {@link #SUCCESS} also where the standard calls it Normal
 * disconnection or Granted QoS 0.
 */
public enum ReasonCode {
  SUCCESS(0x00, CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT, AUTH),
  GRANTED_QOS_1(0x01, SUBACK),
  GRANTED_QOS_2(0x02, SUBACK),
  DISCONNECT_WITH_WILL_MESSAGE(0x04, DISCONNECT),
  NO_MATCHING_SUBSCRIBERS(0x10, PUBACK, PUBREC),
  NO_SUBSCRIPTION_EXISTED(0x11, UNSUBACK),
  CONTINUE_AUTHENTICATION(0x18, AUTH),
  RE_AUTHENTICATE(0x19, AUTH),
  UNSPECIFIED_ERROR(0x80, CONNACK, PUBACK, PUBREC, SUBACK, UNSUBACK, DISCONNECT),
  MALFORMED_PACKET(0x81, CONNACK, DISCONNECT),
  PROTOCOL_ERROR(0x82, CONNACK, DISCONNECT),
  IMPLEMENTATION_SPECIFIC_ERROR(0x83, CONNACK, PUBACK, PUBREC, SUBACK, UNSUBACK, DISCONNECT),
  UNSUPPORTED_PROTOCOL_VERSION(0x84, CONNACK),
  CLIENT_IDENTIFIER_NOT_VALID(0x85, CONNACK),
  BAD_USER_NAME_OR_PASSWORD(0x86, CONNACK),
  NOT_AUTHORIZED(0x87, CONNACK, PUBACK, PUBREC, SUBACK, UNSUBACK, DISCONNECT),
  SERVER_UNAVAILABLE(0x88, CONNACK),
  SERVER_BUSY(0x89, CONNACK, DISCONNECT),
  BANNED(0x8A, CONNACK),
  SERVER_SHUTTING_DOWN(0x8B, DISCONNECT),
  BAD_AUTHENTICATION_METHOD(0x8C, CONNACK, DISCONNECT),
  KEEP_ALIVE_TIMEOUT(0x8D, DISCONNECT),
  SESSION_TAKEN_OVER(0x8E, DISCONNECT),
  TOPIC_FILTER_INVALID(0x8F, SUBACK, UNSUBACK, DISCONNECT),
  TOPIC_NAME_INVALID(0x90, CONNACK, PUBACK, PUBREC, DISCONNECT),
  PACKET_IDENTIFIER_IN_USE(0x91, PUBACK, PUBREC, SUBACK, UNSUBACK),
  PACKET_IDENTIFIER_NOT_FOUND(0x92, PUBREL, PUBCOMP),
  RECEIVE_MAXIMUM_EXCEEDED(0x93, DISCONNECT),
  TOPIC_ALIAS_INVALID(0x94, DISCONNECT),
  PACKET_TOO_LARGE(0x95, CONNACK, DISCONNECT),
  MESSAGE_RATE_TOO_HIGH(0x96, DISCONNECT),
  QUOTA_EXCEEDED(0x97, CONNACK, PUBACK, PUBREC, SUBACK, DISCONNECT),
  ADMINISTRATIVE_ACTION(0x98, DISCONNECT),
  PAYLOAD_FORMAT_INVALID(0x99, CONNACK, PUBACK, PUBREC, DISCONNECT),
  RETAIN_NOT_SUPPORTED(0x9A, CONNACK, DISCONNECT),
  QOS_NOT_SUPPORTED(0x9B, CONNACK, DISCONNECT),
  USE_ANOTHER_SERVER(0x9C, CONNACK, DISCONNECT),
  SERVER_MOVED(0x9D, CONNACK, DISCONNECT),
  SHARED_SUBSCRIPTIONS_NOT_SUPPORTED(0x9E, SUBACK, DISCONNECT),
  CONNECTION_RATE_EXCEEDED(0x9F, CONNACK, DISCONNECT),
  MAXIMUM_CONNECT_TIME(0xA0, DISCONNECT),
  SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED(0xA1, SUBACK, DISCONNECT),
  WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED(0xA2, SUBACK, DISCONNECT);

  /** What {@link #connectReturnCode} answers when 3.1.1 has no word for it. */
  public static final int NO_RETURN_CODE = -1;

  private static final @Nullable ReasonCode[] BY_CODE = new ReasonCode[256];

  /** Codes of a DISCONNECT that a client may send as well (section 3.14.2.1). */
  private static final Set<ReasonCode> DISCONNECT_BY_CLIENT =
      EnumSet.of(
          SUCCESS,
          DISCONNECT_WITH_WILL_MESSAGE,
          UNSPECIFIED_ERROR,
          MALFORMED_PACKET,
          PROTOCOL_ERROR,
          IMPLEMENTATION_SPECIFIC_ERROR,
          TOPIC_NAME_INVALID,
          RECEIVE_MAXIMUM_EXCEEDED,
          TOPIC_ALIAS_INVALID,
          PACKET_TOO_LARGE,
          MESSAGE_RATE_TOO_HIGH,
          QUOTA_EXCEEDED,
          ADMINISTRATIVE_ACTION,
          PAYLOAD_FORMAT_INVALID);

  static {
    for (ReasonCode reason : values()) {
      BY_CODE[reason.code] = reason;
    }
  }

  private final int code;

  /** Bit n for the packet type of number n. */
  private final int packets;

  ReasonCode(int code, PacketType first, PacketType... others) {
    this.code = code;
    int bits = 1 << first.number();
    for (PacketType other : others) {
      bits |= 1 << other.number();
    }
    this.packets = bits;
  }

  /** The byte on the wire, 0x00..0xA2. */
  public int code() {
    return code;
  }

  /** Whether the operation failed: 0x80 and above. */
  public boolean isError() {
    return code >= 0x80;
  }

  /** Whether the standard lists this code for such a packet, whoever sends it. */
  public boolean allowedIn(PacketType type) {
    return (packets & 1 << type.number()) != 0;
  }

  /** Whether this side may send this code in such a packet. */
  public boolean allowedIn(PacketType type, Side sender) {
    if (!allowedIn(type)) {
      return false;
    }
    return switch (type) {
      case DISCONNECT ->
          sender == Side.CLIENT
              ? DISCONNECT_BY_CLIENT.contains(this)
              : this != DISCONNECT_WITH_WILL_MESSAGE;
      case AUTH -> this == CONTINUE_AUTHENTICATION || (this == SUCCESS) == (sender == Side.SERVER);
      default -> true;
    };
  }

  /**
   * @param code 0x00..0xFF
   * @return null when the standard gives the number no meaning
   */
  public static @Nullable ReasonCode of(int code) {
    return BY_CODE[code];
  }

  /** The answer that grants a subscription with this QoS. */
  public static ReasonCode granted(Qos qos) {
    return switch (qos) {
      case AT_MOST_ONCE -> SUCCESS;
      case AT_LEAST_ONCE -> GRANTED_QOS_1;
      case EXACTLY_ONCE -> GRANTED_QOS_2;
    };
  }

  /**
   * The CONNACK return code of MQTT 3.1.1 section 3.2.2.3 that says the same, or {@link
   * #NO_RETURN_CODE}: then the connection is closed without a CONNACK. {@code [MQTT-3.2.2-6]} of
   * 3.1.1.
   */
  public int connectReturnCode() {
    return switch (this) {
      case SUCCESS -> 0;
      case UNSUPPORTED_PROTOCOL_VERSION -> 1;
      case CLIENT_IDENTIFIER_NOT_VALID -> 2;
      case SERVER_UNAVAILABLE,
          SERVER_BUSY,
          QUOTA_EXCEEDED,
          CONNECTION_RATE_EXCEEDED,
          USE_ANOTHER_SERVER,
          SERVER_MOVED ->
          3;
      case BAD_USER_NAME_OR_PASSWORD -> 4;
      case NOT_AUTHORIZED, BANNED -> 5;
      default -> NO_RETURN_CODE;
    };
  }

  /**
   * @param returnCode of a 3.1.1 CONNACK
   * @return null for 6 and above, which are reserved
   */
  public static @Nullable ReasonCode ofConnectReturnCode(int returnCode) {
    return switch (returnCode) {
      case 0 -> SUCCESS;
      case 1 -> UNSUPPORTED_PROTOCOL_VERSION;
      case 2 -> CLIENT_IDENTIFIER_NOT_VALID;
      case 3 -> SERVER_UNAVAILABLE;
      case 4 -> BAD_USER_NAME_OR_PASSWORD;
      case 5 -> NOT_AUTHORIZED;
      default -> null;
    };
  }
}
