package io.signalbox.server.auth;

import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.proof.Effort;
import io.signalbox.acl.proof.PolicyDiff;
import io.signalbox.acl.source.Problem;
import io.signalbox.acl.source.Problems;
import io.signalbox.server.auth.PolicyStore.Proposal;
import io.signalbox.server.registry.Change;
import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.Device;
import io.signalbox.server.registry.Edit;
import io.signalbox.server.registry.Entry;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.PolicyRevision;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.Stamp;
import io.signalbox.server.registry.StoredPolicy;
import io.signalbox.server.registry.Written;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
  public record Done<E extends Entry<E>>(Written<E> written, PolicyRevision revision) {}

  /**
   * All changes of the API's policies since a revision taken back.
   *
   * @param written none: all is as it was then
   * @param leftOut attachments that did not come back: who had them was removed since
   * @param revision the new one; when nothing was written, the one in force
   */
  public record RolledBack(
      List<Written<?>> written, List<PolicyAttachment> leftOut, PolicyRevision revision) {}

  /**
   * What taking back would do.
   *
   * @param latest the revision in force
   * @param changes of policies and attachments
   * @param leftOut as of {@link RolledBack}
   * @param access who gains and who loses what
   * @param givenUp as of {@link Valid}
   */
  public record Outlook(
      long latest,
      List<Change<?>> changes,
      List<PolicyAttachment> leftOut,
      PolicyDiff access,
      List<Problem> givenUp) {}

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
   * @param givenUp tests of which it is not known whether they pass, in words
   */
  public record Valid(Policy policy, PolicyBundle bundle, List<Problem> givenUp) {}

  /**
   * As {@link #put}, up to where something would change.
   *
   * @param name empty: the one in the document
   */
  public Valid validate(String name, StoredPolicy.Format format, String document)
      throws PolicyException, RegistryException {
    Problems problems = new Problems();
    Optional<Policy> policy = StoredPolicies.parse(name, format, document, problems);
    if (policy.isEmpty()) {
      throw new PolicyException(problems.list());
    }
    PolicyEdit edit = PolicyEdit.put(policy.get());
    PolicyStore.Tried tried =
        policies.tried(() -> new Proposal(edit, List.of()), Effort.ofOneAnswer());
    return new Valid(policy.get(), tried.after(), tried.givenUp());
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
    return change(
        PolicyEdit.put(policy.get()),
        Edit.put(
            Kind.POLICY,
            name,
            condition,
            existing ->
                new StoredPolicy(
                    name, format, document, existing == null ? Stamp.NEW : existing.stamp())),
        author,
        "put " + StoredPolicies.NAMESPACE + ":" + name);
  }

  /** Removes a policy that is attached to nobody. */
  public Done<StoredPolicy> delete(String name, Condition condition, String author)
      throws PolicyException, RegistryException, InterruptedException {
    return change(
        PolicyEdit.remove(name),
        Edit.remove(Kind.POLICY, name, condition),
        author,
        "delete " + StoredPolicies.NAMESPACE + ":" + name);
  }

  /** Binds a policy to somebody; the same again changes nothing. */
  public Done<PolicyAttachment> attach(
      PolicyAttachment attachment, Condition condition, String author)
      throws PolicyException, RegistryException, InterruptedException {
    return change(
        PolicyEdit.attach(attachment),
        Edit.put(
            Kind.ATTACHMENT,
            attachment.name(),
            condition,
            existing -> existing == null ? attachment : existing),
        author,
        "attach " + attachment.name());
  }

  /** Takes an attachment back. */
  public Done<PolicyAttachment> detach(String name, Condition condition, String author)
      throws PolicyException, RegistryException, InterruptedException {
    return change(
        PolicyEdit.detach(name),
        Edit.remove(Kind.ATTACHMENT, name, condition),
        author,
        "detach " + name);
  }

  @SuppressWarnings("unchecked") // what was written is of the edit's kind
  private <E extends Entry<E>> Done<E> change(
      PolicyEdit edit, Edit<E> write, String author, String cause)
      throws PolicyException, RegistryException, InterruptedException {
    PolicyStore.Proposer proposer = () -> new Proposal(edit, List.of(write));
    PolicyStore.Changed changed =
        edit.policies().isEmpty()
            ? policies.changeAttachments(proposer, author, cause)
            : policies.change(proposer, author, cause);
    return new Done<>((Written<E>) changed.written().getFirst(), await(changed.inForce()));
  }

  /**
   * Registers a device that is new together with the policies attached to it: both or nothing. It
   * is no revision, so that a rollback takes nothing from devices that came since.
   *
   * @param fresh the device; nothing changes if it is there
   * @param refs {@code NAMESPACE:NAME}
   */
  public Written<Device> provision(Device fresh, List<String> refs)
      throws RegistryException, InterruptedException {
    List<PolicyAttachment> attached = new ArrayList<>();
    List<Edit<?>> writes = new ArrayList<>();
    String id = fresh.name();
    writes.add(Edit.put(Kind.DEVICE, id, new Condition(Condition.ANY, true), _ -> fresh));
    for (String ref : refs) {
      PolicyAttachment made =
          PolicyAttachment.of(ref, PolicyAttachment.TargetKind.DEVICE.word(), id);
      attached.add(made);
      writes.add(
          Edit.put(
              Kind.ATTACHMENT,
              made.name(),
              Condition.NONE,
              existing -> existing == null ? made : existing));
    }
    try {
      await(
          policies
              .changeSoon(() -> new Proposal(new PolicyEdit(Map.of(), attached, List.of()), writes))
              .inForce());
    } catch (PolicyException e) {
      throw notAttached(e);
    } catch (RegistryException e) {
      if (e.reason() == RegistryException.Reason.INVALID) {
        throw notAttached(e);
      }
      Device other = registry.device(id);
      if (e.reason() != RegistryException.Reason.REVISION_CONFLICT || other == null) {
        throw e;
      }
      return new Written<>(other, other); // somebody else made it meanwhile
    }
    return new Written<>(null, Objects.requireNonNull(registry.device(id), "stored"));
  }

  /**
   * What was removed.
   *
   * @param attachments that went with it
   * @param further what was changed with it
   */
  public record Removed<E extends Entry<E>>(
      Written<E> written, List<Written<?>> attachments, List<Written<?>> further) {
    /** Of an entry to which nothing is attached. */
    public static <E extends Entry<E>> Removed<E> alone(Written<E> written) {
      return new Removed<>(written, List.of(), List.of());
    }

    /** And what was changed because of it afterwards. */
    public Removed<E> with(List<? extends Written<?>> more) {
      List<Written<?>> all = new ArrayList<>(further);
      all.addAll(more);
      return new Removed<>(written, attachments, List.copyOf(all));
    }
  }

  /**
   * Removes an entry together with the policies attached to it: both or nothing, so that another of
   * its name inherits no rights. It is no revision, so that a rollback does not bring them back. A
   * group is not removed while something is attached to it: tokens and users name groups too.
   *
   * @throws RegistryException also if a test beside the policies fails without the attachments
   */
  public <E extends Entry<E>> Removed<E> remove(Kind<E> kind, String name, Condition condition)
      throws RegistryException, InterruptedException {
    return remove(kind, name, condition, List.of());
  }

  /**
   * The same, with further changes of the registry.
   *
   * @param further happen too, or nothing does
   */
  @SuppressWarnings("unchecked") // what was written first is of the first edit's kind
  public <E extends Entry<E>> Removed<E> remove(
      Kind<E> kind, String name, Condition condition, List<? extends Edit<?>> further)
      throws RegistryException, InterruptedException {
    try {
      PolicyStore.Changed changed =
          policies.changeAside(
              () -> {
                List<String> attached =
                    kind == Kind.GROUP ? List.of() : registry.attachmentsTo(kind, name);
                List<Edit<?>> writes = new ArrayList<>();
                writes.add(Edit.remove(kind, name, condition));
                attached.forEach(
                    each -> writes.add(Edit.remove(Kind.ATTACHMENT, each, Condition.NONE)));
                writes.addAll(further);
                return new Proposal(new PolicyEdit(Map.of(), List.of(), attached), writes);
              });
      await(changed.inForce());
      List<Written<?>> written = changed.written();
      int attachmentsEnd = written.size() - further.size();
      return new Removed<>(
          (Written<E>) written.getFirst(),
          List.copyOf(written.subList(1, attachmentsEnd)),
          List.copyOf(written.subList(attachmentsEnd, written.size())));
    } catch (PolicyException e) {
      throw new RegistryException(
          RegistryException.Reason.CONFLICT,
          "the %s \"%s\" cannot be removed, for the policies attached to it go too: %s"
              .formatted(kind, name, e.getMessage()));
    }
  }

  private static RegistryException notAttached(Exception why) {
    return new RegistryException(
        RegistryException.Reason.CONFLICT, "its policies cannot be attached: " + why.getMessage());
  }

  // ---- revisions

  /** The changes of policies that are kept, oldest first. Reads the disk. */
  public List<PolicyRevision> revisions() {
    return policies.history().all();
  }

  /** The latest one. */
  public PolicyRevision revision() {
    return policies.revision();
  }

  /**
   * One change, with what it made of each thing.
   *
   * @param after of each delta; empty: it was removed, or is of a file
   */
  public record Past(PolicyRevision revision, List<Optional<Entry<?>>> after) {}

  /**
   * One of the changes that are kept. Reads the disk.
   *
   * @throws RegistryException it is not kept
   */
  public Past revision(long number) throws RegistryException {
    return policies.whileNothingChanges(
        history -> new PolicyRollback(registry, history).past(number));
  }

  /**
   * Makes the API's policies and attachments what they were at a revision: all of it, as a new
   * revision, or nothing. Those of files stay as the files are. What was attached to somebody who
   * has been removed since stays away, so that a later one of that name inherits nothing.
   *
   * @param latest only if this is the latest revision; {@link Condition#ANY} for whichever it is
   * @throws PolicyException with the other policies of now it cannot be put in force
   */
  public RolledBack rollback(long number, long latest, String author)
      throws PolicyException, RegistryException, InterruptedException {
    List<PolicyAttachment> leftOut = new ArrayList<>();
    try {
      PolicyStore.Changed changed =
          policies.change(() -> back(number, latest, leftOut), author, "rollback to " + number);
      return new RolledBack(changed.written(), leftOut, await(changed.inForce()));
    } catch (RegistryException e) {
      throw notTakenBack(e);
    }
  }

  /** What {@link #rollback} would do, and what it would throw; nothing changes. */
  public Outlook tryRollback(long number, long latest) throws PolicyException, RegistryException {
    List<PolicyAttachment> leftOut = new ArrayList<>();
    PolicyStore.Tried tried;
    Effort effort = Effort.ofOneAnswer(); // of the tests and of the differences together
    try {
      tried = policies.tried(() -> back(number, latest, leftOut), effort);
    } catch (RegistryException e) {
      throw notTakenBack(e);
    }
    return new Outlook(
        tried.latest(),
        tried.changes(),
        leftOut,
        PolicyDiff.between(tried.before(), tried.after(), effort),
        tried.givenUp());
  }

  /** A policy cannot go that is attached by what a rollback leaves alone. */
  private static RegistryException notTakenBack(RegistryException why) {
    return why.reason() == RegistryException.Reason.CONFLICT
        ? new RegistryException(
            why.reason(),
            why.getMessage()
                + " (what a template attached to its devices is no revision, and no rollback takes"
                + " it back: detach it, then repeat this)")
        : why;
  }

  private Proposal back(long number, long latest, List<PolicyAttachment> leftOut)
      throws PolicyException, RegistryException {
    long now = policies.revision().number();
    if (latest != Condition.ANY && latest != now) {
      throw new RegistryException(
          RegistryException.Reason.REVISION_CONFLICT,
          "the latest revision of the policies is %d now, not %d; read what changed and repeat it"
              .formatted(now, latest));
    }
    PolicyRollback.Back back = new PolicyRollback(registry, policies.history()).to(number);
    leftOut.clear(); // it may be proposed again
    leftOut.addAll(back.leftOut());
    return back.proposal();
  }

  private static PolicyRevision await(CompletionStage<PolicyRevision> inForce)
      throws InterruptedException {
    try {
      return inForce.toCompletableFuture().get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "a change of policies is stored but may not have reached all clients, restart", e);
    }
  }
}
