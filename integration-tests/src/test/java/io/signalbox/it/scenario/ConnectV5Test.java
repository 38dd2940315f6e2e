package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.connect;
import static io.signalbox.it.wire.PacketType.DISCONNECT;
import static io.signalbox.it.wire.PropertyBytes.ASSIGNED_CLIENT_IDENTIFIER;
import static io.signalbox.it.wire.PropertyBytes.AUTHENTICATION_DATA;
import static io.signalbox.it.wire.PropertyBytes.AUTHENTICATION_METHOD;
import static io.signalbox.it.wire.PropertyBytes.MAXIMUM_PACKET_SIZE;
import static io.signalbox.it.wire.PropertyBytes.MAXIMUM_QOS;
import static io.signalbox.it.wire.PropertyBytes.RECEIVE_MAXIMUM;
import static io.signalbox.it.wire.PropertyBytes.RESPONSE_INFORMATION;
import static io.signalbox.it.wire.PropertyBytes.RETAIN_AVAILABLE;
import static io.signalbox.it.wire.PropertyBytes.SERVER_REFERENCE;
import static io.signalbox.it.wire.PropertyBytes.SHARED_SUBSCRIPTION_AVAILABLE;
import static io.signalbox.it.wire.PropertyBytes.SUBSCRIPTION_IDENTIFIER_AVAILABLE;
import static io.signalbox.it.wire.PropertyBytes.TOPIC_ALIAS_MAXIMUM;
import static io.signalbox.it.wire.PropertyBytes.WILDCARD_SUBSCRIPTION_AVAILABLE;
import static io.signalbox.it.wire.PropertyBytes.authenticationData;
import static io.signalbox.it.wire.PropertyBytes.authenticationMethod;
import static io.signalbox.it.wire.PropertyBytes.maximumPacketSize;
import static io.signalbox.it.wire.PropertyBytes.receiveMaximum;
import static io.signalbox.it.wire.PropertyBytes.requestProblemInformation;
import static io.signalbox.it.wire.PropertyBytes.requestResponseInformation;
import static io.signalbox.it.wire.PropertyBytes.sessionExpiry;
import static io.signalbox.it.wire.PropertyBytes.topicAliasMaximum;
import static io.signalbox.it.wire.PropertyBytes.userProperty;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.ReceivedProperties;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** CONNECT and CONNACK properties of 5.0. */
@EachTransport
final class ConnectV5Test {
  @RegisterExtension final Clients clients;

  ConnectV5Test(Transport transport) {
    this.clients = new Clients(transport, Version.V5);
  }

  private static String assigned(Parsed connAck) {
    return connAck.properties().text(ASSIGNED_CLIENT_IDENTIFIER).orElseThrow();
  }

