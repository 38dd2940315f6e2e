package io.signalbox.server.session;

import io.signalbox.server.topic.TopicName;

/** Whether a message that matches a subscription may still be given to the client. */
public interface DeliveryFilter {
  /** Whether {@link #mayDeliver} must be asked for each message. Any thread; may be stale. */
  boolean asksEach();

  boolean mayDeliver(TopicName topic);

  /** Of a message that was read from disk, where it may have waited for long. */
  boolean mayDeliverQueued(TopicName topic);
}
