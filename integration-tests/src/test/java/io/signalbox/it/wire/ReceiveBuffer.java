package io.signalbox.it.wire;

import java.util.Arrays;

/** Bytes that arrived and are not yet taken. */
final class ReceiveBuffer {
  private byte[] bytes = new byte[4096];
  private int start;
  private int end;

  int size() {
    return end - start;
  }

  /** The byte at {@code index} from the first one not yet taken, 0..255. */
  int peek(int index) {
    return bytes[start + index] & 0xFF;
  }

  byte[] take(int count) {
    byte[] taken = Arrays.copyOfRange(bytes, start, start + count);
    start += count;
    return taken;
  }

  void append(byte[] more, int count) {
    if (bytes.length - end < count) {
      int size = size();
      byte[] roomy = size + count <= bytes.length ? bytes : new byte[2 * (size + count)];
      System.arraycopy(bytes, start, roomy, 0, size);
      bytes = roomy;
      start = 0;
      end = size;
    }
    System.arraycopy(more, 0, bytes, end, count);
    end += count;
  }
}
