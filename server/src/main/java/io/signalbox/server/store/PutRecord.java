package io.signalbox.server.store;

/**
 * Writes one record. Result: its new revision as {@code Long}; {@link
 * StoreException.Reason#REVISION_CONFLICT} when somebody else wrote it meanwhile.
 *
 * @param key 1..{@value Keys#NAME_BYTES_MAX} bytes
 * @param expectedRevision what the writer saw; 0: no such record; {@link #ANY_REVISION}: whatever
 *     is there
 * @param grows as for {@link WriteRecords}
 */
public record PutRecord(
    RecordTable table, byte[] key, long expectedRevision, byte[] value, boolean grows)
    implements Command {

  public static final long ANY_REVISION = -1;

  public PutRecord {
    Keys.requireRecordKey(key);
  }

  @Override
  public int bytes() {
    return 128 + key.length + value.length;
  }
}