  @Test
  @Spec({"MQTT-3.1.3-6", "MQTT-3.2.2-16"})
  @Behaviour(20)
  void givesEachClientWithoutIdentifierOneOfItsOwn() {
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < 20; i++) {
      assertTrue(ids.add(assigned(clients.peer("").connect())));
    }
  }

  /** So that nobody guesses the identifier, and with it the session, of another. */
  @Test
  @Behaviour(17)
  void anAssignedIdentifierIs96RandomBits() {
    String one = assigned(clients.peer("").connect());
    String other = assigned(clients.peer("").connect());
    assertTrue(one.matches("auto-[0-9a-f]{24}"), one);
    int same = 0;
    for (int i = "auto-".length(); i < one.length(); i++) {
      same += one.charAt(i) == other.charAt(i) ? 1 : 0;
    }
    assertTrue(same < 16, one + " is too like " + other); // by chance once in 10^12 runs
  }

  @Test
  void assignsNoIdentifierToAClientThatHasOne() {
    assertFalse(clients.peer().connect().properties().has(ASSIGNED_CLIENT_IDENTIFIER));
  }

  @Test
  @Behaviour(19)
  void anEmptyIdentifierWithCleanStart0IsANewSession() {
    Parsed connAck = clients.peer("").resume(30);
    assertFalse(connAck.sessionPresent());
    assertFalse(assigned(connAck).isEmpty());
  }

  @Test
  @Spec({"MQTT-3.1.3-7", "MQTT-3.1.3-2"})
  @Behaviour(21)
  void theAssignedIdentifierResumesTheSession() {
    Peer unnamed = clients.peer("");
    String id = assigned(unnamed.resume(30));
    unnamed.subscribe(clients.topic(), 1);
    unnamed.disconnect();
    assertTrue(clients.peer(id).resume(30).sessionPresent());
  }

  @Test
  @Behaviour(46)
  void statesItsLimits() {
    ReceivedProperties limits = clients.peer().connect().properties();
    assertEquals(Optional.of(1_000L), limits.number(RECEIVE_MAXIMUM));
    assertEquals(Optional.of(1_048_576L), limits.number(MAXIMUM_PACKET_SIZE));
    assertEquals(Optional.of(64L), limits.number(TOPIC_ALIAS_MAXIMUM));
    assertEquals(2L, limits.number(MAXIMUM_QOS).orElse(2L));
    assertEquals(1L, limits.number(RETAIN_AVAILABLE).orElse(1L));
    assertEquals(1L, limits.number(WILDCARD_SUBSCRIPTION_AVAILABLE).orElse(1L));
    assertEquals(1L, limits.number(SUBSCRIPTION_IDENTIFIER_AVAILABLE).orElse(1L));
    assertEquals(1L, limits.number(SHARED_SUBSCRIPTION_AVAILABLE).orElse(1L));
  }

  @Test
  @Spec("MQTT-3.1.2-28")
  @Behaviour(47)
  void givesResponseInformationOnlyWhenAsked() {
    assertFalse(clients.peer().connect().properties().has(RESPONSE_INFORMATION));
    assertFalse(
        clients
            .peer()
            .connect(connect -> connect.with(requestResponseInformation(0)))
            .properties()
            .has(RESPONSE_INFORMATION));
    assertFalse(
        clients
            .peer()
            .connect(connect -> connect.with(requestResponseInformation(1)))
            .properties()
            .has(RESPONSE_INFORMATION));
  }

  @Test
  @Behaviour(48)
  void pointsToNoOtherServer() {
    Peer first = clients.peer();
    assertFalse(first.connect().properties().has(SERVER_REFERENCE));
    clients.peer(first.clientId()).connect();
    assertFalse(first.receive(DISCONNECT).properties().has(SERVER_REFERENCE));
    Parsed refusal =
        clients.peer().tryConnect(connect -> connect.with(authenticationMethod("unknown")));
    assertEquals(0x8C, refusal.reasonCode());
    assertFalse(refusal.properties().has(SERVER_REFERENCE));
  }

  @Test
  @Spec("MQTT-4.12.0-6")
  void saysNothingAboutAuthenticationWithoutAMethod() {
    ReceivedProperties properties = clients.peer().connect().properties();
    assertFalse(properties.has(AUTHENTICATION_METHOD));
    assertFalse(properties.has(AUTHENTICATION_DATA));
  }

  private void assertRefused(int reasonCode, byte[]... properties) {
    Peer peer = clients.peer();
    peer.send(connect(Version.V5).clientId(peer.clientId()).with(properties));
    peer.expectRefused(reasonCode);
  }

  @Test
  @Behaviour(35)
  void refusesAReceiveMaximumOfZero() {
    assertRefused(0x82, receiveMaximum(0));
  }

  @Test
  @Behaviour(36)
  void refusesAMaximumPacketSizeOfZero() {
    assertRefused(0x82, maximumPacketSize(0));
  }

  @Test
  @Behaviour(37)
  void refusesRequestInformationThatIsNeitherZeroNorOne() {
    assertRefused(0x82, requestProblemInformation(2));
    assertRefused(0x82, requestResponseInformation(2));
    assertRefused(0x82, requestProblemInformation(255));
  }

  @Test
  @Behaviour(38)
  void refusesAuthenticationDataWithoutMethod() {
    assertRefused(0x82, authenticationData((byte) 1));
  }

  @Test
  @Spec({"MQTT-4.12.0-1", "MQTT-3.2.2-7", "MQTT-4.13.2-1"})
  @Behaviour(233)
  void refusesAnUnknownAuthenticationMethod() {
    assertRefused(0x8C, authenticationMethod("no-such-method"));
  }

  @Test
  void takesEveryPropertyAtItsBorders() {
    Peer peer = clients.peer();
    peer.connect(
        connect ->
            connect.with(
                sessionExpiry(0xFFFF_FFFFL),
                receiveMaximum(65_535),
                maximumPacketSize(0xFFFF_FFFFL),
                topicAliasMaximum(65_535),
                requestResponseInformation(0),
                requestProblemInformation(1),
                userProperty("", ""),
                userProperty("k", "v"),
                userProperty("k", "v")));
    peer.ping();
  }

  @Test
  @Spec({"MQTT-3.2.2-19", "MQTT-3.2.2-20", "MQTT-3.1.2-24"})
  void keepsARefusalWithinTheClientsMaximumPacketSize() {
    Peer peer = clients.peer("x".repeat(300));
    Parsed connAck = peer.tryConnect(connect -> connect.with(maximumPacketSize(12)));
    assertEquals(0x85, connAck.reasonCode());
    assertTrue(connAck.length() <= 12, connAck::toString);
    peer.expectClosed();
  }
}
