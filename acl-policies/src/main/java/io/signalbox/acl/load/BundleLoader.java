package io.signalbox.acl.load;

import io.signalbox.acl.decision.Attachment;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.testing.PolicyTest;
import io.signalbox.acl.testing.TestParser;
import io.signalbox.acl.testing.TestReport;
import io.signalbox.acl.testing.TestRunner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The way to a bundle that may go into force: every policy is valid and every test beside the
 * policies passes, or there is no bundle. Reads files; one thread at a time, never an I/O thread.
 */
public final class BundleLoader {
  private final PolicyFolder folder;
  private final SourceLimits limits;
  private PolicyBundle last = PolicyBundle.EMPTY;

  public BundleLoader(Path folder, SourceLimits limits) {
    this.folder = new PolicyFolder(folder, limits);
    this.limits = limits;
  }

  /**
   * Reads the folder anew; files that did not change are not parsed again.
   *
   * @param others policies of other namespaces, such as those of the admin API
   * @return empty when {@code problems} grew: at start refuse to start, at reload keep the old
   *     bundle
   */
  public Optional<PolicyBundle> load(
      List<Policy> others, List<Attachment> attachments, Problems problems) {
    int before = problems.count();
    List<Policy> policies = new ArrayList<>(folder.read(problems));
    policies.addAll(others);
    List<PolicyTest> tests = tests(problems);
    Optional<PolicyBundle> bundle = PolicyBundle.compile(policies, attachments, last, problems);
    if (bundle.isEmpty() || problems.count() > before) {
      return Optional.empty();
    }
    last = bundle.get();
    for (TestReport.Result result : TestRunner.run(bundle.get(), tests).results()) {
      if (!result.passed()) {
        problems.add(result.position(), "test failed: " + result.what() + ": " + result.fault());
      }
    }
    return problems.count() == before ? bundle : Optional.empty();
  }

  private List<PolicyTest> tests(Problems problems) {
    List<PolicyTest> tests = new ArrayList<>();
    for (Path file : folder.tests(problems)) {
      PolicyFolder.text(file, limits, problems)
          .flatMap(text -> TestParser.parse(file.toString(), text, limits, problems))
          .ifPresent(tests::add);
    }
    return tests;
  }
}
