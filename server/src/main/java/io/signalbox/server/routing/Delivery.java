package io.signalbox.server.routing;

import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.SubscriptionOptions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One receiver of one topic and how it wants the message: one subscription, or all overlapping ones
 * of a client merged into a single copy (MQTT 5.0 section 3.3.4). Immutable, shared by every thread
 * and by all messages of the topic.
 */
public final class Delivery implements Members {
  private static final int[] NO_IDENTIFIERS = {};

  private final Subscriber subscriber;
  private final int[] identifiers;
  private final @Nullable SharedGroup group;
  private final @Nullable Delivery withoutNoLocal;
  private final byte maximumQos;
  private final boolean retainAsPublished;
  private final boolean merged;

  Delivery(
      Subscriber subscriber,
      SubscriptionOptions options,
      int identifier,
      @Nullable SharedGroup group) {
    this.subscriber = subscriber;
    this.identifiers =
        identifier == Subscription.NO_IDENTIFIER ? NO_IDENTIFIERS : new int[] {identifier};
    this.group = group;
    this.withoutNoLocal = options.noLocal() ? null : this;
    this.maximumQos = (byte) options.maximumQos().value();
    this.retainAsPublished = options.retainAsPublished();
    this.merged = false;
  }

  private Delivery(List<Delivery> parts) {
    this.subscriber = parts.getFirst().subscriber;
    boolean noLocal = false;
    boolean asPublished = false;
    int qos = 0;
    for (Delivery part : parts) {
      assert part.isFor(subscriber) : "merged deliveries of two clients";
      noLocal |= part.hasNoLocal();
      asPublished |= part.retainAsPublished;
      qos = Math.max(qos, part.maximumQos); // [MQTT-3.3.4-2]
    }
    this.identifiers = identifiersOf(parts); // [MQTT-3.3.4-4]
    this.group = null;
    this.withoutNoLocal = noLocal ? withoutNoLocal(parts) : this;
    this.maximumQos = (byte) qos;
    this.retainAsPublished = asPublished;
    this.merged = true;
  }

  /**
   * All as one copy, made in one step: a client may have thousands of subscriptions that overlap.
   *
   * @param parts one or more, whose subscriber is the same
   */
  static Delivery merged(List<Delivery> parts) {
    return parts.size() == 1 ? parts.getFirst() : new Delivery(parts);
  }

  private static @Nullable Delivery withoutNoLocal(List<Delivery> parts) {
    List<Delivery> left = new ArrayList<>(parts.size());
    for (Delivery part : parts) {
      if (part.withoutNoLocal != null) {
        left.add(part.withoutNoLocal);
      }
    }
    return left.isEmpty() ? null : merged(left);
  }

  private static int[] identifiersOf(List<Delivery> parts) {
    int count = 0;
    for (Delivery part : parts) {
      count += part.identifiers.length;
    }
    if (count == 0) {
      return NO_IDENTIFIERS;
    }
    int[] all = new int[count];
    int filled = 0;
    for (Delivery part : parts) {
      System.arraycopy(part.identifiers, 0, all, filled, part.identifiers.length);
      filled += part.identifiers.length;
    }
    return all;
  }

  /** Whether it stands for more than one subscription. */
  boolean isMerged() {
    return merged;
  }

  /** Whether this is for that very session: two sessions of one client are two subscribers. */
  @SuppressWarnings("ReferenceEquality")
  boolean isFor(@Nullable Subscriber someone) {
    return subscriber == someone;
  }

  /** Who gets the message. */
  public Subscriber subscriber() {
    return subscriber;
  }

  /** The highest QoS of the matching subscriptions. */
  public Qos maximumQos() {
    return Qos.of(maximumQos);
  }

  /** Whether any of the matching subscriptions wants the RETAIN flag as it was published. */
  public boolean retainAsPublished() {
    return retainAsPublished;
  }

  /**
   * The identifiers of all matching subscriptions that have one, each as often as it was used (MQTT
   * 5.0 section 3.3.4); empty for none. Shared, never to be modified.
   */
  public int[] subscriptionIdentifiers() {
    return identifiers;
  }

  /** Whether the client gets none of its own messages by this delivery. */
  public boolean noLocal() {
    return withoutNoLocal == null;
  }

  /**
   * What is left of this delivery for the client's own messages: No Local is an option of each
   * subscription, so an overlapping one without it still counts. Null when nothing is left; this
   * object itself when no subscription in it has the option.
   */
  public @Nullable Delivery forOwnMessages() {
    return withoutNoLocal; // [MQTT-3.8.3-3]
  }

  /** The group whose member this is, or null when the subscription is not shared. */
  public @Nullable SharedGroup group() {
    return group;
  }

  private boolean hasNoLocal() {
    return withoutNoLocal != this;
  }

  /** Approximate heap of a merged delivery with its identifiers, for the bound of a cache. */
  int bytes() {
    return 48 + Integer.BYTES * identifiers.length;
  }

  @Override
  public String toString() {
    return "Delivery[" + subscriber.clientId() + ", maximum QoS " + maximumQos + "]";
  }
}
