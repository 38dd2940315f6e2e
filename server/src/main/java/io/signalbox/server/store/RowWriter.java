package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Writes the bytes of one row after another into native memory that LMDB copies from. Belongs to
 * one thread; what {@link #row} gave is overwritten by the next row.
 */
final class RowWriter {
  private static final int INITIAL_BYTES = 8_192;

  /** More than this is given back: one huge message must not cost its size for ever. */
  private static final int KEPT_BYTES_MAX = 1 << 20;

  private MemorySegment memory = allocate(INITIAL_BYTES);
  private long position;

  private static MemorySegment allocate(long bytes) {
    return Arena.ofAuto().allocate(bytes);
  }

  /** Begins a new row. */
  RowWriter begin() {
    if (memory.byteSize() > KEPT_BYTES_MAX) {
      memory = allocate(INITIAL_BYTES);
    }
    position = 0;
    return this;
  }

  private long claim(long bytes) {
    long at = position;
    position += bytes;
    if (position > memory.byteSize()) {
      MemorySegment larger = allocate(Long.highestOneBit(position) << 1);
      MemorySegment.copy(memory, 0, larger, 0, at);
      memory = larger;
    }
    return at;
  }

  RowWriter putByte(int value) {
    long at = claim(1);
    memory.set(Bytes.BYTE, at, (byte) value);
    return this;
  }

  RowWriter putShort(int value) {
    long at = claim(2);
    memory.set(Bytes.SHORT, at, (short) value);
    return this;
  }

  RowWriter putInt(int value) {
    long at = claim(4);
    memory.set(Bytes.INT, at, value);
    return this;
  }

  RowWriter putLong(long value) {
    long at = claim(8);
    memory.set(Bytes.LONG, at, value);
    return this;
  }

  RowWriter putBytes(byte[] bytes) {
    long at = claim(bytes.length);
    MemorySegment.copy(bytes, 0, memory, Bytes.BYTE, at, bytes.length);
    return this;
  }

  RowWriter putBytes(MemorySegment bytes) {
    long at = claim(bytes.byteSize());
    MemorySegment.copy(bytes, 0, memory, at, bytes.byteSize());
    return this;
  }

  /** With a two byte length in front: at most 65,535 bytes. */
  RowWriter putShortBytes(byte[] bytes) {
    if (bytes.length > 0xFFFF) {
      throw new IllegalArgumentException(bytes.length + " bytes, limit " + 0xFFFF);
    }
    return putShort(bytes.length).putBytes(bytes);
  }

  /** With a four byte length in front. */
  RowWriter putLongBytes(byte[] bytes) {
    return putInt(bytes.length).putBytes(bytes);
  }

  /** UTF-8 with a two byte length in front. */
  RowWriter putString(String text) {
    return putShortBytes(text.getBytes(UTF_8));
  }

  /** Seven bits a byte, low ones first; for numbers that are small most of the time. */
  RowWriter putVariable(int value) {
    int rest = value;
    while ((rest & ~0x7F) != 0) {
      putByte((rest & 0x7F) | 0x80);
      rest >>>= 7;
    }
    return putByte(rest);
  }

  int length() {
    return (int) position;
  }

  /** The row so far; valid until the next {@link #begin}. */
  MemorySegment row() {
    return memory.asSlice(0, position);
  }

  /** Part of the row so far; valid until the next {@link #begin}. */
  MemorySegment row(long from, long to) {
    return memory.asSlice(from, to - from);
  }

  byte[] toArray() {
    return row().toArray(Bytes.BYTE);
  }
}
