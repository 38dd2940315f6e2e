package io.signalbox.it.wire;

import java.nio.charset.StandardCharsets;

/**
 * A WebSocket frame from the server (RFC 6455 section 5.2).
 *
 * @param payload already unmasked; a server's frame is never masked
 */
public record Frame(boolean fin, int opcode, byte[] payload) {
  public static final int CONTINUATION = 0x0;
  public static final int TEXT = 0x1;
  public static final int BINARY = 0x2;
  public static final int CLOSE = 0x8;
  public static final int PING = 0x9;
  public static final int PONG = 0xA;

  /** The status code of a Close frame; 1005 when it has none (RFC 6455 section 7.1.5). */
  public int closeCode() {
    return payload.length < 2 ? 1005 : (payload[0] & 0xFF) << 8 | (payload[1] & 0xFF);
  }

  @Override
  public String toString() {
    return "frame opcode "
        + opcode
        + " "
        + (opcode == CLOSE && payload.length >= 2
            ? closeCode() + " " + new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8)
            : PacketBytes.hex(payload));
  }
}
