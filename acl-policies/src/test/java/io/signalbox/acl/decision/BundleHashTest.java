package io.signalbox.acl.decision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.model.Policy;
import io.signalbox.acl.parser.PolicyParser;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The hash that every decision carries tells bundles apart by what they say, and by nothing else.
 */
final class BundleHashTest {
  private static final String PUMP =
      """
      version: 1
      name: pump
      description: Pumps send data.
      match: { all: [{ cert: { ca: factory, ou: [pumps, valves] } }], not: [{ group: retired }] }
      onDenied: drop
      onRevoke: filter
      statements:
        - { id: c, effect: allow, actions: [connect], clientIds: ["${device.id}:*"], where: { transport: mqtts, auth: certificate } }
        - { id: d, effect: allow, actions: [publish], topics: ["p/${device.id}/#"], where: { retain: allow, maxQos: 1, maxPayload: 64KiB } }
        - { id: w, effect: allow, actions: [subscribe], topics: ["w/#"], shareGroups: ["g-*"] }
        - { id: e, effect: allow, actions: [subscribe], literalFilters: ["x/+"] }
        - { id: but, effect: deny, actions: [subscribe], topics: ["w/no"], overlap: filter }
        - { id: s, effect: deny, actions: [publish], topics: ["p/+/s"], where: { source: 10.0.0.0/8, listener: main, tlsVersion: TLSv1.2 } }
      """;

  private static final String OTHER =
      DecisionsTest.policy("other", DecisionsTest.allow("a", "publish", "o/#", ""));

  private static Policy policy(String namespace, String file, String text) {
    Problems problems = new Problems();
    return PolicyParser.parse(namespace, file, text, SourceLimits.DEFAULTS, problems)
        .orElseThrow(() -> new AssertionError(problems.toString()));
  }

  private static PolicyBundle bundle(List<Policy> policies, List<Attachment> attachments) {
    Problems problems = new Problems();
    return PolicyBundle.compile(policies, attachments, problems)
        .orElseThrow(() -> new AssertionError(problems.toString()));
  }

  private static String hash(String text) {
    return bundle(List.of(policy("file", "a.yaml", text)), List.of()).hash();
  }

  private static Attachment to(Attachment.Kind kind, String target) {
    return new Attachment("file:pump", kind, target);
  }

  @Test
  void isTheSameForTheSameContent() {
    Policy pump = policy("file", "a.yaml", PUMP);
    Policy other = policy("file", "b.yaml", OTHER);
    Attachment device = to(Attachment.Kind.DEVICE, "d1");
    Attachment group = to(Attachment.Kind.GROUP, "g1");
    String hash = bundle(List.of(pump, other), List.of(device, group)).hash();
    assertTrue(hash.matches("[0-9a-f]{64}"), hash);
    assertEquals(hash, bundle(List.of(other, pump), List.of(group, device)).hash());
    Policy elsewhere =
        policy("file", "z/other-name.yaml", "# a comment\n" + PUMP + "\n# and one\n");
    assertEquals(hash, bundle(List.of(elsewhere, other), List.of(device, group)).hash());
    PolicyBundle known = bundle(List.of(pump, other), List.of());
    PolicyBundle quick =
        PolicyBundle.compile(List.of(pump, other), List.of(device, group), known, new Problems())
            .orElseThrow();
    assertEquals(hash, quick.hash(), "made from the hashes of a bundle before");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "name: pump                | name: pumps",
        "Pumps send data           | Pumps send more",
        "ca: factory               | ca: lab",
        "[pumps, valves]           | [pumps]",
        "group: retired            | group: broken",
        "not: [{ group: retired }] | any: [{ group: retired }]",
        "onDenied: drop            | onDenied: disconnect",
        "onRevoke: filter          | onRevoke: disconnect",
        "id: d                     | id: data",
        "${device.id}:*            | ${device.id}",
        "transport: mqtts          | transport: wss",
        "auth: certificate         | auth: jwt",
        "p/${device.id}/#          | p/${device.id}/+",
        "p/${device.id}/#          | p/${client.id}/#",
        "retain: allow             | retain: only",
        "maxQos: 1                 | maxQos: 0",
        "64KiB                     | 65KiB",
        "g-*                       | g-1",
        "literalFilters            | topics",
        "x/+                       | x/y",
        "', overlap: filter'       | ''",
        "effect: deny, actions: [publish] | effect: allow, actions: [publish]",
        "actions: [subscribe], topics: [\"w/#\"] | actions: [publish, subscribe], topics:"
            + " [\"w/#\"]",
        "10.0.0.0/8                | 10.0.0.0/9",
        "listener: main            | listener: other",
        "TLSv1.2                   | TLSv1.3",
      })
  void isAnotherForEachChange(String part, String change) {
    assertTrue(PUMP.contains(part), part);
    assertNotEquals(hash(PUMP), hash(PUMP.replace(part, change == null ? "" : change)));
  }

  @Test
  void isAnotherForEachPolicyNamespaceAndAttachment() {
    Policy pump = policy("file", "a.yaml", PUMP);
    Policy other = policy("file", "b.yaml", OTHER);
    List<PolicyBundle> different =
        List.of(
            PolicyBundle.EMPTY,
            bundle(List.of(pump), List.of()),
            bundle(List.of(other), List.of()),
            bundle(List.of(pump, other), List.of()),
            bundle(List.of(policy("api", "a.yaml", PUMP)), List.of()),
            bundle(List.of(pump), List.of(to(Attachment.Kind.DEVICE, "d1"))),
            bundle(List.of(pump), List.of(to(Attachment.Kind.DEVICE, "d2"))),
            bundle(List.of(pump), List.of(to(Attachment.Kind.GROUP, "d1"))),
            bundle(
                List.of(pump),
                List.of(to(Attachment.Kind.DEVICE, "d1"), to(Attachment.Kind.DEVICE, "d2"))));
    Map<String, Integer> seen = new HashMap<>();
    for (PolicyBundle bundle : different) {
      seen.merge(bundle.hash(), 1, Integer::sum);
    }
    assertEquals(different.size(), seen.size());
  }

  @Test
  void isCarriedByEveryDecision() {
    PolicyBundle bundle = bundle(List.of(policy("file", "b.yaml", OTHER)), List.of());
    BoundPolicies bound = bundle.bind(Subject.builder("c").build());
    List<Decision> decisions = new ArrayList<>();
    decisions.add(bound.decideConnect());
    decisions.add(bound.decidePublish("o/1", 0, false, 0));
    decisions.add(bound.decidePublish("x", 0, false, 0));
    decisions.add(bound.decidePublish("o/1", 0, true, 0));
    decisions.add(bound.decideSubscribe("o/#", 0, null).decision());
    decisions.add(bound.decideSubscribe("", 0, null).decision());
    decisions.add(bound.decideDelivery("o/1"));
    for (Decision decision : decisions) {
      assertEquals(bundle.hash(), decision.bundle(), decision::text);
    }
    assertFalse(bundle.hash().equals(PolicyBundle.EMPTY.hash()));
  }
}
