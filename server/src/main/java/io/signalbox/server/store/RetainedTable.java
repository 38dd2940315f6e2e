package io.signalbox.server.store;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.routing.Message;
import io.signalbox.server.topic.TopicName;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;

/**
 * Retained messages, as the writer changes them. Of several values for a topic within a batch only
 * the last is written.
 */
@ConfinedTo("store writer")
final class RetainedTable {
  /** A topic that the batch changed, or looked at. */
  private static final class Held {
    final boolean onDisk;
    long bytes;
    @Nullable Message value;

    /** By whom it was changed last; null: it was not. */
    @Nullable StorePublish changedBy;

    Held(long bytes) {
      this.onDisk = bytes > 0;
      this.bytes = bytes;
    }
  }

  private static final int PAGE_HEADER_BYTES = 16;

  private final WriteBatch batch;
  private final Lmdb lmdb;
  private final StoreLimits limits;

  /** A key and a value of more lie in no page with others, for a leaf holds at least two rows. */
  private final int leafBytesMax;

  private final Map<TopicName, Held> held = new LinkedHashMap<>();

  RetainedTable(WriteBatch batch, StoreLimits limits) {
    this.batch = batch;
    this.lmdb = batch.lmdb;
    this.limits = limits;
    this.leafBytesMax = (lmdb.pageBytes() - PAGE_HEADER_BYTES) / 2;
  }

  void forget() {
    held.clear();
  }

  private Txn<MemorySegment> txn() {
    return batch.txn();
  }

  private Held held(TopicName topic) {
    return held.computeIfAbsent(topic, _ -> new Held(bytesOnDisk(topic.utf8())));
  }

  /**
   * Bytes of the value on disk that lies in pages of its own, which are free as soon as it is
   * cleared; 0 when it is a part of a page, or the batch has changed it.
   */
  long pageBytes(TopicName topic) {
    Held now = held(topic);
    boolean hasPages = now.changedBy == null && now.bytes > leafBytesMax;
    return hasPages ? now.bytes - Keys.topicKey(topic.utf8()).length : 0;
  }

  /** Whether the limits allow to keep it in place of its topic's message. */
  boolean hasRoomFor(StorePublish publish) {
    Message message = publish.message();
    if (message.payload().length == 0) {
      return true;
    }
    MetaState state = batch.state();
    Held now = held(message.topic());
    long others = state.retainedMessages - (now.bytes > 0 ? 1 : 0);
    long bytes = state.retainedBytes - now.bytes + rowBytes(message);
    return others < limits.retainedMessagesMax() && bytes <= limits.retainedBytesMax();
  }

  /** Sets the topic's message, or clears it when the payload is empty. */
  void set(StorePublish publish) {
    Message message = publish.message();
    boolean mayKeep = hasRoomFor(publish);
    Held now = held(message.topic());
    MetaState state = batch.state();
    state.retainedMessages -= now.bytes > 0 ? 1 : 0;
    state.retainedBytes -= now.bytes;
    now.changedBy = publish;
    now.bytes = 0;
    now.value = null; // [MQTT-3.3.1-6]
    if (message.payload().length == 0) {
      return;
    }
    if (!mayKeep) {
      // The value before it goes all the same: nobody shall take it for the current one.
      batch.drops.retainedLimit++;
      return;
    }
    long bytes = rowBytes(message);
    state.retainedMessages++;
    state.retainedBytes += bytes;
    now.bytes = bytes;
    now.value = message;
  }

  static long rowBytes(Message message) {
    byte[] topic = message.topic().utf8();
    boolean whole = Keys.isWhole(topic);
    return Keys.topicKey(topic).length + (long) MessageBytes.length(message, !whole);
  }

  private long bytesOnDisk(byte[] topic) {
    MemorySegment key = batch.keys.topic(topic);
    return rowBytes(key, lmdb.retained.get(txn(), key));
  }

  /** 0 without a row. */
  static long rowBytes(MemorySegment key, @Nullable MemorySegment value) {
    return value == null ? 0 : key.byteSize() + value.byteSize();
  }

  void flush() {
    held.forEach(
        (topic, now) -> {
          try {
            write(topic, now);
          } catch (LmdbException e) {
            throw UnreadablePageException.isOne(e)
                ? new UnreadablePageException("a retained message", now.changedBy, e)
                : e;
          }
        });
    held.clear();
  }

  private void write(TopicName topic, Held now) {
    Message value = now.value;
    if (value != null) {
      MessageBytes.write(batch.row.begin(), value, !Keys.isWhole(topic.utf8()));
      lmdb.retained.put(txn(), batch.keys.topic(topic.utf8()), batch.row.row());
    } else if (now.changedBy != null && now.onDisk) {
      lmdb.retained.delete(txn(), batch.keys.topic(topic.utf8()));
    }
  }

  /** Removes a message that is on disk and expired. */
  boolean dropExpired(byte[] topic, long nowMillis) {
    MemorySegment value = lmdb.retained.get(txn(), batch.keys.topic(topic));
    if (value == null || MessageBytes.expiresAtMillis(value) > nowMillis) {
      return false;
    }
    MetaState state = batch.state();
    state.retainedMessages--;
    state.retainedBytes -= bytesOnDisk(topic);
    lmdb.retained.delete(txn(), batch.keys.topic(topic));
    return true;
  }
}
