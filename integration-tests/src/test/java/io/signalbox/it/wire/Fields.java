package io.signalbox.it.wire;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Reads the data types of section 1.5 out of one packet body and refuses what they forbid. */
final class Fields {
  private final ByteBuffer rest;
  private final String packet;

  Fields(byte[] body, String packet) {
    this.rest = ByteBuffer.wrap(body);
    this.packet = packet;
  }

  private Fields(ByteBuffer part, String packet) {
    this.rest = part;
    this.packet = packet;
  }

  boolean isEmpty() {
    return !rest.hasRemaining();
  }

  MalformedByServer malformed(String what) {
    return new MalformedByServer(packet + ": " + what);
  }

  private void need(int bytes, String what) {
    if (rest.remaining() < bytes) {
      throw malformed(what + " is cut short");
    }
  }

  int u8(String what) {
    need(1, what);
    return rest.get() & 0xFF;
  }

  int u16(String what) {
    need(2, what);
    return rest.getShort() & 0xFFFF;
  }

  long u32(String what) {
    need(4, what);
    return rest.getInt() & 0xFFFF_FFFFL;
  }

  int variableByteInteger(String what) {
    int value = 0;
    for (int shift = 0; ; shift += 7) {
      int digit = u8(what);
      value |= (digit & 0x7F) << shift;
      if ((digit & 0x80) == 0) {
        if (digit == 0 && shift > 0) {
          throw malformed(what + " is not in its shortest form"); // [MQTT-1.5.5-1]
        }
        return value;
      }
      if (shift == 21) {
        throw malformed(what + " has more than four bytes");
      }
    }
  }

  byte[] binary(String what) {
    byte[] data = new byte[u16(what)];
    need(data.length, what);
    rest.get(data);
    return data;
  }

  String utf8(String what) {
    byte[] raw = binary(what);
    String text;
    try {
      // A new decoder reports surrogates, overlong forms and cut sequences instead of replacing
      // them.
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(raw)).toString();
    } catch (CharacterCodingException e) {
      throw malformed(what + " is not UTF-8: " + Arrays.toString(raw)); // [MQTT-1.5.4-1]
    }
    if (text.indexOf('\0') >= 0) {
      throw malformed(what + " holds U+0000"); // [MQTT-1.5.4-2]
    }
    return text;
  }

  /** The next {@code length} bytes as fields of their own. */
  Fields part(int length, String what) {
    need(length, what);
    ByteBuffer part = rest.slice(rest.position(), length);
    rest.position(rest.position() + length);
    return new Fields(part, packet);
  }

  byte[] remaining() {
    byte[] data = new byte[rest.remaining()];
    rest.get(data);
    return data;
  }

  void end() {
    if (rest.hasRemaining()) {
      throw malformed(rest.remaining() + " bytes too many");
    }
  }
}
