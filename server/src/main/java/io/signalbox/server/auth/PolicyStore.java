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
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The policies in force. A start with unusable policies fails; a reload with unusable ones changes
 * nothing. Any thread may ask, changes wait for each other.
 */
public final class PolicyStore {
  private static final Logger LOG = System.getLogger(PolicyStore.class.getName());

  /** A bundle and its number, read as one. */
  private record InForce(PolicyBundle bundle, int epoch) {}

  private final List<Policy> shipped;
  private final @Nullable BundleLoader loader;
  private final @Nullable FolderWatch watch;
  private final Metrics metrics;
  private final Clocks clocks;
  private final Revisions revisions = new Revisions(Revisions.KEPT_MAX);
  private volatile InForce inForce;
  private volatile PolicyRollout rollout =
      () -> CompletableFuture.completedStage("nobody is connected");
  private boolean stale;

  private PolicyStore(PolicyConfig config, Metrics metrics, Clocks clocks)
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
    this.loader = directory == null ? null : new BundleLoader(directory, SourceLimits.DEFAULTS);
    this.metrics = metrics;
    this.clocks = clocks;
    PolicyBundle bundle = load();
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
    PolicyStore store = new PolicyStore(config, metrics, clocks);
    PolicyBundle bundle = store.inForce.bundle;
    metrics.policyRevision.from(() -> store.revision().number());
    LOG.log(
        Level.DEBUG, "{0} policies in force, bundle {1}", bundle.policies().size(), bundle.hash());
    return store;
  }

  private PolicyBundle load() throws AuthSetupException {
    Problems problems = new Problems();
    Optional<PolicyBundle> bundle =
        loader == null
            ? PolicyBundle.compile(shipped, List.of(), problems)
            : loader.load(shipped, List.of(), problems);
    if (!problems.isEmpty() || bundle.isEmpty()) {
      throw new AuthSetupException(problems.list().stream().map(Problem::toString).toList());
    }
    return bundle.get();
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
   * @param author for the log and the list of revisions
   * @return done, with the revision in force, when nothing that the new policies forbid is handed
   *     to a socket any more
   * @throws AuthSetupException with every problem; the policies before stay in force
   */
  public synchronized CompletionStage<Revision> reload(String author) throws AuthSetupException {
    PolicyBundle bundle;
    try {
      bundle = load();
    } catch (AuthSetupException e) {
      metrics.policyReloadsFailed.inc();
      stale(true);
      LOG.log(
          Level.ERROR,
          "the policies are not reloaded, those before stay in force; {0} problem(s)",
          e.problems().size());
      e.problems().forEach(problem -> LOG.log(Level.ERROR, problem));
      throw e;
    }
    stale(false);
    return swap(revisions.add(bundle, clocks.wallMillis(), author, "reload"));
  }

  /**
   * Puts the policies of an earlier revision in force, until files change or somebody reloads.
   *
   * @return as {@link #reload}; empty when that revision is not kept
   */
  public synchronized Optional<CompletionStage<Revision>> rollback(long number, String author) {
    return revisions.rollback(number, clocks.wallMillis(), author).map(this::swap);
  }

  private CompletionStage<Revision> swap(Revision revision) {
    InForce before = inForce;
    PolicyBundle bundle = revision.bundle();
    if (bundle.sameAs(before.bundle)) {
      return CompletableFuture.completedStage(revision);
    }
    inForce = new InForce(bundle, before.epoch + 1);
    return rollout
        .begin()
        .thenApply(
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

  /** The latest revisions, the oldest first. */
  public List<Revision> revisions() {
    return revisions.list();
  }

  /** The one in force. */
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

  /** The policies in force. */
  public PolicyBundle bundle() {
    return inForce.bundle;
  }
}
