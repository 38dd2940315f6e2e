package io.signalbox.acl.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.proof.Universe;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TestRunnerTest {
  /** The example of the design, word for word where it has one. */
  private static final PolicyBundle PUMP =
      Universe.bundle(
          List.of(
              Universe.parse(
                  """
                  version: 1
                  name: pump
                  description: Pumps send their own data and read their own commands.
                  match:
                    any:
                      - cert: { ca: factory-ca, ou: pumps, uriSan: "spiffe://acme.example/pump/*" }
                      - jwt:  { issuer: acme-login, aud: iot, claims: { "roles[]": pump } }
                      - group: pumps
                  statements:
                    - id: connect-own-id
                      effect: allow
                      actions: [connect]
                      clientIds: ["${device.id}"]
                      where: { transport: [mqtts, wss] }
                    - id: data
                      effect: allow
                      actions: [publish]
                      topics: ["pump/${device.id}/data/#"]
                      where: { maxQos: 1, maxPayload: 64KiB }
                    - id: state
                      effect: allow
                      actions: [publish]
                      topics: ["pump/${device.id}/state"]
                      where: { retain: allow }
                    - id: commands
                      effect: allow
                      actions: [subscribe]
                      topics: ["pump/${device.id}/cmd/#", "broadcast/#"]
                    - id: no-secrets
                      effect: deny
                      actions: [publish, subscribe, receive]
                      topics: ["+/+/secret/#"]
                  """)));

  @Test
  void runsTheExampleOfTheDesign() {
    TestReport report =
        run(
            """
            version: 1
            principals:
              p7: { device: { id: p7 }, cert: { ca: factory-ca, ou: [pumps], uriSan: ["spiffe://acme.example/pump/p7"] } }
              web: { device: { id: p7 }, jwt: { issuer: acme-login, aud: [x, iot], claims: { roles: [pump, 7] } }, transport: wss }
            cases:
              - { as: p7, publish: pump/p7/data/t, qos: 1, expect: allow, by: pump#data }
              - { as: web, publish: pump/p7/data/t, qos: 1, expect: allow, by: "file:pump#data" }
              - { as: p7, publish: pump/p8/data/t,         expect: deny, because: no-match }
              - { as: p7, subscribe: pump/#,               expect: deny, because: not-contained }
              - { as: p7, subscribe: pump/p7/cmd/+,        expect: allow }
              - { as: p7, subscribe: $share/g/pump/p7/cmd/#, expect: deny, because: share-group }
              - { as: p7, publish: pump/p7/data/t, retain: true, expect: deny, because: retain }
              - { as: p7, receive: a/b/secret/c, expect: deny, by: pump#no-secrets }
              - { as: p7, connect: p7, expect: allow }
              - { as: p7, publish: a/b/secret, expect: deny, because: explicit-deny, by: pump#no-secrets }
            invariants:
              - { noone: publish, topic: "ota/#", except: { group: release } }
              - { noone: publish, topic: "+/+/secret/#" }
            """);
    assertEquals("12 passed\n", report.text());
  }

  @Test
  void receivesWhatALiteralFilterBrings() {
    PolicyBundle bundle =
        Universe.bundle(
            List.of(
                Universe.parse(
                    """
                    version: 1
                    name: p
                    match: { everyone: true }
                    statements:
                      - { id: exact, effect: allow, actions: [subscribe], literalFilters: ["a/#"] }
                      - { id: secret, effect: deny, actions: [receive], topics: ["a/secret"] }
                    """)));
    TestReport report =
        run(
            bundle,
            """
            version: 1
            principals: { c: {} }
            cases:
              - { as: c, receive: a/x, expect: allow, by: p#exact }
              - { as: c, subscribe: a/x, expect: deny }
              - { as: c, receive: a/secret, expect: deny, by: p#secret }
              - { as: c, receive: b, expect: deny, because: no-match }
            """);
    assertEquals("4 passed\n", report.text());
  }

  @Test
  void aPolicyThatIsNotThereIsNoReasonForADenial() {
    TestReport report =
        run(
            """
            version: 1
            principals:
              lost: { device: { id: p7 }, policies: [quarantine] }
              pump: { device: { id: p7 }, policies: [pump, "file:pump"] }
            cases:
              - { as: lost, publish: pump/p7/data/t, expect: deny }
              - { as: pump, publish: pump/p7/data/t, expect: allow }
            """);
    assertEquals(
        List.of("t.yaml:6:5: lost publish \"pump/p7/data/t\": there is no policy \"quarantine\""),
        report.text().lines().filter(line -> line.startsWith("t.yaml")).toList());
  }

  @Test
  void saysWhatIsNotAsExpected() {
    TestReport report =
        run(
            """
            version: 1
            principals:
              p7: { device: { id: p7 }, groups: pumps }
            cases:
              - { as: p7, publish: pump/p7/data/t, expect: deny }
              - { as: p7, publish: pump/p8/data/t, expect: allow }
              - { as: p7, publish: pump/p7/state, expect: allow, by: pump#data }
              - { as: p7, publish: pump/p8/state, expect: deny, because: retain }
              - { as: p7, subscribe: pump/p7/cmd, qos: 2, expect: allow, grantedQos: 1 }
            invariants:
              - { noone: publish, topic: "pump/p7/#" }
            """);
    assertEquals(
        """
        t.yaml:5:5: p7 publish "pump/p7/data/t": expected deny, but it is allowed by file:pump#data
        t.yaml:6:5: p7 publish "pump/p8/data/t": expected allow, but it is not allowed: no statement allows it
        t.yaml:7:5: p7 publish "pump/p7/state": expected by "pump#data", but it is allowed by file:pump#state
        t.yaml:8:5: p7 publish "pump/p8/state": expected because retain, but it is because no-match
        t.yaml:9:5: p7 subscribe "pump/p7/cmd": expected granted QoS 1, but it is 2
        """,
        report.text().lines().limit(5).map(line -> line + "\n").reduce("", String::concat));
    assertTrue(
        report.text().contains("t.yaml:11:5: no one may publish \"pump/p7/#\": violated: a client"),
        report::text);
    assertTrue(report.text().endsWith("6 of 6 failed\n"));
    assertFalse(report.passed());
  }

  @Test
  void refusesTestsThatMakeNoSense() {
    assertProblem("cases: []", "needs \"version\"");
    assertProblem("version: 1", "a test file needs \"cases\" or \"invariants\"");
    assertProblem(cases("{ as: x, publish: a, expect: deny }"), "there is no principal \"x\"");
    assertProblem(cases("{ as: p, expect: deny }"), "exactly one of connect, publish");
    assertProblem(cases("{ as: p, publish: a, connect: b, expect: deny }"), "exactly one of");
    assertProblem(cases("{ as: p, publish: a/+, expect: deny }"), "a topic name holds no wildcard");
    assertProblem(cases("{ as: p, publish: a, expect: no }"), "write \"no\"");
    assertProblem(cases("{ as: p, publish: a, expect: refuse }"), "there are allow, deny");
    assertProblem(
        cases("{ as: p, subscribe: a, expect: deny, retain: true }"), "only goes with publish");
    assertProblem(
        cases("{ as: p, publish: a, expect: deny, because: nomatch }"),
        "did you mean \"no-match\"");
    assertProblem("version: 1\ninvariants: [{ noone: connect, topic: a }]", "there are");
    assertProblem(
        "version: 1\nprincipals: { p: { transport: ws, tlsVersion: TLSv1.3 } }\ncases: []",
        "has no \"tlsVersion\"");
    assertProblem(
        "version: 1\nprincipals: { p: { device: { attr: { a: [] } } } }\ncases: []",
        "\"a\" is an empty list");
    assertProblem(
        "version: 1\nprincipals: { p: { clientid: x } }\ncases: []", "did you mean \"clientId\"?");
  }

  private static String cases(String one) {
    return "version: 1\nprincipals: { p: {} }\ncases:\n  - " + one + "\n";
  }

  private static void assertProblem(String text, String part) {
    Problems problems = new Problems();
    Optional<PolicyTest> test = TestParser.parse("t.yaml", text, SourceLimits.DEFAULTS, problems);
    assertTrue(test.isEmpty());
    assertTrue(problems.toString().contains(part), problems::toString);
  }

  private static TestReport run(String text) {
    return run(PUMP, text);
  }

  private static TestReport run(PolicyBundle bundle, String text) {
    Problems problems = new Problems();
    PolicyTest test =
        TestParser.parse("t.yaml", text, SourceLimits.DEFAULTS, problems)
            .orElseThrow(() -> new AssertionError(problems.toString()));
    return TestRunner.run(bundle, List.of(test));
  }
}
