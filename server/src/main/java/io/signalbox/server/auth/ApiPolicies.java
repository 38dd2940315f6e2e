package io.signalbox.server.auth;

import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.load.Revisions.Revision;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.source.Problems;
import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.Entry;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.Stamp;
import io.signalbox.server.registry.StoredPolicy;
import io.signalbox.server.registry.Written;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

/**
 * Changes policies while the broker runs. Each change is compiled and tested with all other
 * policies, made durable, and brought to everybody who is connected, in this order; a method
 * returns when nothing that is no longer allowed is handed to a socket any more. What fails has
 * changed nothing. Waits for disk and clients: not for an I/O thread.
 */
public final class ApiPolicies {
  private final PolicyStore policies;
  private final Registry registry;

  public ApiPolicies(PolicyStore policies, Registry registry) {
    this.policies = policies;
    this.registry = registry;
  }

  /**
   * A change that is in force.
   *
   * @param revision of all policies together
   */
  public record Done<E extends Entry<E>>(Written<E> written, Revision revision) {}

  /** Whether the policy that an attachment names is there. */
  public boolean isInForce(PolicyAttachment attachment) {
    return policies.isThere(attachment.policy());
  }

  /** How positions in the document of a policy name it. */
  public static String file(String name, StoredPolicy.Format format) {
    return StoredPolicies.file(name, format);
  }

  /**
   * Reads the document of a stored policy.
   *
   * @return empty if it is none any more; it was when it was stored
   */
  public Optional<Policy> parsed(StoredPolicy policy) {
    return StoredPolicies.parse(policy.name(), policy.format(), policy.document(), new Problems());
  }

  /** All policies in force, of whatever origin. */
  public PolicyBundle inForce() {
    return policies.bundle();
  }

  /**
   * A policy that could be put in force.
   *
   * @param bundle with it
   */
  public record Valid(Policy policy, PolicyBundle bundle) {}

  /**
   * As {@link #put}, up to where something would change.
   *
   * @param name empty: the one in the document
   */
  public Valid validate(String name, StoredPolicy.Format format, String document)
      throws PolicyException {
    Problems problems = new Problems();
    Optional<Policy> policy = StoredPolicies.parse(name, format, document, problems);
    if (policy.isEmpty()) {
      throw new PolicyException(problems.list());
    }
    return new Valid(policy.get(), policies.tried(PolicyEdit.put(policy.get())));
  }

  /**
   * Puts a policy in force, new or in place of the one of that name.
   *
   * @param author for the log, the list of revisions and the audit log
   * @throws PolicyException the document, or what it makes of all policies together, is not valid
   */
  public Done<StoredPolicy> put(
      String name, Condition condition, StoredPolicy.Format format, String document, String author)
      throws PolicyException, RegistryException, InterruptedException {
    Problems problems = new Problems();
    Optional<Policy> policy = StoredPolicies.parse(name, format, document, problems);
    if (policy.isEmpty()) {
      throw new PolicyException(problems.list());
    }
    return done(
        policies.change(
            PolicyEdit.put(policy.get()),
            () ->
                registry.put(
                    Kind.POLICY,
                    name,
                    condition,
                    existing ->
                        new StoredPolicy(
                            name,
                            format,
                            document,
                            existing == null ? Stamp.NEW : existing.stamp())),
            author,
            "put " + StoredPolicies.NAMESPACE + ":" + name));
  }

  /** Removes a policy that is attached to nobody. */
  public Done<StoredPolicy> delete(String name, Condition condition, String author)
      throws PolicyException, RegistryException, InterruptedException {
    return done(
        policies.change(
            PolicyEdit.remove(name),
            () -> registry.delete(Kind.POLICY, name, condition),
            author,
            "delete " + StoredPolicies.NAMESPACE + ":" + name));
  }

  /** Binds a policy to somebody; the same again changes nothing. */
  public Done<PolicyAttachment> attach(
      PolicyAttachment attachment, Condition condition, String author)
      throws PolicyException, RegistryException, InterruptedException {
    return done(
        policies.change(
            PolicyEdit.attach(attachment),
            () ->
                registry.put(
                    Kind.ATTACHMENT,
                    attachment.name(),
                    condition,
                    existing -> existing == null ? attachment : existing),
            author,
            "attach " + attachment.name()));
  }

  /** Takes an attachment back. */
  public Done<PolicyAttachment> detach(String name, Condition condition, String author)
      throws PolicyException, RegistryException, InterruptedException {
    return done(
        policies.change(
            PolicyEdit.detach(name),
            () -> registry.delete(Kind.ATTACHMENT, name, condition),
            author,
            "detach " + name));
  }

  private static <E extends Entry<E>> Done<E> done(PolicyStore.Changed<Written<E>> changed)
      throws InterruptedException {
    return new Done<>(changed.written(), await(changed.inForce()));
  }

  private static Revision await(CompletionStage<Revision> inForce) throws InterruptedException {
    try {
      return inForce.toCompletableFuture().get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "a change of policies is stored but may not have reached all clients, restart", e);
    }
  }
}
