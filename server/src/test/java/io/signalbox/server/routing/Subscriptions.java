package io.signalbox.server.routing;

import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.RetainHandling;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.SharedFilter;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;

/** Short forms of what the tests subscribe with. */
public final class Subscriptions {
  private Subscriptions() {}

  /** One without members. */
  public static SharedGroup group(String shareName) {
    return new SharedGroup(shareName);
  }

  static Subscription subscription(String filter) {
    return subscription(filter, Qos.AT_MOST_ONCE, Subscription.NO_IDENTIFIER);
  }

  static Subscription subscription(String filter, Qos maximumQos, int identifier) {
    return subscription(filter, SubscriptionOptions.ofQos(maximumQos), identifier);
  }

  static Subscription noLocal(String filter, Qos maximumQos, int identifier) {
    return subscription(
        filter, new SubscriptionOptions(maximumQos, true, false, RetainHandling.SEND), identifier);
  }

  static Subscription subscription(String filter, SubscriptionOptions options, int identifier) {
    try {
      if (SharedFilter.isShared(filter)) {
        SharedFilter shared = SharedFilter.parse(filter);
        return new Subscription(shared.filter(), shared.shareName(), options, identifier);
      }
      return new Subscription(TopicFilter.of(filter), null, options, identifier);
    } catch (InvalidTopicException e) {
      throw new IllegalArgumentException(filter, e);
    }
  }

  static TopicName topic(String name) {
    try {
      return TopicName.of(name);
    } catch (InvalidTopicException e) {
      throw new IllegalArgumentException(name, e);
    }
  }

  static boolean remove(SubscriptionTrie trie, String filter, Subscriber subscriber) {
    Subscription subscription = subscription(filter);
    return trie.remove(subscription.filter(), subscription.shareName(), subscriber);
  }
}
