package io.signalbox.acl.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.proof.Universe;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.AuthMethod;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.testing.PolicyTest;
import io.signalbox.acl.testing.TestParser;
import io.signalbox.acl.testing.TestReport;
import io.signalbox.acl.testing.TestRunner;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MosquittoImportTest {
  private static final String ACL =
      """
      # everybody
      topic read $SYS/broker/uptime

      user ann
      topic readwrite home/#
      topic deny home/safe/#
      topic write log

      user bob jones
      topic read home/+/temperature

      pattern write devices/%c/#
      pattern read users/%u/inbox
      """;

  @Test
  void pinsWhatMosquittoDecides() {
    MosquittoImport imported = MosquittoImport.of("acl", ACL);
    assertEquals(List.of(), imported.problems());
    assertEquals(
        List.of(
            "anonymous.policy.yaml",
            "user-ann.policy.yaml",
            "user-bob-jones.policy.yaml",
            "patterns.policy.yaml",
            "mosquitto.test.yaml"),
        List.copyOf(imported.files().keySet()));
    TestReport report = run(imported);
    assertTrue(report.passed(), report::text);
    assertTrue(report.results().size() > 50);
    assertEquals(1, imported.notes().size());
  }

  @Test
  void saysWhatItCannotReadOrKeep() {
    MosquittoImport imported =
        MosquittoImport.of(
            "acl",
            """
            topc a
            topic write a/#/b
            user
            user ann
            topic a/b
            pattern deny a/#
            """);
    assertEquals(
        """
        acl:1:1: unknown word "topc"; there are user, topic, pattern
        acl:2:1: "a/#/b": "#" is only allowed as the last level
        acl:3:1: "user" needs a name
        """,
        String.join("", imported.problems().stream().map(p -> p + "\n").toList()));
    assertEquals(
        "acl:6:1: this deny wins over \"topic a/b\" in line 5; in mosquitto the topic line wins",
        imported.notes().get(1).toString());
    TestReport report = run(imported);
    assertTrue(report.passed(), report::text);
  }

  @Test
  void agreesWithMosquittoOverRandomFiles() {
    SplittableRandom random = Universe.random();
    for (int round = 0; round < Universe.rounds(200); round++) {
      String text = randomAcl(random);
      MosquittoImport imported = MosquittoImport.of("acl", text);
      assertTrue(run(imported).passed(), () -> run(imported).text() + text);
      MosquittoAcl acl = MosquittoAcl.read("acl", text, new Problems());
      PolicyBundle bundle = bundle(imported);
      for (String user : List.of("", "ann", "bob")) {
        for (String id : List.of("a", "c")) {
          BoundPolicies bound = bundle.bind(subject(user, id));
          for (String topic : List.of("a", "a/b", "b/a", "ann/a", "a/c/b", "c", "$S/a")) {
            assertEquals(
                acl.allows(user, id, true, topic),
                bound.decidePublish(topic, 0, true, 0).allowed(),
                () -> text + user + " " + id + " publish " + topic);
            assertEquals(
                acl.allows(user, id, false, topic),
                bound.decideDelivery(topic).allowed(),
                () -> text + user + " " + id + " receive " + topic);
          }
        }
      }
    }
  }

  /** Without a pattern's deny, which is known to differ. */
  private static String randomAcl(SplittableRandom random) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      boolean pattern = random.nextInt(3) == 0;
      if (random.nextInt(3) == 0) {
        text.append("user ").append(random.nextBoolean() ? "ann" : "bob").append('\n');
      }
      List<String> access =
          pattern ? List.of("read ", "write ", "") : List.of("read ", "write ", "", "deny ");
      text.append(pattern ? "pattern " : "topic ");
      text.append(access.get(random.nextInt(access.size())));
      List<String> levels = new ArrayList<>();
      int length = 1 + random.nextInt(3);
      for (int level = 0; level < length; level++) {
        List<String> choices =
            pattern ? List.of("%u", "%c", "a", "+") : List.of("a", "b", "ann", "+", "$S");
        levels.add(choices.get(random.nextInt(choices.size())));
      }
      if (random.nextInt(3) == 0) {
        levels.set(length - 1, "#");
      }
      text.append(String.join("/", levels)).append('\n');
    }
    return text.toString();
  }

  private static Subject subject(String user, String id) {
    return Subject.builder(id)
        .userName(user)
        .authMethod(user.isEmpty() ? AuthMethod.ANONYMOUS : AuthMethod.PASSWORD)
        .build();
  }

  private static TestReport run(MosquittoImport imported) {
    Problems problems = new Problems();
    String text = imported.files().getOrDefault("mosquitto.test.yaml", "");
    PolicyTest test =
        TestParser.parse("mosquitto.test.yaml", text, SourceLimits.DEFAULTS, problems)
            .orElseThrow(() -> new AssertionError(problems + text));
    return TestRunner.run(bundle(imported), List.of(test));
  }

  private static PolicyBundle bundle(MosquittoImport imported) {
    List<Policy> policies = new ArrayList<>();
    imported
        .files()
        .forEach(
            (name, text) -> {
              if (name.endsWith(".policy.yaml")) {
                policies.add(Universe.parse(text));
              }
            });
    return Universe.bundle(policies);
  }
}
