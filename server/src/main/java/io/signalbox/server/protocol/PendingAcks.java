package io.signalbox.server.protocol;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.routing.Subscriber;
import io.signalbox.server.session.ClientConnection;
import io.signalbox.server.store.Completion;
import io.signalbox.server.store.StoreException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Acknowledgements we owe one client, in the order of what they answer: some wait for the disk,
 * some are ready at once, none overtakes another [MQTT-4.6.0-2], [MQTT-4.6.0-3], [MQTT-4.6.0-4].
 */
@ConfinedTo("the connection's I/O thread")
final class PendingAcks {
  /** What an acknowledgement answers. */
  enum Kind {
    PUBACK,
    PUBREC,
    PUBCOMP,
    /** SUBACK or UNSUBACK, ready made. */
    PACKET
  }

  private final Client client;

  /** Null until an acknowledgement has to wait: those of many clients never do. */
  private @Nullable Deque<Ack> ring;

  PendingAcks(Client client) {
    this.client = client;
  }

  int size() {
    return ring == null ? 0 : ring.size();
  }

  /** An acknowledgement that is ready: sent at once unless others must go first. */
  void ready(Kind kind, int packetId, ReasonCode reason, @Nullable Packet packet) {
    if (size() == 0) {
      send(kind, packetId, reason, packet);
      return;
    }
    Ack ack = new Ack(kind, packetId, packet);
    ack.reason = reason;
    ack.ready = true;
    add(ack);
  }

  /**
   * PUBREC for a QoS 2 message that came before. While the first one waits for the disk its fate is
   * this one's too.
   */
  void repeated(int packetId) {
    Ack ack = new Ack(Kind.PUBREC, packetId, null);
    ack.ready = true;
    ack.repeated = true;
    add(ack);
    if (size() == 1) {
      drain();
    }
  }

  /** A place for an acknowledgement that follows later. */
  Ack await(Kind kind, int packetId, @Nullable Packet packet) {
    Ack ack = new Ack(kind, packetId, packet);
    add(ack);
    return ack;
  }

  private void add(Ack ack) {
    Deque<Ack> all = ring;
    if (all == null) {
      all = new ArrayDeque<>(1);
      ring = all;
    }
    all.add(ack);
  }

  /** The client has gone: those that still wait for the store have nobody to go to. */
  void forget() {
    ring = null;
  }

  private void drain() {
    Deque<Ack> all = ring;
    if (all == null) {
      return;
    }
    Ack first = all.peek();
    while (first != null && first.ready) {
      all.remove();
      if (first.repeated) {
        client.connection().sendPubRec(first.packetId, first.reason); // counted with the first one
      } else {
        send(first.kind, first.packetId, first.reason, first.packet);
      }
      Runnable after = first.after;
      if (after != null) {
        after.run();
      }
      first = all.peek();
    }
    client.acknowledged();
  }

  private void send(Kind kind, int packetId, ReasonCode reason, @Nullable Packet packet) {
    ClientConnection connection = client.connection();
    switch (kind) {
      case PUBACK -> {
        connection.sendPubAck(packetId, reason);
        client.inboundCompleted();
      }
      case PUBREC -> {
        connection.sendPubRec(packetId, reason);
        if (reason.isError()) {
          client.inboundCompleted();
        }
      }
      case PUBCOMP -> connection.sendPubComp(packetId, reason);
      case PACKET -> {
        assert packet != null : "a ready-made packet";
        connection.send(packet);
      }
    }
  }

  /** One place in the ring. */
  final class Ack implements Completion {
    private final Kind kind;
    private final int packetId;
    private @Nullable Packet packet;
    private ReasonCode reason = ReasonCode.SUCCESS;
    private boolean ready;
    private boolean repeated;

    /** Of what it waits for once it was given to the store; the store is one. */
    private byte awaited = 1;

    /** Runs on the I/O thread when the disk has it, before the acknowledgement. */
    @Nullable Runnable onCommit;

    /** Runs on the I/O thread when the disk does not take it, for whatever reason. */
    @Nullable Runnable onRefusal;

    /** What is sent instead when the store has no room. */
    @Nullable Supplier<Packet> whenFull;

    /** A receiver that does not keep up, for which it waits once the disk has it. */
    @Nullable Subscriber pressed;

    /** Runs after it was sent. */
    @Nullable Runnable after;

    private Ack(Kind kind, int packetId, @Nullable Packet packet) {
      this.kind = kind;
      this.packetId = packetId;
      this.packet = packet;
    }

    void reason(ReasonCode code) {
      reason = code;
    }

    /** The exchange ends here: the store has kept no trace of the Packet Identifier either. */
    void refusedByAll() {
      overQuota();
    }

    /** As if it had been refused before it was looked for receivers: {@link PublishHandler}. */
    void refusedAsAWhole() {
      overQuota();
      if (!client.isV5()) {
        client.noRoomForRetained();
      }
    }

    private void overQuota() {
      reason = ReasonCode.QUOTA_EXCEEDED;
      pressed = null; // a no makes room for nobody's next message
      if (kind == Kind.PUBREC) {
        client.forgetInbound(packetId);
        for (Ack other : ring == null ? List.<Ack>of() : ring) {
          if (other.repeated && other.packetId == packetId) {
            other.reason = reason;
          }
        }
      }
    }

    /** Within {@link #onCommit}: it waits for another command; {@link #arrived} follows. */
    void awaitAnother() {
      awaited++;
    }

    void arrived() {
      awaited--;
      if (awaited > 0) {
        return;
      }
      if (pressed == null) {
        complete();
      } else {
        pressed.whenRelieved(loop(), this::complete);
      }
    }

    void complete() {
      ready = true;
      drain();
    }

    /** Never a positive acknowledgement of what is not on disk. */
    private void refused(StoreException problem) {
      onCommit = null; // with it goes the message, while the acknowledgement may wait
      if (onRefusal != null) {
        onRefusal.run();
        onRefusal = null;
      }
      boolean full =
          switch (problem.reason()) {
            case STORE_FULL, BUSY -> true;
            case STALE_EPOCH, REVISION_CONFLICT, INTERNAL, FAILED, CLOSED -> false;
          };
      boolean publish = kind == Kind.PUBACK || kind == Kind.PUBREC;
      if (full && whenFull != null) {
        packet = whenFull.get();
        after = null;
        complete();
        return;
      }
      if (full && publish && !client.isV5()) {
        client.suspend(); // 3.1.1 cannot be told no
        return;
      }
      if (!full || !publish) {
        client.storeFailed(problem);
        return;
      }
      overQuota();
      complete();
    }

    @Override
    public EventLoop loop() {
      return client.connection().loop();
    }

    @Override
    public void completed(@Nullable Object result, @Nullable StoreException problem) {
      if (problem != null) {
        refused(problem);
        return;
      }
      if (onCommit != null) {
        onCommit.run();
        onCommit = null; // with it goes the message, while the acknowledgement may wait
      }
      arrived();
    }
  }
}
