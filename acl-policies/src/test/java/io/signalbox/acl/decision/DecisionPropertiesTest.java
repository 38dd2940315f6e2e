package io.signalbox.acl.decision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.Overlap;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.PolicyJson;
import io.signalbox.acl.proof.Universe;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What holds of every bundle, client and topic. */
class DecisionPropertiesTest {
  private static final List<Subject> SUBJECTS = Universe.subjects();
  private static final List<String> TOPICS = Universe.topics();

  private final SplittableRandom random = Universe.random();

  private interface Property {
    void check(PolicyBundle bundle, Subject subject, String topic, String context);
  }

  @Test
  void decisionsFollowTheRuleAsItIsWritten() {
    forAll(
        (bundle, subject, topic, context) -> {
          BoundPolicies bound = bundle.bind(subject);
          for (boolean retain : List.of(false, true)) {
            int qos = random.nextInt(3);
            assertEquals(
                naivePublish(bundle, subject, topic, qos, retain),
                bound.decidePublish(topic, qos, retain, 0).allowed(),
                context);
          }
          String filter = Universe.pattern(random).replaceAll("[^/]*\\$\\{[^}]*}", "d1");
          assertEquals(
              naiveSubscribe(bundle, subject, filter),
              bound.decideSubscribe(filter, 0, null).allowed(),
              () -> filter + context);
        });
  }

  @Test
  void orderAndNamesOfPoliciesDoNotMatter() {
    forAll(
        (bundle, subject, topic, context) -> {
          List<Policy> shuffled = new ArrayList<>(bundle.policies());
          Collections.shuffle(shuffled, new Random(random.nextLong()));
          BoundPolicies one = bundle.bind(subject);
          BoundPolicies other = Universe.bundle(shuffled).bind(subject);
          assertEquals(
              one.decidePublish(topic, 0, false, 0),
              other.decidePublish(topic, 0, false, 0),
              context);
          assertEquals(one.decideSubscribe(topic, 2, null), other.decideSubscribe(topic, 2, null));
          assertTrue(one.sameStatements(other));
        });
  }

  @Test
  void oneMoreDenyNeverAllowsAndOneMoreAllowNeverDenies() {
    forAll(
        (bundle, subject, topic, context) -> {
          String extra = Universe.pattern(random);
          for (boolean deny : List.of(true, false)) {
            List<Policy> more = new ArrayList<>(bundle.policies());
            more.add(
                Universe.parse(
                    DecisionsTest.policy(
                        "extra",
                        deny
                            ? DecisionsTest.deny("x", "publish, subscribe", extra, "")
                            : DecisionsTest.allow("x", "publish, subscribe", extra, ""))));
            boolean before = bundle.bind(subject).decidePublish(topic, 0, false, 0).allowed();
            boolean after =
                Universe.bundle(more).bind(subject).decidePublish(topic, 0, false, 0).allowed();
            assertTrue(deny ? !after || before : after || !before, () -> extra + context);
          }
        });
  }

  @Test
  void whatNoStatementAllowsIsDenied() {
    for (Subject subject : SUBJECTS) {
      BoundPolicies bound = PolicyBundle.EMPTY.bind(subject);
      assertEquals(Reason.NO_MATCH, bound.decideConnect().reason());
      assertEquals(Reason.NO_MATCH, bound.decidePublish("a", 0, false, 0).reason());
      assertEquals(Reason.NO_MATCH, bound.decideSubscribe("a", 0, null).decision().reason());
      assertFalse(bound.decideDelivery("a").allowed());
    }
  }

  @Test
  void aClientThatLosesAnAttributeGainsNothingByVariables() {
    forAll(
        (bundle, subject, topic, context) -> {
          Subject unusable = subject.with().device("+").clientId("a/b").build();
          boolean before =
              bundle
                  .bind(subject.with().device("d~").clientId("c~").build())
                  .decidePublish(topic, 0, false, 0)
                  .allowed();
          boolean after = bundle.bind(unusable).decidePublish(topic, 0, false, 0).allowed();
          // Neither value is named by any policy, so that only variables can tell them apart.
          boolean matched =
              bundle.boundTo(unusable).equals(bundle.boundTo(subject.with().device("d~").build()));
          assertTrue(!matched || before || !after, context);
        });
  }

  @Test
  void aSubscriptionReceivesOnlyWhatCouldBeSubscribedTo() {
    forAll(
        (bundle, subject, topic, context) -> {
          BoundPolicies bound = bundle.bind(subject);
          String filter = Universe.pattern(random).replaceAll("[^/]*\\$\\{[^}]*}", "d1");
          SubscribeDecision granted = bound.decideSubscribe(filter, 0, null);
          if (granted.allowed() && Filter.of(filter).matches(topic)) {
            boolean dropped = bound.decideReceive(topic) != null;
            assertTrue(granted.receiveCheck() || !dropped, () -> filter + topic + context);
            assertEquals(
                !dropped, bound.decideDelivery(topic).allowed(), () -> filter + topic + context);
          }
        });
  }

  private void forAll(Property property) {
    for (int round = 0; round < Universe.rounds(150); round++) {
      PolicyBundle bundle = Universe.bundle(random);
      String json = bundle.policies().stream().map(PolicyJson::of).toList().toString();
      for (int i = 0; i < 20; i++) {
        Subject subject = SUBJECTS.get(random.nextInt(SUBJECTS.size()));
        String topic = TOPICS.get(random.nextInt(TOPICS.size()));
        property.check(bundle, subject, topic, "\n" + subject + "\n" + topic + "\n" + json);
      }
    }
  }

  private static boolean naivePublish(
      PolicyBundle bundle, Subject subject, String topic, int qos, boolean retain) {
    boolean allowed = false;
    for (StatementView view : bundle.view(subject)) {
      if (!view.applies()
          || !view.statement().actions().contains(Action.PUBLISH)
          || !view.statement().where().retain().admits(retain)) {
        continue;
      }
      boolean matches = filters(view).stream().anyMatch(filter -> filter.matches(topic));
      if (matches && view.statement().isDeny()) {
        return false;
      }
      allowed |= matches && !view.statement().isDeny() && qos <= view.statement().where().maxQos();
    }
    return allowed;
  }

  private static boolean naiveSubscribe(PolicyBundle bundle, Subject subject, String text) {
    Filter filter = Filter.of(text);
    boolean allowed = false;
    for (StatementView view : bundle.view(subject)) {
      if (!view.applies() || !view.statement().actions().contains(Action.SUBSCRIBE)) {
        continue;
      }
      boolean refuse = view.statement().overlap() == Overlap.REFUSE;
      if (view.statement().isDeny()) {
        if (filters(view).stream()
            .anyMatch(p -> refuse ? p.intersects(filter) : p.contains(filter))) {
          return false;
        }
      } else {
        allowed |= filters(view).stream().anyMatch(p -> p.contains(filter));
      }
    }
    return allowed;
  }

  private static List<Filter> filters(StatementView view) {
    List<Filter> filters = new ArrayList<>();
    for (StatementView.Pattern pattern : view.topics()) {
      filters.addAll(pattern.filters());
      if (view.statement().isDeny()) {
        pattern.widest().ifPresent(filters::add);
      }
    }
    return filters;
  }
}
