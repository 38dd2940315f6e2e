package io.signalbox.it.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * Builds the bytes of Control Packets field by field. The plain builders make what the standard
 * asks for; {@link #packet} and {@link #bytes} lay out anything, so that a test can show the one
 * byte that is wrong.
 */
public final class PacketBytes {
  /** CONNACK, SUBACK and PINGRESP as first bytes, for tests that play the server's part. */
  public static final int CONNACK = 0x20;

  public static final int SUBACK = 0x90;
  public static final int PINGRESP = 0xD0;

  private PacketBytes() {}

  /**
   * Joins parts: an {@code Integer} or {@code Character} is one byte (0..255), a {@code String} its
   * UTF-8 bytes without a length, a {@code byte[]} or {@link Bytes} itself.
   */
  public static byte[] bytes(Object... parts) {
    var out = new ByteArrayOutputStream();
    for (Object part : parts) {
      switch (part) {
        case Integer value -> out.write(oneByte(value));
        case Character value -> out.write(oneByte(value));
        case String text -> out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        case byte[] raw -> out.writeBytes(raw);
        case Bytes builder -> out.writeBytes(builder.toBytes());
        default -> throw new IllegalArgumentException("no bytes for " + part.getClass());
      }
    }
    return out.toByteArray();
  }

  private static int oneByte(int value) {
    if (value < 0 || value > 255) {
      throw new IllegalArgumentException(value + " is not one byte");
    }
    return value;
  }

  /** A whole packet: the first byte, the Remaining Length of the parts, the parts. */
  public static byte[] packet(int firstByte, Object... parts) {
    byte[] body = bytes(parts);
    return bytes(firstByte, variableByteInteger(body.length), body);
  }

  /** UTF-8 Encoded String: two length bytes and the text (section 1.5.4). */
  public static byte[] utf8(String text) {
    return binary(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Binary Data: two length bytes and the data (section 1.5.6); also a string that is not UTF-8.
   */
  public static byte[] binary(byte... data) {
    return bytes(u16(data.length), data);
  }

  /** Like {@link #binary(byte...)} for values above 127. */
  public static byte[] binaryOf(int... data) {
    var raw = new byte[data.length];
    for (int i = 0; i < data.length; i++) {
      raw[i] = (byte) oneByte(data[i]);
    }
    return binary(raw);
  }

  public static byte[] u16(int value) {
    return new byte[] {(byte) (value >>> 8), (byte) value};
  }

  public static byte[] u32(long value) {
    return new byte[] {
      (byte) (value >>> 24), (byte) (value >>> 16), (byte) (value >>> 8), (byte) value
    };
  }

  /** The shortest encoding of 0..268,435,455 (section 1.5.5). */
  public static byte[] variableByteInteger(int value) {
    var out = new ByteArrayOutputStream(4);
    int rest = value;
    do {
      int digit = rest & 0x7F;
      rest >>>= 7;
      out.write(rest > 0 ? digit | 0x80 : digit);
    } while (rest > 0);
    return out.toByteArray();
  }

  /** Property Length and the properties, each made by {@link PropertyBytes}. */
  public static byte[] properties(Object... properties) {
    byte[] all = bytes(properties);
    return bytes(variableByteInteger(all.length), all);
  }

  /** The properties in 5.0, nothing in 3.1.1. */
  static byte[] properties(Version version, Object... properties) {
    return version.isV5() ? properties(properties) : new byte[0];
  }

  public static ConnectBytes connect(Version version) {
    return new ConnectBytes(version);
  }

  public static PublishBytes publish(Version version, String topic) {
    return new PublishBytes(version, topic);
  }

  public static SubscribeBytes subscribe(Version version, int packetId) {
    return new SubscribeBytes(version, packetId);
  }

  public static byte[] unsubscribe(Version version, int packetId, String... filters) {
    var payload = new ByteArrayOutputStream();
    for (String filter : filters) {
      payload.writeBytes(utf8(filter));
    }
    return packet(0xA2, u16(packetId), properties(version), payload.toByteArray());
  }

  /** The two-byte form: 0x00 in 5.0, the only form in 3.1.1. */
  public static byte[] pubAck(int packetId) {
    return packet(0x40, u16(packetId));
  }

  public static byte[] pubAck(int packetId, int reasonCode, Object... properties) {
    return packet(0x40, u16(packetId), reasonCode, properties(properties));
  }

  public static byte[] pubRec(int packetId) {
    return packet(0x50, u16(packetId));
  }

  public static byte[] pubRec(int packetId, int reasonCode, Object... properties) {
    return packet(0x50, u16(packetId), reasonCode, properties(properties));
  }

  public static byte[] pubRel(int packetId) {
    return packet(0x62, u16(packetId));
  }

  public static byte[] pubRel(int packetId, int reasonCode, Object... properties) {
    return packet(0x62, u16(packetId), reasonCode, properties(properties));
  }

  public static byte[] pubComp(int packetId) {
    return packet(0x70, u16(packetId));
  }

  public static byte[] pubComp(int packetId, int reasonCode, Object... properties) {
    return packet(0x70, u16(packetId), reasonCode, properties(properties));
  }

  public static byte[] pingReq() {
    return bytes(0xC0, 0);
  }

  /** Normal disconnection in its shortest form, the only one in 3.1.1. */
  public static byte[] disconnect() {
    return bytes(0xE0, 0);
  }

  public static byte[] disconnect(int reasonCode, Object... properties) {
    return packet(0xE0, reasonCode, properties(properties));
  }

  public static byte[] auth(int reasonCode, Object... properties) {
    return packet(0xF0, reasonCode, properties(properties));
  }

  /** For messages of failed tests; long arrays are cut. */
  public static String hex(byte[] bytes) {
    int shown = Math.min(bytes.length, 64);
    String text = HexFormat.ofDelimiter(" ").formatHex(bytes, 0, shown);
    return shown == bytes.length ? text : text + " ... (" + bytes.length + " bytes)";
  }
}
