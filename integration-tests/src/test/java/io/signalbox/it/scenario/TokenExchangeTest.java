package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.auth;
import static io.signalbox.it.wire.PacketBytes.connect;
import static io.signalbox.it.wire.PacketType.AUTH;
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

/** Tokens that are refused in an exchange, and the size of AUTH packets (section 3.15). */
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
  @Spec("MQTT-4.12.0-4")
  @Behaviour(244)
  void aWrongTokenIsRefusedInEitherStep() {
    Peer one = clients.peer();
    one.send(connect(Version.V5).clientId(one.clientId()).with(METHOD, data("no.such.token")));
    one.expectRefused(0x87);
    Peer two = asked();
    two.send(auth(0x18, METHOD, data(AccessTest.ALICE + "x")));
    two.expectRefused(0x87);
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
