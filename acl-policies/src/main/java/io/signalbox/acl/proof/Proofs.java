package io.signalbox.acl.proof;

import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.Match.Condition;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.Statement;
import java.util.List;
import java.util.Optional;

/** Statements about all clients. */
public final class Proofs {
  private Proofs() {}

  /**
   * By policies, nobody who may connect may publish to a topic of the region (PUBLISH), or be
   * delivered a message on one (SUBSCRIBE), except clients for whom one of the conditions holds.
   * What the acl claim of a token gives, where its issuer may grant, is not looked at.
   *
   * @param effort beyond it, it is not known
   */
  public static Verdict noone(
      PolicyBundle bundle, Action action, Filter region, List<Condition> except, Effort effort) {
    List<Formula> others =
        except.stream().map(condition -> Formula.of(condition).negated()).toList();
    Reach.Question question = new Reach.Question(action, region, others, true, false);
    try {
      Reach reach = new Reach(bundle, region, effort);
      for (Policy policy : bundle.policies()) {
        for (Statement statement : policy.statements()) {
          if (!statement.isDeny() && statement.actions().contains(action)) {
            Optional<Witness> found = reach.find(policy, statement, question);
            if (found.isPresent()) {
              return new Verdict.Violated(found.get());
            }
          }
        }
      }
      return new Verdict.Proved();
    } catch (TooComplex e) {
      return new Verdict.Undetermined(String.valueOf(e.getMessage()));
    }
  }
}
