package io.signalbox.it.admin;

import static io.signalbox.it.wire.PacketBytes.publish;
import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketType.DISCONNECT;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static io.signalbox.it.wire.PropertyBytes.REASON_STRING;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.TestIssuer;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Policies and attachments of the API; the tests share a broker and use names of their own. */
final class PolicyApiTest {
  private static final TestIssuer ACME = new TestIssuer("acme", "narrow");

  /** What everybody may, so that a test's own policy is about one subscription. */
  private static final String BASE =
      """
      version: 1
      name: base
      match: { everyone: true }
      statements:
        - { id: connect, effect: allow, actions: [connect], clientIds: ["*"] }
        - { id: publish, effect: allow, actions: [publish], topics: ["#"] }
      """;

  /** No policy of the API may allow anybody this. */
  private static final String INVARIANT =
      """
      version: 1
      principals: { p: {} }
      cases:
        - { as: p, publish: a, expect: allow }
      invariants:
        - { noone: subscribe, topic: "secret/#" }
      """;

  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "policy-api",
          TestIssuer.trustedBy(
              BrokerConfig.empty()
                  .listener(Transport.TCP, true, "none")
                  .listener(Transport.TLS, false, "none")
                  .listener(Transport.WSS, false, "optional")
                  .policy("base", BASE)
                  .file("policies/base.test.yaml", INVARIANT)
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

  private static String readers(String name, String match, String topic) {
    return """
    version: 1 # as people write it
    name: %s
    %s
    statements:
      - { id: read, effect: allow, actions: [subscribe], topics: ["%s"] }
    """
        .formatted(name, match, topic);
  }

  private static AdminClient.Answer putYaml(String name, String yaml, String... headers) {
    String[] all = new String[headers.length + 2];
    System.arraycopy(headers, 0, all, 2, headers.length);
    all[0] = "Content-Type";
    all[1] = "application/yaml";
    return admin.send("PUT", "/policies/" + name, yaml, all);
  }

  private Peer reader(Version version, String group) {
    Peer peer = clients.peer(Transport.TLS, version, Clients.unique("r"));
    peer.connect(connect -> connect.userName("me").password(ACME.token(peer.clientId(), group)));
    return peer;
  }

  private static void expectRefused(Peer peer, String filter) {
    peer.send(subscribe(peer.version(), peer.newPacketId()).filter(filter, 1));
    assertEquals(List.of(0x80), peer.receive(SUBACK).reasonCodes());
  }

  private Peer writer() {
    Peer peer = clients.peer(Transport.TCP, Version.V5, Clients.unique("w"));
    peer.connect();
    return peer;
  }

  @Test
  void aSubscriptionThatIsAllowedNoLongerIsOverWhenThePutIsAnswered() {
    String name = Clients.unique("p");
    String match = "match: { group: " + name + " }";
    putYaml(name, readers(name, match, name + "/#")).expect(201);
    Peer five = reader(Version.V5, name);
    Peer three = reader(Version.V3, name);
    five.subscribe(name + "/a", 1);
    three.subscribe(name + "/a", 1);
    three.subscribe(name + "/b", 1);
    Peer writer = writer();
    writer.publish(name + "/a", 1, "before");
    five.acknowledge(five.receivePublish("before"));
    three.acknowledge(three.receivePublish("before"));

    putYaml(name, readers(name, match, name + "/b")).expect(200);

    writer.publish(name + "/a", 1, "after");
    writer.publish(name + "/b", 1, "still");
    assertEquals(0x87, five.receive(DISCONNECT).reasonCode());
    three.acknowledge(three.receivePublish("still"));
  }

  @Test
  void whatIsPutComesBackAndTheSameAgainChangesNothing() {
    String name = Clients.unique("p");
    String yaml = readers(name, "match: { group: g }", "a/#");
    AdminClient.Answer made = putYaml(name, yaml, "If-None-Match", "*").expect(201);
    assertEquals(yaml, made.get("document"));
    assertEquals("api:" + name, made.get("ref"));
    assertEquals("yaml", made.get("format"));
    putYaml(name, yaml, "If-None-Match", "*").expectProblem(412, "revision-conflict");
    assertEquals(made.etag(), putYaml(name, yaml).expect(200).etag());
    admin.get("/policies/" + name, "If-None-Match", made.etag()).expect(304);

    String json = made.json().getAsJsonObject("policy").toString();
    AdminClient.Answer other =
        admin.send("PUT", "/policies/" + name, json, "If-Match", made.etag()).expect(200);
    assertEquals(json, other.get("document"));
    assertEquals(made.get("sha256"), other.get("sha256"), "it says the same");
    assertNotEquals(made.etag(), other.etag());
    admin
        .send("PUT", "/policies/" + name, json, "If-Match", made.etag())
        .expectProblem(412, "revision-conflict");
    assertEquals(
        other.json().get("policy"),
        admin.get("/policies/" + name).expect(200).json().get("policy"));

    JsonArray listed =
        admin.get("/policies?prefix=" + name).expect(200).json().getAsJsonArray("items");
    assertEquals(1, listed.size());
    assertFalse(listed.get(0).getAsJsonObject().has("document"));
    admin.delete("/policies/" + name, "If-Match", made.etag()).expect(412);
    admin.delete("/policies/" + name).expect(204);
    admin.get("/policies/" + name).expectProblem(404, "not-found");
    admin.delete("/policies/" + name).expectProblem(404, "not-found");
  }

  @Test
  void aBrokenPolicyIsRefusedWithLineAndColumnAndTheOldOneStays() {
    String name = Clients.unique("p");
    String match = "match: { group: " + name + " }";
    String good = readers(name, match, name);
    String etag = putYaml(name, good).expect(201).etag();
    Peer peer = reader(Version.V5, name);

    AdminClient.Answer refused =
        putYaml(name, good.replace("effect", "efect").replace("\"" + name + "\"", "\"a/#/b\""));
    refused.expectProblem(422, "invalid");
    List<JsonObject> errors =
        refused.json().getAsJsonArray("errors").asList().stream()
            .map(error -> error.getAsJsonObject())
            .toList();
    assertTrue(
        errors.stream()
            .anyMatch(
                error ->
                    error.get("line").getAsInt() == 5
                        && error.get("column").getAsInt() == 17
                        && error.get("detail").getAsString().contains("efect")),
        errors::toString);
    assertTrue(
        errors.stream().anyMatch(error -> error.get("detail").getAsString().contains("a/#/b")),
        errors::toString);
    String detail = putYaml(name, good.replace("name: ", "name: x")).expectProblem(422, "invalid");
    assertTrue(detail.contains("make them the same"), detail);
    admin.send("PUT", "/policies/" + name, "{\"version\":1,}").expectProblem(422, "invalid");
    admin
        .send("PUT", "/policies/" + name, good, "Content-Type", "text/plain")
        .expectProblem(415, "unsupported-media-type");

    AdminClient.Answer kept = admin.get("/policies/" + name).expect(200);
    assertEquals(etag, kept.etag());
    assertEquals(good, kept.get("document"));
    peer.subscribe(name, 0);
    writer().publish(name, 0, "as before");
    peer.receivePublish("as before");
  }

  @Test
  void aTestBesideThePoliciesOfFilesGuardsTheApiToo() {
    String name = Clients.unique("p");
    String detail =
        putYaml(name, readers(name, "match: { group: g }", "secret/door"))
            .expectProblem(422, "invalid");
    assertTrue(detail.contains("base.test.yaml:6:5: test failed"), detail);
    admin.get("/policies/" + name).expect(404);
  }

  @Test
  void anAttachmentBindsAtOnceAndUntilItIsTakenBack() {
    String name = Clients.unique("p");
    putYaml(name, readers(name, "", name)).expect(201);
    Peer peer = reader(Version.V3, name);
    expectRefused(peer, name);

    String path = "/attachments/api:" + name + "/group/" + name;
    admin.get(path).expectProblem(404, "not-found");
    AdminClient.Answer made = admin.send("PUT", path, "").expect(201);
    assertTrue(made.json().get("effective").getAsBoolean());
    assertEquals(made.etag(), admin.send("PUT", path, "").expect(200).etag());
    peer.subscribe(name, 1);
    Peer writer = writer();
    writer.publish(name, 1, "attached");
    peer.acknowledge(peer.receivePublish("attached"));
    assertEquals(
        1,
        admin
            .get("/attachments?kind=group&target=" + name)
            .expect(200)
            .json()
            .getAsJsonArray("items")
            .size());

    String used = admin.delete("/policies/" + name).expectProblem(409, "conflict");
    assertTrue(used.contains("attachment \"api:" + name + "/group/" + name + "\""), used);
    admin.delete(path).expect(204);
    writer.publish(name, 1, "detached");
    peer.ping();
    expectRefused(peer, name);
    admin.delete("/policies/" + name).expect(204);
  }

  @Test
  void anAttachmentMustNameWhatThereIs() {
    admin.send("PUT", "/attachments/api:nothing/device/d", "").expectProblem(422, "invalid");
    admin.send("PUT", "/attachments/file:nothing/device/d", "").expectProblem(422, "invalid");
    admin.send("PUT", "/attachments/base/device/d", "").expectProblem(422, "invalid");
    admin.send("PUT", "/attachments/file:base/planet/d", "").expectProblem(422, "invalid");
    admin.send("PUT", "/attachments/file:base/certificate/d", "").expectProblem(422, "invalid");
    admin.send("PUT", "/attachments/file:base/user/a%2Fb%20c", "").expect(201);
    admin.get("/attachments/file:base/user/a%2Fb%20c").expect(200);
    admin.delete("/attachments/file:base/user/a%2Fb%20c").expect(204);
  }

  @Test
  void onlyAnAdministratorChangesPoliciesAndEachChangeIsInTheAuditLog() {
    String name = Clients.unique("p");
    String yaml = readers(name, "", "a");
    for (String group : List.of("signalbox-operators", "signalbox-viewers")) {
      AdminClient other =
          admin.with(
              admin
                  .post("/access-tokens", "{'subject':'x','groups':['" + group + "']}")
                  .expect(200)
                  .get("token"));
      other
          .send("PUT", "/policies/" + name, yaml, "Content-Type", "application/yaml")
          .expectProblem(403, "forbidden");
      other.delete("/policies/" + name).expectProblem(403, "forbidden");
      other.send("PUT", "/attachments/file:base/device/d", "").expectProblem(403, "forbidden");
      other.get("/policies").expect(200);
      other.get("/attachments").expect(200);
    }
    putYaml(name, yaml).expect(201);
    putYaml(name, yaml).expect(200);
    admin.delete("/policies/" + name).expect(204);
    JsonArray items =
        admin.get("/audit?target=/policies/" + name).expect(200).json().getAsJsonArray("items");
    assertEquals(2, items.size(), items::toString);
    JsonObject put = items.get(1).getAsJsonObject();
    assertEquals("PUT", put.get("method").getAsString());
    assertEquals(yaml, put.getAsJsonObject("after").get("document").getAsString());
    assertTrue(put.get("detail").getAsString().startsWith("policies of revision "));
    assertFalse(put.get("actor").getAsString().isEmpty());
  }

  @Test
  void validateSaysWhatPutWouldSayAndChangesNothing() {
    String name = Clients.unique("p");
    String yaml = readers(name, "", "a"); // bound to nobody
    AdminClient.Answer valid = ask("validate", yaml).expect(200);
    assertTrue(valid.json().get("valid").getAsBoolean(), valid::text);
    assertFalse(valid.json().getAsJsonArray("warnings").isEmpty(), valid::text);
    assertEquals(valid.get("sha256"), putYaml(name, yaml).expect(201).get("sha256"));
    AdminClient.Answer broken = ask("validate", yaml.replace("effect", "efect")).expect(200);
    assertFalse(broken.json().get("valid").getAsBoolean());
    assertEquals(
        5,
        broken.json().getAsJsonArray("problems").get(0).getAsJsonObject().get("line").getAsInt());
    AdminClient.Answer guarded =
        ask("validate", readers(name, "match: { group: g }", "secret/x")).expect(200);
    assertTrue(guarded.text().contains("test failed"), guarded::text);
    assertEquals(yaml, admin.get("/policies/" + name).expect(200).get("document"));
    assertTrue(admin.get("/policy-tools/lint").expect(200).text().contains("api:" + name));
    assertEquals(
        0,
        admin.get("/audit?target=/policy-tools").expect(200).json().getAsJsonArray("items").size());
    admin.delete("/policies/" + name).expect(204);
  }

  private static AdminClient.Answer ask(String tool, String yaml) {
    return admin.send("POST", "/policy-tools/" + tool, yaml, "Content-Type", "application/yaml");
  }

  @Test
  void authorizeDecidesForWhomeverIsMeant() {
    String name = Clients.unique("d");
    putYaml(
            name,
            readers(name, "match: { group: " + name + " }", "h/${device.id}/${device.attr.hall}"))
        .expect(201);
    String question = "'action':'subscribe','topic':'h/" + name + "/h1','qos':1";
    String path = "/policy-tools/authorize";
    admin.post(path, "{" + question + ",'device':'" + name + "'}").expectProblem(422, "invalid");
    admin.put("/groups/" + name, "{}").expect(201);
    admin
        .put("/devices/" + name, "{'groups':['" + name + "'],'attributes':{'hall':'h1'}}")
        .expect(201);

    AdminClient.Answer yes =
        admin.post(path, "{" + question + ",'device':'" + name + "'}").expect(200);
    assertTrue(yes.json().get("allowed").getAsBoolean(), yes::text);
    assertEquals("api:" + name + "#read", yes.get("statement"));
    assertEquals(1, yes.json().get("grantedQos").getAsInt());
    assertEquals(
        List.of("api:" + name, "file:base"),
        yes.json().getAsJsonArray("policies").asList().stream().map(p -> p.getAsString()).toList());

    String pem =
        admin
            .put(
                "/devices/" + name + "/certificates/c",
                "{'csrPem':'" + Certificates.csr(name) + "'}")
            .expect(201)
            .get("certificatePem")
            .replace("\n", "\\n");
    AdminClient.Answer shown =
        admin.post(path, "{" + question + ",'certificatePem':'" + pem + "'}").expect(200);
    assertTrue(shown.json().get("allowed").getAsBoolean(), shown::text);
    AdminClient.Answer described =
        admin
            .post(
                path,
                "{" + question + ",'client':{'device':{'id':'other'},'groups':['" + name + "']}}")
            .expect(200);
    assertFalse(described.json().get("allowed").getAsBoolean(), described::text);
    AdminClient.Answer token =
        admin
            .post(path, "{" + question + ",'token':'" + ACME.token("someone", "no-group") + "'}")
            .expect(200);
    assertEquals("no-match", token.get("reason"));
    assertEquals("someone", token.get("clientId"));
    admin.post(path, "{" + question + ",'token':'a.b.c'}").expectProblem(422, "invalid");
    admin.post(path, "{" + question + "}").expectProblem(422, "invalid");
    admin
        .post(path, "{'action':'publish','topic':'a/#','device':'" + name + "'}")
        .expectProblem(422, "invalid");
    AdminClient.Answer connect =
        admin.post(path, "{'action':'connect','device':'" + name + "'}").expect(200);
    assertEquals("file:base#connect", connect.get("statement"));

    String explained =
        admin
            .post(
                "/policy-tools/explain",
                "{" + question + ",'device':'" + name + "','clientId':'" + name + "'}")
            .expect(200)
            .text();
    assertTrue(explained.contains("api:" + name + "#read"), explained);
    assertTrue(
        admin
            .post("/policy-tools/who-can", "{'action':'subscribe','topic':'h/" + name + "/h1'}")
            .expect(200)
            .text()
            .contains("api:" + name + "#read"));
    assertTrue(
        admin
            .post("/policy-tools/what-can", "{'device':'" + name + "'}")
            .expect(200)
            .text()
            .contains("\"pattern\":\"h/" + name + "/h1\""));
    AdminClient.Answer report =
        ask(
                "test",
                """
                version: 1
                principals: { d: { device: { id: d, attr: { hall: h } }, groups: %1$s } }
                cases:
                  - { as: d, subscribe: h/d/h, expect: allow, by: "%1$s#read" }
                  - { as: d, subscribe: h/d/i, expect: allow }
                """
                    .formatted(name))
            .expect(200);
    assertEquals(1, report.json().get("passed").getAsInt(), report::text);
    assertEquals(1, report.json().get("failed").getAsInt(), report::text);
    ask("test", "version: 2").expectProblem(422, "invalid");
  }

  /** What it says of itself and what the question says of its connection go together, or not. */
  @Test
  void aDescribedClientComesOverTheTransportAndTheListenerOfTheQuestion() {
    String name = Clients.unique("p");
    putYaml(
            name,
            readers(name, "match: { all: [ { group: " + name + " }, { listener: iot } ] }", "t/#")
                .replace("topics", "where: { transport: [mqtts, wss] }, topics"))
        .expect(201);
    String question =
        "{'action':'subscribe','topic':'t/a','client':{'groups':['" + name + "']%s}%s}";
    assertTrue(isAllowed(question.formatted("", ",'listener':'iot'")));
    assertTrue(isAllowed(question.formatted("", ",'listener':'iot','transport':'wss'")));
    assertFalse(isAllowed(question.formatted("", ",'listener':'iot','transport':'ws'")));
    assertFalse(isAllowed(question.formatted("", ",'transport':'tls'")), "another listener");
    String own = ",'listener':'iot','transport':'mqtts','tlsVersion':'TLSv1.2'";
    assertTrue(isAllowed(question.formatted(own, ",'listener':'iot','transport':'tls'")));
    for (String other : List.of("'listener':'mqtts'", "'transport':'tcp'")) {
      String field = other.split("'", -1)[1];
      assertContradicts("/" + field, question.formatted(own, "," + other));
    }
    assertContradicts(
        "/transport", question.formatted(",'tlsVersion':'TLSv1.2'", ",'transport':'ws'"));
  }

  private static boolean isAllowed(String question) {
    AdminClient.Answer answer = admin.post("/policy-tools/authorize", question).expect(200);
    return answer.json().get("allowed").getAsBoolean();
  }

  private static void assertContradicts(String field, String question) {
    String said = admin.post("/policy-tools/authorize", question).expectProblem(422, "invalid");
    assertTrue(said.contains(field + ": ") && said.contains("contradicts"), said);
  }

  @Test
  void everyRefusalIsInTheAuditLogWithPolicyAndStatement() {
    String name = Clients.unique("p");
    String yaml =
        """
        version: 1
        name: %1$s
        match: { group: %1$s }
        statements:
          - { id: read, effect: allow, actions: [subscribe], topics: ["%1$s/#"] }
          - { id: no-write, effect: deny, actions: [publish], topics: ["%1$s/#"] }
          - { id: no-secrets, effect: deny, actions: [receive], topics: ["%1$s/private"] }
          - { id: not-that-name, effect: deny, actions: [connect], clientIds: ["%1$s-*"] }
        """
            .formatted(name);
    putYaml(name, yaml).expect(201);
    Peer peer = reader(Version.V5, name);
    Peer named = clients.peer(Transport.TLS, Version.V5, name + "-x");
    named.tryConnect(
        connect -> connect.userName("me").password(ACME.token(named.clientId(), name)));
    peer.subscribe(name + "/#", 0);
    peer.send(subscribe(peer.version(), peer.newPacketId()).filter("other", 0));
    peer.receive(SUBACK);
    int packetId = peer.newPacketId();
    peer.send(publish(peer.version(), name + "/a").qos(1, packetId));
    Parsed answer = peer.receive(PUBACK);
    assertEquals(0x87, answer.reasonCode());
    assertEquals(
        "denied by api:" + name + "#no-write", answer.properties().text(REASON_STRING).orElse(""));
    writer().publish(name + "/private", 0, "secret");

    String client = "/clients/" + peer.clientId();
    awaitRefusal(client, "SUBSCRIBE", "other", "not allowed: ");
    awaitRefusal(client, "PUBLISH", name + "/a", "denied by api:" + name + "#no-write");
    awaitRefusal(client, "RECEIVE", name + "/private", "denied by api:" + name + "#no-secrets");
    awaitRefusal(
        "/clients/" + name + "-x", "CONNECT", "", "denied by api:" + name + "#not-that-name");
    putYaml(name, yaml.replace("[subscribe]", "[publish]")).expect(200);
    awaitRefusal(client, "SUBSCRIBE", name + "/#", "not allowed: ");
  }

  private static void awaitRefusal(String client, String method, String topic, String detail) {
    JsonObject found =
        Eventually.succeeds(
            () -> {
              AdminClient.Answer page = admin.get("/audit/refusals?target=" + client).expect(200);
              for (JsonElement item : page.json().getAsJsonArray("items")) {
                JsonObject line = item.getAsJsonObject();
                if (line.get("method").getAsString().equals(method)
                    && line.get("detail").getAsString().startsWith(detail)
                    && (topic.isEmpty() || topic.equals(line.get("topic").getAsString()))) {
                  return line;
                }
              }
              throw new AssertionError("no " + method + " of " + topic + ": " + page.text());
            });
    assertEquals(0x87, found.get("status").getAsInt());
    assertFalse(found.get("actor").getAsString().isEmpty());
    assertFalse(found.get("bundle").getAsString().isEmpty());
  }
}
