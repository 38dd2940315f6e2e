package io.signalbox.it.policy;

import static io.signalbox.it.wire.PacketBytes.connect;
import static io.signalbox.it.wire.PacketBytes.pingReq;
import static io.signalbox.it.wire.PacketBytes.publish;
import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketType.CONNACK;
import static io.signalbox.it.wire.PacketType.DISCONNECT;
import static io.signalbox.it.wire.PacketType.PINGRESP;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static io.signalbox.it.wire.PropertyBytes.REASON_STRING;
import static io.signalbox.it.wire.PropertyBytes.willDelay;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.TestIssuer;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Other policies come into force while clients are connected. */
final class PolicyChangeTest {
  private static final TestIssuer ACME = new TestIssuer("acme", "narrow");

  private static final String BASE =
      """
      version: 1
      name: base
      match: { everyone: true }
      statements:
        - { id: connect, effect: allow, actions: [connect], clientIds: ["*"] }
        - { id: publish, effect: allow, actions: [publish], topics: ["#"], where: { retain: allow } }
        - { id: plain, effect: allow, actions: [subscribe], topics: ["plain/#"] }
      """;

  /** Binds the members of a group; the rest of the test's classes does not feel it. */
  private static String readers(String group, String more, String statements) {
    return """
    version: 1
    name: readers
    match: { group: %s }
    %s
    statements:
    %s
    """
        .formatted(group, more, statements.indent(2));
  }

  private static final String MAY_READ =
      "- { id: read, effect: allow, actions: [subscribe], topics: [\"r/#\"] }";
  private static final String MAY_READ_OPEN =
      "- { id: read, effect: allow, actions: [subscribe], topics: [\"r/+/open\"] }";

