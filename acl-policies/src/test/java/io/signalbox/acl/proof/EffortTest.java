package io.signalbox.acl.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.model.Glob;
import io.signalbox.acl.model.Policy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class EffortTest {
  /** No simple filling of one pattern fits the other, so each text is searched for. */
  private static final Word SEARCHED =
      new Word(
          List.of(AnyOf.of(List.of(new Glob("*ab*"))), AnyOf.of(List.of(new Glob("*ba*")))),
          List.of(),
          true);

  @Test
  void manySearchesForOneAnswerAreGivenUpTogether() {
    Effort effort = new Effort(1_000);
    assertEquals(Optional.of("aba"), SEARCHED.find(Set.of(), "some", effort));
    assertThrows(
        TooComplex.class,
        () -> {
          for (int i = 0; i < 1_000; i++) {
            SEARCHED.find(Set.of(), "some", effort);
          }
        });
    assertEquals(Optional.of("aba"), SEARCHED.find(Set.of(), "some", Effort.unbounded()));
  }

  /** Each allow may be new, or be rid of any of the denies: four million trials. */
  @Test
  void aDiffOfThousandsOfChangedPoliciesIsGivenUp() {
    PolicyBundle before = policies("a");
    PolicyBundle after = policies("b");
    PolicyDiff diff = PolicyDiff.between(before, after, new Effort(100_000));
    assertEquals(4_000, diff.changes().size());
    assertTrue(
        diff.changes()
            .getLast()
            .text()
            .endsWith("perhaps; gave up after a long search for clients" + " that would tell"),
        () -> diff.changes().getLast().text());
  }

  /** Also where every limit of theirs is another kind of request. */
  @Test
  void aDiffSaysNothingOfThousandsOfPoliciesThatNoChangedDenyComesNear() {
    List<Policy> many = policies("a").policies();
    PolicyDiff diff = PolicyDiff.between(with(many, "b/1"), with(many, "b/2"), new Effort(10_000));
    assertEquals("no client gains or loses anything\n", diff.text());
    PolicyDiff near = PolicyDiff.between(with(many, "b/1"), with(many, "a/7/#"), new Effort(10));
    assertEquals(1, near.changes().size(), near::text);
  }

  private static PolicyBundle with(List<Policy> many, String denied) {
    List<Policy> policies = new ArrayList<>(many);
    policies.add(
        Universe.parse(
            """
            version: 1
            name: less
            match: { everyone: true }
            statements:
              - { id: d, effect: deny, actions: [publish], topics: ["%s"] }
            """
                .formatted(denied)));
    return Universe.bundle(policies);
  }

  private static PolicyBundle policies(String head) {
    List<Policy> policies = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      policies.add(
          Universe.parse(
              """
              version: 1
              name: p%2$d
              match: { group: g%2$d }
              statements:
                - { id: s, effect: allow, actions: [publish], topics: ["%1$s/%2$d/#"], where: { maxPayload: %3$d } }
                - { id: d, effect: deny, actions: [publish], topics: ["%1$s/%2$d/x"] }
              """
                  .formatted(head, i, i + 1)));
    }
    return Universe.bundle(policies);
  }
}
