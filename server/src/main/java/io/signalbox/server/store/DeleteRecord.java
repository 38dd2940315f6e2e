package io.signalbox.server.store;

/**
 * Removes one record. Result: whether it existed; {@link StoreException.Reason#REVISION_CONFLICT}
 * when somebody else wrote it meanwhile.
 *
 * @param expectedRevision what the writer saw, or {@link PutRecord#ANY_REVISION}
 */
public record DeleteRecord(RecordTable table, byte[] key, long expectedRevision)
    implements Command {
  public DeleteRecord {
    Keys.requireRecordKey(key);
  }
}
