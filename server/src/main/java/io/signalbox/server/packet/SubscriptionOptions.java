package io.signalbox.server.packet;

/**
 * Options of one subscription (MQTT 5.0 section 3.8.3.1).
 *
 * @param maximumQos highest QoS the subscriber wants
 * @param noLocal do not send back what the same client published
 * @param retainAsPublished forward the RETAIN flag as the publisher set it
 */
public record SubscriptionOptions(
    Qos maximumQos, boolean noLocal, boolean retainAsPublished, RetainHandling retainHandling) {

  /** What a 3.1.1 SUBSCRIBE means: only the QoS, retained messages always sent. */
  public static SubscriptionOptions ofQos(Qos maximumQos) {
    return new SubscriptionOptions(maximumQos, false, false, RetainHandling.SEND);
  }

  /** These options with another maximum, for a server that grants less than was asked. */
  public SubscriptionOptions withMaximumQos(Qos granted) {
    return new SubscriptionOptions(granted, noLocal, retainAsPublished, retainHandling);
  }
}
