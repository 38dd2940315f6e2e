package io.signalbox.benchmarks.broker;

import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.SharedFilter;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.util.List;

/** What is subscribed to; each kind has its own part of the tree, and the same share of it. */
public enum Kind {
  /** Four levels without a wildcard, one receiver. */
  PLAIN,
  PLUS,
  HASH,
  /** One group of one member. */
  SHARED,
  /** Without a wildcard. */
  TEN_LEVELS,
  /** Of all sorts of filters, ten of which match each topic. */
  TEN_RECEIVERS;

  static final int RECEIVERS = 10;
  private static final int REGIONS = 100;

  /** Different filters to the topic of a device. */
  int filtersEach() {
    return this == TEN_RECEIVERS ? RECEIVERS : 1;
  }

  /** The topic of a device: exactly {@link #filtersEach} of the filters match it. */
  TopicName topic(int device) {
    String region = "region-" + device % REGIONS;
    return Packets.topic(
        switch (this) {
          case PLAIN -> "plain/" + region + "/device-" + device + "/state";
          case PLUS -> "plus/" + region + "/device-" + device + "/sensor-7/value";
          case HASH -> "hash/" + region + "/device-" + device + "/log/error";
          case SHARED -> "shared/" + region + "/device-" + device + "/jobs";
          case TEN_LEVELS ->
              "deep/%s/hall-%d/line-%d/cell-%d/device-%d/axis-%d/sensor/unit/value"
                  .formatted(region, device % 7, device % 11, device % 13, device, device % 6);
          case TEN_RECEIVERS -> "ten/" + region + "/device-" + device + "/sensor/value";
        });
  }

  /** One of them, as it stands in SUBSCRIBE; different ones are to be of different clients. */
  String filter(int device, int which) {
    String topic = topic(device).toString();
    String base = topic.substring(0, topic.lastIndexOf('/'));
    return switch (this) {
      case PLAIN, TEN_LEVELS -> topic;
      case PLUS -> topic.replace("/sensor-7/", "/+/");
      case HASH -> topic.replace("/log/error", "/#");
      case SHARED -> "$share/workers-" + device % 5 + "/" + topic;
      case TEN_RECEIVERS ->
          switch (which % 5) {
            case 0 -> base + "/+";
            case 1 -> base + "/#";
            case 2 -> base.replace("/sensor", "/#");
            case 3 -> base.replace("/sensor", "/+/value");
            default -> topic;
          };
    };
  }

  static Subscription subscription(String text) {
    try {
      boolean shared = SharedFilter.isShared(text);
      SharedFilter parsed = shared ? SharedFilter.parse(text) : null;
      return new Subscription(
          shared ? parsed.filter() : TopicFilter.of(text),
          shared ? parsed.shareName() : null,
          SubscriptionOptions.ofQos(Qos.AT_LEAST_ONCE),
          Subscription.NO_IDENTIFIER);
    } catch (InvalidTopicException e) {
      throw new IllegalArgumentException(e);
    }
  }

  static final List<Kind> ALL = List.of(values());
}
