package io.signalbox.acl.testing;

import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.Decision;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.decision.Reception;
import io.signalbox.acl.decision.SubscribeDecision;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.proof.Effort;
import io.signalbox.acl.proof.Proofs;
import io.signalbox.acl.proof.Verdict;
import io.signalbox.acl.testing.PolicyTest.Case;
import io.signalbox.acl.testing.PolicyTest.Invariant;
import io.signalbox.acl.testing.TestReport.Result;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Runs tests against a bundle: cases by asking, invariants by proof. */
public final class TestRunner {
  private final PolicyBundle bundle;
  private final Effort effort;
  private final List<Result> results = new ArrayList<>();
  private final Set<String> decided = new HashSet<>();

  private TestRunner(PolicyBundle bundle, Effort effort) {
    this.bundle = bundle;
    this.effort = effort;
  }

  /** As long as it takes. */
  public static TestReport run(PolicyBundle bundle, List<PolicyTest> tests) {
    return run(bundle, tests, Effort.unbounded());
  }

  /**
   * @param effort of all proofs together; invariants that are beyond it fail as not proved
   */
  public static TestReport run(PolicyBundle bundle, List<PolicyTest> tests, Effort effort) {
    TestRunner runner = new TestRunner(bundle, effort);
    for (PolicyTest test : tests) {
      test.cases().forEach(runner::run);
      test.invariants().forEach(runner::run);
    }
    return new TestReport(runner.results, runner.decided);
  }

  private void run(Case test) {
    String what = "%s %s \"%s\"".formatted(test.principal(), test.action().word(), test.request());
    for (String policy : test.attached()) {
      if (!bundle.hasNamed(policy)) { // whatever it is to deny would be denied for want of it
        results.add(
            new Result(test.position(), what, "there is no policy \"%s\"".formatted(policy)));
        return;
      }
    }
    BoundPolicies bound = bundle.bind(test.subject(), test.attached());
    SubscribeDecision subscribe =
        bound.decideSubscribe(
            test.action() == Action.SUBSCRIBE ? test.request() : "-", test.qos(), null);
    Decision decision =
        switch (test.action()) {
          case CONNECT -> bound.decideConnect();
          case PUBLISH ->
              bound.decidePublish(test.request(), test.qos(), test.retain(), test.payloadBytes());
          case SUBSCRIBE -> subscribe.decision();
          case RECEIVE -> Reception.of(bound, test.request(), 0, null).decision();
        };
    String fault = fault(test, decision, subscribe);
    if (fault.isEmpty()) {
      decided.add(decision.statement());
    }
    results.add(new Result(test.position(), what, fault));
  }

  private static String fault(Case test, Decision decision, SubscribeDecision subscribe) {
    if (decision.allowed() != test.allowed()) {
      return "expected %s, but it is %s"
          .formatted(test.allowed() ? "allow" : "deny", decision.text());
    }
    if (test.by().isPresent() && !names(decision.statement(), test.by().get())) {
      return "expected by \"%s\", but it is %s".formatted(test.by().get(), decision.text());
    }
    if (test.because().isPresent() && !test.because().get().equals(decision.reason().word())) {
      return "expected because %s, but it is because %s"
          .formatted(test.because().get(), decision.reason().word());
    }
    if (test.grantedQos().isPresent() && test.grantedQos().get() != subscribe.grantedQos()) {
      return "expected granted QoS %d, but it is %d"
          .formatted(test.grantedQos().get(), subscribe.grantedQos());
    }
    return "";
  }

  /** The namespace may be left out. */
  private static boolean names(String statement, String expected) {
    return statement.equals(expected) || statement.endsWith(":" + expected);
  }

  private void run(Invariant invariant) {
    var verdict =
        Proofs.noone(bundle, invariant.action(), invariant.region(), invariant.except(), effort);
    String what = "no one may %s \"%s\"".formatted(invariant.action().word(), invariant.region());
    String fault = verdict.isProved() ? "" : verdict.text();
    boolean givenUp = verdict instanceof Verdict.Undetermined && effort.isSpent();
    results.add(new Result(invariant.position(), what, fault, givenUp));
  }
}
