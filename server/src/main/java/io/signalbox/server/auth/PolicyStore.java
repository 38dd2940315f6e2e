package io.signalbox.server.auth;

import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.load.BundleLoader;
import io.signalbox.acl.load.Revisions;
import io.signalbox.acl.load.Revisions.Revision;
import io.signalbox.acl.load.ShippedPolicies;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.source.Problem;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.Subject;
import io.signalbox.server.config.PolicyConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The policies in force. A start with unusable policies fails; a reload with unusable ones changes
 * nothing. Any thread may ask, changes wait for each other.
 */
public final class PolicyStore {
  private static final Logger LOG = System.getLogger(PolicyStore.class.getName());

  /** A bundle and its number, read as one. */
  private record InForce(PolicyBundle bundle, int epoch) {}

  /** Makes a change durable, or throws and has changed nothing. */
  @FunctionalInterface
  interface Commit<T> {
    T run() throws RegistryException, InterruptedException;
  }

  /**
   * A change that is durable.
   *
   * @param revision with which it goes into force
   * @param inForce done when nothing that it forbids is handed to a socket any more
   */
  record Changed<T>(T written, Revision revision, CompletionStage<Revision> inForce) {}

  private final List<Policy> shipped;
  private final StoredPolicies stored;
  private final BundleLoader loader;
  private final @Nullable FolderWatch watch;
  private final Metrics metrics;
  private final Clocks clocks;
  private final Revisions revisions = new Revisions(1);
  private volatile InForce inForce;
  private volatile PolicyRollout rollout =
      () -> CompletableFuture.completedStage("nobody is connected");

  /** The latest one begun. */
  private CompletionStage<?> rolledOut = CompletableFuture.completedStage("at the start");

  private boolean stale;

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
    PolicyBundle bundle;
    try {
      bundle = load(PolicyEdit.NOTHING, true);
    } catch (PolicyException e) {
      throw setupProblem(e);
    }
    this.inForce = new InForce(bundle, 0);
    revisions.add(bundle, clocks.wallMillis(), "start", "start");
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
    metrics.policyRevision.from(() -> store.revision().number());
    LOG.log(
        Level.DEBUG, "{0} policies in force, bundle {1}", bundle.policies().size(), bundle.hash());
    return store;
  }

  /**
   * @param readFiles whether the files are read anew, or as they were when they last were good
   */
  private PolicyBundle load(PolicyEdit edit, boolean readFiles) throws PolicyException {
    Problems problems = new Problems();
    StoredPolicies.Content content = stored.content(edit, problems);
    List<Policy> others = new ArrayList<>(shipped);
    others.addAll(content.policies());
    Optional<PolicyBundle> bundle =
        readFiles
            ? loader.load(others, content.attachments(), problems)
            : loader.loadOthers(others, content.attachments(), problems);
    if (!problems.isEmpty() || bundle.isEmpty()) {
      throw new PolicyException(problems.list());
    }
    int idle = content.attachments().size() - bundle.get().attachments().size();
    if (idle > 0 && readFiles) {
      LOG.log(
          Level.WARNING, "{0} attachment(s) name a policy that is not there and bind nobody", idle);
    }
    return bundle.get();
  }

  private static AuthSetupException setupProblem(PolicyException e) {
    return new AuthSetupException(e.problems().stream().map(Problem::toString).toList());
  }

  /**
   * Changes the API's policies: compiled and tested with all others first, then stored, then put in
   * force.
   *
   * @param commit called once all is well; nobody else may change the registry's policies
   * @throws PolicyException it cannot be put in force, and is not stored
   */
  synchronized <T> Changed<T> change(PolicyEdit edit, Commit<T> commit, String author, String cause)
      throws PolicyException, RegistryException, InterruptedException {
    PolicyBundle bundle = load(edit, false);
    requireThere(edit, bundle);
    T written = commit.run();
    Revision revision = revisions.add(bundle, clocks.wallMillis(), author, cause);
    return new Changed<>(written, revision, swap(revision));
  }

  /**
   * What would be in force after an edit; nothing changes.
   *
   * @throws PolicyException it could not be put in force
   */
  synchronized PolicyBundle tried(PolicyEdit edit) throws PolicyException {
    return load(edit, false);
  }

  private static void requireThere(PolicyEdit edit, PolicyBundle bundle) throws RegistryException {
    for (PolicyAttachment attachment : edit.attached()) {
      if (!bundle.attachments().contains(StoredPolicies.attachment(attachment))) {
        throw RegistryException.invalid(
            "", "there is no policy \"" + attachment.policy() + "\" to attach; put it first");
      }
    }
  }

  /**
   * Reads the policies again if their files have changed and rest. Call it from time to time, on a
   * thread that may wait for a disk.
   */
  public synchronized void reloadIfChanged() {
    if (watch == null || !watch.hasChanged()) {
      return;
    }
    try {
      reload("files");
    } catch (AuthSetupException e) {
      LOG.log(Level.DEBUG, "told already", e);
    } catch (RuntimeException e) { // else the look at the files would be the last
      LOG.log(Level.ERROR, "the policies are not reloaded, those before stay in force", e);
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
  public synchronized CompletionStage<Revision> reload(String author) throws AuthSetupException {
    PolicyBundle bundle;
    try {
      bundle = load(PolicyEdit.NOTHING, true);
    } catch (PolicyException e) {
      metrics.policyReloadsFailed.inc();
      stale(true);
      LOG.log(
          Level.ERROR,
          "the policies are not reloaded, those before stay in force; {0} problem(s)",
          e.problems().size());
      e.problems().forEach(problem -> LOG.log(Level.ERROR, problem));
      throw setupProblem(e);
    }
    stale(false);
    return swap(revisions.add(bundle, clocks.wallMillis(), author, "reload"));
  }

  private CompletionStage<Revision> swap(Revision revision) {
    InForce before = inForce;
    PolicyBundle bundle = revision.bundle();
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

  private void stale(boolean now) {
    if (now != stale) {
      stale = now;
      metrics.policiesStale.add(now ? 1 : -1);
    }
  }

  /** Who brings changes to the connected clients. */
  public void rollout(PolicyRollout to) {
    rollout = to;
  }

  /** The one in force. Its number begins at 1 with each start; the bundle's hash tells the same. */
  public Revision revision() {
    return revisions.latest().orElseThrow();
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
    PolicyBundle bundle = inForce.bundle;
    return Stream.concat(
            bundle.policies().stream(),
            bundle.shadow().stream().flatMap(observed -> observed.policies().stream()))
        .anyMatch(policy -> policy.ref().equals(ref));
  }

  /** The policies in force. */
  public PolicyBundle bundle() {
    return inForce.bundle;
  }
}
