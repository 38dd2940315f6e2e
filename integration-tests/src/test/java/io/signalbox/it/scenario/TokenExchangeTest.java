package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.auth;
import static io.signalbox.it.wire.PacketBytes.connect;
import static io.signalbox.it.wire.PacketBytes.pingReq;
import static io.signalbox.it.wire.PacketType.AUTH;
import static io.signalbox.it.wire.PacketType.CONNACK;
import static io.signalbox.it.wire.PacketType.DISCONNECT;
import static io.signalbox.it.wire.PropertyBytes.AUTHENTICATION_METHOD;
import static io.signalbox.it.wire.PropertyBytes.REASON_STRING;
import static io.signalbox.it.wire.PropertyBytes.USER_PROPERTY;
import static io.signalbox.it.wire.PropertyBytes.authenticationData;
import static io.signalbox.it.wire.PropertyBytes.authenticationMethod;
import static io.signalbox.it.wire.PropertyBytes.maximumPacketSize;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Enhanced authentication (section 4.12) with the method JWT, in one step and in two. */
@ParameterizedClass
@EnumSource(
    value = Transport.class,
    names = {"TLS", "WSS"})
final class TokenExchangeTest {
  private static final byte[] METHOD = authenticationMethod("JWT");

  @RegisterExtension final Clients clients;

  TokenExchangeTest(Transport transport) {
    this.clients = new Clients(AccessTest.BROKER, transport, Version.V5);
  }

  private static byte[] data(String token) {
    return authenticationData(token.getBytes(StandardCharsets.US_ASCII));
  }

  /** Connected with the token of alice in one step. */
  private Peer alice(byte[]... more) {
    Peer peer = clients.peer();
    Parsed connAck =
        peer.connect(connect -> connect.with(METHOD, data(AccessTest.ALICE)).with(more));
    assertEquals(Optional.of("JWT"), connAck.properties().text(AUTHENTICATION_METHOD));
    return peer;
  }

  /** The server has asked for the token. */
  private Peer asked() {
    Peer peer = clients.peer();
    peer.send(connect(Version.V5).clientId(peer.clientId()).with(METHOD));
    Parsed question = peer.receive(AUTH);
    assertEquals(0x18, question.reasonCode());
    assertEquals(Optional.of("JWT"), question.properties().text(AUTHENTICATION_METHOD));
    return peer;
  }

  @Test
  @Spec({"MQTT-4.12.0-2", "MQTT-4.12.0-3", "MQTT-4.12.0-5"})
  @Behaviour(234)
  void oneStepOrTwoLeadIn() {
    alice().ping();
    Peer peer = asked();
    peer.send(auth(0x18, METHOD, data(AccessTest.ALICE)));
    Parsed connAck = peer.receive(CONNACK);
    assertEquals(0, connAck.reasonCode());
    assertEquals(Optional.of("JWT"), connAck.properties().text(AUTHENTICATION_METHOD));
    peer.ping();
  }

  @Test
  @Spec("MQTT-4.12.0-4")
  @Behaviour(244)
  void aWrongTokenIsRefusedInEitherStep() {
    Peer one = clients.peer();
    one.send(connect(Version.V5).clientId(one.clientId()).with(METHOD, data("no.such.token")));
    one.expectRefused(0x86, 0x87);
    Peer two = asked();
    two.send(auth(0x18, METHOD, data(AccessTest.ALICE + "x")));
    two.expectRefused(0x86, 0x87);
  }

  @Test
  @Spec("MQTT-3.1.2-30")
  @Behaviour(236)
  void nothingButAuthAndDisconnectMayComeBeforeConnAck() {
    Peer publisher = asked();
    publisher.send(publisher.publish("free/early"));
    publisher.expectClosed();
    Peer pinger = asked();
    pinger.send(pingReq());
    pinger.expectClosed();
    Peer leaving = asked();
    leaving.disconnect();
  }

  @Test
  @Spec({"MQTT-4.12.0-3", "MQTT-4.12.0-5", "MQTT-3.15.2-1"})
  @Behaviour(238)
  void anotherMethodOrReasonInTheExchangeIsAProtocolError() {
    Peer method = asked();
    method.send(auth(0x18, authenticationMethod("OTHER"), data(AccessTest.ALICE)));
    method.expectClosed();
    Peer reason = asked();
    reason.send(auth(0x19, METHOD, data(AccessTest.ALICE)));
    reason.expectClosed();
    Peer again = alice();
    again.send(auth(0x19, authenticationMethod("OTHER"), data(AccessTest.ALICE)));
    again.expectDisconnect(0x82);
    Peer unasked = alice();
    unasked.send(auth(0x18, METHOD, data(AccessTest.ALICE)));
    unasked.expectDisconnect(0x82);
  }

  @Test
  @Spec({"MQTT-4.12.1-1", "MQTT-3.15.2-1"})
  @Behaviour(239)
  void aNewTokenIsTakenWithoutInterruption() {
    String topic = "free/" + Clients.unique("a");
    Peer peer = alice();
    peer.subscribe(topic, 1);
    peer.send(auth(0x19, METHOD, data(AccessTest.ALICE)), peer.publish(topic).payload("goes on"));
    boolean renewed = false;
    boolean delivered = false;
    while (!renewed || !delivered) {
      Parsed packet = peer.receive();
      renewed |= packet.type() == AUTH && packet.reasonCode() == 0;
      delivered |= packet.text().equals("goes on");
    }
    peer.ping();
  }

  @Test
  @Spec("MQTT-4.12.1-2")
  @Behaviour(240)
  void aWrongTokenEndsTheConnectionAndSendsTheWill() {
    String topic = "free/" + Clients.unique("w");
    for (String token : new String[] {"no.such.token", AccessTest.BOB}) {
      Peer observer = alice();
      observer.subscribe(topic, 1);
      Peer peer = clients.peer();
      peer.connect(
          connect -> connect.with(METHOD, data(AccessTest.ALICE)).will(topic, 1, false, "will"));
      peer.send(auth(0x19, METHOD, data(token)));
      assertEquals(0x87, peer.receive(DISCONNECT).reasonCode());
      peer.expectClosed();
      observer.receivePublish("will");
    }
  }

  @Test
  @Behaviour(241)
  void aSecondReauthenticationAtOnceIsAProtocolError() {
    Peer peer = alice();
    byte[] renew = auth(0x19, METHOD, data(AccessTest.ALICE));
    peer.send(renew, renew);
    Parsed answer = peer.receive();
    if (answer.type() == AUTH) { // the first one was quicker: then each is answered
      assertEquals(0, answer.reasonCode());
      assertEquals(AUTH, peer.receive().type());
    } else {
      assertEquals(0x82, answer.reasonCode());
      peer.expectClosed();
    }
  }

  @Test
  @Spec({"MQTT-3.15.2-2", "MQTT-3.15.2-3", "MQTT-3.1.2-24"})
  void authFitsTheClientsMaximumPacketSize() {
    int size = 40;
    Peer peer = alice(maximumPacketSize(size));
    peer.send(auth(0x19, METHOD, data(AccessTest.ALICE)));
    Parsed renewed = peer.receive(AUTH);
    assertTrue(renewed.length() <= size, renewed::toString);
    assertFalse(renewed.properties().has(REASON_STRING));
    assertFalse(renewed.properties().has(USER_PROPERTY));
  }
}
