package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.auth;
import static io.signalbox.it.wire.PacketBytes.pingReq;
import static io.signalbox.it.wire.PacketType.AUTH;
import static io.signalbox.it.wire.PacketType.CONNACK;
import static io.signalbox.it.wire.PacketType.PINGRESP;
import static io.signalbox.it.wire.PropertyBytes.AUTHENTICATION_DATA;
import static io.signalbox.it.wire.PropertyBytes.AUTHENTICATION_METHOD;
import static io.signalbox.it.wire.PropertyBytes.REASON_STRING;
import static io.signalbox.it.wire.PropertyBytes.authenticationData;
import static io.signalbox.it.wire.PropertyBytes.authenticationMethod;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.Metrics;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.ScramClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Enhanced authentication by SCRAM-SHA-256: an exchange of several steps (section 4.12). */
@EachTransport
final class ScramTest {
  private static final String METHOD = "SCRAM-SHA-256";
  private static final BrokerUnderTest BROKER = AuthBroker.start("scram");

  @RegisterExtension final Clients clients;

  ScramTest(Transport transport) {
    clients = new Clients(BROKER, transport, Version.V5);
  }

  private static Parsed first(Peer peer, ScramClient scram) {
    peer.send(
        PacketBytes.connect(Version.V5)
            .clientId(peer.clientId())
            .with(authenticationMethod(METHOD), authenticationData(scram.first())));
    return peer.receive(AUTH);
  }

  private static byte[] data(Parsed packet) {
    return packet.properties().data(AUTHENTICATION_DATA).orElseThrow();
  }

  private static byte[] step(int reason, byte[] data) {
    return auth(reason, authenticationMethod(METHOD), authenticationData(data));
  }

  private static Parsed finish(Peer peer, ScramClient scram, Parsed challenge) {
    peer.send(step(0x18, scram.last(data(challenge))));
    return peer.receive(CONNACK);
  }

  private Peer connected(String user) {
    Peer peer = clients.peer();
    ScramClient scram = new ScramClient(user, AuthBroker.PASSWORD);
    assertEquals(0, finish(peer, scram, first(peer, scram)).reasonCode());
    return peer;
  }

  @Test
  @Spec({"MQTT-4.12.0-2", "MQTT-4.12.0-3", "MQTT-4.12.0-5"})
  @Behaviour({234, 243})
  void provesTheClientAndThenItself() {
    Peer peer = clients.peer();
    ScramClient scram = new ScramClient("user", AuthBroker.PASSWORD);
    Parsed challenge = first(peer, scram);
    assertEquals(0x18, challenge.reasonCode());
    assertEquals(METHOD, challenge.properties().text(AUTHENTICATION_METHOD).orElseThrow());
    Parsed connAck = finish(peer, scram, challenge);
    assertEquals(0, connAck.reasonCode(), connAck::toString);
    assertEquals(METHOD, connAck.properties().text(AUTHENTICATION_METHOD).orElseThrow());
    assertTrue(scram.trusts(data(connAck)));
    peer.publish(clients.topic(), 1, "as a writer");
  }

  @Test
  @Behaviour(234)
  void asksForTheFirstMessageIfConnectHasNone() {
    Peer peer = clients.peer();
    peer.send(
        PacketBytes.connect(Version.V5)
            .clientId(peer.clientId())
            .with(authenticationMethod(METHOD)));
    Parsed empty = peer.receive(AUTH);
    assertEquals(0x18, empty.reasonCode());
    assertFalse(empty.properties().has(AUTHENTICATION_DATA));
    ScramClient scram = new ScramClient("user", AuthBroker.PASSWORD);
    peer.send(step(0x18, scram.first()));
    assertEquals(0, finish(peer, scram, peer.receive(AUTH)).reasonCode());
  }

