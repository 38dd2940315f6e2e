package io.signalbox.it.admin;

import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketType.PUBREC;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.TestIssuer;
import io.signalbox.it.wire.ConnectBytes;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each kind of refusal is in the audit log, with the statement that decided. */
final class RefusalAuditTest {
  private static final TestIssuer ACME = new TestIssuer("acme", "narrow");

  private static final String AUDITED =
      """
      version: 1
      name: audited
      match: { everyone: true }
      onDenied: drop
      statements:
        - { id: connect, effect: allow, actions: [connect], clientIds: ["*"] }
        - { id: no-name, effect: deny, actions: [connect], clientIds: ["forbidden-*"] }
        - { id: out, effect: allow, actions: [publish], topics: ["out/#"], where: { maxQos: 1 } }
        - { id: no-write, effect: deny, actions: [publish], topics: ["out/secret"] }
        - { id: in, effect: allow, actions: [subscribe], topics: ["in/#"], shareGroups: [crew] }
        - { id: no-read, effect: deny, actions: [subscribe], topics: ["in/secret/#"] }
        - { id: low, effect: allow, actions: [subscribe], topics: ["low"], where: { maxQos: 0 } }
      """;

  private static final String HALLS =
      """
      version: 1
      name: halls
      match: { group: halls }
      statements:
        - { id: own, effect: allow, actions: [publish, subscribe], topics: ["hall/${user.name}/#"] }
        - { id: not, effect: deny, actions: [publish], topics: ["hall/${user.name}/lock"] }
      """;

  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "refusal-audit",
          TestIssuer.trustedBy(
              BrokerConfig.empty()
                  .listener(Transport.TLS, false, "none")
                  .listener(Transport.WSS, false, "optional")
                  .policy("audited", AUDITED)
                  .policy("halls", HALLS)
                  .policyOption("revoke-grace-millis: 500"),
              ACME));

  @SuppressWarnings("NullAway.Init") // before the first test
  private static AdminClient admin;

  @RegisterExtension final Clients clients = new Clients(BROKER, Transport.TLS, Version.V5);

  @BeforeAll
  static void start() {
    admin = AdminClient.administrator(BROKER);
  }

  @AfterAll
  static void stop() {
    BROKER.close();
  }

  private static UnaryOperator<ConnectBytes> as(String who, String... groups) {
    return connect -> connect.userName("me").password(ACME.token(who, groups));
  }

  private static int subscribeCode(Peer peer, String filter, int qos) {
    peer.send(subscribe(peer.version(), peer.newPacketId()).filter(filter, qos));
    return peer.receive(SUBACK).reasonCode();
  }

  @ParameterizedTest
  @CsvSource({"TLS, V3", "TLS, V5", "WSS, V3", "WSS, V5"})
  void ofPublishAndSubscribe(Transport transport, Version version) {
    Peer peer = clients.peer(transport, version, Clients.unique("m"));
    String id = peer.clientId();
    long publishes = denials("publish");
    long subscribes = denials("subscribe");
    peer.connect(as(id));
    peer.send(peer.publish("out/secret").payload("x"));
    peer.send(peer.publish("out/set").payload("x").retain());
    peer.send(peer.publish("out/clear").retain());
    peer.send(peer.publish("out/twice").qos(2, peer.newPacketId()).payload("x"));
    assertEquals(version.isV5() ? 0x87 : 0, peer.receive(PUBREC).reasonCode());
    peer.send(peer.publish("elsewhere").payload("x"));
    int refused = version.isV5() ? 0x87 : 0x80;
    assertEquals(refused, subscribeCode(peer, "in/secret/x", 0));
    assertEquals(refused, subscribeCode(peer, "$share/others/in/x", 0));
    assertEquals(refused, subscribeCode(peer, "elsewhere/#", 0));
    assertEquals(0, subscribeCode(peer, "low", 2), "lowered, and that is no refusal");

    awaitRefusal(id, "PUBLISH", "out/secret", "denied by file:audited#no-write");
    awaitRefusal(id, "PUBLISH", "out/set", "RETAIN flag is not as allowed (file:audited#out)");
    awaitRefusal(id, "PUBLISH", "out/clear", "RETAIN flag is not as allowed (file:audited#out)");
    awaitRefusal(
        id, "PUBLISH", "out/twice", "the QoS is above the allowed maximum (file:audited#out)");
    awaitRefusal(id, "PUBLISH", "elsewhere", "no statement allows it");
    awaitRefusal(id, "SUBSCRIBE", "in/secret/x", "denied by file:audited#no-read");
    awaitRefusal(id, "SUBSCRIBE", "$share/others/in/x", "(file:audited#in)");
    awaitRefusal(id, "SUBSCRIBE", "elsewhere/#", "no statement allows it");
    String all = admin.get("/audit/refusals?target=/clients/" + id).expect(200).text();
    assertFalse(all.contains("\"low\""), all);
    assertEquals(publishes + 5, denials("publish"));
    assertEquals(subscribes + 3, denials("subscribe"));
  }

  private static long denials(String action) {
    return admin.metric("signalbox_policy_denials_total{action=\"" + action + "\"}");
  }

  @ParameterizedTest
  @CsvSource({"TLS, V3", "TLS, V5", "WSS, V3", "WSS, V5"})
  void ofConnectsAndWills(Transport transport, Version version) {
    int refused = version.isV5() ? 0x87 : 5;
    Peer named = clients.peer(transport, version, Clients.unique("forbidden-"));
    assertEquals(refused, named.tryConnect(as(named.clientId())).reasonCode());
    awaitRefusal(named.clientId(), "CONNECT", "", "denied by file:audited#no-name");

    Peer asks = clients.peer(transport, version, Clients.unique("w"));
    assertEquals(
        refused,
        asks.tryConnect(c -> as(asks.clientId()).apply(c).will("out/secret", 0, false, "x"))
            .reasonCode());
    awaitRefusal(asks.clientId(), "WILL", "out/secret", "denied by file:audited#no-write");

    String group = Clients.unique("g");
    Peer dies = clients.peer(transport, version, Clients.unique("w"));
    String gone = "out/" + group;
    dies.connect(c -> as(dies.clientId(), group).apply(c).will(gone, 0, false, "bye"));
    put(group, "- { id: silent, effect: deny, actions: [publish], topics: [\"" + gone + "\"] }");
    dies.close();
    awaitRefusal(dies.clientId(), "WILL", gone, "denied by api:" + group + "#silent");
  }

  @ParameterizedTest
  @CsvSource({"TLS, V3", "TLS, V5", "WSS, V3", "WSS, V5"})
  void ofAClientIdentifierThatIsSomebodyElses(Transport transport, Version version) {
    Peer owner = clients.peer(transport, version, Clients.unique("m"));
    owner.connect(as("owner"));
    Peer other = clients.peer(transport, version, owner.clientId());
    assertEquals(version.isV5() ? 0x85 : 2, other.tryConnect(as("thief")).reasonCode());
    JsonObject line =
        awaitRefusal(owner.clientId(), "TAKE_OVER", "", "the session belongs to another principal");
    assertEquals(0x85, line.get("status").getAsInt());
    assertEquals("user:thief@acme", line.get("actor").getAsString());
    owner.ping(); // undisturbed
  }

  /** Nothing is refused yet: what the policies cannot say of a client is told when it connects. */
  @ParameterizedTest
  @CsvSource({"TLS, V3", "TLS, V5", "WSS, V3", "WSS, V5"})
  void ofVariablesWithoutAUsableValue(Transport transport, Version version) {
    String group = Clients.unique("g");
    Peer named = clients.peer(transport, version, Clients.unique("n"));
    named.connect(as("ann", "halls", group));
    Peer peer = clients.peer(transport, version, Clients.unique("u"));
    peer.connect(as("a/b", "halls", group));
    String id = peer.clientId();
    JsonObject line =
        awaitRefusal(
            id,
            "UNRESOLVED",
            "",
            "file:halls#own: ${user.name} holds \"/\", so this allow is inert");
    assertFalse(line.has("status"), line::toString);
    assertEquals("user:a/b@acme", line.get("actor").getAsString());
    awaitRefusal(id, "UNRESOLVED", "", "file:halls#not: ${user.name} holds \"/\", so this deny");
    put(group, "- { id: door, effect: allow, actions: [publish], topics: [\"d/${user.name}\"] }");
    awaitRefusal(id, "UNRESOLVED", "", "api:" + group + "#door: ${user.name} holds");
    peer.send(peer.publish("hall/x/lock").qos(1, peer.newPacketId()).payload("x"));
    awaitRefusal(id, "PUBLISH", "hall/x/lock", "denied by file:halls#not");

    named.send(named.publish("hall/bob/t").payload("x"));
    awaitRefusal(named.clientId(), "PUBLISH", "hall/bob/t", "no statement allows it");
    String all = admin.get("/audit/refusals?target=/clients/" + named.clientId()).text();
    assertFalse(all.contains("UNRESOLVED"), all);
  }

  /** A policy of its own for the members of a group. */
  private static void put(String group, String statement) {
    admin
        .send(
            "PUT",
            "/policies/" + group,
            "version: 1\nname: %1$s\nmatch: { group: %1$s }\nstatements:\n  %2$s\n"
                .formatted(group, statement),
            "Content-Type",
            "application/yaml")
        .expect(201);
  }

  /** The line of the audit log, once it is there. */
  private static JsonObject awaitRefusal(String client, String method, String topic, String why) {
    return Eventually.succeeds(
        () -> {
          var page = admin.get("/audit/refusals?limit=200&target=/clients/" + client).expect(200);
          for (JsonElement item : page.json().getAsJsonArray("items")) {
            JsonObject line = item.getAsJsonObject();
            if (line.get("method").getAsString().equals(method)
                && line.get("detail").getAsString().contains(why)
                && (topic.isEmpty() || topic.equals(line.get("topic").getAsString()))) {
              boolean byPolicy = !method.equals("TAKE_OVER");
              assertEquals(byPolicy, !line.get("bundle").getAsString().isEmpty());
              return line;
            }
          }
          throw new AssertionError("no " + method + " of " + topic + ": " + page.text());
        });
  }
}
