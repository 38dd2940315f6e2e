package io.signalbox.server.store;

/**
 * One change of durable state. Immutable; the submitter supplies times, so that applying the same
 * commands in the same order to the same state gives the same state on any machine.
 *
 * <p>Commands of a client's own connection carry the epoch of its session, which each CONNECT
 * raises: what a connection that was taken over still submits is refused with {@link
 * StoreException.Reason#STALE_EPOCH}. {@link #ANY_EPOCH} skips the check.
 */
public sealed interface Command
    permits OpenSession,
        DisconnectSession,
        RenewWill,
        EndSession,
        StoreSubscriptions,
        RemoveSubscriptions,
        StorePublish,
        Dequeue,
        AssignPacketId,
        MarkReleased,
        ReleaseInbound,
        MarkSent,
        MoveQueued,
        Barrier,
        PutRecord,
        DeleteRecord,
        WriteRecords,
        Sweep,
        DropExpired {

  /** In place of an epoch: do not check it. */
  long ANY_EPOCH = -1;

  /**
   * Whether it takes room in the file. Such a command is refused while the disk or the quota is
   * full; the others, which make room, are always applied.
   */
  default boolean grows() {
    return false;
  }

  /** Approximate bytes that it holds in memory and brings to a transaction. */
  default int bytes() {
    return 128;
  }
}
