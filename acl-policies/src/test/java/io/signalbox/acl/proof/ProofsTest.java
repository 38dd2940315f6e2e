package io.signalbox.acl.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.decision.Attachment;
import io.signalbox.acl.decision.Attachment.Kind;
import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.Match.Condition;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.PolicyJson;
import io.signalbox.acl.parser.MatchParser;
import io.signalbox.acl.source.Documents;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
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
  void knowsThatAClientIdIsNotWhateverTopicIsPublishedTo() {
    String text =
        """
        version: 1
        name: p
        match: { %s }
        statements:
          - { id: c, effect: allow, actions: [connect], clientIds: ["%s"] }
          - { id: x, effect: allow, actions: [publish], topics: ["%s/x"] }
          - { id: own, effect: deny, actions: [publish], topics: ["${client.id}/#"] }
        """;
    assertBroken(text.formatted("everyone: true", "*", "+"), "+/x");
    assertBroken(text.formatted("everyone: true", "a*", "+"), "+/x");
    assertBroken(text.formatted("device: { id: [d1, d2] }", "${device.id}", "${group}"), "d1/x");
    String own = text.formatted("everyone: true", "*", "${client.id}");
    assertProved(Universe.bundle(List.of(Universe.parse(own))), "+/x", "{ group: none }");
  }

  @Test
  void knowsThatWhoMayHaveAnyClientIdHasOneThatNoDenyNames() {
    String text =
        """
        version: 1
        name: p
        match: { device: { id: "s*" } }
        statements:
          - { id: c, effect: allow, actions: [connect], clientIds: ["${client.id}"] }
          - { id: d, effect: deny, actions: [connect], clientIds: [%s] }
          - { id: ota, effect: allow, actions: [publish], topics: ["ota/#"] }
        """;
    assertBroken(text.formatted("\"s*\""), "ota/#");
    assertBroken(text.formatted("some-client-id"), "ota/#");
    assertBroken(text.formatted("\"s*\", \"c*\", \"some*\""), "ota/#");
    assertBroken(text.formatted("\"${device.id}*\", \"s*\""), "ota/#");
    PolicyBundle none = Universe.bundle(List.of(Universe.parse(text.formatted("\"*\""))));
    assertProved(none, "ota/#", "{ group: none }");
  }

  @Test
  void provesPastADenyOfAllNamesThatBeginSo() {
    String text =
        """
        version: 1
        name: p
        match: { device: { id: "d*" } }
        statements:
          - { id: c, effect: allow, actions: [connect], clientIds: ["${device.id}%s"] }
          - { id: d, effect: deny, actions: [connect], clientIds: ["d%s*"] }
          - { id: own, effect: allow, actions: [publish], topics: ["own/#"] }
        """;
    for (String behind : List.of("", "-x")) {
      PolicyBundle denied = Universe.bundle(List.of(Universe.parse(text.formatted(behind, ""))));
      assertProved(denied, "own/#", "{ group: none }");
      PolicyBundle open = Universe.bundle(List.of(Universe.parse(text.formatted(behind, "1"))));
      assertFalse(noone(open, "own/#", "{ group: none }").isProved());
    }
  }

  @Test
  void knowsThatAClientMayConnectByOneValueAndPublishByAnother() {
    String text =
        """
        version: 1
        name: p
        match: { cert: { ca: factory } }
        statements:
          - { id: c, effect: allow, actions: [connect], clientIds: ["%s"] }
          - { id: own, effect: allow, actions: [publish], topics: ["dev/${cert.dnsSan}/#"] }
          - { id: d, effect: deny, %s }
        """;
    String byId = "actions: [publish], topics: [\"dev/${client.id}/admin/#\"]";
    String byName = "actions: [connect], clientIds: [\"admin%s\"]";
    for (String id : List.of("${cert.dnsSan}", "${cert.dnsSan}*", "dev-${cert.dnsSan}-*")) {
      assertBroken(text.formatted(id, byId), "dev/+/admin/#");
      assertBroken(text.formatted(id, byName.formatted("")), "dev/admin/#");
      assertBroken(text.formatted(id, byName.formatted("*")), "dev/admin/#");
    }
    String all = "actions: [publish], topics: [\"dev/${cert.dnsSan}/admin/#\"]";
    PolicyBundle none =
        Universe.bundle(List.of(Universe.parse(text.formatted("${cert.dnsSan}", all))));
    assertProved(none, "dev/+/admin/#", "{ group: none }");
    String cn = text.formatted("${cert.cn}", byId).replace("${cert.dnsSan}", "${cert.cn}");
    assertProved(Universe.bundle(List.of(Universe.parse(cn))), "dev/+/admin/#", "{ group: none }");
    String both = "dev/${client.id}/+/${cert.dnsSan}";
    String apart = text.replace("dev/${cert.dnsSan}/#", both).formatted("${cert.dnsSan}", all);
    assertProved(
        Universe.bundle(List.of(Universe.parse(apart))), "dev/+/admin/#", "{ group: none }");
    String twice = apart.replace("admin/#", "admin/${cert.dnsSan}");
    assertBroken(twice, "dev/+/admin/#");
    String joined =
        text.replace("dev/${cert.dnsSan}/#", "dev/${client.id}-${cert.dnsSan}/#")
            .formatted("${cert.dnsSan}", all.replace("${", "${cert.dnsSan}-${"));
    assertBroken(joined, "dev/+/admin/#");
  }

  @Test
  void knowsThatADenyMayJoinTheClientIdentifierWithAnotherValueOfItsAttribute() {
    String text =
        """
        version: 1
        name: p
        match: { group: %s }
        statements:
          - { id: c, effect: allow, actions: [connect], clientIds: ["${group}"] }
          - { id: own, effect: allow, actions: [publish], topics: ["%s", "h"] }
          - { id: d, effect: deny, actions: [publish], topics: ["%s"] }
        """;
    String any = "+/${client.id}-${group}";
    assertBroken(text.formatted("[h, g2]", "${client.id}/g1-g2", any), "g1/g1-g2");
    assertBroken(text.formatted("[g1]", "a/g1", "a/${client.id}"), "a/g1");
  }

  @Test
  void provesPastADenyOfNamesThatBeginWithAValueAndGoOn() {
    String text =
        """
        version: 1
        name: p
        match: { device: { id: "*" } }
        statements:
          - { id: c, effect: allow, actions: [connect], clientIds: ["%s"] }
          - { id: d, effect: deny, actions: [connect], clientIds: [%s] }
          - { id: own, effect: allow, actions: [publish], topics: ["fleet/${device.id}/up/#"] }
        """;
    List<List<String>> same =
        List.of(
            List.of("${device.id}:*", "\"admin:*\"", "admin"),
            List.of("${device.id}:*", "\"zzz*\", \"admin:*\"", "admin"),
            List.of("dev-${device.id}-*", "\"dev-1-*\"", "1"),
            List.of("${device.id}-${user.name}-*", "\"1-*\"", "1"),
            List.of("${device.id}-${device.id}-*", "\"1-1-*\"", "1"));
    for (List<String> each : same) {
      PolicyBundle bundle =
          Universe.bundle(List.of(Universe.parse(text.formatted(each.get(0), each.get(1)))));
      assertProved(bundle, "fleet/" + each.get(2) + "/#", "{ group: none }");
      assertBroken(text.formatted(each.get(0), each.get(1)), "fleet/other/#");
      assertBroken(text.formatted(each.get(0), each.get(1)), "fleet/#");
    }
  }

  @Test
  void provesWithThousandsOfAttachments() {
    Policy own =
        Universe.parse(
            """
            version: 1
            name: own
            statements:
              - { id: c, effect: allow, actions: [connect], clientIds: ["${device.id}"] }
              - { id: d, effect: allow, actions: [publish], topics: ["d/${device.id}/#"] }
            """);
    Policy all =
        Universe.parse(
            """
            version: 1
            name: all
            match: { group: all }
            statements:
              - { id: d, effect: allow, actions: [publish], topics: ["d/#"] }
            """);
    Policy less =
        Universe.parse(
            """
            version: 1
            name: less
            statements:
              - { id: d, effect: deny, actions: [publish], topics: ["d/#"] }
            """);
    List<Attachment> attachments = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      attachments.add(new Attachment("file:own", Kind.DEVICE, "p" + i));
    }
    assertProved(bundle(List.of(own), attachments), "d/p7/#", "{ device: { id: p7 } }");
    PolicyBundle open = bundle(List.of(own, all), attachments);
    Verdict verdict = noone(open, "d/p7/#", "{ device: { id: p7 } }");
    assertTrue(verdict instanceof Verdict.Violated, verdict::text);
    for (int i = 0; i < 10_000; i++) {
      attachments.add(new Attachment("file:less", Kind.DEVICE, "p" + i));
    }
    assertProved(bundle(List.of(own, all, less), attachments), "d/#", "{ group: none }");
  }

  private static PolicyBundle bundle(List<Policy> policies, List<Attachment> attachments) {
    Problems problems = new Problems();
    return PolicyBundle.compile(policies, attachments, problems)
        .orElseThrow(() -> new AssertionError(problems.toString()));
  }

  private static void assertBroken(String policy, String region) {
    Verdict verdict =
        noone(Universe.bundle(List.of(Universe.parse(policy))), region, "{ group: none }");
    assertTrue(verdict instanceof Verdict.Violated, verdict::text);
  }

  @Test
  void knowsThatAFilterDeniedAsTextLeavesWiderOnes() {
    String text =
        """
        version: 1
        name: p
        match: { everyone: true }
        statements:
          - { id: c, effect: allow, actions: [connect], clientIds: ["*"] }
          - { id: all, effect: allow, actions: [subscribe], topics: ["a/#"] }
          - { id: texts, effect: deny, actions: [subscribe], literalFilters: [%s] }
        """;
    assertReceived(text.formatted("a/b"), "\"a/+\" by file:p#all");
    assertReceived(text.formatted("a/b, a/+, a/b/#"), "\"a/+/#\" by file:p#all");
    assertReceivedByNobody(text.formatted("a/b, a/+, a/b/#, a/+/#, a/#"));
    String overlapping =
        "  - { id: own, effect: deny, actions: [subscribe], topics: [\"a/${client.id}\"] }\n";
    assertReceivedByNobody(text.formatted("a/b, a/b/#") + overlapping);
  }

  private static void assertReceived(String policy, String by) {
    Verdict verdict = nooneReceives(policy);
    assertTrue(verdict.text().contains("may subscribe to " + by), verdict::text);
  }

  private static void assertReceivedByNobody(String policy) {
    Verdict verdict = nooneReceives(policy);
    assertTrue(verdict.isProved(), verdict::text);
  }

  private static Verdict nooneReceives(String policy) {
    PolicyBundle bundle = Universe.bundle(List.of(Universe.parse(policy)));
    return Proofs.noone(bundle, Action.SUBSCRIBE, Filter.of("a/b"), List.of(), Effort.unbounded());
  }

  /** As many as twenty thousand patterns and five thousand ways to connect. */
  @Test
  void provesOfThousandsOfPoliciesWhatNoPatternOfThemComesNear() {
    List<Policy> policies = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      policies.add(
          Universe.parse(
              """
              version: 1
              name: p%1$d
              match: { group: g%1$d }
              statements:
                - { id: c, effect: allow, actions: [connect], clientIds: ["c%1$d-*"] }
                - { id: s, effect: allow, actions: [publish], topics: [a/%1$d, "b/%1$d/#", c/%1$d] }
              """
                  .formatted(i)));
    }
    PolicyBundle bundle = Universe.bundle(policies);
    List<Condition> nobody = List.of(condition("{ group: none }"));
    Effort little = new Effort(100_000);
    assertEquals("proved", publishing(bundle, "$SYS/#", nobody, little).text());
    List<Condition> all = List.of(condition("{ group: \"g*\" }"));
    assertEquals("proved", publishing(bundle, "b/#", all, new Effort(1_000_000)).text());
    assertEquals(
        "not proved: gave up after a long search for clients that would tell",
        publishing(bundle, "b/#", all, little).text());
  }

  private static Verdict publishing(
      PolicyBundle bundle, String region, List<Condition> except, Effort effort) {
    return Proofs.noone(bundle, Action.PUBLISH, Filter.of(region), except, effort);
  }

  @Test
  void agreesWithBruteForce() {
    SplittableRandom random = Universe.random();
    List<Subject> subjects = Universe.subjects();
    List<String> topics = Universe.topics();
    int proved = 0;
    for (int round = 0; round < Universe.rounds(400); round++) {
      PolicyBundle bundle = round % 2 == 0 ? Universe.bundle(random) : Universe.richBundle(random);
      Filter region = Filter.of(Universe.pattern(random).replaceAll("[^/]*\\$\\{[^}]*}", "d1"));
      String except = Universe.condition(random);
      Action action = random.nextBoolean() ? Action.PUBLISH : Action.SUBSCRIBE;
      List<Condition> conditions = List.of(condition(except));
      Verdict verdict = Proofs.noone(bundle, action, region, conditions, Effort.unbounded());
      String context =
          "round %d: noone %s %s except %s\n%s\n%s"
              .formatted(
                  round,
                  action,
                  region,
                  except,
                  bundle.policies().stream().map(PolicyJson::of).toList(),
                  verdict.text());
      assertFalse(verdict instanceof Verdict.Undetermined, context);
      if (verdict.isProved()) {
        proved++;
        assertEquals("", violation(bundle, action, region, conditions, subjects, topics), context);
      }
      if (verdict instanceof Verdict.Violated(Witness witness)) {
        assertTrue(isTrue(bundle, witness, region, conditions), context);
      }
    }
    assertTrue(proved > 50, "proved " + proved);
  }

  /** A client with two groups may connect by one of them and publish by the other. */
  @Test
  void agreesWithBruteForceWhereNamesAndTopicsHoldValuesOfOneAttribute() {
    SplittableRandom random = Universe.random();
    List<Subject> subjects = Universe.subjectsOfGroups();
    List<String> topics = Universe.topicsOfGroups();
    int proved = 0;
    for (int round = 0; round < Universe.rounds(300); round++) {
      PolicyBundle bundle = Universe.bundleOfGroups(random);
      Filter region = Filter.of(Universe.patternOfGroups(random).replaceAll("\\$\\{[^}]*}", "g1"));
      List<Condition> except = List.of(condition(Universe.condition(random)));
      Verdict verdict = Proofs.noone(bundle, Action.PUBLISH, region, except, Effort.unbounded());
      String context =
          "round %d: noone publishes %s except %s\n%s\n%s"
              .formatted(
                  round,
                  region,
                  except,
                  bundle.policies().stream().map(PolicyJson::of).toList(),
                  verdict.text());
      assertFalse(verdict instanceof Verdict.Undetermined, context);
      if (verdict.isProved()) {
        proved++;
        String found = violation(bundle, Action.PUBLISH, region, except, subjects, topics);
        assertEquals("", found, context);
      }
      if (verdict instanceof Verdict.Violated(Witness witness)) {
        assertTrue(isTrue(bundle, witness, region, except), context);
      }
    }
    assertTrue(proved > 50, "proved " + proved);
  }

  private static boolean isTrue(
      PolicyBundle bundle, Witness witness, Filter region, List<Condition> except) {
    BoundPolicies bound = bundle.bind(witness.subject());
    List<String> topics =
        Filter.of(witness.request())
            .intersection(region)
            .map(new Vocabulary(region.toString(), bundle)::topics)
            .orElseThrow();
    return except.stream().noneMatch(condition -> condition.holdsFor(witness.subject()))
        && bound.decideConnect().allowed()
        && topics.stream().anyMatch(topic -> reaches(bound, witness.action(), topic));
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
    return bound.decideReceive(topic) == null
        && filters(Filter.split(topic)).stream()
            .anyMatch(levels -> bound.decideSubscribe(String.join("/", levels), 0, null).allowed());
  }

  /** The levels of every Topic Filter that matches a topic. */
  private static List<List<String>> filters(List<String> topic) {
    boolean dollar = topic.getFirst().startsWith("$");
    List<List<String>> heads = List.of(List.of());
    List<List<String>> filters = new ArrayList<>();
    for (int i = 0; i < topic.size(); i++) {
      List<List<String>> longer = new ArrayList<>();
      for (List<String> head : heads) {
        longer.add(with(head, topic.get(i)));
        if (i > 0 || !dollar) {
          longer.add(with(head, "+"));
          filters.add(with(head, "#"));
        }
      }
      heads = longer;
    }
    heads.forEach(head -> filters.add(with(head, "#")));
    filters.addAll(heads);
    return filters;
  }

  private static List<String> with(List<String> head, String level) {
    List<String> longer = new ArrayList<>(head);
    longer.add(level);
    return longer;
  }

  private static void assertProved(PolicyBundle bundle, String region, String except) {
    Verdict verdict = noone(bundle, region, except);
    assertTrue(verdict.isProved(), verdict::text);
  }

  private static Verdict noone(PolicyBundle bundle, String region, String except) {
    return Proofs.noone(
        bundle, Action.PUBLISH, Filter.of(region), List.of(condition(except)), Effort.unbounded());
  }

  static Condition condition(String text) {
    Problems problems = new Problems();
    return Documents.read("c.yaml", text, SourceLimits.DEFAULTS, problems)
        .flatMap(node -> MatchParser.parseCondition(node, "a condition", problems))
        .orElseThrow(() -> new AssertionError(problems.toString()));
  }
}
