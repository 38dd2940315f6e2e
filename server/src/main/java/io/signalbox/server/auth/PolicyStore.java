package io.signalbox.server.auth;

import io.signalbox.acl.decision.Attachment;
import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.load.BundleLoader;
import io.signalbox.acl.load.ShippedPolicies;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.proof.Effort;
import io.signalbox.acl.source.Problem;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.Subject;
import io.signalbox.server.config.PolicyConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.registry.Change;
import io.signalbox.server.registry.Edit;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.PolicyHistory;
import io.signalbox.server.registry.PolicyRevision;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.Written;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The policies in force. A start with unusable policies fails; a reload with unusable ones changes
 * nothing. Any thread may ask. A change is drafted and stored under the lock and proved between
 * them, which may take minutes: it is drafted again if something else came meanwhile. Who changes
 * policies waits for others who do, and so does who changes attachments; neither for the other, and
 * who only looks for nobody.
 */
public final class PolicyStore {
  private static final Logger LOG = System.getLogger(PolicyStore.class.getName());

  /** A bundle and its number, read as one. */
  private record InForce(PolicyBundle bundle, int epoch) {}

  /**
   * What somebody wants to become of the API's policies.
   *
   * @param edit for the compiler
   * @param writes the same for the registry
   */
  record Proposal(PolicyEdit edit, List<Edit<?>> writes) {}

  /** Makes a proposal of what is there at the moment, while nothing changes. */
  @FunctionalInterface
  interface Proposer {
    Proposal propose() throws PolicyException, RegistryException;
  }

  /**
   * A change that is durable.
   *
   * @param written in the order of the proposal
   * @param inForce done when nothing that it forbids is handed to a socket any more
   */
  record Changed(List<Written<?>> written, CompletionStage<PolicyRevision> inForce) {}

  /**
   * What a change would do.
   *
   * @param latest the revision in force now
   * @param changes of policies and attachments
   * @param before all policies in force now
   * @param after all policies in force then
   */
  record Tried(
      long latest,
      List<Change<?>> changes,
      PolicyBundle before,
      PolicyBundle after,
      List<Problem> givenUp) {}

  /** So often a change of policies may find that attachments changed during its proof. */
  private static final int OVERTAKEN_MAX = 3;

  /** Of those who change policies or read files; taken before that of the attachments. */
  private final ProofTurn policyTurn;

  /** Of those who change attachments, and of a change of policies that is overtaken by them. */
  private final ProofTurn attachmentTurn;

  private final List<Policy> shipped;
  private final StoredPolicies stored;
  private final BundleLoader loader;
  private final @Nullable FolderWatch watch;
  private final Metrics metrics;
  private final Clocks clocks;
  private final PolicyHistory history;
  private volatile InForce inForce;
  private volatile PolicyRollout rollout =
      () -> CompletableFuture.completedStage("nobody is connected");

  /** How often policies or attachments changed; a proof counts if it is the same as before. */
  private long changes;

  /** The latest one begun. */
  private CompletionStage<?> rolledOut = CompletableFuture.completedStage("at the start");

  /** Why what is on disk cannot be used; empty: it is in force. */
  private volatile List<Problem> refused = List.of();

