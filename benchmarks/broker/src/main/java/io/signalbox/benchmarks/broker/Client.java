package io.signalbox.benchmarks.broker;

import io.signalbox.server.routing.Delivery;
import io.signalbox.server.routing.Message;
import io.signalbox.server.routing.StoredMessage;
import io.signalbox.server.routing.Subscriber;

/** A session that is always there and takes nothing. */
final class Client implements Subscriber {
  private final String clientId;

  Client(String clientId) {
    this.clientId = clientId;
  }

  @Override
  public String clientId() {
    return clientId;
  }

  @Override
  public boolean isOnline() {
    return true;
  }

  @Override
  public boolean isDurable() {
    return false;
  }

  @Override
  public long sessionNumber() {
    return 0;
  }

  @Override
  public void offer(Delivery delivery, Message message, StoredMessage stored, int receiverIndex) {}
}
