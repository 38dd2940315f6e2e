package io.signalbox.server.transport;

/**
 * Numbers of RFC 6455 and the frame header that a server sends: never masked, no extension, always
 * the final fragment.
 */
final class WebSocketFrames {
  static final int CONTINUATION = 0x0;
  static final int TEXT = 0x1;
  static final int BINARY = 0x2;
  static final int CLOSE = 0x8;
  static final int PING = 0x9;
  static final int PONG = 0xA;

  static final int CLOSE_NORMAL = 1000;
  static final int CLOSE_PROTOCOL_ERROR = 1002;
  static final int CLOSE_UNSUPPORTED_DATA = 1003;

  /** Stands for a Close frame without a code; never on the wire (section 7.4.1). */
  static final int CLOSE_NO_CODE = 1005;

  static final int CLOSE_INVALID_PAYLOAD = 1007;
  static final int CLOSE_TOO_BIG = 1009;

  static final int HEADER_BYTES_MAX = 10;
  static final int CONTROL_BYTES_MAX = 125;

  private static final int FIN = 0x80;

  private WebSocketFrames() {}

  static int headerLength(int payloadLength) {
    return payloadLength <= 125 ? 2 : payloadLength <= 0xFFFF ? 4 : 10;
  }

  /**
   * @return index after the header
   */
  static int writeHeader(int opcode, int length, byte[] array, int at) {
    array[at] = (byte) (FIN | opcode);
    if (length <= 125) {
      array[at + 1] = (byte) length;
      return at + 2;
    }
    if (length <= 0xFFFF) {
      array[at + 1] = 126;
      array[at + 2] = (byte) (length >> 8);
      array[at + 3] = (byte) length;
      return at + 4;
    }
    array[at + 1] = 127;
    for (int i = 0; i < 8; i++) {
      array[at + 2 + i] = (byte) ((long) length >> (56 - 8 * i));
    }
    return at + 10;
  }
}
