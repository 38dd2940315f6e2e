package io.signalbox.server.session;

import io.signalbox.server.eventloop.MemoryShare;
import io.signalbox.server.routing.LargePayload;
import java.util.function.IntSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Messages in memory that wait for room in the window: first in, first out, bounded in count and
 * bytes, and with the queues of all others by the memory that they have together. Confined to the
 * session's I/O thread.
 *
 * <p>A message counts in each queue that it is in, although they share it: what one queue gives up
 * may be all that the others still hold. In the memory of all a {@link LargePayload} counts once.
 */
final class OutboundQueue {
  /**
   * Of the memory of all: from here on queues that are not empty take no more than they must, and
   * publishers wait.
   */
  private static final int FILLING_EIGHTHS = 4;

  /** From here on a queue takes little: those that stand still leave the others something. */
  private static final int SCARCE_EIGHTHS = 6;

  /** From here on it takes nothing: the rest is for buffers, and for who connects. */
  private static final int SPENT_EIGHTHS = 7;

  private static final int ALL_EIGHTHS = 8;

  private static final int LITTLE_BYTES = 16 << 10;

  private final QueueLimits limits;
  private @Nullable OutgoingPublish head;
  private @Nullable OutgoingPublish tail;
  private int size;
  private long bytes;
  private MemoryShare memory;

  OutboundQueue(QueueLimits limits, MemoryShare memory) {
    this.limits = limits;
    this.memory = memory;
  }

  /** The session moved to another I/O thread; empty. */
  void countIn(MemoryShare share) {
    assert isEmpty() : "moved with " + size + " messages";
    memory = share;
  }

  boolean isEmpty() {
    return head == null;
  }

  int size() {
    return size;
  }

  /** Whether it fits; a single one does, however large, unless memory is scarce. */
  boolean hasRoomFor(OutgoingPublish publish) {
    return isScarce(memory)
        ? mayHoldWhenScarce(memory, bytes + publish.bytes())
        : size == 0 || (size < limits.messagesMax() && bytes < limits.bytesMax());
  }

  /** Whether a queue may come to hold so much although memory is scarce. */
  private static boolean mayHoldWhenScarce(MemoryShare memory, long bytes) {
    return !memory.isUsed(SPENT_EIGHTHS) && bytes <= LITTLE_BYTES;
  }

  /** Whether so many bytes may wait beside a queue, for want of which they are read from disk. */
  static boolean mayHold(MemoryShare memory, long bytes, long bytesMax) {
    return isScarce(memory) ? mayHoldWhenScarce(memory, bytes) : bytes <= bytesMax;
  }

  /** Three quarters of the memory of all are in use: what can do with little takes little. */
  static boolean isScarce(MemoryShare memory) {
    return memory.isUsed(SCARCE_EIGHTHS);
  }

  /** Half of the memory of all is in use: it is left to those who get on. */
  boolean isMemoryFilling() {
    return memory.isUsed(FILLING_EIGHTHS);
  }

  /** All of it is: nothing more is read from disk until some have got on. */
  boolean isMemorySpent() {
    return memory.isUsed(ALL_EIGHTHS);
  }

  /** Three quarters of it are free. */
  boolean isNearlyEmpty() {
    return size <= limits.messagesMax() / 4 && bytes <= limits.bytesMax() / 4;
  }

  /** Whether it is time to read more from disk. */
  boolean isLow() {
    return isMemoryFilling()
        ? size == 0
        : size <= limits.messagesMax() / 2 && bytes <= limits.bytesMax() / 2;
  }

  /**
   * How many {@linkplain #places places} other members' backlogs may take: half of the queue is
   * left to what is published.
   */
  int placesLeft() {
    if (isMemoryFilling()) {
      return isEmpty() && !isScarce(memory) ? 1 : 0;
    }
    long inBytes = (limits.bytesMax() / 2 - bytes) / limits.bytesOfPlace();
    long left = Math.min(limits.messagesMax() / 2 - size, inBytes);
    return Math.clamp(left, isEmpty() ? 1 : 0, limits.messagesMax());
  }

  /** As how many messages one of so many bytes counts that is on its way here. */
  int places(int messageBytes) {
    return Math.clamp(messageBytes / limits.bytesOfPlace(), 1, limits.messagesMax());
  }

  int room() {
    return Math.max(1, limits.messagesMax() - size);
  }

  /** How much more it takes, to be asked when it is read: any thread may. */
  IntSupplier byteRoom() {
    return readable(memory, limits.bytesMax(), bytes);
  }

  /**
   * How many bytes may be read from disk, to be asked when they are: any thread may.
   *
   * @param bytesMax that may be held while the memory of all is not filling
   * @param bytesHeld that are held now
   */
  static IntSupplier readable(MemoryShare memory, long bytesMax, long bytesHeld) {
    return () -> {
      long most = memory.isUsed(FILLING_EIGHTHS) ? Math.min(bytesMax, LITTLE_BYTES) : bytesMax;
      return Math.clamp(most - bytesHeld, 1, Integer.MAX_VALUE);
    };
  }

  void add(OutgoingPublish publish) {
    publish.previous = null;
    publish.next = null;
    if (tail == null) {
      head = publish;
    } else {
      tail.next = publish;
    }
    tail = publish;
    size++;
    bytes += publish.bytes();
    publish.countIn(memory);
  }

  @Nullable OutgoingPublish peek() {
    return head;
  }

  void removeHead() {
    OutgoingPublish first = head;
    assert first != null : "removeHead of an empty queue";
    head = first.next;
    if (head == null) {
      tail = null;
    }
    first.next = null;
    size--;
    bytes -= first.bytes();
    first.countOut(memory);
  }

  /** Asks about each message in turn, and keeps the order of the others. */
  void removeIf(Predicate<OutgoingPublish> goes) {
    OutgoingPublish publish = head;
    clear(); // they stay linked
    while (publish != null) {
      OutgoingPublish next = publish.next;
      if (!goes.test(publish)) {
        add(publish);
      }
      publish = next;
    }
  }

  void clear() {
    for (OutgoingPublish publish = head; publish != null; publish = publish.next) {
      publish.countOut(memory);
    }
    head = null;
    tail = null;
    size = 0;
    bytes = 0;
  }
}