  @Test
  @Spec("MQTT-4.12.0-4")
  void refusesAWrongPasswordAndAnUnknownUserInTheSameWords() {
    String[] reasons = new String[2];
    String[] names = {"user", "nobody"};
    for (int i = 0; i < names.length; i++) {
      Peer peer = clients.peer();
      ScramClient scram = new ScramClient(names[i], "guess");
      Parsed connAck = finish(peer, scram, first(peer, scram));
      assertEquals(0x87, connAck.reasonCode());
      reasons[i] =
          connAck
              .properties()
              .text(REASON_STRING)
              .orElseThrow()
              .replace('"' + names[i] + '"', "NAME");
      peer.expectClosed();
    }
    assertEquals(reasons[0], reasons[1]);
  }

  @Test
  void asksAnUnknownUserWithASaltThatStaysTheSame() {
    String one = saltOf("nobody");
    assertEquals(one, saltOf("nobody"));
    assertNotEquals(one, saltOf("somebody"));
    assertEquals(saltOf("user").length(), one.length());
  }

  private String saltOf(String user) {
    Parsed challenge = first(clients.peer(), new ScramClient(user, "guess"));
    String text = new String(data(challenge), StandardCharsets.UTF_8);
    assertTrue(text.endsWith(",i=4096"), text);
    return text.substring(text.indexOf(",s=") + 3, text.lastIndexOf(','));
  }

  @Test
  @Spec("MQTT-4.12.0-4")
  void refusesAMessageThatIsNotScram() {
    Peer peer = clients.peer();
    peer.send(
        PacketBytes.connect(Version.V5)
            .clientId(peer.clientId())
            .with(authenticationMethod(METHOD), authenticationData((byte) 1, (byte) 2)));
    assertEquals(0x87, peer.receive(CONNACK).reasonCode());
    peer.expectClosed();
  }

  @Test
  void refusesAUserNameThatIsNotTheOneThatIsProved() {
    Peer peer = clients.peer();
    ScramClient scram = new ScramClient("user", AuthBroker.PASSWORD);
    peer.send(
        PacketBytes.connect(Version.V5)
            .clientId(peer.clientId())
            .userName("other")
            .with(authenticationMethod(METHOD), authenticationData(scram.first())));
    assertEquals(0x87, finish(peer, scram, peer.receive(AUTH)).reasonCode());
  }

  @Test
  void refusesAPasswordBesideTheMethod() {
    Peer peer = clients.peer();
    ScramClient scram = new ScramClient("user", AuthBroker.PASSWORD);
    peer.send(
        PacketBytes.connect(Version.V5)
            .clientId(peer.clientId())
            .userName("user")
            .password(AuthBroker.PASSWORD)
            .with(authenticationMethod(METHOD), authenticationData(scram.first())));
    assertEquals(0x87, peer.receive(CONNACK).reasonCode());
    peer.expectClosed();
  }

  @Test
  @Spec({"MQTT-4.12.0-5", "MQTT-4.12.0-3"})
  @Behaviour(238)
  void refusesAnotherMethodAndAnotherCodeWithinTheExchange() {
    byte[][] wrong = {
      auth(0x18, authenticationMethod("JWT"), authenticationData((byte) 'x')),
      step(0x19, new byte[] {'x'})
    };
    for (byte[] packet : wrong) {
      Peer peer = clients.peer();
      first(peer, new ScramClient("user", AuthBroker.PASSWORD));
      peer.send(packet);
      assertEquals(0x82, peer.receive(CONNACK).reasonCode());
      peer.expectClosed();
    }
  }

  @Test
  @Spec("MQTT-3.1.2-30")
  @Behaviour({9, 236})
  void refusesEverythingButAuthAndDisconnectWithinTheExchange() {
    byte[][] wrong = {
      pingReq(),
      PacketBytes.publish(Version.V5, "t").toBytes(),
      PacketBytes.subscribe(Version.V5, 1).filter("#", 0).toBytes(),
      PacketBytes.connect(Version.V5).toBytes()
    };
    for (byte[] packet : wrong) {
      Peer peer = clients.peer();
      first(peer, new ScramClient("user", AuthBroker.PASSWORD));
      peer.send(packet);
      assertEquals(0x82, peer.receive(CONNACK).reasonCode());
      peer.expectClosed();
    }
  }

