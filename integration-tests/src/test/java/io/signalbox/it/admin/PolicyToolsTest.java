package io.signalbox.it.admin;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Transport;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the tools of the API answer, to the letter: of a file's policy and one of the API. */
final class PolicyToolsTest {
  private static final String PUMP =
      """
      version: 1
      name: pump
      match: { device: { id: "pump-*" } }
      statements:
        - { id: connect, effect: allow, actions: [connect], clientIds: ["${device.id}"] }
        - { id: data, effect: allow, actions: [publish], topics: ["pump/${device.id}/#"], where: { maxQos: 1 } }
        - { id: secret, effect: deny, actions: [publish], topics: ["+/+/secret/#"] }
      """;

  private static final String READERS =
      """
      version: 1
      name: readers
      statements:
        - { id: read, effect: allow, actions: [subscribe], topics: ["pump/#"], where: { maxQos: 0 } }
      """;

  private static final String CLIENT = "'client':{'device':{'id':'pump-7'},'groups':['staff']}";

  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "policy-tools",
          BrokerConfig.empty().listener(Transport.WSS, false, "optional").policy("pump", PUMP));

  @SuppressWarnings("NullAway.Init") // before the first test
  private static AdminClient admin;

  @BeforeAll
  static void start() {
    admin = AdminClient.administrator(BROKER);
    admin.send("PUT", "/policies/readers", READERS, "Content-Type", "application/yaml").expect(201);
    admin.send("PUT", "/attachments/api:readers/group/staff", "").expect(201);
  }

  @AfterAll
  static void stop() {
    BROKER.close();
  }

  private static JsonElement ask(String tool, String question) {
    return admin.post("/policy-tools/" + tool, question).expect(200).json();
  }

  private static JsonElement json(String text) {
    return JsonParser.parseString(text.replace('\'', '"'));
  }

  /** Bombs, keys that stand twice and too much of everything: refused, and nothing else suffers. */
  @Test
  void refusesPoliciesThatAreAttacks() {
    long revision = admin.metric("signalbox_policy_revision");
    String head = "version: 1\nname: bomb\n";
    List<String> bombs =
        List.of(
            head + "match: &a [x, x]\nstatements: [*a, *a, *a]\n",
            head + "<<: { name: other }\nstatements: []\n",
            head + "statements: " + "[".repeat(100_000),
            head + "statements: " + "{a: ".repeat(100_000),
            head + "description: " + "a".repeat(200_000) + "\nstatements: all\n",
            head + "name: bomb\nstatements: []\n",
            head + IntStream.range(0, 5_000).mapToObj(i -> "k" + i + ": v\n").collect(joining()),
            head + "statements: [" + "{},".repeat(10_000) + "{}]\n",
            head + "statements: !!java.net.URL [x]\n",
            head + "?".repeat(100_000));
    for (String bomb : bombs) {
      admin
          .send("PUT", "/policies/bomb", bomb, "Content-Type", "application/yaml")
          .expectProblem(422, "invalid");
      assertEquals(
          "false",
          admin
              .send("POST", "/policy-tools/validate", bomb, "Content-Type", "application/yaml")
              .expect(200)
              .get("valid"));
    }
    admin
        .send("PUT", "/policies/bomb", "#".repeat(9 << 20), "Content-Type", "application/yaml")
        .expectProblem(413, "too-large");
    admin.get("/policies/bomb").expectProblem(404, "not-found");
    assertEquals(revision, admin.metric("signalbox_policy_revision"));
  }

  @Test
  void explainTellsWhatEveryStatementMadeOfTheRequest() {
    JsonElement bundle =
        admin
            .get("/policy-revisions?limit=1")
            .expect(200)
            .json()
            .getAsJsonArray("items")
            .get(0)
            .getAsJsonObject()
            .get("bundle");
    assertEquals(
        json(
            """
            {'decision':{'allowed':false,'reason':'explicit-deny','statement':'file:pump#secret',
              'text':'denied by file:pump#secret','bundle':%s},
             'considered':[
              {'ref':'api:readers','speaks':false,'why':'binds: attached to group staff'},
              {'ref':'api:readers#read','speaks':false,'why':'is about subscribe, not publish'},
              {'ref':'file:pump','speaks':false,'why':'binds: device.id = pump-*'},
              {'ref':'file:pump#connect','speaks':false,'why':'is about connect, not publish'},
              {'ref':'file:pump#data','speaks':true,
               'why':'allows: \\"pump/pump-7/#\\" matches it'},
              {'ref':'file:pump#secret','speaks':true,
               'why':'denies: \\"+/+/secret/#\\" matches it'},
              {'ref':'shipped:browsers','speaks':false,
               'why':'does not bind: wants jwt.iss = *, client has none'},
              {'ref':'shipped:devices','speaks':false,
               'why':'does not bind: wants cert.ca = *, client has none'}]}
            """
                .formatted(bundle)),
        ask(
            "explain",
            "{'action':'publish','topic':'pump/pump-7/secret/x','qos':1," + CLIENT + "}"));
  }

  @Test
  void whoCanTellsWhomEachStatementLetsDoIt() {
    assertEquals(
        json(
            """
            {'action':'publish','request':'pump/pump-7/a','denials':[],'grants':[
              {'statement':'file:pump#data','pattern':'pump/${device.id}/#',
               'values':{'device.id':'pump-7'},'binding':'device.id = pump-*',
               'text':'any client with device.id = pump-7, bound to file:pump#data (device.id = pump-*)',
               'example':'a client with client.id = some-client-id, device.id = pump-7, listener = some-listener, transport = mqtts, auth = enhanced may publish to \\"pump/pump-7/a\\" by file:pump#data'}],
              'notes':['an issuer with \\"acl-claim: grant\\" may give more by the acl claim of a token']}
            """),
        ask("who-can", "{'action':'publish','topic':'pump/pump-7/a'}"));
  }

  @Test
  void whatCanTellsWhatOneClientMay() {
    assertEquals(
        json(
            """
            {'notes':[],
             'grants':[
              {'action':'subscribe','pattern':'pump/#','literal':false,'maxQos':0,
               'shareGroups':[],'overlap':'refuse','statement':'api:readers#read'},
              {'action':'connect','pattern':'pump-7','literal':false,'maxQos':2,
               'shareGroups':[],'overlap':'refuse','statement':'file:pump#connect'},
              {'action':'publish','pattern':'pump/pump-7/#','literal':false,'retain':'forbid',
               'maxQos':1,'shareGroups':[],'overlap':'refuse','statement':'file:pump#data'}],
             'denials':[
              {'action':'publish','pattern':'+/+/secret/#','literal':false,'retain':'allow',
               'maxQos':2,'shareGroups':[],'overlap':'refuse','statement':'file:pump#secret'}]}
            """),
        ask("what-can", "{" + CLIENT + "}"));
  }

  @Test
  void testRunsCasesAndInvariantsAgainstWhatIsInForce() {
    String test =
        """
        version: 1
        principals:
          p7: { device: { id: pump-7 } }
        cases:
          - { as: p7, publish: pump/pump-7/a, expect: allow, by: pump#data }
          - { as: p7, publish: pump/pump-8/a, expect: allow }
        invariants:
          - { noone: publish, topic: "a/b/secret/c" }
          - { noone: publish, topic: "pump/#" }
        """;
    assertEquals(
        json(
            """
            {'passed':2,'failed':2,'failures':[
              {'file':'test.yaml','line':6,'column':5,'what':'p7 publish \\"pump/pump-8/a\\"',
               'fault':'expected allow, but it is not allowed: no statement allows it'},
              {'file':'test.yaml','line':9,'column':5,'what':'no one may publish \\"pump/#\\"',
               'fault':'violated: a client with client.id = pump-some-device-id, device.id = pump-some-device-id, listener = some-listener, transport = mqtts, auth = enhanced may publish to \\"pump/pump-some-device-id\\" by file:pump#data'}]}
            """),
        admin
            .send("POST", "/policy-tools/test", test, "Content-Type", "application/yaml")
            .expect(200)
            .json());
  }

  @Test
  void lintTellsWhatIsProbablyNotMeant() {
    assertEquals(
        json(
            """
            {'findings':[{'file':'api:readers.yaml','line':1,'column':1,'rule':'no-connect',
              'statement':'api:readers','message':'allows topics, but neither it nor a policy bound to the same clients allows them to connect'}]}
            """),
        admin.get("/policy-tools/lint").expect(200).json());
  }

  /** Whom CONNECT refuses, policies are not asked about: "allowed" would be misleading. */
  @Test
  void saysWhoWouldNotBeLetInAndWhy() {
    String id = Clients.unique("d");
    refusedAtConnect(id, "{'enabled':false}", "", "is disabled");
    refusedAtConnect(id, "{'pendingApproval':true}", "", "waits for approval");
    refusedAtConnect(id, "{}", ",'clientId':'other'", "must use the client identifier");
    refusedAtConnect(id, "{'clientIdPin':'line-*'}", ",'clientId':'other'", "line-*");

    String question = "{'action':'connect','device':'" + id + "'%s}";
    String path = "/policy-tools/authorize";
    assertEquals("line-", admin.post(path, question.formatted("")).expect(200).get("clientId"));
    String other = ",'clientId':'line-7'";
    assertEquals("line-7", admin.post(path, question.formatted(other)).expect(200).get("clientId"));
  }

  private static void refusedAtConnect(String id, String device, String more, String why) {
    admin.put("/devices/" + id, device);
    String who = "'device':'" + id + "'" + more + "}";
    String at = "{'action':'publish','topic':'a',";
    for (String question : List.of("authorize " + at, "explain " + at, "what-can {")) {
      String[] words = question.split(" ", 2);
      String said =
          admin.post("/policy-tools/" + words[0], words[1] + who).expectProblem(422, "invalid");
      assertTrue(said.contains("would not be let in") && said.contains(why), said);
    }
  }
}
