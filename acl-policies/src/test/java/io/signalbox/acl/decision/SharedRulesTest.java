package io.signalbox.acl.decision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.model.Policy;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.Transport;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Clients share what is compiled, and never the values of one another. */
class SharedRulesTest {
  private static final String POLICY =
      DecisionsTest.policy(
          "own",
          """
            - { id: c, effect: allow, actions: [connect], clientIds: ["${user.name}", "${user.name}:*"] }
            - { id: t, effect: allow, actions: [publish, subscribe], topics: ["u/${user.name}/#", "${user.name}/${client.id}/x", "dev-${client.id}/x", "g/${group}/x"] }
            - { id: jobs, effect: allow, actions: [subscribe], topics: [jobs/#], shareGroups: ["team-${user.name}", "${group}*"] }
            - { id: exact, effect: allow, actions: [subscribe], literalFilters: ["all/+/${user.name}/#"] }
            - { id: tls, effect: allow, actions: [publish], topics: ["tls/${user.name}"], where: { transport: mqtts } }
            - { id: never, effect: deny, actions: [publish, subscribe], topics: ["${user.name}/${client.id}/x/#", "u/${group}/no"] }
          """);

  private static final List<Policy> PARSED = DecisionsTest.policies(POLICY);

  private static final List<String> NAMES =
      List.of("ann", "bob", "", "+", "$SYS", "a/b", "é", "\uD83D\uDE00", "ann:1", "a\0");
  private static final List<List<String>> GROUPS =
      List.of(List.of(), List.of("ann"), List.of("g1", "g2"), List.of("g1", "+"), List.of("$g"));

  @Test
  void eachClientIsAnsweredAsIfItWereAlone() {
    PolicyBundle together = bundle();
    List<Subject> subjects = subjects();
    for (Subject subject : subjects) {
      BoundPolicies shared = together.bind(subject);
      BoundPolicies alone = bundle().bind(subject);
      assertEquals(alone.unresolved(), shared.unresolved());
      assertEquals(alone.decideConnect(), shared.decideConnect());
      for (String topic : topics(subject)) {
        assertEquals(
            alone.decidePublish(topic, 1, false, 0), shared.decidePublish(topic, 1, false, 0));
        byte[] utf8 = topic.getBytes(StandardCharsets.UTF_8);
        assertEquals(
            alone.decidePublish(topic, 1, false, 0).allowed(),
            shared.allowsPublish(utf8, 0, utf8.length, 1, false, 0));
        for (String filter : List.of(topic, topic + "/#", "$share/team-ann/jobs/1")) {
          assertEquals(
              alone.decideSubscribe(filter, 1, null), shared.decideSubscribe(filter, 1, null));
        }
      }
    }
  }

  @Test
  void namesOfAnyLetterAreComparedWhole() {
    for (String name : List.of("ann", "é", "\uD83D\uDE00", "日本")) {
      assertTrue(connects(name, name), name);
      assertTrue(connects(name, name + ":x"), name);
      assertTrue(connects(name, name + ":"), name);
      assertFalse(connects(name, name + "x"), name);
      assertFalse(connects(name, name.substring(0, name.length() - 1)), name);
      assertFalse(connects(name, "x" + name), name);
      BoundPolicies bound = bundle().bind(Subject.builder("c").userName(name).build());
      assertTrue(bound.decideSubscribe("jobs/1", 0, "team-" + name).allowed(), name);
      assertFalse(bound.decideSubscribe("jobs/1", 0, "team-" + name + "x").allowed(), name);
      assertTrue(bound.decideSubscribe("all/+/" + name + "/#", 0, null).allowed(), name);
      assertFalse(bound.decideSubscribe("all/x/" + name + "/#", 0, null).allowed(), name);
    }
  }

  @Test
  void manyStatementsWithoutVariablesAreKeptApartAndDecideAlike() {
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 400; i++) {
      many.append(
          "  - { id: s%1$d, effect: %2$s, actions: [publish, subscribe], topics: [t/%1$d/#] }\n"
              .formatted(i, i % 7 == 0 ? "deny" : "allow"));
    }
    many.append(
        "  - { id: own, effect: allow, actions: [publish], topics: [\"t/${user.name}/0\"] }\n");
    many.append(
        "  - { id: not, effect: deny, actions: [publish], topics: [\"t/+/${user.name}\"] }\n");
    BoundPolicies bound =
        DecisionsTest.bind(
            Subject.builder("c").userName("ann").build(),
            DecisionsTest.policy("many", many.toString()));
    assertEquals("file:many#s1", bound.decidePublish("t/1/x", 0, false, 0).statement());
    assertEquals("file:many#not", bound.decidePublish("t/1/ann", 0, false, 0).statement());
    assertEquals("file:many#own", bound.decidePublish("t/ann/0", 0, false, 0).statement());
    assertEquals(Reason.EXPLICIT_DENY, bound.decidePublish("t/7/x", 0, false, 0).reason());
    assertTrue(bound.decideSubscribe("t/399/+", 0, null).allowed() == (399 % 7 != 0));
    assertEquals(
        Reason.EXPLICIT_DENY, bound.decideSubscribe("t/392/+", 0, null).decision().reason());
  }

  private static boolean connects(String user, String clientId) {
    return bundle()
        .bind(Subject.builder(clientId).userName(user).build())
        .decideConnect()
        .allowed();
  }

  private static List<Subject> subjects() {
    List<Subject> subjects = new ArrayList<>();
    for (String name : NAMES) {
      for (List<String> groups : GROUPS) {
        subjects.add(
            Subject.builder(name.isEmpty() ? "c" : name)
                .userName(name)
                .groups(groups)
                .transport(name.length() % 2 == 0 ? Transport.MQTT : Transport.MQTTS)
                .build());
      }
    }
    return subjects;
  }

  private static List<String> topics(Subject subject) {
    List<String> topics = new ArrayList<>();
    for (String name : List.of("ann", "bob", "é", "\uD83D\uDE00", "$SYS", "g1", "$g", "x")) {
      topics.addAll(
          List.of(
              "u/" + name + "/y",
              "u/" + name + "/no",
              name + "/" + name + "/x",
              name + "/" + subject.clientId() + "/x",
              "dev-" + name + "/x",
              "g/" + name + "/x",
              "tls/" + name));
    }
    return topics;
  }

  private static PolicyBundle bundle() {
    return PolicyBundle.compile(PARSED, List.of(), new Problems()).orElseThrow();
  }
}
