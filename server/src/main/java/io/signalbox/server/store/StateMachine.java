package io.signalbox.server.store;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.store.StoreException.Reason;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Dbi;

/**
 * What each command does to the tables. Deterministic: no clock, no randomness, no I/O besides the
 * transaction, so that the same commands make the same state wherever they are applied.
 *
 * <p>A command that is refused has changed nothing: every check comes before the first change.
 */
@ConfinedTo("store writer")
final class StateMachine {
  private final WriteBatch batch;

  StateMachine(WriteBatch batch) {
    this.batch = batch;
  }

  /**
   * @param index position of the command in the log; stored with the changes
   * @return what the command's description promises
   * @throws StoreException the command is refused
   */
  @Nullable Object apply(long index, Command command) throws StoreException {
    batch.state().appliedIndex = index;
    return switch (command) {
      case StorePublish publish -> publish(publish);
      case Dequeue dequeue -> batch.queue.dequeue(dequeue);
      case AssignPacketId assign -> batch.queue.assign(assign);
      case MarkReleased released -> batch.queue.markReleased(released);
      case ReleaseInbound release -> {
        batch.sessions.releaseInboundQos2(release);
        yield null;
      }
      case MarkSent sent -> {
        batch.queue.markSent(sent);
        yield null;
      }
      case MoveQueued move -> batch.queue.move(move);
      case OpenSession open -> batch.sessions.open(open);
      case DisconnectSession disconnect -> {
        batch.sessions.disconnect(disconnect);
        yield null;
      }
      case RenewWill renew -> {
        batch.sessions.renewWill(renew);
        yield null;
      }
      case EndSession end -> end(end);
      case StoreSubscriptions store -> {
        batch.sessions.putSubscriptions(store);
        yield null;
      }
      case RemoveSubscriptions remove -> {
        batch.sessions.removeSubscriptions(remove);
        yield null;
      }
      case PutRecord put -> putRecord(put);
      case DeleteRecord delete -> deleteRecord(delete);
      case WriteRecords write -> writeRecords(write);
      case Sweep sweep -> batch.sessions.sweep(sweep.rowsMax());
      case DropExpired expired -> dropExpired(expired);
      case Barrier _ -> null;
    };
  }

  private StorePublish publish(StorePublish publish) throws StoreException {
    publish.setStored(false);
    if (publish.qos2Number() != 0) {
      batch.sessions.require(publish.qos2Number(), publish.epochOfQos2());
    }
    publish.begin(takeSequence(publish), MessageBytes.length(publish.message(), true));
    if (publish.qos2Number() != 0) {
      if (batch.sessions.hasInboundQos2(publish.qos2Number(), publish.qos2PacketId())) {
        publish.markDuplicate(); // [MQTT-4.3.3-10]
        return publish;
      }
    }
    StorePublish original = publish.copyOf();
    if (original != null && !original.isStored()) {
      publish.markDuplicate(); // its publisher hears of one of them for both
      return publish;
    }
    if (publish.retaining() == StorePublish.Retaining.OR_REFUSED
        && !batch.retained.hasRoomFor(publish)) {
      publish.refuseAsAWhole();
      batch.drops.retainedLimit++;
      return publish;
    }
    batch.queue.enqueue(publish);
    // PUBREC with an error ends the exchange: the client uses the identifier for another message,
    // which a row left behind would swallow [MQTT-4.3.3-9].
    if (publish.qos2Number() != 0 && !publish.refusedByAll()) {
      batch.sessions.putInboundQos2(publish.qos2Number(), publish.qos2PacketId());
    }
    if (publish.setRetained()) {
      batch.retained.set(publish);
    }
    if (publish.willOf() != 0) {
      batch.sessions.clearWill(publish.willOf());
    }
    publish.setStored(true);
    return publish;
  }

  /**
   * Whether a command that {@link Command#grows} leaves more room than it found all the same: it
   * clears a retained message whose pages are at least twice what its rows take, for a page may be
   * half empty.
   */
  boolean makesRoom(Command command) {
    return command instanceof StorePublish publish
        && publish.clearsRetained()
        && batch.retained.pageBytes(publish.message().topic()) >= 2 * rowBytes(publish);
  }

