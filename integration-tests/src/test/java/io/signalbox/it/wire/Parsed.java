package io.signalbox.it.wire;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One Control Packet from the server, read strictly: any byte that the standard forbids a server to
 * send in that version raises {@link MalformedByServer}. So every test that receives packets also
 * proves the statements about the server's own format.
 */
public final class Parsed {
  private static final Set<Integer> CONNACK_CODES =
      Set.of(
          0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95,
          0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F);

  /** Reason Codes a server may send, by packet (the tables of sections 3.2 to 3.15). */
  private static final Map<PacketType, Set<Integer>> CODES =
      Map.of(
          PacketType.CONNACK, CONNACK_CODES,
          PacketType.PUBACK, Set.of(0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99),
          PacketType.PUBREC, Set.of(0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99),
          PacketType.PUBREL, Set.of(0x00, 0x92),
          PacketType.PUBCOMP, Set.of(0x00, 0x92),
          PacketType.SUBACK, Set.of(0, 1, 2, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2),
          PacketType.UNSUBACK, Set.of(0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91),
          PacketType.DISCONNECT,
              Set.of(
                  0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, 0x93,
                  0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0,
                  0xA1, 0xA2),
          PacketType.AUTH, Set.of(0x00, 0x18));

  private final Version version;
  private final PacketType type;
  private final int flags;
  private final int length;
  private int packetId;
  private boolean sessionPresent;
  private List<Integer> reasonCodes = List.of(0);
  private ReceivedProperties properties = ReceivedProperties.none();
  private String topic = "";
  private byte[] payload = new byte[0];

  private Parsed(Version version, int firstByte, byte[] body, int length) {
    this.version = version;
    this.type = PacketType.of(firstByte >>> 4);
    this.flags = firstByte & 0x0F;
    this.length = length;
    var fields = new Fields(body, type + " from the server " + PacketBytes.hex(body));
    read(fields);
    fields.end();
  }

  /**
   * Reads a packet whose header is already cut.
   *
   * @param length of the whole packet with its fixed header
   */
  static Parsed of(Version version, int firstByte, byte[] body, int length) {
    return new Parsed(version, firstByte, body, length);
  }

  private void read(Fields fields) {
    int wantedFlags = type == PacketType.PUBREL ? 0b0010 : 0;
    if (type != PacketType.PUBLISH && flags != wantedFlags) {
      throw fields.malformed("fixed header flags " + flags); // [MQTT-2.1.3-1]
    }
    switch (type) {
      case CONNACK -> readConnAck(fields);
      case PUBLISH -> readPublish(fields);
      case PUBACK, PUBREC, PUBREL, PUBCOMP -> readAck(fields);
      case SUBACK -> readSubAck(fields);
      case UNSUBACK -> readUnsubAck(fields);
      case PINGRESP -> {}
      case DISCONNECT, AUTH -> readReason(fields);
      case RESERVED, CONNECT, SUBSCRIBE, UNSUBSCRIBE, PINGREQ ->
          throw fields.malformed("a server does not send this packet");
    }
  }

  private void readConnAck(Fields fields) {
    int acknowledgeFlags = fields.u8("Connect Acknowledge Flags");
    if (acknowledgeFlags > 1) {
      throw fields.malformed("Connect Acknowledge Flags " + acknowledgeFlags); // [MQTT-3.2.2-1]
    }
    sessionPresent = acknowledgeFlags == 1;
    int code = fields.u8("Reason Code");
    if (version.isV5() || code >= 0x80) {
      // A refusal of an unknown protocol level may be in the 5.0 form although the test speaks
      // 3.1.1.
      checkCode(fields, code);
      properties = ReceivedProperties.read(type, fields);
    } else if (code > 5) {
      throw fields.malformed("return code " + code);
    }
    if (code != 0 && sessionPresent) {
      throw fields.malformed("Session Present in a refusal"); // [MQTT-3.2.2-6]
    }
    reasonCodes = List.of(code);
  }

