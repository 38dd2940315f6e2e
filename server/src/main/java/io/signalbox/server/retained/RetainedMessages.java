package io.signalbox.server.retained;

import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.routing.Message;
import io.signalbox.server.store.Store;
import io.signalbox.server.store.StoreLimits;
import io.signalbox.server.store.StoreTotals;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The last message of each topic that was published with RETAIN (MQTT 5.0 section 3.3.1.3). They
 * are on disk; in memory are only those that are not durable yet.
 *
 * <p>For a new subscription a duplicate is allowed and a gap is not. That takes this order: a
 * publisher calls {@link #pending} before it looks for receivers; a subscriber adds its
 * subscription before it calls {@link #forEach}. Then each value is delivered as it is published,
 * or pending, or in the snapshot. Should one that is pending be refused, what stands is the one
 * that it hid; who looked meanwhile is told to look again.
 */
public final class RetainedMessages {

  /** Takes slices on the loop that asked. */
  @FunctionalInterface
  public interface SliceConsumer {
    /**
     * @param messages some of those that match; empty: none was found yet, or in the last slice
     * @param last nothing follows
     * @param next to run on the loop, once, when there is room for another slice; not run: the rest
     *     is not wanted. Without effect after the last
     */
    void slice(List<Message> messages, boolean last, Runnable next);
  }

  private final Store store;
  private final StoreLimits limits;
  private final Clocks clocks;
  private final PendingValues pendingValues = new PendingValues();
  private final RecentChanges changes = new RecentChanges();

  public RetainedMessages(Store store, StoreLimits limits, Clocks clocks) {
    this.store = store;
    this.limits = limits;
    this.clocks = clocks;
    store.writer().onRetained(this::settled);
  }

  /**
   * Whether the limits allow to keep it in place of its topic's message. Any thread. The store has
   * the last word, see {@link io.signalbox.server.store.StorePublish#refusedAsAWhole}.
   */
  public boolean accepts(Message message) {
    if (message.payload().length == 0) {
      return true;
    }
    StoreTotals totals = store.totals();
    long bytes = totals.retainedBytes() + Store.retainedBytes(message);
    if (bytes <= limits.retainedBytesMax()
        && totals.retainedMessages() < limits.retainedMessagesMax()) {
      return true;
    }
    long replaced = retainedBytes(message.topic());
    return replaced > 0 && bytes - replaced <= limits.retainedBytesMax();
  }

  /** What the topic's message takes, or will take; 0: it has, or will have, none. */
  private long retainedBytes(TopicName topic) {
    Message soon = pendingValues.newest(topic);
    if (soon == null) {
      return store.retainedBytes(topic);
    }
    return soon.payload().length == 0 ? 0 : Store.retainedBytes(soon);
  }

  /**
   * A message is about to be routed that sets, or with an empty payload clears, its topic's
   * retained message. To be called <em>before</em> its receivers are looked for, and followed by
   * the submission of a {@link io.signalbox.server.store.StorePublish} of this very message with
   * {@code setRetained}; or by {@link #abandoned}. Any thread.
   */
  public void pending(Message message) {
    pendingValues.add(message);
  }

  /** The message of a {@link #pending} call is not submitted after all. Any thread. */
  public void abandoned(Message message) {
    settled(message.topic(), false);
  }

  private void settled(TopicName topic, boolean changed) {
    if (changed) {
      changes.add(topic);
    }
    pendingValues.settle(topic, !changed);
  }

  /**
   * The retained message of a filter without wildcards, at once: one row of the store at most. To
   * be called on the loop of the subscriber, after its subscription was added: then whatever is
   * published later comes behind it.
   *
   * @param watch told if it, or a removal, is pending and then refused
   * @return null when there is none
   */
  public @Nullable Message find(TopicFilter exact, RefusalWatch watch) {
    long now = nowMillis();
    Message pending = pendingValues.watch(exact.asTopicName(), watch);
    if (pending != null) {
      return pending.payload().length == 0 || pending.isExpired(now) ? null : pending;
    }
    // Settled, so counted: the totals are as of the commit before.
    return store.totals().retainedMessages() == 0 ? null : store.retained(exact, now);
  }

  /**
   * Whether {@link #forEach} may find something for a filter with wildcards: true while anything is
   * on its way to the disk, else as of the first row behind the levels before the first wildcard.
   * Most subscriptions of a fleet find nothing, and to learn this by a reader thread costs them
   * more than all else does. Looks at two rows of the store at most, at once; to be called where
   * {@link #find} is. What is settled is in the totals and on the disk, so the pending ones come
   * first.
   */
  public boolean mayMatch(TopicFilter filter) {
    return !pendingValues.isEmpty()
        || (store.totals().retainedMessages() > 0 && store.mayHaveRetained(filter));
  }

  /**
   * Hands over the retained messages that match a filter. Topics that begin with {@code $} match no
   * filter that begins with a wildcard. On the loop that is given.
   *
   * @param sliceMax 1.. messages in a slice
   * @param to called later, on the loop
   * @param watch told of each topic of which one was refused that was pending, until all of them
   *     are settled; so also after the last slice
   */
  public void forEach(
      TopicFilter filter, EventLoop loop, int sliceMax, SliceConsumer to, RefusalWatch watch) {
    var scan = new RetainedScan(this, filter, loop, sliceMax, to, watch);
    loop.execute(scan::next);
  }

  /** Retained messages on disk. Any thread. */
  public long count() {
    return store.totals().retainedMessages();
  }

  Store store() {
    return store;
  }

  PendingValues pendingValues() {
    return pendingValues;
  }

  RecentChanges changes() {
    return changes;
  }

  long nowMillis() {
    return clocks.wallMillis();
  }
}
