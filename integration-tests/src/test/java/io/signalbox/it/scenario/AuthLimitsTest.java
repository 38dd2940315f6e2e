package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.auth;
import static io.signalbox.it.wire.PacketType.AUTH;
import static io.signalbox.it.wire.PacketType.CONNACK;
import static io.signalbox.it.wire.PropertyBytes.authenticationData;
import static io.signalbox.it.wire.PropertyBytes.authenticationMethod;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How many exchanges may be open and for how long, on a broker that allows two for 12 s. */
final class AuthLimitsTest {
  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "auth-limits",
          AuthBroker.config("  exchanges-max: 2\n")
              .yaml("limits:\n  connect-timeout-millis: 12000\n")
              .listener(Transport.TCP, false, "none"));

  @RegisterExtension final Clients clients = new Clients(BROKER, Transport.TCP, Version.V5);

  @AfterAll
  static void stop() {
    BROKER.close();
  }

  private static void begin(Peer peer) {
    peer.send(
        PacketBytes.connect(Version.V5)
            .clientId(peer.clientId())
            .with(authenticationMethod("JWT")));
  }

  private static void finish(Peer peer) {
    byte[] token = AuthBroker.token("ann", Duration.ofMinutes(5), "clients");
    peer.send(auth(0x18, authenticationMethod("JWT"), authenticationData(token)));
    assertEquals(0, peer.receive(CONNACK).reasonCode());
  }

  @Test
  @Spec("MQTT-4.12.1-2")
  @Behaviour(235)
  void oneMoreExchangeIsRefusedAsBusyUntilThoseThatStoppedHaveTimedOut() {
    Peer connected = clients.peer();
    begin(connected);
    connected.receive(AUTH);
    finish(connected);
    connected.send(auth(0x19, authenticationMethod("JWT")));
    connected.receive(AUTH);
    Peer connecting = clients.peer();
    begin(connecting);
    connecting.receive(AUTH);
    Peer third = clients.peer();
    begin(third);
    assertEquals(0x89, third.receive(CONNACK).reasonCode());
    third.expectClosed();
    connected.expectDisconnect(0x87);
    assertEquals(0x87, connecting.receive(CONNACK).reasonCode());
    connecting.expectClosed();
    for (int i = 0; i < 3; i++) { // each gives its place back
      Peer next = clients.peer();
      begin(next);
      next.receive(AUTH);
      finish(next);
    }
  }
}
