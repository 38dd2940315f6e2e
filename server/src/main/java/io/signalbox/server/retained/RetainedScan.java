package io.signalbox.server.retained;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.routing.Message;
import io.signalbox.server.store.RetainedSlice;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One walk over the retained messages that match a filter, at the pace of who asks. */
@ConfinedTo("the I/O thread that asked")
final class RetainedScan {
  private static final int SLICE_BYTES_MAX = 1 << 20;

  /** From half of the memory of all on, many who ask at once get little each. */
  private static final int FILLING_EIGHTHS = 4;

  private static final int LITTLE_BYTES = 16 << 10;
  private static final long RETRY_MILLIS = 100;

  private final RetainedMessages messages;
  private final TopicFilter filter;
  private final EventLoop loop;
  private final int sliceMax;
  private final RetainedMessages.SliceConsumer to;
  private final RefusalWatch watch;

  // INVARIANT: collected before the first slice is read: what became durable before that is in its
  // snapshot, what comes later is delivered as it is published.
  private final List<Message> pending;

  /** Of those handed over: committed meanwhile, they must not come once more from the disk. */
  private final Set<TopicName> handedOver = new HashSet<>();

  private int pendingSeen;
  private byte @Nullable [] after;

  RetainedScan(
      RetainedMessages messages,
      TopicFilter filter,
      EventLoop loop,
      int sliceMax,
      RetainedMessages.SliceConsumer to,
      RefusalWatch watch) {
    this.messages = messages;
    this.filter = filter;
    this.loop = loop;
    this.sliceMax = sliceMax;
    this.to = to;
    this.watch = watch;
    this.pending = messages.pendingValues().matching(filter, messages.nowMillis());
  }

  void next() {
    List<Message> current = nextPending();
    if (!current.isEmpty()) {
      to.slice(current, false, this::next);
      return;
    }
    RecentChanges.Mark mark = messages.changes().begin();
    boolean taken =
        messages
            .store()
            .scanRetained(
                filter,
                after,
                sliceMax,
                this::sliceBytesMax,
                messages.nowMillis(),
                loop,
                slice -> deliver(slice, mark));
    if (!taken) {
      messages.changes().end(mark);
      loop.schedule(RETRY_MILLIS, () -> to.slice(List.of(), false, this::next));
    }
  }

  private int sliceBytesMax() {
    return loop.memory().isUsed(FILLING_EIGHTHS) ? LITTLE_BYTES : SLICE_BYTES_MAX;
  }

  /**
   * Leaves out what is not the newest of its topic any more, for it would come behind what replaced
   * it: that is delivered as it is published. What was only committed meanwhile is on the disk.
   */
  private List<Message> nextPending() {
    List<Message> current = new ArrayList<>(Math.min(pending.size() - pendingSeen, sliceMax));
    while (pendingSeen < pending.size() && current.size() < sliceMax) {
      Message message = pending.get(pendingSeen++);
      if (message.equals(messages.pendingValues().watch(message.topic(), watch))) {
        current.add(message);
        handedOver.add(message.topic());
      }
    }
    return current;
  }

  private void deliver(RetainedSlice slice, RecentChanges.Mark mark) {
    List<Message> current = new ArrayList<>(slice.messages().size());
    for (Message message : slice.messages()) {
      // It, or a newer value, was among the pending ones, or is delivered as published. Pending
      // first: a topic leaves there only after it is among the changes.
      boolean replaced =
          handedOver.contains(message.topic())
              || messages.pendingValues().watch(message.topic(), watch) != null
              || messages.changes().since(mark, message.topic());
      if (!replaced) {
        current.add(message);
      }
    }
    messages.changes().end(mark);
    after = slice.next();
    // An empty one too, for whether the rest is still wanted. The readers' queue keeps this from
    // being a busy loop.
    to.slice(current, after == null, this::next);
  }
}