  private static final String MAY_NOT_READ =
      "- { id: read, effect: allow, actions: [subscribe], topics: [\"nothing\"] }";

  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "policies",
          TestIssuer.trustedBy(
              BrokerConfig.empty()
                  .listener(Transport.TCP, true, "none")
                  .listener(Transport.TLS, false, "none")
                  .listener(Transport.WSS, false, "none")
                  .policy("base", BASE)
                  .policy("readers", readers("none", "", MAY_READ))
                  .policyOption("reload-interval-millis: 50")
                  .policyOption("revoke-grace-millis: 500")
                  .yaml(
                      """
                      limits:
                        output-bytes-high: 262144
                        output-bytes-low: 65536
                      """),
              ACME));

  @RegisterExtension final Clients clients = new Clients(BROKER, Transport.TLS, Version.V5);

  @BeforeEach
  void startsFromTheBeginning() throws IOException {
    change(readers("none", "description: start of test " + Clients.unique("t"), MAY_READ));
  }

  private static Path file(String name) {
    return BROKER.configFile().resolveSibling("policies").resolve(name);
  }

  private static void write(String name, String text) throws IOException {
    Path made = Files.writeString(file(name + ".new"), text);
    Files.move(made, file(name), StandardCopyOption.REPLACE_EXISTING);
  }

  /** Changes the policy {@code readers} and waits until the change is acknowledged. */
  private static String change(String policy) throws IOException {
    int from = BROKER.logPosition();
    write("readers.policy.yaml", policy);
    return BROKER.awaitLogFrom(from, "in force by files");
  }

  private Peer reader(Transport transport, Version version, String group) {
    Peer peer = clients.peer(transport, version, Clients.unique("r"));
    peer.connect(connect -> connect.userName("me").password(ACME.token(peer.clientId(), group)));
    return peer;
  }

  private Peer writer() {
    Peer peer = clients.peer(Transport.TCP, Version.V5, Clients.unique("w"));
    peer.connect();
    return peer;
  }

  @Test
  @Behaviour(256)
  void aSubscriptionThatIsAllowedNoLongerEnds() throws IOException {
    String group = Clients.unique("g");
    change(readers(group, "", MAY_READ));
    Peer tls5 = reader(Transport.TLS, Version.V5, group);
    Peer wss5 = reader(Transport.WSS, Version.V5, group);
    Peer tls3 = reader(Transport.TLS, Version.V3, group);
    Peer wss3 = reader(Transport.WSS, Version.V3, group);
    Peer other = reader(Transport.TLS, Version.V5, "others");
    other.subscribe("plain/" + group, 1);
    for (Peer peer : List.of(tls5, wss5, tls3, wss3)) {
      peer.subscribe("r/" + group + "/#", 1);
    }
    String account = change(readers(group, "", MAY_READ_OPEN));
    assertTrue(account.contains(" 4 reviewed, 4 restricted"), account);
    for (Peer peer : List.of(tls5, wss5)) {
      Parsed disconnect = peer.receive(DISCONNECT);
      assertEquals(0x87, disconnect.reasonCode());
      String why = disconnect.properties().text(REASON_STRING).orElse("");
      assertTrue(why.contains("beyond what is allowed"), why);
      peer.expectClosed();
    }
    Peer writer = writer();
    writer.publish("r/" + group + "/closed", 1, "closed");
    writer.publish("r/" + group + "/closed", 0, "closed");
    writer.publish("r/" + group + "/open", 1, "open");
    for (Peer peer : List.of(tls3, wss3)) {
      peer.acknowledge(peer.receivePublish("open"));
    }
    change(readers(group, "", MAY_READ));
    writer.publish("r/" + group + "/closed", 1, "allowed again");
    for (Peer peer : List.of(tls3, wss3)) {
      peer.acknowledge(peer.receivePublish("allowed again"));
    }
    writer.publish("plain/" + group, 1, "undisturbed");
    other.acknowledge(other.receivePublish("undisturbed"));
  }

  @Test
  @Behaviour(256)
  void onRevokeChoosesBetweenFilterAndDisconnect() throws IOException {
    String group = Clients.unique("g");
    change(readers(group, "", MAY_READ));
    Peer five = reader(Transport.TLS, Version.V5, group);
    five.subscribe("r/" + group + "/#", 0);
    change(readers(group, "onRevoke: filter", MAY_READ_OPEN));
    Peer writer = writer();
    writer.publish("r/" + group + "/closed", 0, "closed");
    writer.publish("r/" + group + "/open", 0, "open");
    five.receivePublish("open");
    five.ping();
    Peer three = reader(Transport.TLS, Version.V3, group);
    three.subscribe("r/" + group + "/open", 0);
    change(readers(group, "onRevoke: disconnect", MAY_NOT_READ));
    three.expectClosed();
    five.expectDisconnect(0x87);
  }

  @Test
  @Behaviour(256)
  void aClientThatMayNotConnectAnyMoreIsDisconnected() throws IOException {
    String group = Clients.unique("g");
    Peer peer = reader(Transport.WSS, Version.V5, group);
    change(
        readers(group, "", "- { id: out, effect: deny, actions: [connect], clientIds: [\"*\"] }"));
    assertEquals(0x87, peer.receive(DISCONNECT).reasonCode());
    peer.expectClosed();
  }

  @Test
  @Behaviour(256)
  void theGrantedQosOfASubscriptionIsLowered() throws IOException {
    String group = Clients.unique("g");
    change(readers(group, "", MAY_READ));
    Peer peer = reader(Transport.TLS, Version.V5, group);
    peer.subscribe("r/" + group, 2);
    change(
        readers(
            group,
            "",
            "- { id: read, effect: allow, actions: [subscribe], topics: [\"r/#\"], where: { maxQos:"
                + " 0 } }"));
    writer().publish("r/" + group, 2, "low");
    assertEquals(0, peer.receivePublish("low").qos());
  }

  @Test
  void aSharedSubscriptionEndsSoThatTheGroupLosesNothing() throws IOException {
    String group = Clients.unique("g");
    String shared =
        "- { id: read, effect: allow, actions: [subscribe], topics: [\"r/#\"], shareGroups: [\"*\"]"
            + " }";
    change(readers(group, "onRevoke: filter", shared));
    Peer leaves = reader(Transport.TLS, Version.V5, group);
    leaves.subscribe("$share/s/r/" + group, 0);
    change(readers(group, "onRevoke: filter", MAY_READ));
    Peer stays = reader(Transport.TLS, Version.V5, group);
    stays.subscribe("r/" + group, 0);
    Peer writer = writer();
    for (int i = 0; i < 4; i++) {
      writer.publish("r/" + group, 0, "job " + i);
      stays.receivePublish("job " + i);
    }
    leaves.ping();
  }

  @Test
  @Behaviour({142, 256})
  void whatWasQueuedForARevokedSubscriptionIsNotDelivered() throws IOException {
    String group = Clients.unique("g");
    change(readers(group, "", MAY_READ));
    Peer peer = reader(Transport.TLS, Version.V5, group);
    peer.close();
    Peer away = clients.peer(Transport.TLS, Version.V5, peer.clientId());
    String token = ACME.token(peer.clientId(), group);
    away.connect(connect -> away.persistent(connect.userName("me").password(token), 600));
    away.subscribe("r/" + group + "/#", 1);
    away.disconnect();
    Peer writer = writer();
    writer.publish("r/" + group + "/closed", 1, "closed, queued");
    writer.publish("r/" + group + "/open", 1, "open, queued");
    change(readers(group, "onRevoke: filter", MAY_READ_OPEN));
    Peer back = clients.peer(Transport.TLS, Version.V5, peer.clientId());
    Parsed connAck =
        back.connect(connect -> back.persistent(connect.userName("me").password(token), 600));
    assertTrue(connAck.sessionPresent());
    back.acknowledge(back.receivePublish("open, queued"));
    writer.publish("r/" + group + "/closed", 1, "closed");
    writer.publish("r/" + group + "/open", 1, "open");
    back.acknowledge(back.receivePublish("open"));
    back.disconnect();
    // By default the subscription of a 5.0 client ends while it is away.
    change(readers(group, "", MAY_READ_OPEN));
    writer.publish("r/" + group + "/closed", 1, "closed");
    Peer again = clients.peer(Transport.TLS, Version.V5, peer.clientId());
    connAck =
        again.connect(connect -> again.persistent(connect.userName("me").password(token), 600));
    assertTrue(connAck.sessionPresent());
    writer.publish("r/" + group + "/open", 1, "nobody subscribes any more");
    again.subscribe("r/" + group + "/open", 1);
    again.expectNothingQueued(writer, "r/" + group + "/open");
  }

  @Test
  @Behaviour(89)
  void aWillIsAskedForAgainWhenItFires() throws IOException {
    String group = Clients.unique("g");
    Peer hears = writer();
    hears.subscribe("plain/" + group + "/#", 0);
    Peer peer = clients.peer(Transport.TLS, Version.V5, Clients.unique("r"));
    peer.connect(
        connect ->
            peer.persistent(connect.userName("me").password(ACME.token(peer.clientId(), group)), 60)
                .will("plain/" + group + "/gone", 1, false, "bye", willDelay(1)));
    change(
        readers(
            group,
            "",
            "- { id: silent, effect: deny, actions: [publish], topics: [\"plain/+/gone\"] }"));
    int from = BROKER.logPosition();
    peer.close();
    String line = BROKER.awaitLogFrom(from, "is not published");
    assertTrue(line.contains("denied by file:readers#silent (bundle "), line);
    writer().publish("plain/" + group + "/marker", 0, "marker");
    hears.receivePublish("marker");
  }

  /** Messages of few bytes; who has more in its output than the kernel takes would be cut off. */
  private static final long UNREAD_MAX = 20_000;

  /** A byte that is given to a socket after the acknowledgement would be a leak. */
  @Test
  void nothingLeaksAfterTheChangeIsAcknowledged() throws Exception {
    String group = Clients.unique("g");
    change(readers(group, "", MAY_READ));
    List<Peer> readers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Version version = i % 2 == 0 ? Version.V3 : Version.V5;
      Peer peer = reader(i % 4 < 2 ? Transport.TLS : Transport.WSS, version, group);
      peer.subscribe("r/" + group, i % 3 == 0 ? 1 : 0);
      readers.add(peer);
    }
    AtomicLong sent = new AtomicLong();
    AtomicBoolean changed = new AtomicBoolean();
    AtomicBoolean stop = new AtomicBoolean();
    RawClient source = clients.raw(Transport.TCP, Version.V5);
    source.send(connect(Version.V5).clientId(Clients.unique("w")));
    source.receive(CONNACK);
    Thread flood =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!stop.get()) {
                    if (sent.get() >= UNREAD_MAX && !changed.get()) {
                      LockSupport.parkNanos(
                          1_000_000); // the kernel holds so much for readers that do not read yet
                      continue;
                    }
                    long number = sent.incrementAndGet();
                    source.send(publish(Version.V5, "r/" + group).payload("" + number));
                  }
                });
    long acknowledgedAt;
    try {
      readers.getFirst().receive(PUBLISH);
      change(readers(group, "onRevoke: filter", MAY_NOT_READ));
      acknowledgedAt = sent.get();
      changed.set(true);
      long more = acknowledgedAt + 2_000;
      while (sent.get() < more) {
        Thread.onSpinWait();
      }
    } finally {
      stop.set(true);
      flood.join();
    }
    source.send(pingReq()); // all of it was taken
    source.receive(PINGRESP);
    for (Peer peer : readers) {
      long last = lastBeforePing(peer);
      assertTrue(last <= acknowledgedAt, () -> "leaked: " + last + " after " + acknowledgedAt);
    }
  }

  private static long lastBeforePing(Peer peer) {
    peer.send(pingReq());
    long last = 0;
    while (true) {
      Parsed packet = peer.receive();
      if (packet.type() != PUBLISH) {
        assertEquals(PINGRESP, packet.type());
        return last;
      }
      last = Long.parseLong(packet.text());
    }
  }

  @Test
  void aClientThatDoesNotTakeWhatItLostIsCutOff() throws IOException {
    String group = Clients.unique("g");
    change(readers(group, "", MAY_READ));
    Clients slowly = new Clients(BROKER, Transport.TLS, Version.V3);
    Peer slow = clients.keep(slowly.slow());
    slow.connect(connect -> connect.userName("me").password(ACME.token(slow.clientId(), group)));
    slow.subscribe("r/" + group, 0);
    Peer writer = writer();
    String payload = "x".repeat(60_000);
    for (int i = 0; i < 200; i++) {
      writer.publish("r/" + group, 0, payload);
    }
    writer.ping();
    int from = BROKER.logPosition();
    change(readers(group, "onRevoke: filter", MAY_NOT_READ));
    BROKER.awaitLogFrom(from, "lost rights and does not take");
    byte[] rest = slow.wire().drain(); // the end, and far less than was meant for it
    assertTrue(rest.length < 200 * 60_000, () -> rest.length + " bytes");
  }

  @Test
  void ofAThousandClientsOnlyTheAffectedAreReviewed() throws IOException {
    String group = Clients.unique("g");
    change(readers(group, "", MAY_READ));
    List<Peer> affected = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      Peer peer = reader(Transport.TLS, Version.V5, group);
      peer.subscribe("r/" + group, 0);
      affected.add(peer);
    }
    List<RawClient> crowd = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      RawClient client = clients.raw(Transport.TCP, Version.V3);
      client.send(
          connect(Version.V3).clientId(group + "-" + i),
          subscribe(Version.V3, 1).filter("plain/" + group, 0));
      crowd.add(client);
    }
    for (int i = 0; i < 80; i++) {
      Version version = i % 2 == 0 ? Version.V3 : Version.V5;
      RawClient client = clients.raw(i % 4 < 2 ? Transport.TLS : Transport.WSS, version);
      String id = group + "-encrypted-" + i;
      client.send(
          connect(version).clientId(id).userName("me").password(ACME.token(id, "crowd")),
          subscribe(version, 1).filter("plain/" + group, 0));
      crowd.add(client);
    }
    for (RawClient client : crowd) {
      client.receive(CONNACK);
      client.receive(SUBACK);
    }
    String account = change(readers(group, "", MAY_NOT_READ));
    assertTrue(account.contains("of 10"), account);
    assertTrue(account.contains(" 10 reviewed, 10 restricted"), account);
    for (Peer peer : affected) {
      peer.expectDisconnect(0x87);
    }
    writer().publish("plain/" + group, 0, "to all");
    for (RawClient client : crowd) {
      assertEquals("to all", client.receive(PUBLISH).text());
    }
  }

  @Test
  void aBrokenPolicyLeavesTheOldOnesInForce() throws IOException {
    String group = Clients.unique("g");
    change(readers(group, "", MAY_READ));
    int from = BROKER.logPosition();
    write("readers.policy.yaml", readers(group, "colour: red", "- { id: read, effect: maybe }"));
    BROKER.awaitLogFrom(from, "the policies are not reloaded");
    String first = BROKER.awaitLogFrom(from, "unknown key \"colour\"");
    assertTrue(first.contains("readers.policy.yaml:4:1: "), first);
    BROKER.awaitLogFrom(from, "readers.policy.yaml:6:");
    Peer peer = reader(Transport.TLS, Version.V5, group);
    peer.subscribe("r/" + group, 0);
    assertTrue(metric("signalbox_policies_stale") == 1, "not told as stale");
    assertTrue(metric("signalbox_policy_reloads_failed_total") >= 1, "not counted");
    change(readers(group, "description: mended", MAY_READ));
    assertEquals(0, metric("signalbox_policies_stale"));
  }

  @Test
  void aFailingTestBesideThePoliciesKeepsThemOut() throws IOException {
    String group = Clients.unique("g");
    int from = BROKER.logPosition();
    write(
        "readers.test.yaml",
        """
        version: 1
        principals: { p: { groups: [%s] } }
        cases: [{ as: p, subscribe: r/x, expect: allow }]
        """
            .formatted(group));
    try {
      String failed = BROKER.awaitLogFrom(from, "test failed: ");
      assertTrue(failed.contains("readers.test.yaml:3:"), failed);
      change(readers(group, "", MAY_READ));
    } finally {
      Files.delete(file("readers.test.yaml"));
    }
  }

  @Test
  void observedPoliciesDecideNothingAndTellTheDifference() throws IOException {
    String group = Clients.unique("g");
    change(readers(group, "", MAY_READ));
    int from = BROKER.logPosition();
    write(
        "strict.policy.yaml",
        """
        version: 1
        name: strict
        mode: observe
        match: { group: %s }
        statements:
          - { id: closed, effect: deny, actions: [publish, subscribe], topics: ["r/#"] }
        """
            .formatted(group));
    try {
      BROKER.awaitLogFrom(from, "in force by files");
      long before = metric("signalbox_policy_differences_total{action=\"publish\"}");
      Peer peer = reader(Transport.TLS, Version.V5, group);
      peer.subscribe("r/" + group, 0);
      peer.publish("r/" + group, 0, "one");
      peer.publish("r/" + group, 0, "two");
      peer.receivePublish("one");
      peer.receivePublish("two");
      String line = BROKER.awaitLogFrom(from, "publish to \"r/" + group);
      assertTrue(
          line.contains(
              "allowed by file:base#publish, but under the observed policies denied by"
                  + " file:strict#closed"),
          line);
      assertEquals(before + 2, metric("signalbox_policy_differences_total{action=\"publish\"}"));
    } finally {
      from = BROKER.logPosition();
      Files.delete(file("strict.policy.yaml"));
      BROKER.awaitLogFrom(from, "in force by files");
    }
  }

  @Test
  void aBrokerDoesNotStartWithBrokenPolicies(@TempDir Path folder) throws IOException {
    Path policies = Files.createDirectory(folder.resolve("policies"));
    Files.writeString(policies.resolve("a.policy.yaml"), "version: 1\nname: a\nname: b\n");
    Files.writeString(policies.resolve("b.policy.yaml"), "version: 1\nname: &x b\n");
    Path config =
        Files.writeString(folder.resolve("s.yaml"), "policies: { directory: policies }\n");
    CommandLine.Result result =
        CommandLine.signalbox(
            "serve", "--config", config.toString(), "--data", folder.resolve("data").toString());
    assertEquals(78, result.exitCode(), result.err());
    assertTrue(result.err().contains("a.policy.yaml:3:1: "), result.err());
    assertTrue(result.err().contains("b.policy.yaml:2:7: "), result.err());
  }

  /** The value of a line of the metrics; 0 when there is none. */
  private static long metric(String name) throws IOException {
    var client =
        HttpClient.newBuilder()
            .sslContext(BROKER.endpoint(Transport.WSS).tls())
            .connectTimeout(Duration.ofSeconds(60))
            .build();
    try (client) {
      String text =
          client
              .send(
                  HttpRequest.newBuilder(
                          URI.create(
                              "https://localhost:"
                                  + BROKER.endpoint(Transport.WSS).address().getPort()
                                  + "/metrics"))
                      .build(),
                  HttpResponse.BodyHandlers.ofString())
              .body();
      @Nullable String line =
          text.lines().filter(one -> one.startsWith(name + " ")).findFirst().orElse(null);
      return line == null
          ? 0
          : (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
