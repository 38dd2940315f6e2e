package io.signalbox.it.policy;

import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.TestIssuer;
import io.signalbox.it.wire.ConnectBytes;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Clients that may connect under any name, and try to be more than they are by it. A drop instead
 * of a disconnect for all versions, so that one connection can try many things.
 */
@EncryptedInBothVersions
final class AttackTest {
  private static final TestIssuer ACME = new TestIssuer("acme", "narrow");

  private static final String OWN =
      """
      version: 1
      name: own
      match: { jwt: { issuer: acme } }
      onDenied: drop
      statements:
        - { id: connect, effect: allow, actions: [connect], clientIds: ["*"] }
        - id: all
          effect: allow
          actions: [publish, subscribe]
          topics: ["u/${user.name}/#", "c/${client.id}/#", "${user.name}/top", "dev-${client.id}/x"]
          where: { retain: allow }
        - { id: work, effect: allow, actions: [subscribe], topics: ["jobs/#"], shareGroups: ["team-${user.name}"] }
        - { id: part, effect: allow, actions: [subscribe], topics: ["a/#"] }
        - { id: secret, effect: deny, actions: [publish, subscribe], topics: ["+/secret"] }
        - { id: tenant, effect: allow, actions: [publish, subscribe], topics: ["t/${jwt.claim.tenant}/#", "d/${device.id}/#"] }
        - { id: open, effect: allow, actions: [publish, subscribe], topics: ["v/#"] }
        - { id: closed, effect: deny, actions: [publish, subscribe], topics: ["v/${jwt.claim.tenant}/x"] }
      """;

