package io.signalbox.server.routing;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A session that remembers what it was offered. */
final class FakeSubscriber implements Subscriber {
  private final String clientId;
  volatile boolean online = true;
  volatile boolean durable;
  volatile boolean room = true;
  volatile boolean full;
  final List<Message> offered = new ArrayList<>();

  FakeSubscriber(String clientId) {
    this.clientId = clientId;
  }

  FakeSubscriber away() {
    online = false;
    return this;
  }

  FakeSubscriber durable() {
    durable = true;
    return this;
  }

  FakeSubscriber busy() {
    room = false;
    return this;
  }

  @Override
  public String clientId() {
    return clientId;
  }

  @Override
  public boolean isOnline() {
    return online;
  }

  @Override
  public boolean isDurable() {
    return durable;
  }

  @Override
  public boolean hasRoom() {
    return room;
  }

  @Override
  public boolean isFull() {
    return full;
  }

  @Override
  public long sessionNumber() {
    return 0;
  }

  @Override
  public void offer(
      Delivery delivery, Message message, @Nullable StoredMessage stored, int receiverIndex) {
    offered.add(message);
  }

  @Override
  public String toString() {
    return clientId;
  }
}
