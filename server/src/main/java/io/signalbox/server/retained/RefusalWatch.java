package io.signalbox.server.retained;

import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.topic.TopicName;

/**
 * Who looked for a topic's retained message while another was on its way to replace it. Should that
 * one be refused, the message that it hid stands and was not handed over. Of equal ones only the
 * last to look is told.
 */
public interface RefusalWatch {
  EventLoop loop();

  /** On the loop: the topic is to be looked up again. */
  void again(TopicName topic);
}
