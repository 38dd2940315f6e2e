package io.signalbox.acl.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.testing.PolicyTest;
import io.signalbox.acl.testing.TestParser;
import io.signalbox.acl.testing.TestReport;
import io.signalbox.acl.testing.TestRunner;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ShippedPoliciesTest {
  @Test
  void passTheirOwnTests() {
    PolicyBundle bundle = ShippedPolicies.bundle();
    List<PolicyTest> tests = new ArrayList<>();
    for (String name : ShippedPolicies.NAMES) {
      Problems problems = new Problems();
      String file = name + ".test.yaml";
      tests.add(
          TestParser.parse(file, ShippedPolicies.text(file), SourceLimits.DEFAULTS, problems)
              .orElseThrow(() -> new AssertionError(problems.toString())));
    }
    TestReport report = TestRunner.run(bundle, tests);
    assertTrue(report.passed(), report::text);
    assertEquals(
        statements(bundle),
        report.decided().stream().filter(s -> !s.isEmpty()).collect(Collectors.toSet()));
  }

  private static Set<String> statements(PolicyBundle bundle) {
    return bundle.policies().stream()
        .flatMap((Policy policy) -> policy.statements().stream().map(policy::ref))
        .collect(Collectors.toSet());
  }
}
