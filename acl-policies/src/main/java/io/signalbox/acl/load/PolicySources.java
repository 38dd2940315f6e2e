package io.signalbox.acl.load;

import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.parser.PolicyParser;
import io.signalbox.acl.source.Position;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.testing.PolicyTest;
import io.signalbox.acl.testing.TestParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Policies and tests from folders and single files, for tools: read once, without a server.
 *
 * @param policyFiles the files that policies came from
 * @param tests of folders, and of single test files that were named
 */
public record PolicySources(PolicyBundle bundle, List<Path> policyFiles, List<PolicyTest> tests) {
  public PolicySources {
    policyFiles = List.copyOf(policyFiles);
    tests = List.copyOf(tests);
  }

  /**
   * @param paths folders, policy files or test files
   * @param shipped whether the policies that come with the broker are there as well
   * @return empty when {@code problems} grew
   */
  public static Optional<PolicySources> read(
      List<Path> paths, boolean shipped, SourceLimits limits, Problems problems) {
    int before = problems.count();
    List<Policy> policies = new ArrayList<>(shipped ? ShippedPolicies.policies() : List.of());
    List<Path> files = new ArrayList<>();
    List<PolicyTest> tests = new ArrayList<>();
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        PolicyFolder folder = new PolicyFolder(path, limits);
        files.addAll(folder.policyFiles(new Problems())); // read() says what is wrong with them
        policies.addAll(folder.read(problems));
        for (Path file : folder.tests(problems)) {
          test(file, limits, problems).ifPresent(tests::add);
        }
      } else if (String.valueOf(path.getFileName()).contains(".test.")) {
        test(path, limits, problems).ifPresent(tests::add);
      } else if (Files.exists(path)) {
        files.add(path);
        PolicyFolder.text(path, limits, problems)
            .flatMap(
                text ->
                    PolicyParser.parse(
                        PolicyFolder.NAMESPACE, path.toString(), text, limits, problems))
            .ifPresent(policies::add);
      } else {
        problems.add(Position.none(path.toString()), "there is no such file or folder");
      }
    }
    Optional<PolicyBundle> bundle = PolicyBundle.compile(policies, List.of(), problems);
    return problems.count() == before
        ? bundle.map(compiled -> new PolicySources(compiled, files, tests))
        : Optional.empty();
  }

  private static Optional<PolicyTest> test(Path file, SourceLimits limits, Problems problems) {
    return PolicyFolder.text(file, limits, problems)
        .flatMap(text -> TestParser.parse(file.toString(), text, limits, problems));
  }
}