  /** Whether its Will is larger than all that its client can make room by coming. */
  boolean takesRoom(OpenSession open) {
    return open.willBytes() > batch.sessions.bytesOf(open.clientId());
  }

  private static long rowBytes(StorePublish publish) {
    long formBytes = MessageBytes.length(publish.message(), true);
    long bytes = publish.qos2Number() == 0 ? 0 : QueueRow.OVERHEAD_BYTES;
    for (int i = 0; i < publish.receivers(); i++) {
      bytes += QueueRow.OVERHEAD_BYTES + formBytes;
      bytes += (long) Integer.BYTES * publish.subscriptionIdentifiersOf(i).length;
    }
    return bytes;
  }

  /**
   * A command of the batch is refused after all. Its sequence, told before an aborted transaction,
   * names no row then and must never name another's: its receivers may still acknowledge by it.
   */
  void passOver(Command command) {
    if (command instanceof StorePublish publish) {
      publish.setStored(false);
      batch.sequencesBegin(publish.sequence() + 1);
    }
  }

  /** A sequence that was told before an aborted transaction stands: it may be on the wire. */
  private long takeSequence(StorePublish publish) {
    long told = publish.sequence();
    long sequence = told == 0 ? batch.state().nextSequence : told;
    batch.sequenceTaken(sequence);
    return sequence;
  }

  private boolean end(EndSession end) throws StoreException {
    SessionState session = batch.sessions.find(end.number());
    if (session == null) {
      return false;
    }
    batch.sessions.require(end.number(), end.epoch());
    batch.sessions.end(session);
    return true;
  }

  private int dropExpired(DropExpired expired) {
    batch.queue.flush();
    batch.retained.flush();
    int dropped = 0;
    for (byte[] topic : expired.retainedTopics()) {
      dropped += batch.retained.dropExpired(topic, expired.nowMillis()) ? 1 : 0;
    }
    for (int i = 0; i < expired.numbers().length; i++) {
      dropped +=
          batch.queue.dropExpired(expired.numbers()[i], expired.sequences()[i], expired.nowMillis())
              ? 1
              : 0;
    }
    batch.drops.expired += dropped;
    return dropped;
  }

  private Long putRecord(PutRecord put) throws StoreException {
    Dbi<MemorySegment> table = batch.lmdb.records(put.table());
    requireRevision(table, put.key(), put.expectedRevision());
    return write(table, put.key(), put.value());
  }

  private long write(Dbi<MemorySegment> table, byte[] key, byte[] value) {
    // The index, so that a record deleted and made again never has a revision it had before.
    long revision = batch.state().appliedIndex;
    batch.row.begin().putLong(revision).putBytes(value);
    table.put(batch.txn(), batch.keys.raw(key), batch.row.row());
    return revision;
  }

  private boolean deleteRecord(DeleteRecord delete) throws StoreException {
    Dbi<MemorySegment> table = batch.lmdb.records(delete.table());
    requireRevision(table, delete.key(), delete.expectedRevision());
    return table.delete(batch.txn(), batch.keys.raw(delete.key()));
  }

  private Long writeRecords(WriteRecords command) throws StoreException {
    for (WriteRecords.Write each : command.writes()) {
      requireRevision(batch.lmdb.records(each.table()), each.key(), each.expectedRevision());
    }
    for (WriteRecords.Write each : command.writes()) {
      Dbi<MemorySegment> table = batch.lmdb.records(each.table());
      byte[] value = each.value();
      if (value == null) {
        table.delete(batch.txn(), batch.keys.raw(each.key()));
      } else {
        write(table, each.key(), value);
      }
    }
    return batch.state().appliedIndex;
  }

  private void requireRevision(Dbi<MemorySegment> table, byte[] key, long expected)
      throws StoreException {
    MemorySegment value = table.get(batch.txn(), batch.keys.raw(key));
    long revision = value == null ? 0 : new RowReader(value).getLong();
    if (expected != PutRecord.ANY_REVISION && expected != revision) {
      throw new StoreException(Reason.REVISION_CONFLICT);
    }
  }
}
