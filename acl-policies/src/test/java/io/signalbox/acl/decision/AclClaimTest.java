package io.signalbox.acl.decision;

import static io.signalbox.acl.decision.DecisionsTest.allow;
import static io.signalbox.acl.decision.DecisionsTest.assertAllowed;
import static io.signalbox.acl.decision.DecisionsTest.assertDenied;
import static io.signalbox.acl.decision.DecisionsTest.bind;
import static io.signalbox.acl.decision.DecisionsTest.deny;
import static io.signalbox.acl.decision.DecisionsTest.policy;
import static io.signalbox.acl.decision.DecisionsTest.withClaim;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.subject.TokenAttributes.AclClaim;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the acl claim of a token does to what the policies allow. */
final class AclClaimTest {
  private static final String POLICY =
      policy(
          "p",
          """
            - { id: c, effect: allow, actions: [connect], clientIds: ["*"] }
            - { id: s, effect: allow, actions: [publish, subscribe], topics: ["x/#"], shareGroups: [g1, g2] }
            - { id: d, effect: deny, actions: [receive], topics: ["x/+/unheard"] }
          """);

  private static Map<String, Object> statement(
      String effect, String action, String key, String of) {
    return Map.of("effect", effect, "actions", List.of(action), key, List.of(of));
  }

  private static BoundPolicies narrowed(Object... statements) {
    return bind(withClaim(List.of(statements), AclClaim.NARROW), POLICY);
  }

  @Test
  void narrowsEveryKindOfRequest() {
    BoundPolicies bound =
        narrowed(
            statement("allow", "connect", "clientIds", "p7"),
            statement("allow", "publish", "topics", "x/1"),
            statement("allow", "subscribe", "topics", "x/1/#"),
            statement("deny", "receive", "topics", "x/1/no"));
    assertAllowed("token:acl#1", bound.decideConnect());
    assertDenied(
        Reason.NO_MATCH,
        narrowed(statement("allow", "connect", "clientIds", "p8")).decideConnect());
    for (String topic : List.of("x/1", "x/2", "elsewhere")) {
      byte[] utf8 = topic.getBytes(UTF_8);
      boolean allowed = topic.equals("x/1");
      assertEquals(allowed, bound.decidePublish(topic, 0, false, 0).allowed(), topic);
      assertEquals(allowed, bound.allowsPublish(utf8, 0, utf8.length, 0, false, 0), topic);
    }
    assertDenied(Reason.NOT_CONTAINED, bound.decideSubscribe("x/#", 0, null).decision());
    assertDenied(Reason.NO_MATCH, bound.decideSubscribe("x/2", 0, null).decision());
    SubscribeDecision whole = bound.decideSubscribe("x/1/yes", 0, null);
    assertTrue(whole.allowed());
    assertFalse(whole.receiveCheck());
    SubscribeDecision part = bound.decideSubscribe("x/1/+", 0, null);
    assertTrue(part.allowed());
    assertTrue(part.receiveCheck());
    assertTrue(bound.hasReceiveDenies());
    assertNotNull(bound.decideReceive("x/1/no"), "denied by the claim");
    assertNotNull(bound.decideReceive("x/1/unheard"), "denied by the policies");
    assertNull(bound.decideReceive("x/1/yes"));
    assertTrue(bound.decideDelivery("x/1/yes").allowed());
    assertDenied(Reason.NO_MATCH, bound.decideDelivery("x/2"));
    assertDenied(Reason.EXPLICIT_DENY, bound.decideDelivery("x/1/no"));
  }

  @Test
  void keepsTheCheckAtDeliveryThatThePoliciesAskFor() {
    SubscribeDecision both =
        narrowed(statement("allow", "subscribe", "topics", "x/#"))
            .decideSubscribe("x/1/+", 0, null);
    assertTrue(both.allowed());
    assertTrue(both.receiveCheck());
  }

  @Test
  void lowersTheGrantedQosAndNamesItsOwnGroups() {
    Map<String, Object> low =
        Map.of(
            "effect",
            "allow",
            "actions",
            "subscribe",
            "topics",
            "x/#",
            "shareGroups",
            "g1",
            "where",
            Map.of("maxQos", 1));
    BoundPolicies bound = narrowed(low);
    assertEquals(1, bound.decideSubscribe("x/1", 2, null).grantedQos());
    assertEquals(0, bound.decideSubscribe("x/1", 0, null).grantedQos());
    assertTrue(bound.decideSubscribe("x/1/t", 2, "g1").allowed());
    assertDenied(Reason.SHARE_GROUP, bound.decideSubscribe("x/1/t", 2, "g2").decision());
  }

  @Test
  void aDenyOfTheClaimWinsWhereItGrantsToo() {
    List<Object> claim =
        List.of(
            statement("allow", "publish", "topics", "given"),
            statement("deny", "publish", "topics", "x/1"));
    BoundPolicies bound =
        bind(
            withClaim(claim, AclClaim.GRANT),
            policy("p", allow("a", "publish", "x/#", "") + deny("d", "publish", "given/no", "")));
    assertAllowed("token:acl#1", bound.decidePublish("given", 0, false, 0));
    assertDenied(Reason.EXPLICIT_DENY, bound.decidePublish("x/1", 0, false, 0));
    assertAllowed("file:p#a", bound.decidePublish("x/2", 0, false, 0));
  }
}