  private static final String FEEDER =
      """
      version: 1
      name: feeder
      match: { group: feeders }
      statements:
        - { id: all, effect: allow, actions: [publish, subscribe], topics: ["#"], where: { retain: allow } }
      """;

  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "attack",
          TestIssuer.trustedBy(
              BrokerConfig.empty()
                  .listener(Transport.TLS, false, "optional")
                  .listener(Transport.WSS, false, "optional")
                  .policy("own", OWN)
                  .policy("feeder", FEEDER),
              ACME));

  @RegisterExtension final Clients clients;
  private final boolean v5;

  AttackTest(Transport transport, Version version) {
    this.clients = new Clients(BROKER, transport, version);
    this.v5 = version.isV5();
  }

  private static UnaryOperator<ConnectBytes> as(String name, String... groups) {
    String token = ACME.token(name, groups);
    return connect -> connect.userName("me").password(token);
  }

  private Peer connected(String clientId, String name, String... groups) {
    Peer peer = clients.peer(clientId);
    peer.connect(as(name, groups));
    return peer;
  }

  private void assertNotGranted(Peer peer, String filter) {
    peer.send(subscribe(peer.version(), peer.newPacketId()).filter(filter, 1));
    assertEquals(v5 ? 0x87 : 0x80, peer.receive(SUBACK).reasonCode(), () -> start(filter));
  }

  /** Enough of a long filter for a message. */
  private static String start(String filter) {
    return filter.substring(0, Math.min(filter.length(), 60));
  }

  /** Whether 3.1.1 heard of it or not, nobody must have got it: see the feeder's subscription. */
  private void tryPublish(Peer peer, String topic, boolean retain) {
    var publish = peer.publish(topic).qos(1, peer.newPacketId()).payload("attack");
    peer.send(retain ? publish.retain() : publish);
    assertEquals(v5 ? 0x87 : 0, peer.receive(PUBACK).reasonCode(), topic);
  }

  @Test
  void aNameThatIsNoLevelGivesNoTopicAtAll() {
    Peer hears = connected(Clients.unique("f"), "feeder", "feeders");
    String other = Clients.unique("victim");
    hears.subscribe("u/" + other + "/#", 1);
    hears.subscribe("c/" + other + "/#", 1);
    for (String name : List.of("+", "#", "+/#", other + "/x", "/", "$share/g")) {
      Peer peer = connected(name, name);
      for (String root : List.of("u/", "c/")) {
        assertNotGranted(peer, root + other + "/#");
        assertNotGranted(peer, root + "#");
        assertNotGranted(peer, root + "+/#");
        tryPublish(peer, root + other + "/x", false);
        tryPublish(peer, root + other + "/x", true);
        tryPublish(peer, root + other + "/x/y", false);
      }
      assertNotGranted(peer, "+/top");
      assertNotGranted(peer, "$share/team-" + name.replaceAll("[+#/]", "") + "/jobs/1");
      peer.disconnect();
    }
    Peer own = connected(other, other);
    own.publish("u/" + other + "/own", 1, "own");
    hears.acknowledge(hears.receivePublish("own")); // and nothing before it
    own.publishRetained(other + "/top", 1, "last");
    own.send(
        subscribe(own.version(), own.newPacketId())
            .filter("u/" + other + "/#", 1)
            .filter("c/" + other + "/#", 1)
            .filter(other + "/top", 0));
    assertEquals(List.of(1, 1, 0), own.receive(SUBACK).reasonCodes());
    own.receivePublish("last"); // filter by filter, so nothing else was retained
  }

  @Test
  void aNameNeverReachesTheTopicsOfTheBroker() {
    for (String name : List.of("$SYS", "$share", "$queue", "$")) {
      Peer peer = connected(Clients.unique("d"), name);
      assertNotGranted(peer, "$SYS/#");
      assertNotGranted(peer, "$SYS/top");
      if (!name.equals("$share")) { // which would be no Topic Filter at all
        assertNotGranted(peer, name + "/top");
      }
      peer.subscribe("u/" + name + "/#", 0); // in the middle a dollar means nothing
      peer.publish("u/" + name + "/t", 0, "own");
      peer.receivePublish("own");
      if (v5) {
        tryPublish(peer, "$SYS/top", false);
      } else {
        peer.send(peer.publish("$SYS/top").qos(1, 9).payload("attack"));
        peer.expectClosed();
      }
    }
  }

  @Test
  void aWillIsNoWayRoundEither() {
    String other = Clients.unique("victim");
    for (String topic : List.of("u/" + other + "/gone", "$SYS/top", "a/secret")) {
      for (String name : List.of("+", "$SYS", "ann")) {
        Peer peer = clients.peer();
        assertEquals(
            v5 ? 0x87 : 5,
            peer.tryConnect(connect -> as(name).apply(connect).will(topic, 1, true, "x"))
                .reasonCode(),
            topic);
      }
    }
  }

  @Test
  void aVariableWithoutAValueGivesNothing() {
    for (String claims : List.of("", "\"tenant\":\"\"", "\"tenant\":[]", "\"tenant\":{}")) {
      Peer peer = clients.peer();
      peer.connect(c -> c.userName("me").password(ACME.tokenWith("ann", claims)));
      for (String root : List.of("t", "d")) {
        for (String filter : List.of("/#", "//x", "/x/#", "/+/#", "")) {
          assertNotGranted(peer, root + filter);
        }
        tryPublish(peer, root + "//x", false);
        tryPublish(peer, root + "/x", true);
      }
      tryPublish(peer, "v/any/x", false); // a deny of nobody is a deny of all
      assertNotGranted(peer, "v/#");
      peer.publish("v/any/y", 1, "open");
      peer.disconnect();
    }
    Peer peer = clients.peer();
    peer.connect(c -> c.userName("me").password(ACME.tokenWith("ann", "\"tenant\":\"a\"")));
    peer.publish("t/a/x", 1, "own");
    peer.publish("v/any/x", 1, "another's");
    tryPublish(peer, "v/a/x", false);
    tryPublish(peer, "t/b/x", false);
  }

  /** Whoever signs such a token: it gives nothing, and costs no time. */
  @Test
  void aClaimThatIsABombGivesNothing() {
    String one = "{\"effect\":\"allow\",\"actions\":\"publish\",\"topics\":\"#\"}";
    for (String claim :
        List.of(
            "\"acl\":" + "[".repeat(12) + one + "]".repeat(12),
            "\"acl\":[" + (one + ",").repeat(300) + one + "]",
            "\"acl\":[{\"efect\":\"allow\"}]",
            "\"acl\":\"all\"")) {
      Peer peer = clients.peer();
      Parsed refused =
          peer.tryConnect(c -> c.userName("me").password(ACME.tokenWith("ann", claim)));
      assertTrue(refused.reasonCode() != 0, () -> start(claim));
    }
  }

  @Test
  void aWiderFilterIsNoWayRoundADeny() {
    Peer peer = connected(Clients.unique("c"), "ann");
    for (String filter : List.of("a/#", "a/+", "a/secret", "a/secret/#", "+/secret", "#", "+/+")) {
      assertNotGranted(peer, filter);
    }
    peer.subscribe("a/+/x", 1); // shares no topic with it
    tryPublish(peer, "a/secret", false);
  }

  @Test
  void shareNamesAreNoWayRound() {
    Peer peer = connected(Clients.unique("c"), "ann");
    peer.subscribe("$share/team-ann/jobs/1", 1);
    for (String filter :
        List.of(
            "$share/team-bob/jobs/1",
            "$share/team-annx/jobs/1",
            "$share/team-ann/#",
            "$share/team-ann/a/secret",
            "$share/team-ann/$share/team-ann/jobs/1",
            "$share/team-ann/u/bob/#",
            "$SHARE/team-ann/jobs/1",
            "$queue/jobs/1")) {
      assertNotGranted(peer, filter);
    }
  }

  @Test
  void longFiltersAreAnsweredAndNotGranted() {
    Peer peer = connected(Clients.unique("c"), "ann");
    for (String filter : List.of("b/".repeat(32_000) + "#", "x".repeat(65_535))) {
      peer.send(subscribe(peer.version(), peer.newPacketId()).filter(filter, 1));
      int code = peer.receive(SUBACK).reasonCode(); // of the limit on levels, or of the policies
      assertTrue(code >= 0x80, () -> code + " for " + start(filter));
    }
    assertNotGranted(peer, "+/".repeat(50) + "secret");
    peer.ping();
  }
}
