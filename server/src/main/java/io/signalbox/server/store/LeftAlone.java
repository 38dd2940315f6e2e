package io.signalbox.server.store;

import io.signalbox.server.eventloop.ConfinedTo;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.LmdbException;

/**
 * What the writer does not touch before the next start, because the way to it is damaged. LMDB
 * spoils the transaction that meets a page it cannot read, so each is met once: the attempt is
 * aborted, and the next one leaves out what led there.
 */
@ConfinedTo("store writer, but for isEnded")
final class LeftAlone {
  /** Remembered of each kind from batch to batch; above it all are forgotten and met again. */
  private static final int REMEMBERED_MAX = 65_536;

  /**
   * Queues met in one batch, each with another attempt; at the next one that which was to be stored
   * there is refused, and with it the rest of its receivers.
   */
  private static final int QUEUES_IN_A_BATCH_MAX = 16;

  private final Set<Long> queues = new HashSet<>();
  private final Set<Long> messages = new HashSet<>();
  private final Set<Long> ended = ConcurrentHashMap.newKeySet();
  private final Set<Long> withDamagedRows = new HashSet<>();
  private int queuesInBatch;

  /** A new batch, not another attempt at one. */
  void batchBegins() {
    queuesInBatch = 0;
    forgetMany(queues);
    forgetMany(messages);
    forgetMany(ended);
    forgetMany(withDamagedRows);
  }

  private static void forgetMany(Set<Long> all) {
    if (all.size() > REMEMBERED_MAX) {
      all.clear();
    }
  }

  /** Whether the queue of this session takes nothing. */
  boolean isQueue(long number) {
    return !queues.isEmpty() && queues.contains(number);
  }

  /** From now on the queue of this session takes nothing. */
  void queue(long number) {
    queues.add(number);
  }

  /**
   * @param publish which was to get a row there; null: none was
   * @return to be thrown: the exception itself unless it tells of a page that cannot be read
   */
  RuntimeException queue(long number, @Nullable StorePublish publish, LmdbException e) {
    if (!UnreadablePageException.isOne(e)) {
      return e;
    }
    if (queuesInBatch == QUEUES_IN_A_BATCH_MAX) {
      return publish == null
          ? e
          : new UnreadablePageException("the queue of session " + number, publish, e);
    }
    queuesInBatch++;
    queues.add(number);
    return new UnreadablePageException(
        "the queue of session " + number + ", which takes no more messages,", null, e);
  }

  /** Whether a message that is shared by queues stays where it is. */
  boolean isMessage(long sequence) {
    return !messages.isEmpty() && messages.contains(sequence);
  }

  /**
   * @return to be thrown, as of {@link #queue(long, StorePublish, LmdbException)}
   */
  RuntimeException message(long sequence, LmdbException e) {
    if (!UnreadablePageException.isOne(e)) {
      return e;
    }
    messages.add(sequence);
    return new UnreadablePageException(
        "message " + sequence + ", which nobody needs any more,", null, e);
  }

  /** Whether rows of this session, which has ended, stay where they are. Any thread. */
  boolean isEnded(long number) {
    return ended.contains(number);
  }

  /**
   * @return to be thrown, as of {@link #queue(long, StorePublish, LmdbException)}
   */
  RuntimeException ended(long number, LmdbException e) {
    if (!UnreadablePageException.isOne(e)) {
      return e;
    }
    ended.add(number);
    return new UnreadablePageException(
        "what is left of session " + number + ", which has ended,", null, e);
  }

  /** Whether a damaged row in this session's queue is the first one, to be logged. */
  boolean isFirstDamagedRowOf(long number) {
    return withDamagedRows.add(number);
  }

  /** The session has ended: its number is not used again. */
  void forget(long number) {
    queues.remove(number);
    withDamagedRows.remove(number);
  }
}
