package io.signalbox.server.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.PacketType;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.Side;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.TopicName;
import io.signalbox.server.topic.Utf8;
import java.util.Arrays;

/**
 * Reads the body of one packet field by field and complains by packet and field. Used again for
 * each packet, by all decoders of one thread: it is of use to a decoder only while that decodes a
 * body.
 */
public final class PacketReader {
  private byte[] array = new byte[0];
  private int position;
  private int limit;
  private PacketType type = PacketType.CONNECT;

  private final int userPropertiesMax;
  private final Runnable tooManyUserProperties;

  /** For what a server sends, and what is in the store: any number of User Properties is taken. */
  public PacketReader() {
    this(Integer.MAX_VALUE, () -> {});
  }

  /**
   * @param userPropertiesMax 0.. User Properties of a packet, and of the will in it; a packet with
   *     more is refused with 0x97 before the rest of them is read
   * @param tooManyUserProperties told of each that is refused
   */
  public PacketReader(int userPropertiesMax, Runnable tooManyUserProperties) {
    this.userPropertiesMax = userPropertiesMax;
    this.tooManyUserProperties = tooManyUserProperties;
  }

  /** Starts on a packet's body. */
  PacketReader read(PacketType type, byte[] array, int from, int to) {
    this.type = type;
    this.array = array;
    this.position = from;
    this.limit = to;
    return this;
  }

  int position() {
    return position;
  }

  int remaining() {
    return limit - position;
  }

  /** Hides everything behind the next bytes, until {@link #widen}. */
  int narrow(int bytes) {
    int outer = limit;
    limit = position + bytes;
    return outer;
  }

  void widen(int outer) {
    limit = outer;
  }

  int oneByte(String field) throws PacketException {
    require(1, field);
    return array[position++] & 0xFF;
  }

  int twoBytes(String field) throws PacketException {
    require(2, field);
    int value = (array[position] & 0xFF) << 8 | (array[position + 1] & 0xFF);
    position += 2;
    return value;
  }

  long fourBytes(String field) throws PacketException {
    require(4, field);
    return (long) twoBytes(field) << 16 | twoBytes(field);
  }

  /** Only 5.0 has such numbers in a body, so the shortest form is insisted on. */
  int variableByteInteger(String field) throws PacketException {
    int value = 0;
    for (int shift = 0; shift < 28; shift += 7) {
      int b = oneByte(field);
      value |= (b & 0x7F) << shift;
      if (b < 0x80) {
        if (b == 0 && shift > 0) {
          throw malformed(field + " is not in its shortest form"); // [MQTT-1.5.5-1]
        }
        return value;
      }
    }
    throw malformed(field + " is longer than 4 bytes");
  }

  /** Two bytes of length, then as many bytes. */
  byte[] binary(String field) throws PacketException {
    int length = twoBytes(field);
    require(length, field);
    position += length;
    return Arrays.copyOfRange(array, position - length, position);
  }

  String string(String field) throws PacketException {
    int length = twoBytes(field);
    require(length, field);
    int wrong = Utf8.illFormedAt(array, position, position + length);
    if (wrong != Utf8.WELL_FORMED) {
      throw malformed(
          field
              + (array[wrong] == 0 ? " contains U+0000 at byte " : " is not UTF-8 at byte ")
              + (wrong - position)); // [MQTT-1.5.4-1] [MQTT-1.5.4-2]
    }
    position += length;
    // Java keeps a leading U+FEFF. [MQTT-1.5.4-3]
    return new String(array, position - length, length, UTF_8);
  }

  TopicName topicName(String field) throws PacketException {
    int length = twoBytes(field);
    require(length, field);
    position += length;
    try {
      return TopicName.ofUtf8(array, position - length, length);
    } catch (InvalidTopicException e) {
      throw invalid(field, e);
    }
  }

  PacketException invalid(String field, InvalidTopicException e) {
    String problem = type + ": " + field + ": " + e.getMessage();
    return e.isIllFormed()
        ? PacketException.malformed(problem)
        : PacketException.of(ReasonCode.TOPIC_NAME_INVALID, problem);
  }

  int packetId() throws PacketException {
    int packetId = twoBytes("packet identifier");
    if (packetId == 0) {
      throw protocolError("packet identifier 0"); // [MQTT-2.2.1-3]
    }
    return packetId;
  }

  ReasonCode reason(Side sender) throws PacketException {
    int code = oneByte("reason code");
    ReasonCode reason = ReasonCode.of(code);
    if (reason == null || !reason.allowedIn(type)) {
      throw malformed("reason code 0x%02X".formatted(code));
    }
    if (!reason.allowedIn(type, sender)) {
      throw protocolError(
          "reason code 0x%02X from a %s"
              .formatted(code, sender == Side.CLIENT ? "client" : "server"));
    }
    return reason;
  }

  /** One list may have so many. */
  void checkUserProperties(int count) throws PacketException {
    if (count > userPropertiesMax) {
      tooManyUserProperties.run();
      throw refused(
          ReasonCode.QUOTA_EXCEEDED, "limits.user-properties-max is " + userPropertiesMax);
    }
  }

  /** Every field has been read, so every byte must have been. */
  void end() throws PacketException {
    if (position != limit) {
      throw malformed((limit - position) + " bytes behind its last field");
    }
  }

  private void require(int bytes, String field) throws PacketException {
    if (limit - position < bytes) {
      throw malformed(field + " runs past the end");
    }
  }

  PacketException malformed(String problem) {
    return PacketException.malformed(type + ": " + problem);
  }

  PacketException protocolError(String problem) {
    return PacketException.protocolError(type + ": " + problem);
  }

  PacketException refused(ReasonCode reason, String problem) {
    return PacketException.of(reason, type + ": " + problem);
  }
}
