package io.signalbox.server.session;

import io.signalbox.server.routing.Delivery;
import io.signalbox.server.routing.Message;
import io.signalbox.server.store.StorePublish;
import org.jspecify.annotations.Nullable;

/**
 * A message on its way from the publisher's I/O thread to the session's, or held there while the
 * session reads its queue from disk.
 */
final class Offer implements Runnable {
  private final Session session;
  final Delivery delivery;
  final Message message;
  final @Nullable StorePublish handle;
  final int receiverIndex;

  Offer(
      Session session,
      Delivery delivery,
      Message message,
      @Nullable StorePublish handle,
      int receiverIndex) {
    this.session = session;
    this.delivery = delivery;
    this.message = message;
    this.handle = handle;
    this.receiverIndex = receiverIndex;
  }

  /** Approximate heap in bytes, for limits. */
  int bytes() {
    return message.bytes() + Integer.BYTES * delivery.subscriptionIdentifiers().length;
  }

  @Override
  public void run() {
    session.arrive(this);
  }
}
