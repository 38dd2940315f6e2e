package io.signalbox.server.codec;

/**
 * Numbers of one to four bytes, seven bits each, lowest first (MQTT 5.0 section 1.5.5).
 *
 * <p>The rule for what is received: a fifth byte is malformed in both versions; more bytes than
 * needed are malformed in 5.0 and taken in 3.1.1, which does not forbid them and where devices that
 * reserve a fixed width for the Remaining Length exist.
 */
final class VariableByteInteger {
  static final int LARGEST = 268_435_455;

  private VariableByteInteger() {}

  /** Bytes that {@link #put} writes. */
  static int length(int value) {
    return value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : value < 1 << 21 ? 3 : 4;
  }

  /** In as few bytes as can be. */
  static void put(ByteOutput out, int value) { // [MQTT-1.5.5-1]
    if (value > LARGEST) {
      throw new IllegalArgumentException(value + " as a variable byte integer");
    }
    byte[] array = out.array;
    int position = out.position;
    int rest = value;
    while (rest > 0x7F) {
      array[position++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    array[position++] = (byte) rest;
    out.position = position;
  }
}
