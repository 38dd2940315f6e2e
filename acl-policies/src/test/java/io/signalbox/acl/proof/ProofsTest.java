package io.signalbox.acl.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.Match.Condition;
import io.signalbox.acl.model.PolicyJson;
import io.signalbox.acl.parser.MatchParser;
import io.signalbox.acl.source.Documents;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.Subject;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ProofsTest {
  @Test
  void provesWhatHoldsAndShowsWhoBreaksTheRest() {
    PolicyBundle bundle =
        Universe.bundle(
            List.of(
                Universe.parse(
                    """
                    version: 1
                    name: pumps
                    match: { cert: { ca: factory, ou: [pumps, valves] } }
                    statements:
                      - { id: c, effect: allow, actions: [connect], clientIds: ["${device.id}"] }
                      - { id: own, effect: allow, actions: [publish], topics: ["${device.id}/#"] }
                      - { id: not-ota, effect: deny, actions: [publish], topics: ["ota/#"] }
                    """),
                Universe.parse(
                    """
                    version: 1
                    name: release
                    match: { group: "release*" }
                    statements:
                      - { id: c, effect: allow, actions: [connect], clientIds: ["*"] }
                      - { id: ota, effect: allow, actions: [publish], topics: ["ota/#"] }
                    """)));
    assertProved(bundle, "ota/#", "{ group: \"release*\" }");
    assertProved(bundle, "$SYS/#", "{ group: none }");
    Verdict verdict = noone(bundle, "ota/#", "{ group: release }");
    assertTrue(verdict instanceof Verdict.Violated, verdict::text);
    assertTrue(verdict.text().contains("file:release#ota"), verdict::text);
    assertFalse(noone(bundle, "x/#", "{ group: release }").isProved());
  }

  @Test
  void knowsThatAClientIdMustBeConnectedWith() {
    String text =
        """
        version: 1
        name: p
        match: { device: { id: "*" } }
        statements:
          - { id: c, effect: allow, actions: [connect], clientIds: ["%s"] }
          - { id: own, effect: allow, actions: [publish], topics: ["own/${client.id}"] }
        """;
    PolicyBundle pinned = Universe.bundle(List.of(Universe.parse(text.formatted("${device.id}"))));
    assertProved(pinned, "own/d1", "{ device: { id: d1 } }");
    PolicyBundle open = Universe.bundle(List.of(Universe.parse(text.formatted("*"))));
    assertFalse(noone(open, "own/d1", "{ device: { id: d1 } }").isProved());
    PolicyBundle suffix =
        Universe.bundle(List.of(Universe.parse(text.formatted("${device.id}:*"))));
    assertProved(suffix, "own/d1:x", "{ device: { id: d1 } }");
    assertFalse(noone(suffix, "own/d1:x", "{ device: { id: d2 } }").isProved());
  }

  @Test
  void agreesWithBruteForce() {
    SplittableRandom random = Universe.random();
    List<Subject> subjects = Universe.subjects();
    List<String> topics = Universe.topics();
    int proved = 0;
    for (int round = 0; round < Universe.rounds(400); round++) {
      PolicyBundle bundle = Universe.bundle(random);
      Filter region = Filter.of(Universe.pattern(random).replaceAll("[^/]*\\$\\{[^}]*}", "d1"));
      String except = Universe.condition(random);
      Action action = random.nextBoolean() ? Action.PUBLISH : Action.SUBSCRIBE;
      List<Condition> conditions = List.of(condition(except));
      Verdict verdict = Proofs.noone(bundle, action, region, conditions);
      String found = violation(bundle, action, region, conditions, subjects, topics);
      String context =
          "round %d: noone %s %s except %s\n%s\n%s\nfound %s"
              .formatted(
                  round,
                  action,
                  region,
                  except,
                  bundle.policies().stream().map(PolicyJson::of).toList(),
                  verdict.text(),
                  found);
      assertFalse(verdict instanceof Verdict.Undetermined, context);
      if (verdict.isProved()) {
        proved++;
        assertEquals("", found, context);
      }
      if (verdict instanceof Verdict.Violated(Witness witness)) {
        assertTrue(isTrue(bundle, witness, region, conditions), context);
      }
    }
    assertTrue(proved > 50, "proved " + proved);
  }

  private static boolean isTrue(
      PolicyBundle bundle, Witness witness, Filter region, List<Condition> except) {
    BoundPolicies bound = bundle.bind(witness.subject());
    return except.stream().noneMatch(condition -> condition.holdsFor(witness.subject()))
        && bound.decideConnect().allowed()
        && region.matches(witness.request())
        && reaches(bound, witness.action(), witness.request());
  }

  private static String violation(
      PolicyBundle bundle,
      Action action,
      Filter region,
      List<Condition> except,
      List<Subject> subjects,
      List<String> topics) {
    for (Subject subject : subjects) {
      BoundPolicies bound = bundle.bind(subject);
      if (except.stream().anyMatch(condition -> condition.holdsFor(subject))
          || !bound.decideConnect().allowed()) {
        continue;
      }
      for (String topic : topics) {
        if (region.matches(topic) && reaches(bound, action, topic)) {
          return subject + " " + topic;
        }
      }
    }
    return "";
  }

  private static boolean reaches(BoundPolicies bound, Action action, String topic) {
    if (action == Action.PUBLISH) {
      return bound.decidePublish(topic, 0, false, 0).allowed()
          || bound.decidePublish(topic, 0, true, 0).allowed();
    }
    return bound.decideSubscribe(topic, 0, null).allowed() && bound.decideReceive(topic) == null;
  }

  private static void assertProved(PolicyBundle bundle, String region, String except) {
    Verdict verdict = noone(bundle, region, except);
    assertTrue(verdict.isProved(), verdict::text);
  }

  private static Verdict noone(PolicyBundle bundle, String region, String except) {
    return Proofs.noone(bundle, Action.PUBLISH, Filter.of(region), List.of(condition(except)));
  }

  static Condition condition(String text) {
    Problems problems = new Problems();
    return Documents.read("c.yaml", text, SourceLimits.DEFAULTS, problems)
        .flatMap(node -> MatchParser.parseCondition(node, "a condition", problems))
        .orElseThrow(() -> new AssertionError(problems.toString()));
  }
}
