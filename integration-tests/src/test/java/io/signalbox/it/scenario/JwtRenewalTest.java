package io.signalbox.it.scenario;

import static io.signalbox.it.scenario.AuthBroker.token;
import static io.signalbox.it.wire.PacketBytes.auth;
import static io.signalbox.it.wire.PacketType.AUTH;
import static io.signalbox.it.wire.PacketType.CONNACK;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PropertyBytes.AUTHENTICATION_METHOD;
import static io.signalbox.it.wire.PropertyBytes.authenticationData;
import static io.signalbox.it.wire.PropertyBytes.authenticationMethod;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Enhanced authentication by the method JWT: one step, and a renewal by AUTH (section 4.12). */
@EachTransport
@Execution(ExecutionMode.CONCURRENT)
final class JwtRenewalTest {
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final BrokerUnderTest BROKER = AuthBroker.start("jwt-renewal");

  @RegisterExtension final Clients clients;

  JwtRenewalTest(Transport transport) {
    clients = new Clients(BROKER, transport, Version.V5);
  }

  private Parsed connect(Peer peer, byte[] token) {
    peer.send(
        PacketBytes.connect(Version.V5)
            .clientId(peer.clientId())
            .with(authenticationMethod("JWT"), authenticationData(token)));
    return peer.receive(CONNACK);
  }

  private Peer connected(byte[] token) {
    Peer peer = clients.peer();
    assertEquals(0, connect(peer, token).reasonCode());
    return peer;
  }

  private static byte[] renewal(byte[] token) {
    return auth(0x19, authenticationMethod("JWT"), authenticationData(token));
  }

  private static void renew(Peer peer, byte[] token) {
    peer.send(renewal(token));
    Parsed success = peer.receive(AUTH);
    assertEquals(0, success.reasonCode());
    assertEquals("JWT", success.properties().text(AUTHENTICATION_METHOD).orElseThrow());
  }

  private int publish(Peer peer) {
    int packetId = peer.newPacketId();
    peer.send(peer.publish(clients.topic()).qos(1, packetId).payload("x").toBytes());
    return peer.receive(PUBACK).reasonCode();
  }

  @Test
  @Spec({"MQTT-4.12.0-5", "MQTT-4.12.1-1"})
  @Behaviour({234, 239})
  void theRenewedTokenDecidesWhatTheClientMayDo() {
    Peer peer = clients.peer();
    Parsed connAck = connect(peer, token("ann", LONG, "clients"));
    assertEquals(0, connAck.reasonCode());
    assertEquals("JWT", connAck.properties().text(AUTHENTICATION_METHOD).orElseThrow());
    assertEquals(0x87, publish(peer));
    renew(peer, token("ann", LONG, "clients", "writers"));
    assertEquals(0x10, publish(peer), "no matching subscribers");
    renew(peer, token("ann", LONG, "clients"));
    assertEquals(0x87, publish(peer));
  }

  @Test
  @Behaviour(248)
  void theConnectionLivesUntilTheEndOfTheNewToken() {
    Peer longer = connected(token("ann", Duration.ofSeconds(12), "clients"));
    renew(longer, token("ann", LONG, "clients"));
    Peer shorter = connected(token("bob", LONG, "clients"));
    renew(shorter, token("bob", Duration.ofSeconds(13), "clients"));
    shorter.expectDisconnect(0xA0);
    assertNull(longer.wire().poll(Duration.ofMillis(500)), "nothing comes and nothing ends");
    longer.ping();
  }

  @Test
  @Spec("MQTT-4.12.1-2")
  @Behaviour(240)
  void aTokenOfAnotherSubjectIsRefused() {
    Peer peer = connected(token("ann", LONG, "clients"));
    peer.send(renewal(token("bob", LONG, "clients")));
    peer.expectDisconnect(0x87);
  }

