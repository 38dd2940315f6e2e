package io.signalbox.acl.decision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.PolicyJson;
import io.signalbox.acl.parser.PolicyParser;
import io.signalbox.acl.proof.Universe;
import io.signalbox.acl.source.Documents;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.TokenAttributes;
import io.signalbox.acl.subject.TokenAttributes.AclClaim;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The engine decides as the {@link Reference} does, over random policies with everything the
 * language has, and random clients, some of whose values are missing, many or unusable.
 */
final class ReferenceTest {
  private final SplittableRandom random = Universe.random();

  /** How often each kind of request was allowed, and how often denied. */
  private final Map<String, Integer> seen = new TreeMap<>();

  @Test
  void theEngineDecidesAsTheReference() {
    for (int round = 0; round < Universe.rounds(200); round++) {
      List<Policy> policies = new ArrayList<>();
      for (int i = random.nextInt(4); i >= 0; i--) {
        policies.add(RichUniverse.policy("p" + i, random));
      }
      PolicyBundle bundle = Universe.bundle(policies);
      for (int i = 0; i < 6; i++) {
        Subject subject = RichUniverse.subject(random);
        check(bundle, policies, subject);
      }
    }
    for (String kind : List.of("connect", "publish", "subscribe", "share", "receive", "delivery")) {
      for (boolean allowed : List.of(true, false)) {
        int count = seen.getOrDefault(kind + " " + allowed, 0);
        assertTrue(count > 50, () -> kind + " " + allowed + " was seen " + count + " times");
      }
    }
  }

  private void check(PolicyBundle bundle, List<Policy> policies, Subject subject) {
    Reference reference = new Reference(policies, subject);
    Reference narrowing = null;
    TokenAttributes token = subject.token();
    Object claim = token == null ? null : token.claims().get("acl");
    if (token != null && claim != null) {
      Reference ofClaim = Reference.ofClaim(parsed(claim), subject);
      if (token.aclClaim() == AclClaim.GRANT) {
        reference.add(ofClaim);
      } else {
        narrowing = ofClaim;
      }
    }
    BoundPolicies bound = bundle.bind(subject);
    String context = "\n" + subject + "\n" + policies.stream().map(PolicyJson::of).toList();
    assertEquals(List.of(), bound.claimProblems(), context);
    check(bound, reference, narrowing, context);
  }

  private void check(
      BoundPolicies bound, Reference reference, @Nullable Reference narrowing, String context) {
    boolean connects =
        reference.connect()
            && (narrowing == null || !narrowing.speaksOfConnect() || narrowing.connect());
    assertSame("connect", connects, bound.decideConnect().allowed(), context);
    for (int i = 0; i < 12; i++) {
      String topic = RichUniverse.topic(random);
      int qos = random.nextInt(3);
      boolean retain = random.nextBoolean();
      int payload = random.nextInt(3);
      boolean publishes =
          reference.publish(topic, qos, retain, payload)
              && (narrowing == null || narrowing.publish(topic, qos, retain, payload));
      String where = topic + " " + qos + " " + retain + " " + payload + context;
      byte[] utf8 = topic.getBytes(StandardCharsets.UTF_8);
      assertSame(
          "publish", publishes, bound.decidePublish(topic, qos, retain, payload).allowed(), where);
      assertEquals(
          publishes, bound.allowsPublish(utf8, 0, utf8.length, qos, retain, payload), where);
      boolean receives =
          reference.receive(topic) && (narrowing == null || narrowing.receive(topic));
      assertSame("receive", receives, bound.decideReceive(topic) == null, where);
      boolean delivers =
          reference.delivery(topic) && (narrowing == null || narrowing.delivery(topic));
      assertSame("delivery", delivers, bound.decideDelivery(topic).allowed(), where);

      String filter = RichUniverse.filter(random);
      String group = random.nextInt(3) == 0 ? RichUniverse.group(random) : null;
      subscribe(bound, reference, narrowing, filter, qos, group, context);
    }
  }

  private void subscribe(
      BoundPolicies bound,
      Reference reference,
      @Nullable Reference narrowing,
      String text,
      int qos,
      @Nullable String group,
      String context) {
    Filter filter = Filter.of(text);
    OptionalInt granted = reference.subscribe(filter, qos, group);
    boolean checked = reference.receivesPartOf(filter);
    if (narrowing != null && granted.isPresent()) {
      granted = narrowing.subscribe(filter, granted.getAsInt(), group);
      checked |= narrowing.receivesPartOf(filter);
    }
    SubscribeDecision decision = bound.decideSubscribe(text, qos, group);
    String where = text + " " + qos + " " + group + context;
    assertSame(
        group == null ? "subscribe" : "share", granted.isPresent(), decision.allowed(), where);
    if (granted.isPresent()) {
      assertEquals(granted.getAsInt(), decision.grantedQos(), where);
      assertEquals(checked, decision.receiveCheck(), where);
    }
  }

  private void assertSame(String kind, boolean expected, boolean actual, String context) {
    seen.merge(kind + " " + expected, 1, Integer::sum);
    assertEquals(expected, actual, () -> kind + " " + context);
  }

  private static Policy parsed(Object claim) {
    Problems problems = new Problems();
    return Documents.fromValue("claim", claim, SourceLimits.DEFAULTS, problems)
        .flatMap(node -> PolicyParser.parseClaim(node, problems))
        .orElseThrow(() -> new AssertionError(problems.toString()));
  }
}