  @Test
  void aDisconnectEndsTheExchange() {
    Peer peer = clients.peer();
    first(peer, new ScramClient("user", AuthBroker.PASSWORD));
    Metrics before = Metrics.of(BROKER);
    peer.send(PacketBytes.disconnect());
    peer.expectClosed();
    String closed = "signalbox_connections_closed_total";
    Metrics now =
        Eventually.succeeds(
            () -> {
              Metrics after = Metrics.of(BROKER);
              assertEquals(1, after.since(before, closed, "reason=\"client_disconnect\""));
              return after;
            });
    assertEquals(0, now.since(before, closed, "reason=\"internal_error\""));
  }

  @Test
  @Spec({"MQTT-4.12.1-1", "MQTT-4.12.0-5"})
  @Behaviour(239)
  void reauthenticatesWhileServiceGoesOn() {
    String topic = clients.topic();
    Peer peer = connected("user");
    peer.subscribe(topic, 1);
    ScramClient scram = new ScramClient("user", AuthBroker.PASSWORD);
    peer.send(step(0x19, scram.first()));
    Parsed challenge = peer.receive(AUTH);
    assertEquals(0x18, challenge.reasonCode());
    peer.send(pingReq());
    peer.receive(PINGRESP);
    peer.send(peer.publish(topic).payload("between").toBytes());
    peer.receivePublish("between");
    peer.send(step(0x18, scram.last(data(challenge))));
    Parsed success = peer.receive(AUTH);
    assertEquals(0, success.reasonCode());
    assertEquals(METHOD, success.properties().text(AUTHENTICATION_METHOD).orElseThrow());
    assertTrue(scram.trusts(data(success)));
    peer.ping();
  }

  @Test
  @Spec("MQTT-4.12.1-2")
  @Behaviour(240)
  void aFailedReauthenticationEndsTheConnection() {
    Peer peer = connected("user");
    ScramClient scram = new ScramClient("user", "guess");
    peer.send(step(0x19, scram.first()));
    peer.send(step(0x18, scram.last(data(peer.receive(AUTH)))));
    peer.expectDisconnect(0x87);
  }

  @Test
  @Spec("MQTT-4.12.1-2")
  void nobodyBecomesAnotherByReauthentication() {
    Peer peer = connected("user");
    ScramClient scram = new ScramClient("other", AuthBroker.PASSWORD);
    peer.send(step(0x19, scram.first()));
    peer.send(step(0x18, scram.last(data(peer.receive(AUTH)))));
    peer.expectDisconnect(0x87);
  }

  @Test
  @Spec("MQTT-4.12.1-1")
  @Behaviour({238, 241})
  void refusesReauthenticationOutOfOrder() {
    ScramClient scram = new ScramClient("user", AuthBroker.PASSWORD);
    byte[] first = step(0x19, scram.first());
    Peer twice = connected("user");
    twice.send(first);
    twice.receive(AUTH);
    twice.send(first);
    twice.expectDisconnect(0x82);
    Peer withoutBeginning = connected("user");
    withoutBeginning.send(step(0x18, scram.first()));
    withoutBeginning.expectDisconnect(0x82);
    Peer anotherMethod = connected("user");
    anotherMethod.send(auth(0x19, authenticationMethod("JWT")));
    anotherMethod.expectDisconnect(0x82);
  }

  @Test
  void whoMayNotConnectIsRefusedAfterTheExchange() {
    Peer peer = clients.peer();
    ScramClient scram = new ScramClient("alone", AuthBroker.PASSWORD);
    assertEquals(0x87, finish(peer, scram, first(peer, scram)).reasonCode());
  }
}
