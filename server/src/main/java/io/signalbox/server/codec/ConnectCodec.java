package io.signalbox.server.codec;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.Property.Place;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.Side;
import io.signalbox.server.packet.Will;
import io.signalbox.server.topic.TopicName;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** CONNECT (section 3.1), where a connection's version is found out. */
final class ConnectCodec {
  private static final byte[] PROTOCOL_NAME = "MQTT".getBytes(ISO_8859_1);
  private static final byte[] NAME_OF_3_1 = "MQIsdp".getBytes(ISO_8859_1);

  /** What bridges of some brokers add to the Protocol Level; not served as if it were absent. */
  private static final int BRIDGE_BIT = 0x80;

  private static final int RESERVED = 0x01;
  private static final int CLEAN_START = 0x02;
  private static final int WILL = 0x04;
  private static final int WILL_QOS_SHIFT = 3;
  private static final int WILL_RETAIN = 0x20;
  private static final int PASSWORD = 0x40;
  private static final int USER_NAME = 0x80;

  private ConnectCodec() {}

  static Connect decode(PacketReader in) throws PacketException {
    ProtocolVersion version = decodeVersion(in);
    try {
      return decode(in, version);
    } catch (PacketException e) {
      throw e.answeredAs(version);
    }
  }

  /**
   * Which version a CONNECT speaks.
   *
   * @throws PacketException with the form of an answer: the one of 3.1.1 to its predecessors, the
   *     one of 5.0 to what may be its successor, and none to what is no MQTT
   */
  static ProtocolVersion decodeVersion(PacketReader in) throws PacketException {
    byte[] name = in.binary("protocol name");
    if (Arrays.equals(name, NAME_OF_3_1)) {
      throw PacketException.unsupportedVersion(
          "CONNECT: MQTT 3.1 is not spoken here, 3.1.1 and 5.0 are", ProtocolVersion.V3_1_1);
    }
    if (!Arrays.equals(name, PROTOCOL_NAME)) {
      throw PacketException.unsupportedVersion(
          "CONNECT: protocol name is not \"MQTT\"", null); // [MQTT-3.1.2-1]
    }
    int level = in.oneByte("protocol level");
    return switch (level) {
      case 4 -> ProtocolVersion.V3_1_1;
      case 5 -> ProtocolVersion.V5;
      default -> {
        boolean older = (level & ~BRIDGE_BIT) == 3 || (level & ~BRIDGE_BIT) == 4;
        throw PacketException.unsupportedVersion(
            "CONNECT: protocol level " + level + ", 4 and 5 are spoken here",
            older ? ProtocolVersion.V3_1_1 : ProtocolVersion.V5); // [MQTT-3.1.2-2]
      }
    };
  }

  private static Connect decode(PacketReader in, ProtocolVersion version) throws PacketException {
    int flags = in.oneByte("connect flags");
    checkFlags(in, version, flags);
    int keepAliveSeconds = in.twoBytes("keep alive");
    Properties properties = Properties.NONE;
    if (version == ProtocolVersion.V5) {
      properties = PropertiesCodec.decode(in, Place.CONNECT, Side.CLIENT);
      if (properties.has(Property.AUTHENTICATION_DATA)
          && !properties.has(Property.AUTHENTICATION_METHOD)) {
        throw in.protocolError("authentication data without a method");
      }
    }
    String clientId = in.string("client identifier"); // [MQTT-3.1.3-3] [MQTT-3.1.3-4]
    Will will = (flags & WILL) != 0 ? decodeWill(in, version, flags) : null;
    String userName = (flags & USER_NAME) != 0 ? in.string("user name") : null; // [MQTT-3.1.3-12]
    byte[] password = (flags & PASSWORD) != 0 ? in.binary("password") : null;
    in.end(); // [MQTT-3.1.2-16] [MQTT-3.1.2-18]
    boolean cleanStart = (flags & CLEAN_START) != 0;
    return new Connect(
        version, clientId, cleanStart, keepAliveSeconds, will, userName, password, properties);
  }

  private static void checkFlags(PacketReader in, ProtocolVersion version, int flags)
      throws PacketException {
    if ((flags & RESERVED) != 0) {
      throw in.malformed("reserved connect flag is set"); // [MQTT-3.1.2-3]
    }
    int willQos = flags >> WILL_QOS_SHIFT & 3;
    if (willQos == 3) {
      throw in.malformed("will QoS 3"); // [MQTT-3.1.2-12]
    }
    if ((flags & WILL) == 0 && (willQos != 0 || (flags & WILL_RETAIN) != 0)) {
      throw in.malformed(
          "will QoS or will retain without a will"); // [MQTT-3.1.2-11] [MQTT-3.1.2-13]
    }
    if (version == ProtocolVersion.V3_1_1 && (flags & (USER_NAME | PASSWORD)) == PASSWORD) {
      throw in.malformed("password without a user name"); // [MQTT-3.1.2-22] of 3.1.1
    }
  }

  private static Will decodeWill(PacketReader in, ProtocolVersion version, int flags)
      throws PacketException {
    Properties properties =
        version == ProtocolVersion.V5
            ? PropertiesCodec.decode(in, Place.WILL, Side.CLIENT)
            : Properties.NONE;
    TopicName topic = in.topicName("will topic"); // [MQTT-3.1.3-11]
    byte[] payload = in.binary("will payload"); // [MQTT-3.1.2-9]
    return new Will(
        topic,
        payload,
        Qos.of(flags >> WILL_QOS_SHIFT & 3),
        (flags & WILL_RETAIN) != 0,
        properties);
  }

  static int length(Connect connect) {
    boolean v5 = connect.version() == ProtocolVersion.V5;
    int length = 10 + ByteOutput.stringLength(connect.clientId());
    if (v5) {
      length += PropertiesCodec.length(connect.properties());
    }
    Will will = connect.will();
    if (will != null) {
      length += v5 ? PropertiesCodec.length(will.properties()) : 0;
      length += 2 + will.topic().utf8().length + 2 + will.payload().length;
    }
    String userName = connect.userName();
    byte[] password = connect.password();
    return length
        + (userName == null ? 0 : ByteOutput.stringLength(userName))
        + (password == null ? 0 : 2 + password.length);
  }

  static void encode(Connect connect, ByteOutput out) {
    boolean v5 = connect.version() == ProtocolVersion.V5;
    Will will = connect.will();
    String userName = connect.userName();
    byte[] password = connect.password();
    out.putBinary(PROTOCOL_NAME);
    out.put1(connect.version().level());
    out.put1(
        (connect.cleanStart() ? CLEAN_START : 0)
            | willFlags(will)
            | (userName == null ? 0 : USER_NAME)
            | (password == null ? 0 : PASSWORD));
    out.put2(connect.keepAliveSeconds());
    if (v5) {
      PropertiesCodec.encode(connect.properties(), out);
    }
    out.putString(connect.clientId()); // [MQTT-3.1.3-1]
    if (will != null) {
      if (v5) {
        PropertiesCodec.encode(will.properties(), out);
      }
      out.putBinary(will.topic().utf8());
      out.putBinary(will.payload());
    }
    if (userName != null) {
      out.putString(userName);
    }
    if (password != null) {
      out.putBinary(password);
    }
  }

  private static int willFlags(@Nullable Will will) {
    return will == null
        ? 0
        : WILL | will.qos().value() << WILL_QOS_SHIFT | (will.retain() ? WILL_RETAIN : 0);
  }
}
