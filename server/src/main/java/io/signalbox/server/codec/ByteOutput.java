package io.signalbox.server.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;

/**
 * Where packets are written: an array and the index of its next free byte, both open to their
 * owner, because a buffer's accessors would cost more than the stores. Confined to one thread.
 *
 * <p>The {@code put} methods do not grow the array; {@link #reserve} the room of a whole packet
 * first.
 */
public final class ByteOutput {
  public byte[] array;

  /** Index of the next byte to write. */
  public int position;

  public ByteOutput(int capacity) {
    array = new byte[capacity];
  }

  /** Makes room for this many bytes behind {@link #position}, in a larger array if need be. */
  public void reserve(int bytes) {
    if (array.length - position < bytes) {
      int needed = Math.addExact(position, bytes);
      array = Arrays.copyOf(array, Math.max(needed, (int) Math.min(2L * array.length, 1 << 30)));
    }
  }

  /** Forgets what was written; the array stays. */
  public void clear() {
    position = 0;
  }

  /** A copy of what was written. */
  public byte[] toByteArray() {
    return Arrays.copyOf(array, position);
  }

  void put1(int value) {
    array[position++] = (byte) value;
  }

  void put2(int value) {
    byte[] a = array;
    int p = position;
    a[p] = (byte) (value >>> 8);
    a[p + 1] = (byte) value;
    position = p + 2;
  }

  void put4(long value) {
    put2((int) (value >>> 16));
    put2((int) value);
  }

  void putBytes(byte[] bytes) {
    System.arraycopy(bytes, 0, array, position, bytes.length);
    position += bytes.length;
  }

  /** Two bytes of length, then the bytes (MQTT 5.0 section 1.5.6). */
  void putBinary(byte[] bytes) {
    if (bytes.length > 0xFFFF) {
      throw new IllegalArgumentException(bytes.length + " bytes in a field of at most 65535");
    }
    put2(bytes.length);
    putBytes(bytes);
  }

  void putString(String text) {
    putBinary(text.getBytes(UTF_8));
  }

  static int stringLength(String text) {
    return 2 + text.getBytes(UTF_8).length;
  }
}
