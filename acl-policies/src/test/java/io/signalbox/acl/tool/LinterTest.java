package io.signalbox.acl.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.load.ShippedPolicies;
import io.signalbox.acl.proof.Universe;
import io.signalbox.acl.testing.TestReport;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LinterTest {
  private static final String CONNECT =
      "{ id: c, effect: allow, actions: [connect], clientIds: [\"${device.id}\"] }";

  @Test
  void shippedPoliciesAreClean() {
    assertEquals("", Linter.text(Linter.lint(ShippedPolicies.bundle(), Optional.empty())));
  }

  @Test
  void findsWhatIsTooWide() {
    assertRules(allow("publish", "#"), "allow-all");
    assertRules(allow("subscribe", "$SYS/#"), "exposes-sys");
    String texts =
        "{ id: a, effect: allow, actions: [subscribe], literalFilters: [\"#\", \"$SYS/#\", a] }";
    assertRules(texts, "allow-all", "exposes-sys");
    assertRules(retained("a/+"), "retain-on-wildcard");
    assertRules(retained("a/b"));
    assertRules(
        "{ id: a, effect: allow, actions: [subscribe], topics: [a], shareGroups: [\"*\"] }",
        "any-share-group");
  }

  @Test
  void findsPublishesThatTheServerRefuses() {
    assertRules(allow("publish", "$own/a"), "publish-to-server");
    assertRules(allow("publish", "own/$a"));
    assertRules(allow("subscribe", "$own/a"));
  }

  @Test
  void findsStatementsWithoutEffect() {
    assertRules(allow("publish", "a/b") + "\n  - " + deny("publish", "a/#"), "unreachable-allow");
    assertRules(
        allow("publish", "${device.id}/b") + "\n  - " + deny("publish", "${device.id}/#"),
        "unreachable-allow");
    assertRules(allow("publish", "a/#") + "\n  - " + deny("publish", "a/b"));
    assertRules(allow("publish", "a/b") + "\n  - " + deny("publish", "c/#"), "deny-of-nothing");
    assertRules(allow("subscribe", "a/b") + "\n  - " + deny("receive", "a/#"));
    assertRules(
        allow("publish", "a/b") + "\n  - " + allow("publish", "a/+").replace("id: a", "id: b"),
        "redundant-allow");
    assertRules(
        allow("publish", "a/b") + "\n  - " + allow("publish", "a/b").replace("id: a", "id: b"),
        "redundant-allow");
  }

  @Test
  void findsVariablesThatNothingBinds() {
    assertRules(allow("publish", "a/${jwt.sub}"), "unbound-variable");
    assertRules(allow("publish", "a/${cert.cn}"), "unbound-variable");
    assertRules(allow("publish", "a/${device.id}"));
    assertRules(allow("publish", "a/${client.id}"));
    for (String id : List.of("x*", "${client.id}", "${client.id}*")) {
      String open =
          "{ id: c, effect: allow, actions: [connect], clientIds: [\"%s\"] }\n  - ".formatted(id);
      assertTrue(
          rules("everyone: true", open + allow("publish", "a/${client.id}"))
              .contains("unpinned-client-id"),
          id);
    }
    assertEquals(
        List.of("unbound-variable"),
        rules(
            "any: [{ cert: { ca: x } }, { group: g }]",
            CONNECT + "\n  - " + allow("publish", "a/${cert.cn}")));
    assertEquals(
        List.of(),
        rules(
            "any: [{ cert: { ca: x } }, { cert: { ou: g } }]",
            CONNECT + "\n  - " + allow("publish", "a/${cert.cn}")));
  }

  @Test
  void findsPoliciesThatHangInTheAir() {
    assertEquals(List.of("no-connect"), rules("group: g", allow("publish", "a")));
    PolicyBundle unbound =
        Universe.bundle(
            List.of(Universe.parse("version: 1\nname: p\nstatements:\n  - " + CONNECT + "\n")));
    assertEquals(
        "p.yaml:1:1: file:p: has no \"match\" and is attached to nothing [bound-to-nobody]\n",
        Linter.text(Linter.lint(unbound, Optional.empty())));
  }

  @Test
  void findsStatementsThatNoTestHits() {
    PolicyBundle bundle = bundle("everyone: true", CONNECT + "\n  - " + allow("publish", "a"));
    TestReport report = new TestReport(List.of(), Set.of("file:p#c"));
    assertEquals(
        "p.yaml:6:5: file:p#a: no test is decided by this statement [untested]\n",
        Linter.text(Linter.lint(bundle, Optional.of(report))));
  }

  private static void assertRules(String statement, String... expected) {
    assertEquals(Arrays.asList(expected), rules("everyone: true", CONNECT + "\n  - " + statement));
  }

  private static List<String> rules(String match, String statements) {
    return Linter.lint(bundle(match, statements), Optional.empty()).stream()
        .map(Finding::rule)
        .toList();
  }

  private static PolicyBundle bundle(String match, String statements) {
    return Universe.bundle(
        List.of(
            Universe.parse(
                "version: 1\nname: p\nmatch: { %s }\nstatements:\n  - %s\n"
                    .formatted(match, statements))));
  }

  private static String allow(String actions, String topic) {
    return "{ id: a, effect: allow, actions: [%s], topics: [\"%s\"] }".formatted(actions, topic);
  }

  private static String retained(String topic) {
    return allow("publish", topic).replace(" }", ", where: { retain: allow } }");
  }

  private static String deny(String actions, String topic) {
    return "{ id: d, effect: deny, actions: [%s], topics: [\"%s\"] }".formatted(actions, topic);
  }
}
