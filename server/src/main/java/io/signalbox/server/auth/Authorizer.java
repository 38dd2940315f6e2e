package io.signalbox.server.auth;

import io.signalbox.server.packet.Qos;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import org.jspecify.annotations.Nullable;

/**
 * What one connected client may do; confined to the connection's I/O thread. Variables of the
 * policies were substituted when it was made, or when the policies last changed.
 */
public interface Authorizer {
  AccessDecision connect();

  /** Asked for each PUBLISH and for a Will Message; answered from a cache where it can be. */
  AccessDecision publish(TopicName topic, Qos qos, boolean retain, int payloadBytes);

  /**
   * @param shareName null unless it is a Shared Subscription
   */
  SubscribeDecision subscribe(@Nullable String shareName, TopicFilter filter, Qos requested);

  /** Only where {@link SubscribeDecision#checkEachMessage} said so. */
  AccessDecision receive(TopicName topic);

  /**
   * Whether a message may be delivered whose subscription is not allowed as a whole, or was not
   * when the message was queued: as if the client had subscribed to this very topic.
   */
  AccessDecision delivery(TopicName topic);

  /** For the audit log; of the policies in force. */
  Unresolved unresolved();

  /** What becomes of subscriptions that the policies no longer allow. */
  OnRevoke onRevoke();

  /**
   * Turns to the policies in force.
   *
   * @return whether this client's statements are others than at the last call, so that what was
   *     granted must be looked at again
   */
  boolean refresh();
}
