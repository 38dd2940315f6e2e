package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.RetainHandling;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.SharedFilter;
import io.signalbox.server.topic.TopicFilter;

/**
 * The bytes of a subscription.
 *
 * <pre>
 * version:1 = 1
 * options:1     as in SUBSCRIBE: bits 0-1 QoS, 2 No Local, 3 Retain As Published, 4-5 handling
 * identifier:4  0: none
 * filter        length:2, UTF-8, as requested; length 0 where the row's key is the filter
 * </pre>
 */
final class SubscriptionForm {
  private static final int VERSION = 1;

  private SubscriptionForm() {}

  static void write(RowWriter out, Subscription subscription, byte[] requestedFilter) {
    writeOptions(out, subscription);
    if (Keys.isWhole(requestedFilter)) {
      out.putShort(0);
    } else {
      out.putShortBytes(requestedFilter);
    }
  }

  /** With the filter in any case, for commands. */
  static void writeWhole(RowWriter out, Subscription subscription) {
    writeOptions(out, subscription);
    out.putString(subscription.requestedFilter());
  }

  private static void writeOptions(RowWriter out, Subscription subscription) {
    SubscriptionOptions options = subscription.options();
    out.putByte(VERSION);
    out.putByte(
        options.maximumQos().value()
            | (options.noLocal() ? 1 << 2 : 0)
            | (options.retainAsPublished() ? 1 << 3 : 0)
            | options.retainHandling().value() << 4);
    out.putInt(subscription.identifier());
  }

  /**
   * @param key the filter where the form leaves it out
   */
  static Subscription read(RowReader in, byte[] key) {
    in.expectVersion(VERSION);
    int options = in.getByte();
    if ((options & 0b11) == 0b11 || options >> 4 > 2) {
      throw new CorruptRowException("subscription options " + options);
    }
    int identifier = in.getInt();
    byte[] whole = in.getShortBytes();
    String requested = new String(whole.length == 0 ? key : whole, UTF_8);
    var subscriptionOptions =
        new SubscriptionOptions(
            Qos.of(options & 0b11),
            (options & 1 << 2) != 0,
            (options & 1 << 3) != 0,
            RetainHandling.of(options >> 4));
    try {
      if (SharedFilter.isShared(requested)) {
        SharedFilter shared = SharedFilter.parse(requested);
        return new Subscription(
            shared.filter(), shared.shareName(), subscriptionOptions, identifier);
      }
      return new Subscription(TopicFilter.of(requested), null, subscriptionOptions, identifier);
    } catch (InvalidTopicException | IllegalArgumentException e) {
      throw new CorruptRowException("subscription: " + e.getMessage());
    }
  }
}
