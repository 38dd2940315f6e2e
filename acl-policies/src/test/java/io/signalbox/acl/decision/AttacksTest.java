package io.signalbox.acl.decision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.parser.PolicyParser;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.TokenAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Clients that try to be more than they are. */
class AttacksTest {
  private static final String OWN =
      DecisionsTest.policy(
          "own",
          """
            - { id: c, effect: allow, actions: [connect], clientIds: ["${client.id}"] }
            - { id: t, effect: allow, actions: [publish, subscribe], topics: ["c/${client.id}/#", "u/${user.name}/#", "${user.name}/top"] }
            - { id: groups, effect: allow, actions: [subscribe], topics: [jobs/#], shareGroups: ["team-${user.name}"] }
          """);

  @Test
  void aClientIdIsNeverMoreThanOneLevel() {
    for (String id :
        List.of("+", "#", "a/b", "/", "a/#", "+/+", "a\0b", "", "a+", "#a", "\uDC00", "a\uD800")) {
      BoundPolicies bound = bind(id, "ann");
      for (String topic : List.of("c/" + id + "/x", "c/x/y", "c//x", "c/a/b", "c/other/x")) {
        assertFalse(bound.decidePublish(topic, 0, false, 0).allowed(), () -> id + " " + topic);
      }
      assertFalse(bound.decideSubscribe("c/+/x", 0, null).allowed());
      assertFalse(bound.decideSubscribe("c/#", 0, null).allowed());
    }
  }

  @Test
  void aUserNameIsNeverMoreThanOneLevelNorADollar() {
    for (String user : List.of("+", "#", "$SYS", "$share", "a/b", "")) {
      BoundPolicies bound = bind("c1", user);
      assertFalse(bound.decidePublish("u/x/y", 0, false, 0).allowed());
      assertFalse(bound.decidePublish("$SYS/top", 0, false, 0).allowed());
      assertFalse(bound.decideSubscribe("$SYS/top", 0, null).allowed());
      assertFalse(bound.decideSubscribe("u/#", 0, null).allowed());
    }
    // In the middle of a topic a dollar means nothing.
    assertTrue(bind("c1", "$SYS").decidePublish("u/$SYS/x", 0, false, 0).allowed());
  }

  @Test
  void shareNamesAreComparedAsTheyAre() {
    BoundPolicies bound = bind("c1", "ann");
    assertTrue(bound.decideSubscribe("$share/team-ann/jobs/1", 0, null).allowed());
    for (String filter :
        List.of(
            "$share/team-bob/jobs/1",
            "$share//jobs/1",
            "$share/+/jobs/1",
            "$share/team-ann",
            "$share/team-ann/",
            "$share",
            "$share/",
            "$share/team-ann/$share/team-ann/jobs/1",
            "$SHARE/team-ann/jobs/1",
            "$queue/jobs/1",
            "$share/team-ann/#")) {
      assertFalse(bound.decideSubscribe(filter, 0, null).allowed(), filter);
    }
    assertFalse(bound.decideSubscribe("$share/team-ann/jobs/1", 0, "team-ann").allowed());
  }

  @Test
  void homoglyphsAreDifferentLetters() {
    BoundPolicies bound =
        DecisionsTest.bind(
            Subject.builder("c").userName("\u0430nn").build(), // Cyrillic a
            DecisionsTest.policy(
                "p",
                DecisionsTest.allow("a", "publish", "ann/#", "")
                    .replace("ann/#", "${user.name}/#")),
            DecisionsTest.policy("q", DecisionsTest.allow("a", "publish", "\u00e9/x", "")));
    assertFalse(bound.decidePublish("ann/x", 0, false, 0).allowed());
    assertTrue(bound.decidePublish("\u0430nn/x", 0, false, 0).allowed());
    assertTrue(bound.decidePublish("\u00e9/x", 0, false, 0).allowed());
    assertFalse(
        bound.decidePublish("e\u0301/x", 0, false, 0).allowed()); // the same glyph, decomposed
  }

