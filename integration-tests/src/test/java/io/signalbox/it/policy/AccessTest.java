package io.signalbox.it.policy;

import static io.signalbox.it.wire.PacketBytes.connect;
import static io.signalbox.it.wire.PacketBytes.pubRel;
import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketType.CONNACK;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBCOMP;
import static io.signalbox.it.wire.PacketType.PUBREC;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static io.signalbox.it.wire.PropertyBytes.REASON_STRING;
import static io.signalbox.it.wire.PropertyBytes.requestProblemInformation;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.broker.TestIssuer;
import io.signalbox.it.wire.ConnectBytes;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What policies allow and deny, packet by packet. */
@EncryptedInBothVersions
final class AccessTest {
  private static final TestIssuer ACME = new TestIssuer("acme", "narrow");
  private static final TestIssuer GENEROUS = new TestIssuer("generous", "grant");

  private static final String FLEET =
      """
      version: 1
      name: fleet
      match: { jwt: { issuer: acme } }
      statements:
        - { id: connect, effect: allow, actions: [connect], clientIds: ["${user.name}", "${user.name}-*"] }
        - { id: data, effect: allow, actions: [publish], topics: ["f/${user.name}/data/#"], where: { maxQos: 1, maxPayload: 1KiB } }
        - { id: state, effect: allow, actions: [publish], topics: ["f/${user.name}/state"], where: { retain: allow } }
        - { id: will, effect: allow, actions: [publish], topics: ["f/${user.name}/gone"] }
        - { id: read, effect: allow, actions: [subscribe], topics: ["f/${user.name}/#"] }
        - { id: one, effect: allow, actions: [subscribe], topics: ["one/#"], where: { maxQos: 1 } }
        - { id: work, effect: allow, actions: [subscribe], topics: ["work/#"], shareGroups: ["crew-*"] }
        - { id: secrets, effect: deny, actions: [publish, subscribe], topics: ["f/+/data/secret"], overlap: filter }
        - { id: unheard, effect: deny, actions: [receive], topics: ["f/+/data/unheard"] }
      """;

  private static final String FEEDER =
      """
      version: 1
      name: feeder
      match: { group: feeders }
      statements:
        - { id: connect, effect: allow, actions: [connect], clientIds: ["*"] }
        - { id: all, effect: allow, actions: [publish], topics: ["#"], where: { retain: allow } }
        - { id: hear, effect: allow, actions: [subscribe], topics: ["#"] }
      """;

  private static final String DROPPERS =
      """
      version: 1
      name: droppers
      match: { group: droppers }
      onDenied: drop
      statements: [{ id: none, effect: deny, actions: [publish], topics: ["never"] }]
      """;

