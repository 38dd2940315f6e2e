package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;

/** Reads the bytes of a row; what is read is copied to the heap. */
final class RowReader {
  private static final int VARIABLE_BYTES_MAX = 5;

  private final MemorySegment row;
  private long position;

  RowReader(MemorySegment row) {
    this.row = row;
  }

  static RowReader of(byte[] row) {
    return new RowReader(MemorySegment.ofArray(row));
  }

  private long claim(long bytes) {
    long at = position;
    if (bytes < 0 || bytes > row.byteSize() - at) {
      throw new CorruptRowException(
          "needs " + bytes + " bytes at offset " + at + ", has " + (row.byteSize() - at));
    }
    position = at + bytes;
    return at;
  }

  long remaining() {
    return row.byteSize() - position;
  }

  int getByte() {
    return row.get(Bytes.BYTE, claim(1)) & 0xFF;
  }

  int getShort() {
    return row.get(Bytes.SHORT, claim(2)) & 0xFFFF;
  }

  int getInt() {
    return row.get(Bytes.INT, claim(4));
  }

  long getLong() {
    return row.get(Bytes.LONG, claim(8));
  }

  byte[] getBytes(int length) {
    long at = claim(length);
    var bytes = new byte[length];
    MemorySegment.copy(row, Bytes.BYTE, at, bytes, 0, length);
    return bytes;
  }

  byte[] getShortBytes() {
    return getBytes(getShort());
  }

  byte[] getLongBytes() {
    return getBytes(getInt());
  }

  String getString() {
    return new String(getShortBytes(), UTF_8);
  }

  int getVariable() {
    int value = 0;
    for (int i = 0; i < VARIABLE_BYTES_MAX; i++) {
      int next = getByte();
      value |= (next & 0x7F) << (7 * i);
      if ((next & 0x80) == 0) {
        return value;
      }
    }
    throw new CorruptRowException("number of more than " + VARIABLE_BYTES_MAX + " bytes");
  }

  byte[] getRest() {
    return getBytes((int) remaining());
  }

  /** The bytes not read yet, still in the transaction's memory. */
  MemorySegment rest() {
    return row.asSlice(position);
  }

  void skip(long bytes) {
    claim(bytes);
  }

  /** The version byte in front of every row. */
  void expectVersion(int version) {
    int found = getByte();
    if (found != version) {
      throw new CorruptRowException("version " + found + ", expected " + version);
    }
  }

  void expectEnd() {
    if (remaining() != 0) {
      throw new CorruptRowException(remaining() + " bytes too many");
    }
  }
}
