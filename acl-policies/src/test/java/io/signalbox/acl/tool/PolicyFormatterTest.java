package io.signalbox.acl.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.acl.load.ShippedPolicies;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.PolicyJson;
import io.signalbox.acl.proof.Universe;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PolicyFormatterTest {
  @Test
  void laysOutAndKeepsComments() {
    String text =
        """
        # about pumps

        name:   "pump"   # the name
        version: 1
        statements:
        # first
        - effect: allow
          id: 'data'   # beside
          # patterns
          topics:
            - "pump/${device.id}/#"
            - plain/topic
          actions: [ publish ]
          where: {maxQos: 1, transport: [mqtts,
            wss]}

        - {id: x, effect: deny, actions: [publish], topics: ["#", 'yes', "a: b"]}
        match:
            any:
            - group: pumps
            - cert: {ou: [a, b], ca: "1"}
        # the end
        """;
    String expected =
        """
        # about pumps

        version: 1
        name: pump # the name
        match:
          any:
            - { group: pumps }
            - { cert: { ca: "1", ou: [a, b] } }
        statements:
          # first
          - id: data # beside
            effect: allow
            actions: [publish]
            # patterns
            topics: ["pump/${device.id}/#", plain/topic]
            where: { transport: [mqtts, wss], maxQos: 1 }

          - id: x
            effect: deny
            actions: [publish]
            topics: ["#", "yes", "a: b"]
        # the end
        """;
    assertEquals(expected, PolicyFormatter.format(text));
    assertSound(text);
  }

  @Test
  void breaksListsThatAreTooLong() {
    String topic = "\"a/${device.id}/" + "b".repeat(40) + "\"";
    String text =
        "version: 1\nname: p\nstatements:\n  - { id: a, effect: allow, actions: publish, topics: [%s, %s] }\n"
            .formatted(topic, topic);
    assertEquals(
        """
        version: 1
        name: p
        statements:
          - id: a
            effect: allow
            actions: publish
            topics:
              - %s
              - %s
        """
            .formatted(topic, topic),
        PolicyFormatter.format(text));
    assertSound(text);
  }

  @Test
  void foldsLongProse() {
    String words = "word ".repeat(30).trim();
    String text =
        "version: 1\nname: p\ndescription: %s\nstatements:\n  - { id: a, effect: deny, actions: publish, topics: b }\n"
            .formatted(words);
    String formatted = PolicyFormatter.format(text);
    assertEquals(true, formatted.contains("description: >-\n  word word"), formatted);
    assertEquals(true, formatted.lines().allMatch(line -> line.length() <= 100));
    assertSound(text);
  }

  @Test
  void neverChangesWhatAPolicySays() {
    SplittableRandom random = Universe.random();
    for (String name : ShippedPolicies.NAMES) {
      assertSound(ShippedPolicies.text(name + ".policy.yaml"));
    }
    for (int i = 0; i < 200; i++) {
      assertSound(PolicyJson.of(Universe.policy("p", random)));
    }
    for (String odd :
        List.of(
            "a\\tb", "é", "\\u0001", "#", "- a", "a #b", "{x}", "'", "\\\"", "\\\\", "~", "%a",
            "@a", "*", "&", "!", "|", "0", "1.5", " a", "a ")) {
      assertSound(
          "version: 1\nname: p\ndescription: \"%s\"\nstatements: [{id: a, effect: deny, actions: publish, topics: b}]\n"
              .formatted(odd));
    }
  }

  private static void assertSound(String text) {
    String once = PolicyFormatter.format(text);
    Policy before = Universe.parse(text);
    assertEquals(PolicyJson.of(before), PolicyJson.of(Universe.parse(once)), once);
    assertEquals(once, PolicyFormatter.format(once));
  }
}
