package io.signalbox.acl.load;

import io.signalbox.acl.decision.Attachment;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.proof.Effort;
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
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The way to a bundle that may go into force: every policy is valid and every test beside the
 * policies passes, or there is no bundle. Reads files; one thread at a time, never an I/O thread.
 */
public final class BundleLoader {
  /** What a folder holds. */
  public record Files(List<Policy> policies, List<PolicyTest> tests) {
    static final Files NONE = new Files(List.of(), List.of());

    public Files {
      policies = List.copyOf(policies);
      tests = List.copyOf(tests);
    }
  }

  private final @Nullable PolicyFolder folder;
  private final SourceLimits limits;
  private Files files = Files.NONE;
  private PolicyBundle last = PolicyBundle.EMPTY;

  public BundleLoader(Path folder, SourceLimits limits) {
    this(new PolicyFolder(folder, limits), limits);
  }

  private BundleLoader(@Nullable PolicyFolder folder, SourceLimits limits) {
    this.folder = folder;
    this.limits = limits;
  }

  /** For policies of other namespaces alone. */
  public static BundleLoader withoutFolder(SourceLimits limits) {
    return new BundleLoader((PolicyFolder) null, limits);
  }

  /**
   * Reads the folder anew; files that did not change are not parsed again.
   *
   * @param others policies of other namespaces, such as those of the admin API
   * @param attachments those to a policy that is not there bind nobody
   * @return empty when {@code problems} grew: at start refuse to start, at reload keep the old
   *     bundle
   */
  public Optional<PolicyBundle> load(
      List<Policy> others, List<Attachment> attachments, Problems problems) {
    int before = problems.count();
    Files read = read(problems);
    Optional<PolicyBundle> bundle = compile(read, others, attachments, before, problems);
    if (bundle.isPresent()) {
      files = read;
    }
    return bundle;
  }

  /**
   * Reads the folder anew; files that did not change are not parsed again. Nothing is made of it
   * before {@link #draft(Files, List, List)}, so that others may draft meanwhile.
   */
  public Files read(Problems problems) {
    PolicyFolder from = folder;
    return from == null ? Files.NONE : new Files(from.read(problems), tests(from, problems));
  }

  /** As {@link #load}, with what the folder held when that last made a bundle. */
  public Optional<PolicyBundle> loadOthers(
      List<Policy> others, List<Attachment> attachments, Problems problems) {
    return compile(files, others, attachments, problems.count(), problems);
  }

  private Optional<PolicyBundle> compile(
      Files read,
      List<Policy> others,
      List<Attachment> attachments,
      int before,
      Problems problems) {
    List<Policy> policies = new ArrayList<>(read.policies);
    policies.addAll(others);
    Optional<PolicyBundle> bundle =
        PolicyBundle.compile(policies, there(attachments, policies), last, problems);
    if (bundle.isEmpty() || problems.count() > before) {
      return Optional.empty();
    }
    last = bundle.get();
    test(bundle.get(), read, Effort.unbounded(), problems, problems);
    return problems.count() == before ? bundle : Optional.empty();
  }

  /** A bundle of what there was when it was drafted. To make it changes nothing; any thread. */
  @FunctionalInterface
  public interface Draft {
    /**
     * @param effort of the proofs
     * @param givenUp gets the invariants that are beyond it: they may hold or not
     * @return empty when {@code problems} grew
     */
    Optional<PolicyBundle> make(Effort effort, Problems problems, Problems givenUp);
  }

  /** What {@link #loadOthers} would make. */
  public Draft draft(List<Policy> others, List<Attachment> attachments) {
    return draft(files, others, attachments);
  }

  /** The same, with what {@link #read} found. */
  public Draft draft(Files read, List<Policy> others, List<Attachment> attachments) {
    PolicyBundle known = last;
    return (effort, problems, givenUp) -> {
      int before = problems.count();
      List<Policy> policies = new ArrayList<>(read.policies);
      policies.addAll(others);
      Optional<PolicyBundle> bundle =
          PolicyBundle.compile(policies, there(attachments, policies), known, problems);
      bundle.ifPresent(made -> test(made, read, effort, problems, givenUp));
      return problems.count() == before ? bundle : Optional.empty();
    };
  }

  /** What {@link #attaching} would make. */
  public Draft draft(PolicyBundle before, List<Attachment> added, List<Attachment> removed) {
    Files read = files;
    return (effort, problems, givenUp) -> {
      int count = problems.count();
      PolicyBundle bundle = before.attaching(added, removed);
      test(bundle, read, effort, problems, givenUp);
      return problems.count() == count ? Optional.of(bundle) : Optional.empty();
    };
  }

  /** A bundle that was drafted is in force: later ones are made by what this one has compiled. */
  public void made(PolicyBundle bundle) {
    last = bundle;
  }

  /** The same, with files that {@link #read} found. */
  public void made(Files read, PolicyBundle bundle) {
    files = read;
    last = bundle;
  }

  /** The attachments to a policy that is there. */
  private static List<Attachment> there(List<Attachment> attachments, List<Policy> policies) {
    if (attachments.isEmpty()) {
      return attachments;
    }
    Set<String> refs = policies.stream().map(Policy::ref).collect(Collectors.toSet());
    return attachments.stream().filter(attachment -> refs.contains(attachment.policy())).toList();
  }

  /**
   * The policies of a bundle that {@link #load} or {@link #loadOthers} made, with other
   * attachments; tested like it, and much quicker than making it anew.
   *
   * @param before the latest bundle that went into force
   * @param added those to a policy that is not there bind nobody
   */
  public Optional<PolicyBundle> attaching(
      PolicyBundle before, List<Attachment> added, List<Attachment> removed, Problems problems) {
    return draft(before, added, removed).make(Effort.unbounded(), problems, problems);
  }

  private static void test(
      PolicyBundle bundle, Files read, Effort effort, Problems problems, Problems givenUp) {
    for (TestReport.Result result : TestRunner.run(bundle, read.tests, effort).results()) {
      if (!result.passed()) {
        Problems to = result.givenUp() ? givenUp : problems;
        String how = result.givenUp() ? "test given up: " : "test failed: ";
        to.add(result.position(), how + result.what() + ": " + result.fault());
      }
    }
  }

  private List<PolicyTest> tests(PolicyFolder from, Problems problems) {
    List<PolicyTest> tests = new ArrayList<>();
    for (Path file : from.tests(problems)) {
      PolicyFolder.text(file, limits, problems)
          .flatMap(text -> TestParser.parse(file.toString(), text, limits, problems))
          .ifPresent(tests::add);
    }
    return tests;
  }
}
