package io.signalbox.server.routing;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.topic.TopicName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Walks the tree for one topic and makes one {@link Route} of all audiences met, each client once.
 *
 * <p>Keeps its own stack, so that a peer's deep filters cannot overflow a thread's, and its arrays
 * from one search to the next.
 */
@ConfinedTo("I/O thread")
final class RouteFinder {
  /** Entries of a scratch array that outlive a search; a larger one goes to the collector. */
  private static final int KEPT_MAX = 1 << 14;

  /** Up to here comparing every pair is cheaper than hashing. */
  private static final int PAIRWISE_MAX = 16;

  private final Node root;

  // Branches not taken yet.
  private @Nullable Node[] pendingNodes = new Node[16];
  private int[] pendingLevels = new int[16];
  private int pending;

  // What the walk has met.
  private @Nullable Delivery[] deliveries = new Delivery[64];
  private int deliveryCount;
  private int audiences;
  private @Nullable SharedGroup[] groups = new SharedGroup[8];
  private int groupCount;

  RouteFinder(Node root) {
    this.root = root;
  }

  Route find(TopicName topic) {
    assert topic.levelCount() > 0 : "no topic";
    walk(topic);
    if (deliveryCount == 0 && groupCount == 0) {
      return Route.NOBODY;
    }
    int mergedBytes = audiences > 1 ? mergeClients() : 0; // within one audience a client is once
    var foundDeliveries = new Delivery[deliveryCount];
    System.arraycopy(deliveries, 0, foundDeliveries, 0, deliveryCount);
    var foundGroups = new SharedGroup[groupCount];
    System.arraycopy(groups, 0, foundGroups, 0, groupCount);
    forget();
    return new Route(foundDeliveries, foundGroups, mergedBytes);
  }

  private void walk(TopicName topic) {
    byte[] utf8 = topic.utf8();
    int levelCount = topic.levelCount();
    Node node = root;
    int level = 0; // levels of the topic that led to the node
    while (true) {
      boolean wildcardsApply = level > 0 || !topic.startsWithDollar(); // [MQTT-4.7.2-1]
      if (wildcardsApply) {
        collect(node.below());
      }
      Node next = null;
      if (level == levelCount) {
        collect(node.here());
      } else {
        Node plus = wildcardsApply ? node.plus() : null;
        if (plus != null && plus.matches(topic, level)) {
          push(plus, level + plus.levels());
        }
        Node child = node.child(utf8, topic.levelStart(level), topic.levelEnd(level));
        if (child != null && child.matches(topic, level)) {
          next = child;
        }
      }
      if (next != null) {
        level += next.levels();
      } else if (pending > 0) {
        pending--;
        next = pendingNodes[pending];
        level = pendingLevels[pending];
        pendingNodes[pending] = null;
      }
      if (next == null) {
        return;
      }
      node = next;
    }
  }

  private void push(Node node, int level) {
    if (pending == pendingNodes.length) {
      pendingNodes = Arrays.copyOf(pendingNodes, 2 * pending);
      pendingLevels = Arrays.copyOf(pendingLevels, 2 * pending);
    }
    pendingNodes[pending] = node;
    pendingLevels[pending] = level;
    pending++;
  }

  private void collect(@Nullable Audience audience) {
    switch (audience) {
      case null -> {}
      case Members members -> collectMembers(members);
      case MixedAudience mixed -> {
        Members own = mixed.own();
        if (own != null) {
          collectMembers(own);
        }
        collectGroups(mixed.groups());
      }
    }
  }

  private void collectMembers(Members members) {
    audiences++;
    switch (members) {
      case Delivery lone -> add(lone);
      case DeliveryTable table -> {
        @Nullable Object[] slots = table.slots();
        for (int i = 0; i < slots.length; i++) {
          Delivery delivery = DeliveryTable.delivery(slots, i);
          if (delivery != null) {
            add(delivery);
          }
        }
      }
    }
  }

  private void collectGroups(SharedGroups shared) {
    switch (shared) {
      case SharedGroup lone -> add(lone);
      case GroupTable table -> {
        @Nullable Object[] slots = table.slots();
        for (int i = 0; i < slots.length; i++) {
          SharedGroup group = GroupTable.group(slots, i);
          if (group != null) {
            add(group);
          }
        }
      }
    }
  }

  private void add(Delivery delivery) {
    if (deliveryCount == deliveries.length) {
      deliveries = Arrays.copyOf(deliveries, 2 * deliveryCount);
    }
    deliveries[deliveryCount++] = delivery;
  }

  private void add(SharedGroup group) {
    if (groupCount == groups.length) {
      groups = Arrays.copyOf(groups, 2 * groupCount);
    }
    groups[groupCount++] = group;
  }

  /**
   * Makes one delivery of all that a client has; the first one's place stays.
   *
   * @return approximate heap of what was merged
   */
  private int mergeClients() {
    int found = deliveryCount;
    int slotsLength = found <= PAIRWISE_MAX ? 0 : 2 * Integer.highestOneBit(2 * found - 1);
    int[] places = new int[slotsLength]; // 1 + index, by the client's hash; 0 is free
    int mergedBytes = 0;
    Map<Integer, List<Delivery>> ofMany = Map.of();
    deliveryCount = 0;
    for (int i = 0; i < found; i++) {
      Delivery delivery = delivery(i);
      int earlier =
          slotsLength == 0 ? indexOf(delivery.subscriber()) : claim(places, delivery.subscriber());
      if (earlier < 0) {
        deliveries[deliveryCount++] = delivery;
        continue;
      }
      mergedBytes += delivery.bytes();
      if (!delivery(earlier).isMerged()) { // most have no third one
        deliveries[earlier] = Delivery.merged(List.of(delivery(earlier), delivery));
      } else {
        ofMany = ofMany.isEmpty() ? new HashMap<>() : ofMany;
        ofMany.computeIfAbsent(earlier, _ -> new ArrayList<>()).add(delivery);
      }
    }
    ofMany.forEach(this::merge);
    Arrays.fill(deliveries, deliveryCount, found, null);
    return mergedBytes;
  }

  private void merge(int index, List<Delivery> others) {
    others.addFirst(delivery(index));
    deliveries[index] = Delivery.merged(others);
  }

  private Delivery delivery(int index) {
    return Objects.requireNonNull(deliveries[index]);
  }

  private int indexOf(Subscriber subscriber) {
    for (int i = 0; i < deliveryCount; i++) {
      if (delivery(i).isFor(subscriber)) {
        return i;
      }
    }
    return -1;
  }

  /** The index of the client's delivery, or -1 after noting that the next one will be its first. */
  private int claim(int[] places, Subscriber subscriber) {
    int mask = places.length - 1;
    for (int i = System.identityHashCode(subscriber) & mask; ; i = (i + 1) & mask) {
      if (places[i] == 0) {
        places[i] = 1 + deliveryCount;
        return -1;
      }
      if (delivery(places[i] - 1).isFor(subscriber)) {
        return places[i] - 1;
      }
    }
  }

  /** Lets go of sessions and groups, which may end while this object lives. */
  private void forget() {
    if (deliveries.length > KEPT_MAX) {
      deliveries = new Delivery[64];
    } else {
      Arrays.fill(deliveries, 0, deliveryCount, null);
    }
    if (groups.length > KEPT_MAX) {
      groups = new SharedGroup[8];
    } else {
      Arrays.fill(groups, 0, groupCount, null);
    }
    if (pendingNodes.length > KEPT_MAX) {
      pendingNodes = new Node[16];
      pendingLevels = new int[16];
    }
    deliveryCount = 0;
    groupCount = 0;
    audiences = 0;
  }
}
