package io.signalbox.acl.decision;

import static io.signalbox.acl.decision.DecisionsTest.P7;
import static io.signalbox.acl.decision.DecisionsTest.allow;
import static io.signalbox.acl.decision.DecisionsTest.assertAllowed;
import static io.signalbox.acl.decision.DecisionsTest.assertDenied;
import static io.signalbox.acl.decision.DecisionsTest.bind;
import static io.signalbox.acl.decision.DecisionsTest.deny;
import static io.signalbox.acl.decision.DecisionsTest.policy;
import static io.signalbox.acl.decision.DecisionsTest.subscribe;
import static io.signalbox.acl.decision.DecisionsTest.withClaim;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.signalbox.acl.subject.TokenAttributes.AclClaim;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Whatever goes wrong, and whatever is not known: nothing is let through by it. */
final class FailClosedTest {
  /** A range outside of the array stands for any fault of ours. */
  @Test
  void aDecisionThatFailsIsADenial() {
    BoundPolicies bound = bind(P7, policy("p", allow("a", "publish, subscribe", "a", "")));
    byte[] topic = {'a'};
    assertDenied(Reason.ERROR, bound.decidePublish(topic, 0, 9, 0, false, 0));
    assertFalse(bound.allowsPublish(topic, 0, 9, 0, false, 0));
    assertDenied(Reason.ERROR, bound.decideDelivery(topic, 0, 9));
    assertAllowed("file:p#a", bound.decidePublish(topic, 0, 1, 0, false, 0));
    Decision received =
        bind(P7, policy("p", deny("d", "receive", "b/c", ""))).decideReceive(topic, 0, 9);
    assertNotNull(received);
    assertDenied(Reason.ERROR, received);
  }

  @Test
  void anUnresolvedVariableMakesAnAllowInertAndADenyWide() {
    String text =
        policy("p", allow("a", "publish", "x/${user.name}/y", ""))
            + deny("d", "publish", "z/${user.name}/y", "")
            + allow("all-z", "publish", "z/#", "");
    for (String name : List.of("", "a/b", "+", "#", "a\0b", "\ud800")) {
      BoundPolicies bound = bind(P7.with().userName(name).build(), text);
      assertDenied(Reason.UNRESOLVED_VARIABLE, bound.decidePublish("x/q/y", 0, false, 0));
      assertDenied(Reason.EXPLICIT_DENY, bound.decidePublish("z/q/y", 0, false, 0));
      assertAllowed("file:p#all-z", bound.decidePublish("z/q/other", 0, false, 0));
      assertEquals(2, bound.unresolved().size(), () -> bound.unresolved().toString());
    }
    BoundPolicies fine = bind(P7.with().userName("ann").build(), text);
    assertAllowed("file:p#a", fine.decidePublish("x/ann/y", 0, false, 0));
    assertDenied(Reason.EXPLICIT_DENY, fine.decidePublish("z/ann/y", 0, false, 0));
    assertAllowed("file:p#all-z", fine.decidePublish("z/bob/y", 0, false, 0));
    assertEquals(List.of(), fine.unresolved());
  }

  @Test
  void anUnresolvedVariableWidensEveryKindOfDeny() {
    String text =
        policy(
            "p",
            """
              - { id: all, effect: allow, actions: [subscribe], topics: ["#"], shareGroups: ["*"] }
              - { id: text, effect: deny, actions: [subscribe], literalFilters: ["x/${user.name}/#"] }
              - { id: crew, effect: deny, actions: [subscribe], topics: ["jobs/#"], shareGroups: ["${user.name}"] }
            """);
    BoundPolicies ann = bind(P7.with().userName("ann").build(), text);
    assertDenied(Reason.EXPLICIT_DENY, subscribe(ann, "x/ann/#"));
    assertAllowed("file:p#all", subscribe(ann, "x/bob/#"));
    assertAllowed("file:p#all", subscribe(ann, "x/ann/y"));
    assertDenied(Reason.EXPLICIT_DENY, subscribe(ann, "$share/ann/jobs/1"));
    assertAllowed("file:p#all", subscribe(ann, "$share/bob/jobs/1"));
    BoundPolicies unknown = bind(P7.with().userName("a/b").build(), text);
    for (String filter : List.of("x/ann/#", "x/ann/y", "x/+/y", "$share/any/jobs/1")) {
      assertDenied(Reason.EXPLICIT_DENY, subscribe(unknown, filter));
    }
    assertAllowed("file:p#all", subscribe(unknown, "jobs/1"));
    assertAllowed("file:p#all", subscribe(unknown, "y/ann/#"));
  }

  @Test
  void aValueNeverStartsATopicWithDollar() {
    String text =
        policy("p", allow("a", "publish", "${user.name}/y", ""))
            + deny("d", "publish", "${user.name}/z", "")
            + allow("sys", "publish", "$SYS/#", "");
    BoundPolicies bound = bind(P7.with().userName("$SYS").build(), text);
    assertAllowed("file:p#sys", bound.decidePublish("$SYS/y", 0, false, 0));
    assertDenied(Reason.EXPLICIT_DENY, bound.decidePublish("$SYS/z", 0, false, 0));
    assertDenied(Reason.EXPLICIT_DENY, bound.decidePublish("any/z", 0, false, 0));
  }

  @Test
  void aMalformedClaimDeniesEverything() {
    String text = policy("p", allow("a", "publish", "x/#", ""));
    for (Object claim : List.of("all", Map.of(), List.of("x"), List.of(Map.of("efect", "allow")))) {
      for (AclClaim mode : AclClaim.values()) {
        BoundPolicies bound = bind(withClaim(claim, mode), text);
        assertDenied(Reason.ERROR, bound.decidePublish("x/1", 0, false, 0));
        assertFalse(bound.claimProblems().isEmpty());
      }
    }
  }
}
