package io.signalbox.server.topic;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The UTF-8 Encoded String of MQTT 5.0 section 1.5.4, stricter than what {@code String} decodes.
 *
 * <p>Refused: U+0000, surrogates, overlong forms, code points above U+10FFFF and cut sequences.
 * Control characters, non-characters and U+FEFF, which the standard leaves to the receiver, are
 * taken as they are.
 */
public final class Utf8 {
  /** What {@link #illFormedAt} answers when there is nothing to complain of. */
  public static final int WELL_FORMED = -1;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long HIGH_BITS = 0x8080808080808080L;
  private static final long LOW_BITS = 0x0101010101010101L;

  private Utf8() {}

  /**
   * @return index in {@code bytes} of the first byte that breaks the rules, or {@link #WELL_FORMED}
   */
  public static int illFormedAt(byte[] bytes, int from, int to) {
    int i = from;
    while (i < to) {
      if (to - i >= Long.BYTES) {
        long eight = (long) LONG.get(bytes, i);
        // Nothing above 0x7F and no zero byte: eight characters at once. Most topics never leave
        // this branch.
        if (((eight | ((eight - LOW_BITS) & ~eight)) & HIGH_BITS) == 0) {
          i += Long.BYTES;
          continue;
        }
      }
      int length = sequenceLength(bytes, i, to);
      if (length == 0) {
        return i;
      }
      i += length;
    }
    return WELL_FORMED;
  }

  /** Bytes of the sequence that starts at i, or 0 when it is not allowed. */
  private static int sequenceLength(byte[] bytes, int i, int to) {
    int lead = bytes[i] & 0xFF;
    if (lead < 0x80) {
      return lead == 0 ? 0 : 1; // [MQTT-1.5.4-2]
    }
    if (lead < 0xC2 || lead > 0xF4) {
      return 0; // a continuation byte, an overlong lead, or beyond U+10FFFF
    }
    int length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (to - i < length) {
      return 0;
    }
    int second = bytes[i + 1] & 0xFF;
    int lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80; // below: overlong
    int highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF; // above: surrogate, too high
    if (second < lowest || second > highest) {
      return 0; // [MQTT-1.5.4-1]
    }
    for (int k = 2; k < length; k++) {
      if ((bytes[i + k] & 0xC0) != 0x80) {
        return 0;
      }
    }
    return length;
  }
}
