package io.signalbox.it.scenario;

import static io.signalbox.it.scenario.AuthBroker.token;
import static io.signalbox.it.wire.PacketBytes.auth;
import static io.signalbox.it.wire.PacketType.CONNACK;
import static io.signalbox.it.wire.PropertyBytes.authenticationData;
import static io.signalbox.it.wire.PropertyBytes.authenticationMethod;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.Spec;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.Metrics;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What is counted of renewals, with a broker of its own: others renew while this one counts. */
@EachTransport
@Execution(ExecutionMode.SAME_THREAD)
final class JwtRenewalCountTest {
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final BrokerUnderTest BROKER = AuthBroker.start("jwt-renewal-count");

  @RegisterExtension final Clients clients;

  JwtRenewalCountTest(Transport transport) {
    clients = new Clients(BROKER, transport, Version.V5);
  }

  /** The renewal is good, but not for what the client is subscribed to. */
  @Test
  @Spec("MQTT-4.12.1-2")
  void aTokenThatTakesASubscriptionAwayEndsTheConnectionAndIsNotCountedAsRenewed() {
    Peer peer = clients.peer();
    peer.send(
        PacketBytes.connect(Version.V5)
            .clientId(peer.clientId())
            .with(authenticationMethod("JWT"), authenticationData(token("ann", LONG, "clients"))));
    assertEquals(0, peer.receive(CONNACK).reasonCode());
    peer.subscribe(clients.topic(), 1);
    Metrics before = Metrics.of(BROKER);
    peer.send(
        auth(0x19, authenticationMethod("JWT"), authenticationData(token("ann", LONG, "guests"))));
    peer.expectDisconnect(0x87);
    Metrics after = Metrics.of(BROKER);
    String name = "signalbox_reauthentications_total";
    for (String outcome : new String[] {"renewed", "refused"}) {
      String label = "outcome=\"" + outcome + "\"";
      assertEquals(
          outcome.equals("refused") ? 1 : 0,
          after.total(name, label) - before.total(name, label),
          outcome);
    }
  }
}
