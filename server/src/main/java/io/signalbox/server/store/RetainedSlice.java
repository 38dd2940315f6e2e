package io.signalbox.server.store;

import io.signalbox.server.routing.Message;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some of the retained messages that match a filter, in the order of their keys.
 *
 * @param next where the next slice begins; null: there is none
 */
public record RetainedSlice(List<Message> messages, byte @Nullable [] next) {
  /** What its messages take in memory. */
  long bytes() {
    long bytes = 0;
    for (Message message : messages) {
      bytes += message.bytes();
    }
    return bytes;
  }
}