  @Test
  @Spec("MQTT-4.12.1-2")
  @Behaviour(240)
  void aTokenThatIsNotGoodIsRefusedAndTheWillIsSent() {
    String topic = clients.topic();
    Peer watcher = connected(token("bob", LONG, "clients"));
    watcher.subscribe(topic, 0);
    Peer peer = clients.peer();
    peer.send(
        PacketBytes.connect(Version.V5)
            .clientId(peer.clientId())
            .will(topic, 0, false, "gone")
            .with(
                authenticationMethod("JWT"),
                authenticationData(token("ann", LONG, "clients", "writers"))));
    assertEquals(0, peer.receive(CONNACK).reasonCode());
    peer.send(renewal("not.a.token".getBytes(StandardCharsets.US_ASCII)));
    peer.expectDisconnect(0x87);
    watcher.receivePublish("gone");
  }

  @Test
  @Spec("MQTT-4.12.1-2")
  void aTokenThatMayNotConnectEndsTheConnection() {
    Peer peer = connected(token("ann", LONG, "clients"));
    peer.send(renewal(token("ann", LONG)));
    peer.expectDisconnect(0x87);
  }

  @Test
  @Spec("MQTT-4.12.0-4")
  void aTokenThatIsNotGoodDoesNotConnect() {
    for (byte[] bad :
        new byte[][] {
          "x".getBytes(StandardCharsets.US_ASCII), token("ann", Duration.ofMinutes(-5), "clients")
        }) {
      Peer peer = clients.peer();
      assertEquals(0x87, connect(peer, bad).reasonCode());
      peer.expectClosed();
    }
  }

  @Test
  @Spec({"MQTT-4.12.0-2", "MQTT-4.12.0-3"})
  @Behaviour(234)
  void asksForTheTokenOnceIfConnectHasNone() {
    for (boolean comes : new boolean[] {true, false}) {
      Peer peer = clients.peer();
      peer.send(
          PacketBytes.connect(Version.V5)
              .clientId(peer.clientId())
              .with(authenticationMethod("JWT")));
      assertEquals(0x18, peer.receive(AUTH).reasonCode());
      byte[] data = comes ? token("ann", LONG, "clients") : new byte[0];
      peer.send(auth(0x18, authenticationMethod("JWT"), authenticationData(data)));
      assertEquals(comes ? 0 : 0x87, peer.receive(CONNACK).reasonCode());
    }
  }

  @Test
  @Spec({"MQTT-4.12.0-7", "MQTT-4.12.1-1"})
  @Behaviour(237)
  void whoConnectedOtherwiseCannotRenew() {
    Peer byPassword = clients.peer();
    byPassword.connect(connect -> connect.password(token("ann", LONG, "clients")));
    byPassword.send(renewal(token("ann", LONG, "clients")));
    byPassword.expectDisconnect(0x82);
    Peer byUser = clients.peer();
    byUser.connect(connect -> connect.userName("user").password(AuthBroker.PASSWORD));
    byUser.send(renewal(token("user", LONG, "clients")));
    byUser.expectDisconnect(0x82);
  }

  @Test
  @Spec({"MQTT-4.12.1-1", "MQTT-4.12.0-5"})
  @Behaviour({238, 241})
  void refusesRenewalsOutOfOrder() {
    Peer answer = connected(token("ann", LONG, "clients"));
    answer.send(
        auth(0x18, authenticationMethod("JWT"), authenticationData(token("ann", LONG, "clients"))));
    answer.expectDisconnect(0x82);
    Peer other = connected(token("ann", LONG, "clients"));
    other.send(auth(0x19, authenticationMethod("SCRAM-SHA-256")));
    other.expectDisconnect(0x82);
    Peer twice = connected(token("ann", LONG, "clients"));
    twice.send(auth(0x19, authenticationMethod("JWT")));
    twice.receive(AUTH);
    twice.send(renewal(token("ann", LONG, "clients")));
    twice.expectDisconnect(0x82);
  }

  @Test
  @Spec("MQTT-4.12.0-1")
  @Behaviour(233)
  void refusesAMethodThatIsNotKnown() {
    for (String method : new String[] {"", "jwt", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS"}) {
      Peer peer = clients.peer();
      peer.send(
          PacketBytes.connect(Version.V5)
              .clientId(peer.clientId())
              .with(authenticationMethod(method)));
      assertEquals(0x8C, peer.receive(CONNACK).reasonCode());
      peer.expectClosed();
    }
  }
}
