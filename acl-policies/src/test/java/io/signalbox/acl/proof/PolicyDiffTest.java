package io.signalbox.acl.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.Decision;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.decision.SubscribeDecision;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.PolicyJson;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyDiffTest {
  @Test
  void saysNothingWhereNothingChanges() {
    PolicyBundle one =
        bundle("{ id: a, effect: allow, actions: [publish], topics: [\"a/+\", \"a/b\"] }");
    PolicyBundle other = bundle("{ id: x, effect: allow, actions: [publish], topics: [\"a/+\"] }");
    assertEquals("no client gains or loses anything\n", PolicyDiff.between(one, other).text());
  }

  @Test
  void seesEveryDimension() {
    String allow = "{ id: a, effect: allow, actions: [publish], topics: [\"a/${device.id}\"]%s }";
    String plain = allow.formatted("");
    assertGain(plain, allow.formatted(", where: { retain: allow }"), "with RETAIN");
    assertGain(allow.formatted(", where: { maxQos: 1 }"), plain, "publish");
    assertGain(allow.formatted(", where: { maxPayload: 10B }"), plain, "publish");
    assertGain(allow.formatted(", where: { transport: [wss] }"), plain, "publish");
    assertGain(
        plain + "\n  - { id: d, effect: deny, actions: [publish], topics: [\"a/${group}\"] }",
        plain,
        "publish");
    assertGain(plain, plain.replace("a/${device.id}", "a/+"), "\"a/~any1\"");
    String subscribe = "{ id: a, effect: allow, actions: [subscribe], topics: [\"a/#\"]%s }";
    assertGain(
        subscribe.formatted(""),
        subscribe.formatted(", shareGroups: [\"g*\"]"),
        "\"$share/g~any/a\"");
    assertGain(
        subscribe.formatted("")
            + "\n  - { id: d, effect: deny, actions: [receive], topics: [\"a/x\"] }",
        subscribe.formatted(""),
        "\"a/x\"");
    String literal = "{ id: l, effect: allow, actions: [subscribe], literalFilters: [\"a/#\"]%s }";
    assertGain(
        plain,
        plain + "\n  - " + literal.formatted(""),
        "subscribe \"exactly a/#\" by file:p#l: for example a client with");
    assertGain(
        literal.formatted(""),
        literal.formatted(", shareGroups: [g]"),
        "may subscribe to \"$share/g/a/#\"");
    assertGain(
        literal.formatted("")
            + "\n  - { id: d, effect: deny, actions: [subscribe], literalFilters: [\"a/#\"] }",
        literal.formatted(""),
        "may receive \"a\" by file:p#l");
    String connect = "{ id: a, effect: allow, actions: [connect], clientIds: [\"${device.id}\"] }";
    assertGain(connect, connect.replace("}\"", "}:*\""), "connect as");
    for (String forbidden : List.of("d1", "d*", "${cert.cn}", "*")) {
      assertGain(connect + denyingConnect(forbidden), connect, "connect as");
    }
    String open = connect.replace("}\"", "}:*\"");
    for (String forbidden : List.of("d1:x", "d1:*", "d*")) {
      assertGain(open + denyingConnect(forbidden), open, "connect as");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "*, billing, $share/billing/a",
    "g*, g1, $share/g1/a",
    "g*, g1*, $share/g1~any/a",
    "g1, g*, $share/g1/a",
    "g1, ${group}, $share/g1/a",
    "${group}, g1, $share/g1/a",
    "${group}, g1*, $share/g1",
    "${group}, ${device.id}, $share/some",
    "x-${device.id}, ${group}, $share/x-some",
    "g*, ${group}, $share/g",
  })
  void seesADenyOfAShareGroupComeAndGo(String allowed, String denied, String part) {
    String allow =
        "{ id: a, effect: allow, actions: [subscribe], topics: [\"a/#\"], shareGroups: [\"%s\"] }"
            .formatted(allowed);
    String deny =
        "\n  - { id: d, effect: deny, actions: [subscribe], topics: [\"+/#\"], shareGroups: [\"%s\"] }"
            .formatted(denied);
    assertGain(allow + deny, allow, part);
  }

  /** For the first client that is tried the deny, or the allow of before, stands in the way. */
  @ParameterizedTest
  @CsvSource({"deny", "allow"})
  void doubtsWhereAShareGroupOfSomeClientsStandsInTheWay(String effect) {
    String before =
        """
        version: 1
        name: p
        match: { device: { id: ["pump-*", "valve-*"] } }
        statements:
          - { id: all, effect: allow, actions: [subscribe], topics: ["a/#"] }
          - { id: some, effect: %s, actions: [subscribe], topics: ["a/#"], shareGroups: ["valve-*"] }
        """
            .formatted(effect);
    String after =
        before
            + """
              - id: own
                effect: allow
                actions: [subscribe]
                topics: ["a/#"]
                shareGroups: ["${device.id}"]
            """
                .indent(0);
    PolicyDiff diff =
        PolicyDiff.between(
            Universe.bundle(List.of(Universe.parse(before))),
            Universe.bundle(List.of(Universe.parse(after))));
    assertTrue(diff.changes().stream().anyMatch(Change::gained), diff::text);
  }

  /** A topic that the deny makes, and another statement denies it whatever the value is. */
  @Test
  void provesThatADenyByTheSameVariableStandsInTheWayForEveryValue() {
    String allow = "{ id: a, effect: allow, actions: [publish], topics: [\"+/x\"] }";
    String kept = deny("k", "${device.id}/#");
    assertEquals(
        List.of(),
        PolicyDiff.between(bundle(allow + deny("d", "${device.id}/x") + kept), bundle(allow + kept))
            .changes());
  }

  /** Without one variable a deny is wide, and no value of the other ends that. */
  @Test
  void provesThatADenyWithoutAValueStandsInTheWayForEveryOtherValue() {
    String text =
        """
        version: 1
        name: p
        match: { all: [{ jwt: { issuer: login } }], not: [{ cert: { ca: "*" } }] }
        statements:
          - { id: a, effect: allow, actions: [publish], topics: ["${group}/${device.id}"] }
          - { id: k, effect: deny, actions: [publish], topics: ["${cert.cn}/+"] }
        """;
    String less = "  - { id: d, effect: deny, actions: [publish], topics: [\"+/${device.id}\"] }\n";
    assertEquals(
        List.of(),
        PolicyDiff.between(
                Universe.bundle(List.of(Universe.parse(text + less))),
                Universe.bundle(List.of(Universe.parse(text))))
            .changes());
  }

  /** Of one attribute the deny may mean another value than the allow. */
  @ParameterizedTest
  @CsvSource({
    "a/x-${group}, a/${group}",
    "a/+, a/${group}",
    "a/${group}/x, a/${group}/${group}",
  })
  void seesADenyByAnotherValueOfTheSameAttributeGo(String allowed, String denied) {
    String allow =
        "{ id: a, effect: allow, actions: [publish], topics: [\"%s\"] }".formatted(allowed);
    String kept = deny("k", "a/g1");
    assertGain(allow + deny("d", denied) + kept, allow + kept, "publish");
  }

  /** Also one whose policy binds those alone who have a value, of which no level is made. */
  @ParameterizedTest
  @CsvSource({"y/z", "y+z", "$y"})
  void seesADenyGoThatIsWideByAValueThatIsNoLevel(String device) {
    String text =
        """
        version: 1
        name: p
        match: { device: { id: ["%s"] } }
        statements:
          - { id: a, effect: allow, actions: [publish], topics: ["b/x"] }
        """
            .formatted(device);
    String less = "  - { id: d, effect: deny, actions: [publish], topics: [\"${device.id}/x\"] }\n";
    PolicyDiff diff =
        PolicyDiff.between(
            Universe.bundle(List.of(Universe.parse(text + less))),
            Universe.bundle(List.of(Universe.parse(text))));
    assertTrue(diff.changes().stream().anyMatch(c -> c.witness().isPresent()), diff::text);
  }

  /** A Client Identifier that is no level leaves a deny unresolved that is longer than any. */
  @ParameterizedTest
  @CsvSource({
    "a*, x-${client.id}",
    "*, x-${client.id}",
    "a/b, x-${client.id}",
    "a/b, ${client.id}*"
  })
  void seesADenyGoThatSpeaksOfClientIdentifiersThatAreNoLevel(String allowed, String denied) {
    String allow =
        "{ id: a, effect: allow, actions: [connect], clientIds: [\"%s\"] }".formatted(allowed);
    assertGain(allow + denyingConnect(denied), allow, "connect as");
  }

  /** A deny that is wide by one value, and goes along with the request by another. */
  @Test
  void decidesWhereADenyIsWideAndMadeOfTheSameValues() {
    String allow =
        """
        version: 1
        name: p
        match: { everyone: true }
        statements:
          - { id: a, effect: allow, actions: [subscribe], topics: ["+/${group}/${group}"] }
        """;
    String deny =
        """
        version: 1
        name: d
        match: %s
        statements:
          - { id: d, effect: deny, actions: [subscribe], literalFilters: ["${client.id}/x-${device.id}/a"] }
        """;
    String all = deny.formatted("{ everyone: true }");
    String some = deny.formatted("{ any: [{ device: { id: [\"d*\"] } }] }");
    PolicyDiff diff =
        PolicyDiff.between(
            Universe.bundle(List.of(Universe.parse(allow), Universe.parse(all))),
            Universe.bundle(List.of(Universe.parse(allow), Universe.parse(some))),
            Effort.ofOneAnswer());
    assertTrue(diff.changes().stream().allMatch(c -> c.witness().isPresent()), diff::text);
  }

  /** The pattern alone that denies may miss, and not one before it that only looks so. */
  @Test
  void seesWhatATextThatIsNotTheTopicDoesNotDeny() {
    String allow = "{ id: a, effect: allow, actions: [subscribe], topics: [\"a/b\"] }";
    String texts =
        "\n"
            + "  - { id: d, effect: deny, actions: [subscribe], literalFilters: [\"a/+\","
            + " \"a/${group}\", \"a/#\"] }";
    String gone = deny("g", "a/b").replace("publish", "subscribe");
    assertGain(allow + texts + gone, allow + texts, "subscribe");
  }

  /** What came by a wider filter alone is lost when another deny refuses that one. */
  @Test
  void seesThatAWiderFilterIsRefusedToo() {
    String allow = "{ id: a, effect: allow, actions: [subscribe], topics: [\"a/+\"] }";
    String text = "\n  - { id: d, effect: deny, actions: [subscribe], literalFilters: [\"a/b\"] }";
    String wider = text.replace("id: d", "id: e").replace("a/b", "a/+");
    PolicyDiff diff = PolicyDiff.between(bundle(allow + text), bundle(allow + text + wider));
    assertTrue(
        diff.changes().stream().anyMatch(c -> !c.gained() && c.text().contains("\"a/b\"")),
        diff::text);
  }

  private static String deny(String id, String topic) {
    return "\n  - { id: %s, effect: deny, actions: [publish], topics: [\"%s\"] }"
        .formatted(id, topic);
  }

  private static String denyingConnect(String name) {
    return "\n  - { id: d, effect: deny, actions: [connect], clientIds: [\"" + name + "\"] }";
  }

  private static void assertGain(String before, String after, String part) {
    PolicyDiff diff = PolicyDiff.between(bundle(before), bundle(after));
    assertTrue(
        diff.changes().stream().anyMatch(c -> c.gained() && c.text().contains(part)), diff::text);
    assertTrue(
        PolicyDiff.between(bundle(after), bundle(before)).changes().stream()
            .anyMatch(c -> !c.gained() && c.text().contains(part)));
  }

  @Test
  void agreesWithBruteForce() {
    SplittableRandom random = Universe.random();
    List<Subject> subjects = Universe.subjects();
    List<String> topics = Universe.topics();
    int same = 0;
    for (int round = 0; round < Universe.rounds(40); round++) {
      PolicyBundle before = round % 2 == 0 ? Universe.bundle(random) : Universe.richBundle(random);
      PolicyBundle after = changed(before, random);
      PolicyDiff diff = PolicyDiff.between(before, after);
      String context =
          "round %d\n%s\n%s\n%s".formatted(round, json(before), json(after), diff.text());
      for (Change change : diff.changes()) {
        assertTrue(change.witness().isPresent(), context);
        assertTrue(isTrue(change, before, after), () -> change.text() + "\n" + context);
      }
      same += diff.isEmpty() ? 1 : 0;
      checkComplete(before, after, diff, true, subjects, topics, context);
      checkComplete(after, before, diff, false, subjects, topics, context);
    }
    assertFalse(same == 0);
  }

  /** Every difference that trying finds is in the diff. */
  private static void checkComplete(
      PolicyBundle poor,
      PolicyBundle rich,
      PolicyDiff diff,
      boolean gained,
      List<Subject> subjects,
      List<String> topics,
      String context) {
    for (Subject subject : subjects) {
      BoundPolicies before = poor.bind(subject);
      BoundPolicies after = rich.bind(subject);
      Request connect = new Request(Action.CONNECT, 0, false, 0, null);
      check(connect, before, after, subject.clientId(), diff, gained, context);
      for (int t = Math.floorMod(subject.hashCode(), 13); t < topics.size(); t += 13) {
        check(
            new Request(Action.SUBSCRIBE, 0, false, 0, "g1"),
            before,
            after,
            topics.get(t),
            diff,
            gained,
            context);
        for (int qos = 0; qos < 2; qos++) {
          check(
              new Request(Action.SUBSCRIBE, qos, false, 0, null),
              before,
              after,
              topics.get(t),
              diff,
              gained,
              context);
          for (boolean retain : List.of(false, true)) {
            check(
                new Request(Action.PUBLISH, qos, retain, 0, null),
                before,
                after,
                topics.get(t),
                diff,
                gained,
                context);
          }
        }
      }
    }
  }

  private static void check(
      Request request,
      BoundPolicies before,
      BoundPolicies after,
      String topic,
      PolicyDiff diff,
      boolean gained,
      String context) {
    Decision now = request.ask(after, topic);
    if (now.allowed() && !request.ask(before, topic).allowed()) {
      assertTrue(
          diff.changes().stream()
              .anyMatch(
                  change ->
                      change.gained() == gained
                          && change.action() == request.action()
                          && change.statement().equals(now.statement())),
          () -> request + " " + topic + " " + after.subject() + " " + now + "\n" + context);
    }
  }

  private static boolean isTrue(Change change, PolicyBundle before, PolicyBundle after) {
    Witness witness = change.witness().orElseThrow();
    PolicyBundle poor = change.gained() ? before : after;
    PolicyBundle rich = change.gained() ? after : before;
    if (witness.request().startsWith("$share/")) {
      return subscribes(rich, witness) && !subscribes(poor, witness);
    }
    Request request =
        new Request(
            witness.action(), witness.qos(), witness.retain(), witness.payloadBytes(), null);
    return request.ask(rich.bind(witness.subject()), witness.request()).allowed()
        && !request.ask(poor.bind(witness.subject()), witness.request()).allowed();
  }

  private static boolean subscribes(PolicyBundle bundle, Witness witness) {
    SubscribeDecision answer =
        bundle.bind(witness.subject()).decideSubscribe(witness.request(), witness.qos(), null);
    return answer.decision().allowed() && answer.grantedQos() >= witness.qos();
  }

  /** One policy replaced, removed or added. */
  private static PolicyBundle changed(PolicyBundle bundle, SplittableRandom random) {
    List<Policy> policies = new ArrayList<>(bundle.policies());
    int i = random.nextInt(policies.size());
    switch (random.nextInt(3)) {
      case 0 -> policies.remove(i);
      case 1 -> policies.add(Universe.policy("new", random));
      default -> policies.set(i, Universe.policy(policies.get(i).name(), random));
    }
    return Universe.bundle(policies);
  }

  private static List<String> json(PolicyBundle bundle) {
    return bundle.policies().stream().map(PolicyJson::of).toList();
  }

  private static PolicyBundle bundle(String statements) {
    return Universe.bundle(
        List.of(
            Universe.parse(
                "version: 1\nname: p\nmatch: { everyone: true }\nstatements:\n  - "
                    + statements
                    + "\n")));
  }
}
