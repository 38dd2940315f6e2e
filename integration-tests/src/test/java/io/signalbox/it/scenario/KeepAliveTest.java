package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketType.PUBLISH;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Keep Alive (section 3.1.2.10), in both versions. */
@EachTransportAndVersion
@Execution(ExecutionMode.CONCURRENT)
final class KeepAliveTest {
  @RegisterExtension final Clients clients;

  KeepAliveTest(Transport transport, Version version) {
    this.clients = new Clients(transport, version);
  }

  @Test
  @Spec({"MQTT-3.1.2-22", "MQTT-3.2.2-22"})
  @Spec3("MQTT-3.1.2-24")
  @Behaviour({50, 302})
  void endsTheConnectionOfASilentClientAfterOneAndAHalfTimes() {
    long millis = silentFor(6);
    for (int more = 2; more > 0 && millis >= 15_000; more--) { // a slow machine may have been late
      millis = silentFor(6);
    }
    assertTrue(millis >= 9_000 && millis < 15_000, "after " + millis + " ms, not after 9000");
  }

  /** Milliseconds from before CONNECT until the end of a client that says nothing more. */
  private long silentFor(int keepAliveSeconds) {
    Peer peer = clients.peer();
    long start = System.nanoTime();
    peer.connect(connect -> connect.keepAlive(keepAliveSeconds));
    peer.expectDisconnect(0x8D);
    return Duration.ofNanos(System.nanoTime() - start).toMillis();
  }

  @Test
  @Spec({"MQTT-3.1.2-22", "MQTT-3.12.4-1"})
  @Spec3({"MQTT-3.1.2-24", "MQTT-3.12.4-1"})
  void keepsTheConnectionOfAClientThatSendsAnything() {
    String topic = clients.topic();
    Peer peer = clients.peer();
    peer.connect(connect -> connect.keepAlive(10));
    for (int i = 0; i < 17; i++) {
      assertNull(peer.wire().poll(Duration.ofSeconds(1)), "nothing comes and nothing ends");
      if (i % 2 == 0) {
        peer.ping();
      } else {
        peer.publish(topic, 0, "alive");
      }
    }
    peer.ping();
  }

  @Test
  @Behaviour(50)
  void whatTheServerSendsIsNoSignOfLife() {
    String topic = clients.topic();
    Peer peer = clients.peer();
    peer.connect(connect -> connect.keepAlive(6)); // long enough to subscribe on a slow machine
    peer.subscribe(topic, 0);
    Peer publisher = clients.connected();
    Parsed last;
    int messages = 0;
    do {
      publisher.publish(topic, 0, "tick");
      last = peer.wire().poll(Duration.ofMillis(200));
      messages++;
    } while (last != null && last.type() == PUBLISH && messages < 1_000_000);
    if (clients.version().isV5()) {
      assertEquals(0x8D, Objects.requireNonNull(last).reasonCode());
    }
    peer.expectClosed();
  }

  @Test
  @Behaviour(33)
  void zeroMeansNever() {
    Peer peer = clients.peer();
    peer.connect(connect -> connect.keepAlive(0));
    Peer clock = clients.peer();
    clock.connect(connect -> connect.keepAlive(1));
    clock.expectDisconnect(0x8D);
    peer.ping();
  }

  @Test
  @Behaviour(50)
  void aPartOfAPacketIsNoSignOfLife() {
    Peer peer = clients.peer();
    peer.connect(connect -> connect.keepAlive(1));
    byte[] publish = peer.publish(clients.topic()).payload("x".repeat(100)).toBytes();
    int sent = 0;
    while (sent < publish.length && peer.wire().poll(Duration.ofMillis(200)) == null) {
      if (peer.wire().hasEnded()) {
        return;
      }
      peer.wire().sendIfOpen(new byte[] {publish[sent++]});
    }
    assertTrue(sent < publish.length, "the broker waited for a packet without end");
  }
}
