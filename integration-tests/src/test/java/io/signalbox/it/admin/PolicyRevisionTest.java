package io.signalbox.it.admin;

import static io.signalbox.it.wire.PacketBytes.subscribe;
import static io.signalbox.it.wire.PacketType.DISCONNECT;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What became of the policies, and the way back. One story, told by one broker. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class PolicyRevisionTest {
  private static final int KEPT_MAX = 8;

  private static final String BASE =
      """
      version: 1
      name: base
      match: { everyone: true }
      statements:
        - { id: connect, effect: allow, actions: [connect], clientIds: ["*"] }
      """;

  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "policy-revisions",
          BrokerConfig.empty()
              .listener(Transport.TCP, true, "none")
              .listener(Transport.WSS, false, "optional")
              .policy("base", BASE)
              .policyOption("revoke-grace-millis: 500")
              .policyOption("reload-interval-millis: 50")
              .policyOption("revisions-max: " + KEPT_MAX));

  @SuppressWarnings("NullAway.Init") // before the first test
  private static AdminClient admin;

  @RegisterExtension final Clients clients = new Clients(BROKER, Transport.TCP, Version.V5);

  @BeforeAll
  static void start() {
    admin = AdminClient.administrator(BROKER);
  }

  @AfterAll
  static void stop() {
    BROKER.close();
  }

  private static String readers(String topic) {
    return """
    version: 1
    name: readers
    match: { everyone: true }
    statements:
      - { id: read, effect: allow, actions: [subscribe], topics: ["%s"] }
    """
        .formatted(topic);
  }

  private static AdminClient.Answer put(String name, String yaml) {
    return admin.send("PUT", "/policies/" + name, yaml, "Content-Type", "application/yaml");
  }

  private static List<JsonObject> revisions() {
    return objects(admin.get("/policy-revisions").expect(200).json().getAsJsonArray("items"));
  }

  private static List<JsonObject> objects(JsonArray items) {
    return items.asList().stream().map(JsonElement::getAsJsonObject).toList();
  }

  private static List<String> causes() {
    return revisions().stream()
        .map(each -> each.get("number").getAsLong() + " " + each.get("cause").getAsString())
        .toList();
  }

  private static AdminClient.Answer rollback(long number, String query, String... headers) {
    return admin.send("POST", "/policy-revisions/" + number + "/rollback" + query, "", headers);
  }

  private static List<String> changes(JsonObject of) {
    return objects(of.getAsJsonArray("changes")).stream()
        .map(
            each ->
                String.join(
                    " ",
                    each.get("what").getAsString(),
                    each.get("name").getAsString(),
                    each.get("became").getAsString()))
        .sorted()
        .toList();
  }

  private static CommandLine.Result command(String... words) {
    List<String> all = new ArrayList<>(List.of("policy"));
    all.addAll(List.of(words));
    int port = BROKER.endpoint(Transport.WSS).address().getPort();
    all.addAll(List.of("--server", "https://127.0.0.1:" + port));
    all.addAll(List.of("--data", BROKER.dataFolder().toString()));
    return CommandLine.signalbox(all.toArray(String[]::new));
  }

  private static void expectRefused(Peer peer, String filter) {
    peer.send(subscribe(peer.version(), peer.newPacketId()).filter(filter, 1));
    assertEquals(0x87, peer.receive(SUBACK).reasonCodes().getFirst());
  }

  @Test
  @Order(1)
  void eachChangeIsARevisionAndARollbackIsOneAtOnce() {
    assertEquals(List.of("1 start"), causes());
    put("readers", readers("a/#")).expect(201); // 2
    Peer peer = clients.connected();
    peer.subscribe("a/b", 1);
    put("readers", readers("a/#")).expect(200); // as it was: none
    put("readers", readers("b/#")).expect(200); // 3
    assertEquals(0x87, peer.receive(DISCONNECT).reasonCode());
    put("other", readers("c").replace("name: readers", "name: other").replace("match", "#"))
        .expect(201); // 4
    admin.send("PUT", "/attachments/api:other/group/g", "").expect(201); // 5
    assertEquals(
        List.of(
            "5 attach api:other/group/g",
            "4 put api:other",
            "3 put api:readers",
            "2 put api:readers",
            "1 start"),
        causes());

    JsonObject third = admin.get("/policy-revisions/3").expect(200).json();
    assertEquals(List.of("policy readers changed"), changes(third));
    JsonObject change = third.getAsJsonArray("changes").get(0).getAsJsonObject();
    assertEquals(readers("a/#"), change.getAsJsonObject("before").get("document").getAsString());
    assertEquals(readers("b/#"), change.getAsJsonObject("after").get("document").getAsString());
    assertFalse(third.get("author").getAsString().isEmpty());

    JsonObject tried = rollback(2, "?dryRun=true").expect(200).json();
    List<String> back =
        List.of(
            "attachment api:other/group/g removed",
            "policy other removed",
            "policy readers changed");
    assertEquals(back, changes(tried));
    assertEquals(
        List.of("gained subscribe a/#", "lost subscribe b/#", "lost subscribe c"),
        objects(tried.getAsJsonArray("access")).stream()
            .map(
                each ->
                    String.join(
                        " ",
                        each.get("change").getAsString(),
                        each.get("action").getAsString(),
                        each.get("pattern").getAsString()))
            .sorted()
            .toList());
    assertEquals(5, tried.get("revision").getAsLong());
    assertEquals(5, revisions().size(), "nothing changed");

    rollback(2, "", "If-Match", "\"4\"").expectProblem(412, "revision-conflict");
    rollback(17, "").expectProblem(404, "not-found");
    Peer reader = clients.connected();
    reader.subscribe("b/b", 1);
    expectRefused(reader, "a/b");
    AdminClient.Answer done = rollback(2, "", "If-Match", "\"5\"").expect(200);
    assertEquals("\"6\"", done.etag());
    assertEquals(back, changes(done.json()));
    assertEquals(0x87, reader.receive(DISCONNECT).reasonCode(), "b/# is gone when it is answered");
    clients.connected().subscribe("a/b", 1);
    assertEquals(readers("a/#"), admin.get("/policies/readers").expect(200).get("document"));
    admin.get("/policies/other").expect(404);
    assertEquals("6 rollback to 2", causes().getFirst());
    assertEquals(List.of(), changes(rollback(2, "").expect(200).json()));
    assertEquals(6, revisions().size(), "all was as asked");
    JsonArray audited =
        admin.get("/audit?target=/policies/readers").expect(200).json().getAsJsonArray("items");
    String detail = audited.get(0).getAsJsonObject().get("detail").getAsString();
    assertTrue(detail.startsWith("policies of revision 6, bundle "), detail);
    assertTrue(detail.endsWith(", rollback to 2"), detail);
  }

  @Test
  @Order(2)
  void commandsListShowTryAndRollBack() {
    String table = command("revisions").expectSuccess().out();
    assertTrue(table.startsWith("NUMBER"), table);
    assertTrue(table.contains("rollback to 2"), table);
    String tried = command("rollback", "5", "--dry-run").expectSuccess().out();
    assertTrue(tried.contains("policy other created\n"), tried);
    assertTrue(tried.contains("attachment api:other/group/g created\n"), tried);
    assertTrue(tried.endsWith("nothing was changed\n"), tried);
    assertEquals(5, command("rollback", "5", "--if-latest", "3").exitCode());
    Peer reader = clients.connected();
    reader.subscribe("a/b", 1);
    String done = command("rollback", "5").expectSuccess().out();
    assertTrue(done.endsWith("in force, revision 7\n"), done);
    assertEquals(0x87, reader.receive(DISCONNECT).reasonCode());
    admin.get("/attachments/api:other/group/g").expect(200);
  }

  @Test
  @Order(3)
  void otherFilesAreARevisionThatTheApisRollbackLeavesAlone() throws Exception {
    Path folder = BROKER.configFile().resolveSibling("policies");
    Path made = folder.resolve("new");
    Files.writeString(
        made, BASE + "  - { id: send, effect: allow, actions: [publish], topics: [x] }\n");
    Files.move(made, folder.resolve("base.policy.yaml"), StandardCopyOption.REPLACE_EXISTING);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!causes().getFirst().equals("8 reload")) {
      assertTrue(System.nanoTime() < end, causes()::toString);
    }
    assertEquals(List.of("file file:base changed"), changes(revisions().getFirst()));
    JsonObject done = rollback(6, "").expect(200).json();
    assertEquals(
        List.of(
            "attachment api:other/group/g removed",
            "policy other removed",
            "policy readers changed"),
        changes(done));
    clients.connected().publish("x", 1, "still allowed by the file");
    assertEquals(9, done.get("revision").getAsLong());
  }

  @Test
  @Order(4)
  void numbersGoOnAndTheOldestGoThroughKill9() {
    assertEquals(KEPT_MAX, revisions().size());
    List<String> before = causes();
    BROKER.kill9();
    BROKER.restart();
    admin = AdminClient.administrator(BROKER);
    assertEquals(before, causes());
    assertEquals(KEPT_MAX, admin.metric("signalbox_policy_revisions_kept"));
    assertEquals(9, admin.metric("signalbox_policy_revision"));
    put("readers", readers("d/#")).expect(200);
    assertEquals(KEPT_MAX, admin.metric("signalbox_policy_revisions_kept"), "the oldest one went");
    assertEquals(10, admin.metric("signalbox_policy_revision"));
    assertEquals("10 put api:readers", causes().getFirst());
    assertEquals(KEPT_MAX, revisions().size());
    rollback(2, "").expectProblem(404, "not-found");
    assertEquals(List.of("policy readers changed"), changes(rollback(9, "").expect(200).json()));
    clients.connected().subscribe("a/b", 1);
    JsonObject page = admin.get("/policy-revisions?limit=3").expect(200).json();
    assertEquals("9", page.get("next").getAsString());
    assertEquals(
        8,
        objects(
                admin
                    .get("/policy-revisions?limit=3&cursor=9")
                    .expect(200)
                    .json()
                    .getAsJsonArray("items"))
            .getFirst()
            .get("number")
            .getAsLong());
  }
}
