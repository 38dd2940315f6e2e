package io.signalbox.server.routing;

import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.topic.SharedFilter;
import io.signalbox.server.topic.TopicFilter;
import org.jspecify.annotations.Nullable;

/**
 * One accepted subscription of one session.
 *
 * @param filter without the {@code $share} prefix
 * @param shareName null unless this is a Shared Subscription (MQTT 5.0 section 4.8.2)
 * @param identifier Subscription Identifier 1..268_435_455, or 0 for none (section 3.8.2.1.2)
 */
public record Subscription(
    TopicFilter filter, @Nullable String shareName, SubscriptionOptions options, int identifier) {

  /** Stands for "no Subscription Identifier", which the standard forbids as a value. */
  public static final int NO_IDENTIFIER = 0;

  private static final int IDENTIFIER_MAX = 268_435_455;

  /** A longer one counts as several. */
  private static final int BYTES_OF_ONE = 512;

  private static final int SHARED_WEIGHT = 10;

  public Subscription {
    if (identifier < NO_IDENTIFIER || identifier > IDENTIFIER_MAX) {
      throw new IllegalArgumentException(
          "subscription identifier " + identifier + " is outside 0.." + IDENTIFIER_MAX);
    }
  }

  /** The same with another maximum QoS. */
  public Subscription of(Qos maximumQos) {
    return new Subscription(filter, shareName, options.withMaximumQos(maximumQos), identifier);
  }

  /**
   * As how many subscriptions it counts in the limit of its session: 1, or 10 if it is shared,
   * because each Share Name makes a copy of every message of its own, which everybody's publishes
   * bear; and 1 more for each 512 bytes of its filter and share name, which are kept in memory
   * several times.
   */
  public int weight() {
    int shareNameLength = shareName == null ? 0 : shareName.length();
    int one = shareName == null ? 1 : SHARED_WEIGHT;
    return one + (filter.utf8().length + shareNameLength) / BYTES_OF_ONE;
  }

  /** The Topic Filter as the client wrote it, with {@code $share/{ShareName}/} if it is shared. */
  public String requestedFilter() {
    return shareName == null ? filter.toString() : new SharedFilter(shareName, filter).toString();
  }
}
