package io.signalbox.server.store;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes and removes several records: all of them or, when one of them is not what its writer saw,
 * none. Result: the revision that all written ones have now, as {@code Long}; {@link
 * StoreException.Reason#REVISION_CONFLICT} when somebody else wrote one of them meanwhile.
 *
 * @param writes 1.., each of another record
 * @param grows false for a change that takes something away and leaves a note of it: it is applied
 *     while the disk or the quota is full as well
 */
public record WriteRecords(List<Write> writes, boolean grows) implements Command {
  /**
   * One of the records.
   *
   * @param key 1..{@value Keys#NAME_BYTES_MAX} bytes
   * @param expectedRevision what the writer saw; 0: no such record; {@link PutRecord#ANY_REVISION}:
   *     whatever is there
   * @param value null: it is removed
   */
  public record Write(
      RecordTable table, byte[] key, long expectedRevision, byte @Nullable [] value) {
    public Write {
      Keys.requireRecordKey(key);
    }

    /** Of a record that is written. */
    public static Write put(RecordTable table, byte[] key, long expectedRevision, byte[] value) {
      return new Write(table, key, expectedRevision, value);
    }

    /** Of a record that is removed, if it is there. */
    public static Write remove(RecordTable table, byte[] key, long expectedRevision) {
      return new Write(table, key, expectedRevision, null);
    }

    int bytes() {
      return 128 + key.length + (value == null ? 0 : value.length);
    }

    private record Place(RecordTable table, String key) {}

    private Place place() {
      return new Place(table, Arrays.toString(key));
    }
  }

  public WriteRecords {
    writes = List.copyOf(writes);
    Set<Object> places = new HashSet<>();
    for (Write write : writes) {
      if (!places.add(write.place())) {
        throw new IllegalArgumentException("a record is written twice in one command");
      }
    }
    if (writes.isEmpty()) {
      throw new IllegalArgumentException("a command that writes no record");
    }
  }

  @Override
  public int bytes() {
    long sum = 0;
    for (Write write : writes) {
      sum += write.bytes();
    }
    return (int) Math.min(sum, Integer.MAX_VALUE);
  }
}