  private void readPublish(Fields fields) {
    if (qos() == 3) {
      throw fields.malformed("QoS 3"); // [MQTT-3.3.1-4]
    }
    if (qos() == 0 && dup()) {
      throw fields.malformed("DUP with QoS 0"); // [MQTT-3.3.1-2]
    }
    topic = fields.utf8("Topic Name");
    if (topic.contains("#") || topic.contains("+")) {
      throw fields.malformed("wildcard in the Topic Name"); // [MQTT-3.3.2-2]
    }
    if (qos() > 0) {
      readPacketId(fields);
    }
    if (version.isV5()) {
      properties = ReceivedProperties.read(type, fields);
    }
    if (topic.isEmpty() && !properties.has(PropertyBytes.TOPIC_ALIAS)) {
      throw fields.malformed("empty Topic Name without Topic Alias"); // [MQTT-4.7.3-1]
    }
    payload = fields.remaining();
  }

  private void readPacketId(Fields fields) {
    packetId = fields.u16("Packet Identifier");
    if (packetId == 0) {
      throw fields.malformed("Packet Identifier 0"); // [MQTT-2.2.1-4]
    }
  }

  private void readAck(Fields fields) {
    readPacketId(fields);
    readReason(fields);
  }

  private void readReason(Fields fields) {
    if (!version.isV5()) {
      if (type == PacketType.DISCONNECT || type == PacketType.AUTH) {
        throw fields.malformed("not a server's packet in 3.1.1");
      }
      return;
    }
    if (!fields.isEmpty()) {
      int code = fields.u8("Reason Code");
      checkCode(fields, code);
      reasonCodes = List.of(code);
    }
    if (!fields.isEmpty()) {
      properties = ReceivedProperties.read(type, fields);
    }
  }

  private void readSubAck(Fields fields) {
    readPacketId(fields);
    if (version.isV5()) {
      properties = ReceivedProperties.read(type, fields);
    }
    readCodes(fields);
    if (!version.isV5() && !Set.of(0, 1, 2, 0x80).containsAll(reasonCodes)) {
      throw fields.malformed("return codes " + reasonCodes); // [MQTT-3.9.3-2] of 3.1.1
    }
  }

  private void readUnsubAck(Fields fields) {
    readPacketId(fields);
    if (version.isV5()) {
      properties = ReceivedProperties.read(type, fields);
      readCodes(fields);
    }
  }

  private void readCodes(Fields fields) {
    var codes = new ArrayList<Integer>();
    while (!fields.isEmpty()) {
      int code = fields.u8("Reason Code");
      checkCode(fields, code);
      codes.add(code);
    }
    reasonCodes = List.copyOf(codes);
  }

  private void checkCode(Fields fields, int code) {
    @Nullable Set<Integer> allowed = CODES.get(type);
    if (allowed != null && !allowed.contains(code)) {
      throw fields.malformed("Reason Code 0x" + Integer.toHexString(code));
    }
  }

  public PacketType type() {
    return type;
  }

  /** The low four bits of the first byte. */
  public int flags() {
    return flags;
  }

  /** Bytes of the whole packet. */
  public int length() {
    return length;
  }

  /** Of acks and PUBLISH with QoS above 0; else 0. */
  public int packetId() {
    return packetId;
  }

  /** The only one, 0 where the packet left it out; of SUBACK and UNSUBACK the first. */
  public int reasonCode() {
    return reasonCodes.getFirst();
  }

  public List<Integer> reasonCodes() {
    return reasonCodes;
  }

  public ReceivedProperties properties() {
    return properties;
  }

  public boolean sessionPresent() {
    return sessionPresent;
  }

  public String topic() {
    return topic;
  }

  public byte[] payload() {
    return payload.clone();
  }

  public String text() {
    return new String(payload, StandardCharsets.UTF_8);
  }

  public int qos() {
    return (flags >>> 1) & 3;
  }

  public boolean dup() {
    return (flags & 0b1000) != 0;
  }

  public boolean retain() {
    return (flags & 0b0001) != 0;
  }

  @Override
  public String toString() {
    return type
        + " flags "
        + flags
        + " id "
        + packetId
        + " codes "
        + reasonCodes
        + " "
        + properties
        + (type == PacketType.PUBLISH
            ? " topic \"" + topic + "\" payload " + PacketBytes.hex(payload)
            : "");
  }
}
