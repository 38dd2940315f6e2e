package io.signalbox.server.auth;

import io.signalbox.acl.load.BundleLoader;
import io.signalbox.acl.load.ShippedPolicies;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.source.Problem;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.Edit;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.PolicyHistory;
import io.signalbox.server.registry.PolicyRevision;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.Stamp;
import io.signalbox.server.registry.StoredPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The API's policies while no broker runs: one that a newer version does not take any more keeps
 * the broker from starting, and with it the API that would mend it. What is changed here is a
 * revision like any other, so that it can be looked at and taken back later. Nothing is in force
 * meanwhile; the next start tests all policies together. One thread, which waits for the disk.
 */
public final class StoppedPolicies {
  /** As a revision names who made it. */
  public static final String AUTHOR = "signalbox store policy";

  /** Stands where other revisions have the hash of what was in force. */
  private static final String NOTHING_IN_FORCE = "";

  /**
   * One of them.
   *
   * @param problems of its document, as far as they show without the policies of files
   */
  public record Found(StoredPolicy policy, List<Problem> problems) {}

  private final Registry registry;
  private final PolicyHistory history;
  private final Clocks clocks;

  /**
   * @throws IllegalStateException with words for people: the latest revision cannot be read
   */
  public StoppedPolicies(Registry registry, Clocks clocks) {
    this.registry = registry;
    this.history = PolicyHistory.open(registry, Integer.MAX_VALUE); // the broker has its own limit
    this.clocks = clocks;
  }

  /** All, by name. */
  public List<Found> all() {
    List<Problem> problems = problems(PolicyEdit.NOTHING);
    return registry.all(Kind.POLICY).stream()
        .map(policy -> new Found(policy, of(policy.name(), policy.format(), problems)))
        .toList();
  }

  /** Null: there is none of that name. */
  public @Nullable StoredPolicy find(String name) {
    return registry.find(Kind.POLICY, name);
  }

  /** The attachments that go with a policy. */
  public List<PolicyAttachment> attachments(String name) {
    String ref = PolicyAttachment.ref(name);
    return registry.all(Kind.ATTACHMENT).stream()
        .filter(attachment -> attachment.policy().equals(ref))
        .toList();
  }

  /**
   * Puts another document in the place of a policy.
   *
   * @throws PolicyException it cannot be used either; nothing has changed
   * @throws RegistryException there is no such policy, or the store does not take it
   */
  public void replace(String name, StoredPolicy.Format format, String document)
      throws PolicyException, RegistryException, InterruptedException {
    StoredPolicy before = find(name);
    if (before == null) {
      throw RegistryException.notFound(Kind.POLICY, name);
    }
    Problems problems = new Problems();
    Optional<Policy> policy = StoredPolicies.parse(name, format, document, problems);
    if (policy.isEmpty()) {
      throw new PolicyException(problems.list());
    }
    List<Problem> together = of(name, format, problems(PolicyEdit.put(policy.get())));
    if (!together.isEmpty()) {
      throw new PolicyException(together);
    }
    store(
        List.of(
            Edit.put(
                Kind.POLICY,
                name,
                Condition.NONE,
                existing ->
                    new StoredPolicy(
                        name, format, document, existing == null ? Stamp.NEW : existing.stamp()))),
        "put " + PolicyAttachment.ref(name));
  }

  /**
   * Removes a policy and what it is attached by.
   *
   * @return the attachments that went
   * @throws RegistryException there is no such policy, or the store does not take it
   */
  public List<PolicyAttachment> remove(String name) throws RegistryException, InterruptedException {
    List<PolicyAttachment> attachments = attachments(name);
    List<Edit<?>> edits = new ArrayList<>();
    attachments.forEach(
        each -> edits.add(Edit.remove(Kind.ATTACHMENT, each.name(), Condition.NONE)));
    edits.add(Edit.remove(Kind.POLICY, name, Condition.NONE));
    store(edits, "delete " + PolicyAttachment.ref(name));
    return attachments;
  }

  private void store(List<Edit<?>> edits, String cause)
      throws RegistryException, InterruptedException {
    PolicyRevision latest = history.latest();
    history.store(
        edits,
        new PolicyRevision(
            0,
            clocks.wallMillis(),
            AUTHOR,
            cause,
            NOTHING_IN_FORCE,
            latest == null ? "" : latest.others(), // a start compares its own with these
            List.of()));
  }

  /** With all of the API after an edit, and what comes with the broker. */
  private List<Problem> problems(PolicyEdit edit) {
    Problems problems = new Problems();
    StoredPolicies.Content content = new StoredPolicies(registry).content(edit, problems);
    List<Policy> policies = new ArrayList<>(ShippedPolicies.policies());
    policies.addAll(content.policies());
    BundleLoader.withoutFolder(SourceLimits.DEFAULTS)
        .load(policies, content.attachments(), problems);
    return problems.list();
  }

  private static List<Problem> of(String name, StoredPolicy.Format format, List<Problem> problems) {
    String file = StoredPolicies.file(name, format);
    return problems.stream().filter(problem -> problem.position().file().equals(file)).toList();
  }
}