  @Test
  void longFiltersAndTopicsAreAnswered() {
    BoundPolicies bound =
        DecisionsTest.bind(
            Subject.builder("c").build(),
            DecisionsTest.policy(
                "p",
                DecisionsTest.allow("a", "publish, subscribe", "a/#", "")
                    + DecisionsTest.deny("d", "publish, subscribe", "+/+/+/+/+/x/#", "")));
    for (String level : List.of("/", "a/", "+/", "é/")) {
      String filter = level.repeat(65_000 / level.length() / 2);
      assertFalse(bound.decideSubscribe(filter, 0, null).allowed() && level.equals("+/"));
      bound.decideSubscribe("a/" + filter + "#", 0, null);
    }
    String deep = "a" + "/b".repeat(32_000);
    assertTrue(bound.decidePublish(deep, 0, false, 0).allowed());
    assertFalse(bound.decideSubscribe("a" + "/+".repeat(32_000), 0, null).allowed());
    assertFalse(bound.decideSubscribe("x".repeat(65_536), 0, null).allowed());
  }

  @Test
  void filtersThatAreNoneAreRefused() {
    BoundPolicies bound =
        DecisionsTest.bind(
            Subject.builder("c").build(),
            DecisionsTest.policy("p", DecisionsTest.allow("a", "subscribe", "#", "")));
    for (String filter : List.of("", "a#", "#/a", "a/#/b", "a+/b", "+a", "++", "a\0", "##")) {
      assertEquals(
          Reason.ERROR, bound.decideSubscribe(filter, 0, null).decision().reason(), filter);
    }
  }

  @Test
  void aHundredThousandStatementsAreOneDecisionAway() {
    StringBuilder statements = new StringBuilder();
    for (int i = 0; i < 100_000; i++) {
      statements.append("  - {id: s").append(i).append(", effect: ");
      statements.append(i % 10 == 0 ? "deny" : "allow");
      statements.append(", actions: [publish, subscribe], topics: [t/").append(i).append("/#]}\n");
    }
    Problems problems = new Problems();
    var policy =
        PolicyParser.parse(
                "file",
                "big.yaml",
                DecisionsTest.policy("big", statements.toString()),
                SourceLimits.DEFAULTS,
                problems)
            .orElseThrow(() -> new AssertionError(problems.toString()));
    PolicyBundle bundle = PolicyBundle.compile(List.of(policy), List.of(), problems).orElseThrow();
    BoundPolicies bound = bundle.bind(Subject.builder("c").build());
    assertEquals("file:big#s99999", bound.decidePublish("t/99999/x", 0, false, 0).statement());
    assertEquals(Reason.EXPLICIT_DENY, bound.decidePublish("t/99990/x", 0, false, 0).reason());
    assertTrue(bound.decideSubscribe("t/99999/+", 0, null).allowed());
    assertEquals(Reason.NOT_CONTAINED, bound.decideSubscribe("t/#", 0, null).decision().reason());
  }

  @Test
  void claimsThatAreBombsDenyAndCostLittle() {
    Object deep = "x";
    for (int i = 0; i < 10_000; i++) {
      deep = List.of(deep);
    }
    List<Object> wide = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      wide.add(Map.of("effect", "allow", "actions", "publish", "topics", "#"));
    }
    for (Object claim : List.of(deep, wide)) {
      Map<String, Object> claims = new LinkedHashMap<>();
      claims.put("acl", claim);
      Subject subject =
          Subject.builder("c")
              .token(
                  new TokenAttributes(
                      "login", "ann", List.of(), claims, TokenAttributes.AclClaim.GRANT))
              .build();
      BoundPolicies bound =
          DecisionsTest.bind(
              subject, DecisionsTest.policy("p", DecisionsTest.allow("a", "publish", "#", "")));
      assertFalse(bound.decidePublish("a", 0, false, 0).allowed());
      assertEquals(1, bound.claimProblems().size());
    }
  }

  private static BoundPolicies bind(String id, String user) {
    return DecisionsTest.bind(Subject.builder(id).userName(user).build(), OWN);
  }
}
