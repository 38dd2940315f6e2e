package io.signalbox.server.routing;

import io.signalbox.server.topic.TopicFilter;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The index of all subscriptions: a radix tree over topic levels, shared by all I/O threads.
 *
 * <p>Writers take turns on a lock and change the tree in place, one reference at a time; readers
 * (one {@link Router} per I/O thread) walk it without a lock and see every subscription that was
 * complete when they started. A subscription that is replaced is there at every moment, with its
 * old options or with its new ones. {@link TopicVersions} tell the readers' caches which topics a
 * change may have touched.
 *
 * <p>Nothing of the client's {@link Subscription} is kept but its options and identifier.
 *
 * <p>INVARIANT: every node but the root has an audience or two children; a removal that would break
 * this removes the node or joins it with its only child. So the tree depends on what is subscribed
 * now, not on what was.
 */
public final class SubscriptionTrie {
  private final Object lock = new Object();
  private final TopicVersions versions = new TopicVersions();
  private final Node root = Node.root();

  private final AtomicLong size = new AtomicLong();
  private final AtomicLong nodes = new AtomicLong();

  Node root() {
    return root;
  }

  TopicVersions versions() {
    return versions;
  }

  /** Subscriptions: each filter of each session counts. Any thread. */
  public long size() {
    return size.get();
  }

  /** Nodes below the root, which is what memory depends on. Any thread. */
  public long nodes() {
    return nodes.get();
  }

  /**
   * Adds a subscription, or replaces the options and the identifier of the one that this subscriber
   * has with the same filter and Share Name (MQTT 5.0 section 3.8.4). When this returns, messages
   * on every thread find it. Any thread.
   *
   * @return whether there was none before
   */
  public boolean add(Subscription subscription, Subscriber subscriber) {
    TopicFilter filter = subscription.filter();
    String shareName = subscription.shareName();
    synchronized (lock) {
      Node node = nodeFor(filter);
      boolean multiLevel = endsInMultiLevel(filter);
      Audience audience = node.audience(multiLevel);
      boolean isNew = Audience.find(audience, shareName, subscriber) == null;
      var delivery =
          new Delivery(
              subscriber,
              subscription.options(),
              subscription.identifier(),
              shareName == null ? null : groupFor(audience, shareName));
      node.audience(multiLevel, Audience.with(audience, delivery));
      if (isNew) {
        size.incrementAndGet();
      }
      versions.changed(filter);
      return isNew;
    }
  }

  private static SharedGroup groupFor(@Nullable Audience audience, String shareName) {
    SharedGroup present = Audience.group(audience, shareName);
    return present == null ? new SharedGroup(shareName) : present;
  }

  /**
   * Removes a subscription. When this returns, messages on every thread pass it by, but for those
   * being routed at this moment. Any thread.
   *
   * @param shareName null for a subscription that is not shared
   * @return whether there was one
   */
  public boolean remove(TopicFilter filter, @Nullable String shareName, Subscriber subscriber) {
    byte[] utf8 = filter.utf8();
    int end = pathEnd(filter);
    boolean multiLevel = endsInMultiLevel(filter);
    synchronized (lock) {
      Node grandparent = root;
      Node parent = root;
      Node node = root;
      for (int at = ROOT; at != end; ) {
        Node child = child(node, utf8, at + 1, end);
        if (child == null || child.commonLength(utf8, at + 1, end) < child.labelLength()) {
          return false;
        }
        at += 1 + child.labelLength();
        grandparent = parent;
        parent = node;
        node = child;
      }
      Audience audience = node.audience(multiLevel);
      Delivery removed = Audience.find(audience, shareName, subscriber);
      if (audience == null || removed == null) {
        return false;
      }
      node.audience(multiLevel, Audience.without(audience, removed));
      prune(grandparent, parent, node);
      size.decrementAndGet();
      versions.changed(filter);
      return true;
    }
  }

  /** The group that shares the filter under this name; null if it has no member. Any thread. */
  public @Nullable SharedGroup group(TopicFilter filter, String shareName) {
    byte[] utf8 = filter.utf8();
    int end = pathEnd(filter);
    synchronized (lock) {
      Node node = root;
      for (int at = ROOT; at != end; ) {
        Node child = child(node, utf8, at + 1, end);
        if (child == null || child.commonLength(utf8, at + 1, end) < child.labelLength()) {
          return null;
        }
        at += 1 + child.labelLength();
        node = child;
      }
      return Audience.group(node.audience(endsInMultiLevel(filter)), shareName);
    }
  }

  /**
   * Removes all subscriptions of a session that ends. Other writers get their turns in between. Any
   * thread.
   */
  public void removeAll(Iterable<Subscription> subscriptions, Subscriber subscriber) {
    for (Subscription subscription : subscriptions) {
      remove(subscription.filter(), subscription.shareName(), subscriber);
    }
  }

  /** Where the path to the root ends: a level starts one further, behind a slash or at 0. */
  private static final int ROOT = -1;

  private static boolean endsInMultiLevel(TopicFilter filter) {
    byte[] utf8 = filter.utf8();
    return utf8[utf8.length - 1] == '#'; // as a whole level: TopicFilter allows nothing else
  }

  /** Where the levels end that lead to a filter's node: all but the #. */
  private static int pathEnd(TopicFilter filter) {
    int length = filter.utf8().length;
    return endsInMultiLevel(filter) ? length - 2 : length;
  }

  private static @Nullable Node child(Node node, byte[] utf8, int from, int end) {
    int levelEnd = Node.levelEnd(utf8, from, end);
    boolean isPlus = levelEnd == from + 1 && utf8[from] == '+';
    return isPlus ? node.plus() : node.child(utf8, from, levelEnd);
  }

  private Node nodeFor(TopicFilter filter) {
    byte[] utf8 = filter.utf8();
    int end = pathEnd(filter);
    Node node = root;
    int at = ROOT;
    while (at != end) {
      int from = at + 1;
      Node child = child(node, utf8, from, end);
      if (child == null) {
        var leaf = new Node(Arrays.copyOfRange(utf8, from, end));
        node.attach(leaf);
        nodes.incrementAndGet();
        return leaf;
      }
      int common = child.commonLength(utf8, from, end);
      if (common < child.labelLength()) {
        Node upper = child.split(common);
        node.replace(child, upper);
        nodes.incrementAndGet();
        child = upper;
      }
      node = child;
      at = from + common;
    }
    return node;
  }

  private void prune(Node grandparent, Node parent, Node node) {
    if (node == root || !node.isAudienceEmpty()) {
      return;
    }
    if (!node.isLeaf()) {
      joinWithOnlyChild(parent, node);
      return;
    }
    parent.detach(node);
    nodes.decrementAndGet();
    if (parent != root && parent.isAudienceEmpty()) {
      joinWithOnlyChild(grandparent, parent);
    }
  }

  private void joinWithOnlyChild(Node parent, Node node) {
    Node only = node.onlyChild();
    if (only != null) {
      parent.replace(node, node.joinedWith(only));
      nodes.decrementAndGet();
    }
  }
}
