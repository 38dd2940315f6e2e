package io.signalbox.server.session;

import io.signalbox.server.config.SessionConfig;

/**
 * What the queue of one session may hold in memory.
 *
 * @param messagesMax 1..
 * @param bytesMax 1..
 */
record QueueLimits(int messagesMax, long bytesMax) {
  static QueueLimits of(SessionConfig config) {
    return new QueueLimits(config.memoryQueueMessagesMax(), config.memoryQueueBytesMax());
  }

  /** That a message takes of a queue that is as full in bytes as in messages. */
  long bytesOfPlace() {
    return Math.max(1, bytesMax / messagesMax);
  }
}
