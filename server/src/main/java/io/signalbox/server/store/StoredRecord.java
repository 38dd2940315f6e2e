package io.signalbox.server.store;

import java.lang.foreign.MemorySegment;

/**
 * A record of a {@link RecordTable}.
 *
 * @param revision 1..; grows with every change, and never comes back for the same key
 */
public record StoredRecord(byte[] key, long revision, byte[] value) {

  static StoredRecord read(byte[] key, MemorySegment row) {
    var in = new RowReader(row);
    long revision = in.getLong();
    return new StoredRecord(key, revision, in.getRest());
  }
}