  private static final String LEAVERS =
      """
      version: 1
      name: leavers
      match: { group: leavers }
      onDenied: disconnect
      statements: [{ id: none, effect: deny, actions: [publish], topics: ["never"] }]
      """;

  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "access",
          TestIssuer.trustedBy(
              BrokerConfig.empty()
                  .listener(Transport.TLS, false, "optional")
                  .listener(Transport.WSS, false, "optional")
                  .policy("fleet", FLEET)
                  .policy("feeder", FEEDER)
                  .policy("droppers", DROPPERS)
                  .policy("leavers", LEAVERS),
              ACME,
              GENEROUS));

  @RegisterExtension final Clients clients;
  private final boolean v5;

  AccessTest(Transport transport, Version version) {
    this.clients = new Clients(BROKER, transport, version);
    this.v5 = version.isV5();
  }

  private static UnaryOperator<ConnectBytes> with(String token) {
    return connect -> connect.userName("me").password(token);
  }

  /** A client of the fleet whose name is its Client Identifier. */
  private Peer member(String... groups) {
    Peer peer = clients.peer();
    peer.connect(with(ACME.token(peer.clientId(), groups)));
    return peer;
  }

  private Peer feeder() {
    Peer peer = clients.peer();
    peer.connect(with(GENEROUS.token("feeder", "feeders")));
    return peer;
  }

  private static String own(Peer peer, String rest) {
    return "f/" + peer.clientId() + "/" + rest;
  }

  private int subscribeCode(Peer peer, String filter, int qos) {
    peer.send(subscribe(peer.version(), peer.newPacketId()).filter(filter, qos));
    return peer.receive(SUBACK).reasonCode();
  }

  private int refusedSubscribe() {
    return v5 ? 0x87 : 0x80;
  }

  /** A QoS 1 PUBLISH is refused: 5.0 hears why, 3.1.1 is disconnected. */
  private void assertRefused(Peer peer, String topic, String payload, boolean retain, String why) {
    int packetId = peer.newPacketId();
    var publish = peer.publish(topic).qos(1, packetId).payload(payload);
    peer.send(retain ? publish.retain() : publish);
    if (!v5) {
      peer.expectClosed();
      return;
    }
    Parsed ack = peer.receive(PUBACK);
    assertEquals(0x87, ack.reasonCode(), ack::toString);
    String reason = ack.properties().text(REASON_STRING).orElseThrow();
    assertTrue(reason.contains(why), reason);
  }

  @Test
  @Behaviour({247, 255})
  void publishesWhatIsItsOwnAndNothingElse() {
    Peer peer = member();
    peer.publish(own(peer, "data/t"), 1, "21");
    int from = BROKER.logPosition();
    assertRefused(peer, "f/other/data/t", "21", false, "no statement allows it");
    String line = BROKER.awaitLogFrom(from, "\"f/other/data/t\"");
    assertTrue(line.contains("no statement allows it (bundle "), line);
  }

  @Test
  void anExplicitDenyIsNamedInTheLogAndToTheClient() {
    Peer peer = member();
    int from = BROKER.logPosition();
    assertRefused(peer, own(peer, "data/secret"), "x", false, "denied by file:fleet#secrets");
    String line = BROKER.awaitLogFrom(from, peer.clientId());
    assertTrue(line.contains("denied by file:fleet#secrets (bundle "), line);
  }

  @Test
  void aReasonStringIsOnlyForThoseWhoAskedForProblems() {
    if (!v5) {
      return;
    }
    Peer peer = clients.peer();
    String token = ACME.token(peer.clientId());
    peer.connect(connect -> with(token).apply(connect).with(requestProblemInformation(0)));
    peer.send(peer.publish("f/other/data/t").qos(1, 1));
    Parsed ack = peer.receive(PUBACK);
    assertEquals(0x87, ack.reasonCode());
    assertFalse(ack.properties().has(REASON_STRING));
  }

  @Test
  void quotasOfAnAllowAreKept() {
    Peer large = member();
    assertRefused(large, own(large, "data/t"), "x".repeat(1025), false, "payload is above");
    Peer retains = member();
    assertRefused(retains, own(retains, "data/t"), "x", true, "RETAIN flag");
    Peer twice = member();
    twice.send(twice.publish(own(twice, "data/t")).qos(2, 7));
    if (v5) {
      assertEquals(0x87, twice.receive(PUBREC).reasonCode());
      twice.ping(); // and it stays
    } else {
      twice.expectClosed();
    }
  }

  @Test
  void aDeniedQos0IsDroppedAndTheConnectionStays() {
    Peer hears = feeder();
    String topic = clients.topic();
    hears.subscribe(topic, 0);
    Peer peer = member();
    peer.send(peer.publish(topic).payload("no"));
    peer.ping();
    feeder().publish(topic, 0, "yes");
    hears.receivePublish("yes");
  }

  @Test
  void onDeniedSaysWhatBecomesOfAPublish() {
    Peer drops = member("droppers");
    drops.send(drops.publish("f/other/data/t").qos(1, 1));
    Parsed ack = drops.receive(PUBACK);
    assertEquals(v5 ? 0x87 : 0, ack.reasonCode());
    drops.send(drops.publish("f/other/data/t").qos(2, 2));
    assertEquals(v5 ? 0x87 : 0, drops.receive(PUBREC).reasonCode());
    if (!v5) {
      drops.send(pubRel(2));
      drops.receive(PUBCOMP);
    }
    drops.ping();
    Peer leaves = member("leavers");
    if (v5) { // it can be told, so it stays
      leaves.send(leaves.publish("f/other/data/t").qos(1, 1));
      assertEquals(0x87, leaves.receive(PUBACK).reasonCode());
      leaves.send(leaves.publish("f/other/data/t").qos(2, 2));
      assertEquals(0x87, leaves.receive(PUBREC).reasonCode());
      leaves.ping();
    }
    leaves.send(leaves.publish("f/other/data/t").payload("x"));
    leaves.expectDisconnect(0x87);
  }

  @Test
  @Behaviour({180, 255})
  void subscribesOnlyToWhatIsAllowedAsAWhole() {
    Peer peer = member();
    assertEquals(2, subscribeCode(peer, own(peer, "#"), 2));
    assertEquals(refusedSubscribe(), subscribeCode(peer, "f/#", 0));
    assertEquals(refusedSubscribe(), subscribeCode(peer, "f/+/data", 0));
    assertEquals(refusedSubscribe(), subscribeCode(peer, own(peer, "data/secret"), 0));
    assertEquals(refusedSubscribe(), subscribeCode(peer, "#", 0));
    assertEquals(refusedSubscribe(), subscribeCode(peer, "$SYS/#", 0));
    peer.ping();
    Peer all = feeder(); // may subscribe to "#", which is not all there is
    assertEquals(0, subscribeCode(all, "#", 0));
    assertEquals(0, subscribeCode(all, "+/$SYS/#", 0));
    assertEquals(refusedSubscribe(), subscribeCode(all, "$SYS/#", 0));
    assertEquals(refusedSubscribe(), subscribeCode(all, "$SYS/+", 0));
  }

  @Test
  void eachFilterOfAPacketIsAnsweredByItself() {
    Peer peer = member();
    peer.send(
        subscribe(peer.version(), peer.newPacketId())
            .filter(own(peer, "state"), 2)
            .filter("f/#", 2)
            .filter("one/x", 2)
            .filter("$share/others/jobs/x", 0));
    assertEquals(
        List.of(2, refusedSubscribe(), 1, refusedSubscribe()), peer.receive(SUBACK).reasonCodes());
    peer.publish(own(peer, "data/t"), 1, "x");
    peer.ping();
  }

  @Test
  void theGrantedQosIsCapped() {
    Peer peer = member();
    String topic = "one/" + clients.topic();
    assertEquals(1, subscribeCode(peer, topic, 2));
    feeder().publish(topic, 2, "down");
    Parsed publish = peer.receivePublish("down");
    assertEquals(1, publish.qos());
  }

  @Test
  @Behaviour({180, 255})
  void aShareGroupMustBeNamed() {
    Peer peer = member();
    String topic = "work/" + clients.topic();
    assertEquals(0, subscribeCode(peer, "$share/crew-1/" + topic, 0));
    assertEquals(refusedSubscribe(), subscribeCode(peer, "$share/others/" + topic, 0));
    assertEquals(refusedSubscribe(), subscribeCode(peer, "$share/crew-1/" + own(peer, "#"), 0));
    feeder().publish(topic, 1, "job");
    peer.receivePublish("job");
  }

  @Test
  void deniedPartsOfASubscriptionAreLeftOutAtDelivery() {
    Peer peer = member();
    peer.subscribe(own(peer, "data/#"), 1);
    Peer feeder = feeder();
    feeder.publish(own(peer, "data/secret"), 1, "secret");
    feeder.publish(own(peer, "data/unheard"), 0, "unheard");
    feeder.publish(own(peer, "data/t"), 1, "21");
    peer.receivePublish("21");
  }

  @Test
  void deniedPartsOfASubscriptionStayOutAfterAResume() {
    Peer peer = clients.peer();
    String token = ACME.token(peer.clientId());
    peer.connect(connect -> peer.persistent(with(token).apply(connect), 600));
    peer.subscribe(own(peer, "data/#"), 1);
    peer.disconnect();
    Peer feeder = feeder();
    feeder.publish(own(peer, "data/unheard"), 1, "unheard while away");
    feeder.publish(own(peer, "data/t"), 1, "heard while away");
    Peer back = clients.peer(peer.clientId());
    back.connect(connect -> back.persistent(with(token).apply(connect), 600));
    back.acknowledge(back.receivePublish("heard while away"));
    feeder.publish(own(peer, "data/unheard"), 1, "unheard");
    feeder.publish(own(peer, "data/t"), 1, "heard");
    back.acknowledge(back.receivePublish("heard"));
  }

  @Test
  @Behaviour(193)
  void aRetainedMessageIsSetAndClearedOnlyWhereRetainIsAllowed() {
    Peer peer = member();
    String state = own(peer, "state");
    peer.publishRetained(state, 1, "on");
    Peer reader = feeder();
    reader.subscribe(state, 0);
    assertTrue(reader.receivePublish("on").retain());
    feeder().publishRetained(own(peer, "data/t"), 1, "kept");
    assertRefused(peer, own(peer, "data/t"), "", true, "RETAIN flag");
    Peer another = feeder();
    another.subscribe(own(peer, "data/t"), 0);
    another.receivePublish("kept");
    feeder().publishRetained(state, 1, "");
    feeder().publishRetained(own(peer, "data/t"), 1, "");
  }

  @Test
  void retainedMessagesOfDeniedPartsAreNotSentAtSubscribe() {
    Peer peer = member();
    Peer feeder = feeder();
    feeder.publishRetained(own(peer, "data/unheard"), 1, "unheard");
    feeder.publishRetained(own(peer, "data/t"), 1, "21");
    peer.subscribe(own(peer, "data/#"), 0);
    peer.receivePublish("21");
    peer.ping();
    feeder.publishRetained(own(peer, "data/unheard"), 1, "");
    feeder.publishRetained(own(peer, "data/t"), 1, "");
  }

  @Test
  void aWillThatMayNotBePublishedIsRefusedAtConnect() {
    Peer peer = clients.peer();
    String token = ACME.token(peer.clientId());
    int from = BROKER.logPosition();
    Parsed connAck =
        peer.tryConnect(connect -> with(token).apply(connect).will("f/other/gone", 0, false, "x"));
    assertEquals(v5 ? 0x87 : 5, connAck.reasonCode());
    BROKER.awaitLogFrom(from, "may not publish its will to \"f/other/gone\": not allowed");
    Peer retained = clients.peer();
    String second = ACME.token(retained.clientId());
    assertEquals(
        v5 ? 0x87 : 5,
        retained
            .tryConnect(
                connect ->
                    with(second).apply(connect).will(own(retained, "gone"), 0, true, "retained"))
            .reasonCode());
  }

  @Test
  void aWillThatMayBePublishedIs() {
    Peer peer = clients.peer();
    Peer hears = feeder();
    hears.subscribe(own(peer, "gone"), 1);
    String token = ACME.token(peer.clientId());
    peer.connect(connect -> with(token).apply(connect).will(own(peer, "gone"), 1, false, "bye"));
    peer.close();
    hears.acknowledge(hears.receivePublish("bye"));
  }

  @Test
  @Behaviour(247)
  void connectsOnlyWithAClientIdentifierOfItsOwn() {
    String name = Clients.unique("m");
    Peer suffixed = clients.peer(name + "-2");
    suffixed.connect(with(ACME.token(name)));
    Peer other = clients.peer("somebody-else");
    Parsed connAck = other.tryConnect(with(ACME.token(name)));
    assertEquals(v5 ? 0x87 : 5, connAck.reasonCode());
    if (v5) {
      String reason = connAck.properties().text(REASON_STRING).orElse("");
      assertTrue(reason.contains("may not connect"), reason);
    }
  }

  @Test
  void aSessionBelongsToThePrincipalThatMadeIt() {
    Peer first = clients.peer();
    first.connect(with(GENEROUS.token("feeder", "feeders")));
    Peer second = clients.peer(first.clientId());
    Parsed connAck = second.tryConnect(with(GENEROUS.token("another", "feeders")));
    assertEquals(v5 ? 0x85 : 2, connAck.reasonCode(), connAck::toString);
    first.ping(); // and is not taken over
  }

  @Test
  void anAclClaimOnlyNarrows() {
    Peer peer = clients.peer();
    String claim =
        "\"acl\":[{\"effect\":\"allow\",\"actions\":[\"publish\"],"
            + "\"topics\":[\"f/+/data/low\",\"elsewhere\"]}]";
    peer.connect(with(ACME.tokenWith(peer.clientId(), claim)));
    peer.publish(own(peer, "data/low"), 1, "1");
    assertEquals(refusedSubscribe(), subscribeCode(peer, own(peer, "#"), 0));
    assertRefused(peer, own(peer, "data/t"), "1", false, "not allowed");
    Peer beyond = clients.peer();
    beyond.connect(with(ACME.tokenWith(beyond.clientId(), claim)));
    assertRefused(beyond, "elsewhere", "1", false, "not allowed");
  }

  @Test
  void anAclClaimGivesWhereTheIssuerMayGrant() {
    Peer peer = clients.peer();
    String claim =
        "\"acl\":[{\"effect\":\"allow\",\"actions\":[\"connect\"],"
            + "\"clientIds\":[\"*\"]},{\"effect\":\"allow\",\"actions\":[\"publish\"],"
            + "\"topics\":[\"elsewhere\"]}]";
    peer.connect(with(GENEROUS.tokenWith("nobody", claim)));
    peer.publish("elsewhere", 1, "1");
    assertRefused(peer, "other", "1", false, "not allowed");
  }

  @Test
  @Behaviour(258)
  void aNameThatWouldBeMoreThanOneLevelGivesNoRights() {
    for (String name : List.of("a/b", "+", "#")) {
      Peer peer = clients.peer(name);
      Parsed connAck = peer.tryConnect(with(ACME.token(name)));
      assertEquals(v5 ? 0x87 : 5, connAck.reasonCode(), () -> name + ": " + connAck);
    }
    Peer nul = clients.peer("ab");
    Parsed connAck = nul.tryConnect(with(ACME.token("a\\u0000b")));
    assertEquals(v5 ? 0x87 : 5, connAck.reasonCode(), connAck::toString);
  }

  @Test
  void theClientIdentifierIsNoWayIntoAnothersTopics() {
    // Homoglyphs are other characters: a Cyrillic "a" is no Latin one.
    Peer peer = clients.peer("\u0430lice");
    peer.connect(with(ACME.token("\u0430lice")));
    peer.publish("f/\u0430lice/data/t", 1, "own");
    assertRefused(peer, "f/alice/data/t", "x", false, "no statement allows it");
  }

  @Test
  void aDeviceWithACertificateKeepsToItsOwn() throws IOException {
    var endpoint = BROKER.endpoint(clients.transport()).with(Devices.PUMP.tls());
    Peer pump =
        clients.keep(
            new Peer(RawClient.open(endpoint, clients.version()), "pump-" + endpoint.transport()));
    pump.send(connect(pump.version()).clientId("pump"));
    assertEquals(0, pump.receive(CONNACK).reasonCode());
    pump.publish("devices/pump/data", 1, "1");
    pump.subscribe("devices/pump/#", 1);
    assertEquals(refusedSubscribe(), subscribeCode(pump, "devices/#", 0));
  }

  /** Nor does it ask for a password. */
  @Test
  @Behaviour(262)
  void aUserNameBesideACertificateChangesNothing() throws IOException {
    var endpoint = BROKER.endpoint(clients.transport()).with(Devices.PUMP.tls());
    Peer pump = clients.keep(new Peer(RawClient.open(endpoint, clients.version()), "pump"));
    String id = "pump:" + clients.transport() + clients.version();
    pump.send(connect(pump.version()).clientId(id).userName("another"));
    assertEquals(0, pump.receive(CONNACK).reasonCode());
    pump.publish("devices/pump/data", 1, "1");
    assertEquals(refusedSubscribe(), subscribeCode(pump, "devices/another/#", 0));
  }

  private static final class Devices {
    static final PemFiles.Device PUMP = BROKER.issueDevice("pump");
  }
}
