package io.signalbox.server.session;

import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Messages in memory that wait for room in the window: first in, first out, bounded in count and
 * bytes. Confined to the session's I/O thread.
 */
final class OutboundQueue {
  private final int messagesMax;
  private final long bytesMax;
  private @Nullable OutgoingPublish head;
  private @Nullable OutgoingPublish tail;
  private int size;
  private long bytes;

  OutboundQueue(int messagesMax, long bytesMax) {
    this.messagesMax = messagesMax;
    this.bytesMax = bytesMax;
  }

  boolean isEmpty() {
    return head == null;
  }

  int size() {
    return size;
  }

  /** Whether another message fits; a single one always does, however large. */
  boolean hasRoom() {
    return size == 0 || (size < messagesMax && bytes < bytesMax);
  }

  /** Three quarters of it are free. */
  boolean isNearlyEmpty() {
    return size <= messagesMax / 4 && bytes <= bytesMax / 4;
  }

  /** Whether it is time to read more from disk. */
  boolean isLow() {
    return size <= messagesMax / 2 && bytes <= bytesMax / 2;
  }

  int room() {
    return Math.max(1, messagesMax - size);
  }

  int byteRoom() {
    return Math.clamp(bytesMax - bytes, 1, Integer.MAX_VALUE);
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
  }

  /** Asks about each message in turn, and keeps the order of the others. */
  void removeIf(Predicate<OutgoingPublish> goes) {
    OutgoingPublish publish = head;
    clear();
    while (publish != null) {
      OutgoingPublish next = publish.next;
      if (!goes.test(publish)) {
        add(publish);
      }
      publish = next;
    }
  }

  void clear() {
    head = null;
    tail = null;
    size = 0;
    bytes = 0;
  }
}
