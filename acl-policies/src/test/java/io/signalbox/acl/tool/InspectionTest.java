package io.signalbox.acl.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.Decision;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.decision.Reason;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.proof.Universe;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.TokenAttributes;
import io.signalbox.acl.subject.TokenAttributes.AclClaim;
import io.signalbox.acl.subject.Transport;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class InspectionTest {
  private static final PolicyBundle BUNDLE =
      Universe.bundle(
          List.of(
              Universe.parse(
                  """
                  version: 1
                  name: pump
                  match: { group: pumps }
                  statements:
                    - { id: c, effect: allow, actions: [connect], clientIds: ["${device.id}", "${device.id}:*"] }
                    - id: data
                      effect: allow
                      actions: [publish]
                      topics: ["pump/${device.id}/data/#"]
                      where: { maxQos: 1, maxPayload: 1KiB }
                    - id: jobs
                      effect: allow
                      actions: [subscribe]
                      topics: ["jobs/#", "${user.name}/x"]
                      shareGroups: ["w*"]
                    - { id: secrets, effect: deny, actions: [publish, subscribe], topics: ["+/+/secret/#"] }
                  """),
              Universe.parse(
                  """
                  version: 1
                  name: admin
                  match: { cert: { ou: [admins, ops] } }
                  statements:
                    - { id: all, effect: allow, actions: [publish], topics: ["#"] }
                  """)));

  private static final Subject P7 =
      Subject.builder("p7")
          .device("p7")
          .groups(List.of("pumps"))
          .transport(Transport.MQTTS)
          .build();

  @Test
  void explainsEveryStatement() {
    Explanation explanation =
        Explanation.of(
            BUNDLE, P7, new AccessRequest(Action.PUBLISH, "pump/p7/data/t", 2, false, 0, null));
    assertEquals(
        """
        not allowed: the QoS is above the allowed maximum (file:pump#data)
          file:admin: does not bind: wants cert.ou = admins or ops, client has none
          file:pump: binds: group = pumps
            file:pump#c: is about connect, not publish
            file:pump#data: "pump/p7/data/#" matches it, but maxQos is 1
            file:pump#jobs: is about subscribe, not publish
            file:pump#secrets: no pattern matches "pump/p7/data/t": +/+/secret/#
        """,
        explanation.text());
    assertEquals(
        """
        allowed by file:pump#c
          file:admin: does not bind: wants cert.ou = admins or ops, client has none
          file:pump: binds: group = pumps
          * file:pump#c: allows clientIds [p7, p7:*]
            file:pump#data: is about publish, not connect
            file:pump#jobs: is about subscribe, not connect
            file:pump#secrets: is about publish, subscribe, not connect
        """,
        Explanation.of(BUNDLE, P7, new AccessRequest(Action.CONNECT, "p7:x")).text());
    assertTrue(
        Explanation.of(BUNDLE, P7, new AccessRequest(Action.SUBSCRIBE, "+/x"))
            .text()
            .contains("inert, because a variable has no usable value: ${user.name}/x"));
  }

  @Test
  void explainsWhatTheAclClaimOfATokenTakesAway() {
    List<Map<String, Object>> claim =
        List.of(Map.of("effect", "allow", "actions", "publish", "topics", "pump/p7/data/a"));
    TokenAttributes token =
        new TokenAttributes("login", "ann", List.of(), Map.of("acl", claim), AclClaim.NARROW);
    Subject narrowed = P7.with().token(token).build();
    assertEquals(
        """
        not allowed: no statement allows it
          file:admin: does not bind: wants cert.ou = admins or ops, client has none
          file:pump: binds: group = pumps
            file:pump#c: is about connect, not publish
          * file:pump#data: allows: "pump/p7/data/#" matches it
            file:pump#jobs: is about subscribe, not publish
            file:pump#secrets: no pattern matches "pump/p7/data/b": +/+/secret/#
        * token:acl: the acl claim narrows: policies and it must both allow; the policies do, and it does not
            token:acl#1: no pattern matches "pump/p7/data/b": pump/p7/data/a
        """,
        publishing(narrowed, "pump/p7/data/b"));
    String allowed = publishing(narrowed, "pump/p7/data/a");
    assertTrue(
        allowed.endsWith(
            """
              token:acl: the acl claim narrows: policies and it must both allow
              * token:acl#1: allows: "pump/p7/data/a" matches it
            """),
        allowed);
    String neither = publishing(narrowed, "other");
    assertTrue(
        neither.contains("  token:acl: the acl claim narrows: policies and it must both allow\n"),
        neither);
  }

  @Test
  void explainsThatTheServerRefusesItsOwnTopics() {
    assertTrue(
        publishing(P7, "$SYS/x")
            .endsWith(
                "* server: refuses it whatever policies say: topics that start with \"$\" are the"
                    + " server's\n"));
  }

  private static String publishing(Subject client, String topic) {
    return Explanation.of(
            BUNDLE, client, new AccessRequest(Action.PUBLISH, topic, 0, false, 0, null))
        .text();
  }

  @Test
  void listsWhatAClientCan() {
    assertEquals(
        """
        may connect p7  (file:pump#c)
        may connect p7:*  (file:pump#c)
        may publish pump/p7/data/#, not retained, QoS up to 1, up to 1024 bytes  (file:pump#data)
        may not publish +/+/secret/#, retained or not  (file:pump#secrets)
        may subscribe jobs/#, share groups w*  (file:pump#jobs)
        may not subscribe +/+/secret/#  (file:pump#secrets)
        note: file:pump#jobs: ${user.name} has no value, so this allow is inert
        """,
        WhatCan.of(BUNDLE, P7).text());
    assertEquals("nothing\n", WhatCan.of(BUNDLE, Subject.builder("x").build()).text());
  }

  @Test
  void whatCanAgreesWithBruteForce() {
    SplittableRandom random = Universe.random();
    List<Subject> subjects = Universe.subjects();
    List<String> topics = Universe.topics();
    for (int round = 0; round < Universe.rounds(60); round++) {
      PolicyBundle bundle = round % 2 == 0 ? Universe.bundle(random) : Universe.richBundle(random);
      for (int s = random.nextInt(7); s < subjects.size(); s += 7) {
        Subject subject = subjects.get(s);
        BoundPolicies bound = bundle.bind(subject);
        WhatCan can = WhatCan.of(bundle, subject);
        assertEquals(
            bound.decideConnect().allowed(), can.mayConnect(subject.clientId()), can::text);
        for (int t = random.nextInt(11); t < topics.size(); t += 11) {
          String topic = topics.get(t);
          boolean retain = random.nextBoolean();
          int qos = random.nextInt(3);
          assertEquals(
              bound.decidePublish(topic, qos, retain, 0).allowed(),
              can.mayPublish(topic, qos, retain, 0),
              can::text);
        }
        for (int i = 0; i < 20; i++) {
          String filter = Universe.pattern(random).replaceAll("[^/]*\\$\\{[^}]*}", "d1");
          assertEquals(
              bound.decideSubscribe(filter, 0, null).allowed(),
              can.maySubscribe(filter),
              () -> filter + "\n" + can.text());
        }
      }
    }
  }

  @Test
  void explanationsNameTheDecidingStatement() {
    SplittableRandom random = Universe.random();
    List<Subject> subjects = Universe.subjects();
    List<String> topics = Universe.topics();
    for (int round = 0; round < Universe.rounds(2_000); round++) {
      PolicyBundle bundle = round % 2 == 0 ? Universe.bundle(random) : Universe.richBundle(random);
      Subject subject = subjects.get(random.nextInt(subjects.size()));
      String topic = topics.get(random.nextInt(topics.size()));
      String filter = Universe.pattern(random).replaceAll("[^/]*\\$\\{[^}]*}", "d1");
      boolean retain = random.nextBoolean();
      assertSpeakersDecide(bundle, subject, new AccessRequest(Action.CONNECT, subject.clientId()));
      assertSpeakersDecide(bundle, subject, new AccessRequest(Action.RECEIVE, topic));
      assertSpeakersDecide(
          bundle, subject, new AccessRequest(Action.PUBLISH, topic, 0, retain, 0, null));
      for (@Nullable String group : Arrays.asList(null, "g1")) {
        assertSpeakersDecide(
            bundle, subject, new AccessRequest(Action.SUBSCRIBE, filter, 0, false, 0, group));
      }
    }
  }

  /**
   * What is allowed no line denies, what is not allowed none allows unless one denies, and the
   * statement that decides speaks. That nothing allows a filter is said before a deny of a part.
   */
  private static void assertSpeakersDecide(
      PolicyBundle bundle, Subject subject, AccessRequest request) {
    Explanation explanation = Explanation.of(bundle, subject, request);
    Decision decision = explanation.decision();
    Supplier<@Nullable String> context =
        () -> request + " of " + subject + "\n" + explanation.text() + bundle.policies();
    List<Explanation.Line> denies = speakers(explanation, "denies");
    List<Explanation.Line> allows = speakers(explanation, "allows");
    if (decision.allowed()) {
      assertEquals(List.of(), denies, context);
      assertTrue(
          allows.stream().anyMatch(line -> line.ref().equals(decision.statement())), context);
    } else if (decision.reason() == Reason.EXPLICIT_DENY) {
      assertTrue(
          denies.stream().anyMatch(line -> line.ref().equals(decision.statement())), context);
    } else {
      assertEquals(List.of(), allows, context);
    }
  }

  private static List<Explanation.Line> speakers(Explanation explanation, String effect) {
    return explanation.lines().stream()
        .filter(line -> line.speaks() && line.why().startsWith(effect))
        .toList();
  }

  @Test
  void explainsWhatIsReceivedByALiteralFilter() {
    String text =
        """
        version: 1
        name: p
        match: { everyone: true }
        statements:
          - { id: exact, effect: allow, actions: [subscribe], literalFilters: ["a/#"] }
        """;
    AccessRequest receive = new AccessRequest(Action.RECEIVE, "a/x");
    Explanation granted =
        Explanation.of(Universe.bundle(List.of(Universe.parse(text))), P7, receive);
    assertEquals(
        """
        allowed by file:p#exact
          file:p: binds: everyone
          * file:p#exact: allows: the filter "a/#" brings it
        """,
        granted.text());
    String deny = "  - { id: s, effect: deny, actions: [subscribe], topics: [a/secret] }\n";
    Explanation refused =
        Explanation.of(Universe.bundle(List.of(Universe.parse(text + deny))), P7, receive);
    assertEquals(
        """
        not allowed: no statement allows it
          file:p: binds: everyone
            file:p#exact: the filter "a/#" would bring it, but is denied by file:p#s
            file:p#s: no pattern matches "a/x": a/secret
        """,
        refused.text());
  }

  @Test
  void explainsWhatDidNotTakePart() {
    PolicyBundle bundle =
        Universe.bundle(
            List.of(
                Universe.parse(
                    """
                    version: 1
                    name: p
                    match: { everyone: true }
                    statements:
                      - id: all
                        effect: allow
                        actions: [publish, subscribe]
                        topics: ["a/#"]
                        shareGroups: [g]
                      - { id: kept, effect: deny, actions: [publish], topics: ["a/#"], where: { retain: only } }
                      - { id: shared, effect: deny, actions: [subscribe], topics: ["a/#"], shareGroups: [other] }
                      - { id: received, effect: deny, actions: [receive], topics: ["a/x"] }
                    """)));
    assertEquals(
        """
        allowed by file:p#all
          file:p: binds: everyone
          * file:p#all: allows: "a/#" matches it
            file:p#kept: "a/#" matches it, but retain is only
            file:p#shared: is about subscribe, not publish
            file:p#received: is about receive, not publish
        """,
        Explanation.of(bundle, P7, new AccessRequest(Action.PUBLISH, "a/x")).text());
    assertEquals(
        """
        allowed by file:p#all
          file:p: binds: everyone
          * file:p#all: allows: "a/#" contains it
            file:p#kept: is about publish, not subscribe
            file:p#shared: is about shared subscriptions in groups [other]
            file:p#received: "a/x" overlaps it, and drops messages at delivery
        """,
        Explanation.of(bundle, P7, new AccessRequest(Action.SUBSCRIBE, "a/+")).text());
    assertTrue(
        Explanation.of(bundle, P7, new AccessRequest(Action.SUBSCRIBE, "a/+", 0, false, 0, "g"))
            .text()
            .contains("* file:p#received: denies: \"a/x\" overlaps it, and what it dropped"));
  }
}