  private PolicyStore(
      PolicyConfig config, @Nullable Registry registry, Metrics metrics, Clocks clocks)
      throws AuthSetupException {
    Set<String> names =
        config.shipped().stream()
            .map(policy -> policy.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
    this.shipped =
        ShippedPolicies.policies().stream()
            .filter(policy -> names.contains(policy.name()))
            .toList();
    Path directory = config.directory();
    this.watch = directory == null ? null : new FolderWatch(directory); // before it is read
    this.loader =
        directory == null
            ? BundleLoader.withoutFolder(SourceLimits.DEFAULTS)
            : new BundleLoader(directory, SourceLimits.DEFAULTS);
    this.stored = new StoredPolicies(registry);
    this.metrics = metrics;
    this.clocks = clocks;
    this.policyTurn = new ProofTurn(metrics);
    this.attachmentTurn = new ProofTurn(metrics);
    PolicyBundle bundle;
    try {
      bundle = load();
    } catch (PolicyException e) {
      throw startProblem(e, registry != null && registry.count(Kind.POLICY) > 0);
    }
    this.inForce = new InForce(bundle, 0);
    this.history = PolicyHistory.open(registry, config.revisionsMax());
    PolicyRevision last = history.latest();
    if (last == null || !last.others().equals(others(bundle)) || last.bundle().isEmpty()) {
      note(revision("start", "start", bundle, List.of()));
    }
  }

  /**
   * Reads the policies that the configuration names and runs the tests beside them.
   *
   * @throws AuthSetupException with every problem of every file
   */
  public static PolicyStore open(PolicyConfig config, Metrics metrics, Clocks clocks)
      throws AuthSetupException {
    return open(config, null, metrics, clocks);
  }

  /**
   * As {@link #open(PolicyConfig, Metrics, Clocks)}, and those of the API.
   *
   * @param registry holds the API's policies and attachments; null: there are none
   */
  public static PolicyStore open(
      PolicyConfig config, @Nullable Registry registry, Metrics metrics, Clocks clocks)
      throws AuthSetupException {
    PolicyStore store = new PolicyStore(config, registry, metrics, clocks);
    PolicyBundle bundle = store.inForce.bundle;
    metrics.policiesStale.from(() -> store.refused.isEmpty() ? 0 : 1);
    metrics.policyRevision.from(() -> store.revision().number());
    metrics.policyRevisionsKept.from(store.history::count);
    LOG.log(
        Level.DEBUG, "{0} policies in force, bundle {1}", bundle.policies().size(), bundle.hash());
    return store;
  }

  /** At the start, with the files. */
  private PolicyBundle load() throws PolicyException {
    Problems problems = new Problems();
    StoredPolicies.Content content = stored.content(PolicyEdit.NOTHING, problems);
    Optional<PolicyBundle> bundle = loader.load(others(content), content.attachments(), problems);
    if (!problems.isEmpty() || bundle.isEmpty()) {
      throw new PolicyException(problems.list());
    }
    tellIdle(content, bundle.get());
    return bundle.get();
  }

  private List<Policy> others(StoredPolicies.Content content) {
    List<Policy> others = new ArrayList<>(shipped);
    others.addAll(content.policies());
    return others;
  }

  private static void tellIdle(StoredPolicies.Content content, PolicyBundle bundle) {
    int idle = content.attachments().size() - bundle.attachments().size();
    if (idle > 0) {
      LOG.log(
          Level.WARNING, "{0} attachment(s) name a policy that is not there and bind nobody", idle);
    }
  }

  /**
   * Those of the API cannot be mended by the API: it is not there without a start.
   *
   * @param mayBeOfApi whether it has any, of which a test beside the files may fail
   */
  private static AuthSetupException startProblem(PolicyException e, boolean mayBeOfApi) {
    List<String> problems = new ArrayList<>();
    boolean perhapsOfApi = false;
    for (Problem problem : e.problems()) {
      problems.add(problem.toString());
      perhapsOfApi |= mayBeOfApi || StoredPolicies.isFile(problem.position().file());
    }
    if (perhapsOfApi) {
      problems.add(
          "the policies "
              + StoredPolicies.NAMESPACE
              + ":NAME are in the store, and count in the tests beside those of files; without a"
              + " running broker they are mended by \"signalbox store policy NAME --replace FILE"
              + " --data DIR\"");
    }
    return new AuthSetupException(problems);
  }

  private static AuthSetupException setupProblem(PolicyException e) {
    return new AuthSetupException(e.problems().stream().map(Problem::toString).toList());
  }

  /**
   * Changes the API's policies: compiled and tested with all others first, then stored together
   * with their revision, then put in force.
   *
   * @throws PolicyException it cannot be put in force, and is not stored
   * @throws RegistryException also if too many wait for the proofs of others
   */
  Changed change(Proposer proposer, String author, String cause)
      throws PolicyException, RegistryException, InterruptedException {
    policyTurn.take();
    try {
      for (int i = 0; i < OVERTAKEN_MAX; i++) {
        Changed changed = proved(proposer, asRevision(author, cause));
        if (changed != null) {
          return changed;
        }
      }
      return changeAttachments(proposer, author, cause); // else it might never end
    } finally {
      policyTurn.end();
    }
  }

  /** As {@link #change}, of attachments alone: it does not wait for the proofs of policies. */
  Changed changeAttachments(Proposer proposer, String author, String cause)
      throws PolicyException, RegistryException, InterruptedException {
    attachmentTurn.take();
    try {
      return provedAtLast(proposer, asRevision(author, cause));
    } finally {
      attachmentTurn.end();
    }
  }

  /**
   * As {@link #changeAttachments}, of what is no revision: whatever is removed, with what was
   * attached to it.
   */
  Changed changeAside(Proposer proposer)
      throws PolicyException, RegistryException, InterruptedException {
    Changed unproved = ofNoPolicy(proposer);
    if (unproved != null) {
      return unproved;
    }
    attachmentTurn.take();
    try {
      return provedAtLast(proposer, aside());
    } finally {
      attachmentTurn.end();
    }
  }

  /**
   * As {@link #changeAside}, of a device that a template makes, with what is attached to it. For
   * threads that check credentials: it waits for a short while only.
   */
  Changed changeSoon(Proposer proposer)
      throws PolicyException, RegistryException, InterruptedException {
    attachmentTurn.takeSoon();
    try {
      return provedAtLast(proposer, aside());
    } finally {
      attachmentTurn.end();
    }
  }

  /** There is nothing to prove; null: there is. */
  private synchronized @Nullable Changed ofNoPolicy(Proposer proposer)
      throws PolicyException, RegistryException, InterruptedException {
    Proposal proposal = proposer.propose();
    return proposal.edit.isNothing()
        ? new Changed(
            history.storeAside(proposal.writes), CompletableFuture.completedStage(revision()))
        : null;
  }

  /** Stores what was proved. */
  @FunctionalInterface
  private interface Storing {
    PolicyHistory.Stored store(List<Edit<?>> writes, PolicyBundle bundle)
        throws RegistryException, InterruptedException;
  }

  private Storing asRevision(String author, String cause) {
    return (writes, bundle) ->
        history.store(
            writes,
            new PolicyRevision(
                0,
                clocks.wallMillis(),
                author,
                cause,
                bundle.hash(),
                revision().others(),
                List.of()));
  }

  private Storing aside() {
    return (writes, _) -> new PolicyHistory.Stored(history.storeAside(writes), revision());
  }

  /** In the turn of the attachments: what overtakes it is another's proof that has ended. */
  private Changed provedAtLast(Proposer proposer, Storing storing)
      throws PolicyException, RegistryException, InterruptedException {
    while (true) {
      Changed changed = proved(proposer, storing);
      if (changed != null) {
        return changed;
      }
    }
  }

  /** Null: it was proved of what is not there any more. */
  private @Nullable Changed proved(Proposer proposer, Storing storing)
      throws PolicyException, RegistryException, InterruptedException {
    long drafted;
    PolicyEdit edit;
    BundleLoader.Draft draft;
    synchronized (this) {
      drafted = changes;
      edit = proposer.propose().edit;
      draft = draft(edit);
    }
    PolicyBundle bundle = made(draft);
    requireThere(edit, bundle);
    synchronized (this) {
      if (changes != drafted) {
        return null;
      }
      Proposal proposal = proposer.propose(); // what is removed meanwhile may have had a part in it
      if (!proposal.edit.isOfTheSame(edit)) {
        return null;
      }
      PolicyHistory.Stored done = storing.store(proposal.writes, bundle);
      changes++;
      if (!edit.policies().isEmpty()) {
        loader.made(bundle);
      }
      return new Changed(done.written(), swap(bundle, done.revision()));
    }
  }

  /** Proved for as long as it takes. */
  private static PolicyBundle made(BundleLoader.Draft draft) throws PolicyException {
    Problems problems = new Problems();
    Optional<PolicyBundle> bundle = draft.make(Effort.unbounded(), problems, problems);
    if (bundle.isEmpty()) {
      throw new PolicyException(problems.list());
    }
    return bundle.get();
  }

  /**
   * How many changes may wait long, for proofs of others; further ones are refused after a short
   * while.
   *
   * @param max 0 or more, of policies and attachments together
   */
  public void longWaits(int max) {
    Semaphore longWaits = new Semaphore(max);
    policyTurn.longWaits(longWaits);
    attachmentTurn.longWaits(longWaits);
  }

  /**
   * What a change would do; nothing changes. Compiled and tested while others change: that may take
   * its time, and whoever may only look holds nobody up.
   *
   * @param effort of the tests; those that are beyond it may pass or not
   * @throws PolicyException it could not be put in force
   */
  Tried tried(Proposer proposer, Effort effort) throws PolicyException, RegistryException {
    Drafted drafted = drafted(proposer);
    Problems problems = new Problems();
    Problems givenUp = new Problems();
    Optional<PolicyBundle> bundle = drafted.bundle.make(effort, problems, givenUp);
    if (bundle.isEmpty()) {
      throw new PolicyException(problems.list());
    }
    requireThere(drafted.edit, bundle.get());
    return new Tried(drafted.latest, drafted.changes, drafted.before, bundle.get(), givenUp.list());
  }

  /** What there was at one moment, and what is to become of it. */
  private record Drafted(
      PolicyEdit edit,
      long latest,
      List<Change<?>> changes,
      PolicyBundle before,
      BundleLoader.Draft bundle) {}

  private synchronized Drafted drafted(Proposer proposer)
      throws PolicyException, RegistryException {
    Proposal proposal = proposer.propose();
    return new Drafted(
        proposal.edit,
        revision().number(),
        history.changes(proposal.writes),
        inForce.bundle,
        draft(proposal.edit));
  }

  private BundleLoader.Draft draft(PolicyEdit edit) throws PolicyException {
    if (edit.policies().isEmpty()) {
      List<Attachment> added = edit.attached().stream().map(StoredPolicies::attachment).toList();
      return loader.draft(inForce.bundle, added, stored.attachments(edit.detached()));
    }
    Problems problems = new Problems();
    StoredPolicies.Content content = stored.content(edit, problems);
    if (!problems.isEmpty()) {
      throw new PolicyException(problems.list());
    }
    return loader.draft(others(content), content.attachments());
  }

  private PolicyRevision revision(
      String author, String cause, PolicyBundle bundle, List<PolicyRevision.Delta> deltas) {
    return new PolicyRevision(
        0, clocks.wallMillis(), author, cause, bundle.hash(), others(bundle), deltas);
  }

  /** What may be another at a start without a revision: files, and what comes with the broker. */
  private static String others(PolicyBundle bundle) {
    return bundle.hashWithout(StoredPolicies.NAMESPACE);
  }

  /** What is in force without having been asked for, whether the disk takes it or not. */
  private void note(PolicyRevision revision) {
    try {
      history.note(revision);
    } catch (RegistryException e) {
      LOG.log(
          Level.WARNING,
          "other policies are in force ({0}), but that could not be written down: {1}",
          revision.cause(),
          e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void requireThere(PolicyEdit edit, PolicyBundle bundle) throws RegistryException {
    for (PolicyAttachment attachment : edit.attached()) {
      if (!bundle.has(attachment.policy())) {
        throw RegistryException.invalid(
            "", "there is no policy \"" + attachment.policy() + "\" to attach; put it first");
      }
    }
  }

  /**
   * Reads the policies again if their files have changed and rest, or could not be used. Call it
   * from time to time, on a thread that may wait for a disk.
   */
  public void reloadIfChanged() {
    if (watch == null || !policyTurn.takeIfFree()) { // the next look is soon
      return;
    }
    try {
      if (watch.isDue(!refused.isEmpty())) {
        reload("files");
      }
    } catch (AuthSetupException e) {
      LOG.log(Level.DEBUG, "told already", e);
    } catch (RuntimeException e) { // else the look at the files would be the last
      LOG.log(Level.ERROR, "the policies are not reloaded, those before stay in force", e);
    } finally {
      policyTurn.end();
    }
  }

  /**
   * Reads the policies again and puts them in force, if all of them can be used and all tests
   * beside them pass.
   *
   * @param author for the log
   * @return done, with the revision in force, when nothing that the new policies forbid is handed
   *     to a socket any more
   * @throws AuthSetupException with every problem; the policies before stay in force
   */
  public CompletionStage<PolicyRevision> reload(String author) throws AuthSetupException {
    policyTurn.takeAlways();
    try {
      for (int i = 0; i < OVERTAKEN_MAX; i++) {
        CompletionStage<PolicyRevision> reloaded = reloaded(author);
        if (reloaded != null) {
          return reloaded;
        }
      }
      attachmentTurn.takeAlways();
      try {
        return Objects.requireNonNull(reloaded(author), "nobody else changes anything");
      } finally {
        attachmentTurn.end();
      }
    } catch (PolicyException e) {
      refuse(e.problems());
      throw setupProblem(e);
    } finally {
      policyTurn.end();
    }
  }

  /** Null: it was proved with attachments that are not those of now. */
  private @Nullable CompletionStage<PolicyRevision> reloaded(String author) throws PolicyException {
    Problems problems = new Problems();
    BundleLoader.Files files = loader.read(problems);
    long drafted;
    StoredPolicies.Content content;
    BundleLoader.Draft draft;
    synchronized (this) {
      drafted = changes;
      content = stored.content(PolicyEdit.NOTHING, problems);
      draft = loader.draft(files, others(content), content.attachments());
    }
    Optional<PolicyBundle> made = draft.make(Effort.unbounded(), problems, problems);
    if (!problems.isEmpty() || made.isEmpty()) {
      throw new PolicyException(problems.list());
    }
    PolicyBundle bundle = made.get();
    synchronized (this) {
      if (changes != drafted) {
        return null;
      }
      tellIdle(content, bundle);
      changes++;
      loader.made(files, bundle);
      refused = List.of();
      PolicyBundle before = inForce.bundle;
      if (!bundle.sameAs(before)) {
        note(revision(author, "reload", bundle, BundleDeltas.ofFiles(before, bundle)));
      }
      return swap(bundle, revision());
    }
  }

  private CompletionStage<PolicyRevision> swap(PolicyBundle bundle, PolicyRevision revision) {
    InForce before = inForce;
    if (bundle.sameAs(before.bundle)) {
      return rolledOut.thenApply(_ -> revision); // it may still be on its way
    }
    inForce = new InForce(bundle, before.epoch + 1);
    before.bundle.forgetCompiled();
    CompletionStage<?> begun = rollout.begin();
    rolledOut = begun;
    return begun.thenApply(
        outcome -> {
          LOG.log(
              Level.INFO,
              "policies of revision {0} in force by {1} ({2}): {3} policies, bundle {4}; {5}",
              revision.number(),
              revision.author(),
              revision.cause(),
              bundle.policies().size(),
              bundle.hash(),
              outcome);
          return revision;
        });
  }

  /** Told and counted once: unusable policies are read at every look. */
  private void refuse(List<Problem> now) {
    if (now.equals(refused)) {
      return;
    }
    refused = now;
    metrics.policyReloadsFailed.inc();
    LOG.log(
        Level.ERROR,
        "the policies are not reloaded, those before stay in force; {0} problem(s)",
        now.size());
    now.forEach(problem -> LOG.log(Level.ERROR, problem));
  }

  /** Who brings changes to the connected clients. */
  public void rollout(PolicyRollout to) {
    rollout = to;
  }

  /** The one in force. */
  public PolicyRevision revision() {
    return Objects.requireNonNull(history.latest(), "noted at the start");
  }

  /** The earlier ones, which others may be added to meanwhile. */
  PolicyHistory history() {
    return history;
  }

  /** What is asked of the history and of the registry together. */
  @FunctionalInterface
  interface Reading<T> {
    T read(PolicyHistory history) throws RegistryException;
  }

  synchronized <T> T whileNothingChanges(Reading<T> reading) throws RegistryException {
    return reading.read(history);
  }

  /** Changes with the policies in force; a decision of another epoch may be outdated. */
  int epoch() {
    return inForce.epoch;
  }

  /** The policies of one client, as of {@link #epoch} or later. */
  BoundPolicies bind(Subject subject) {
    return inForce.bundle.bind(subject);
  }

  /** A request that the observed policies would have decided otherwise. */
  void differs(Metrics.Denial kind) {
    metrics.policyDifferences.inc(kind);
  }

  /**
   * Whether a policy is in force or observed.
   *
   * @param ref {@code NAMESPACE:NAME}
   */
  boolean isThere(String ref) {
    return inForce.bundle.has(ref);
  }

  /** The policies in force. */
  public PolicyBundle bundle() {
    return inForce.bundle;
  }
}
