package io.signalbox.server.auth;

import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.load.PolicyFolder;
import io.signalbox.acl.load.ShippedPolicies;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.source.Problem;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.Subject;
import io.signalbox.server.config.PolicyConfig;
import io.signalbox.server.metrics.Metrics;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The policies in force. A start with unusable policies fails; a reload with unusable ones changes
 * nothing. Any thread may ask, reloads wait for each other.
 */
public final class PolicyStore {
  private static final Logger LOG = System.getLogger(PolicyStore.class.getName());

  /** A bundle and its number, read as one. */
  private record InForce(PolicyBundle bundle, int epoch) {}

  private final Set<String> shipped;
  private final @Nullable PolicyFolder folder;
  private final Metrics metrics;
  private final List<Runnable> changed = new CopyOnWriteArrayList<>();
  private volatile InForce inForce;

  private PolicyStore(PolicyConfig config, Metrics metrics) throws AuthSetupException {
    this.shipped =
        config.shipped().stream()
            .map(policy -> policy.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
    Path directory = config.directory();
    this.folder = directory == null ? null : new PolicyFolder(directory, SourceLimits.DEFAULTS);
    this.metrics = metrics;
    this.inForce = new InForce(load(), 0);
  }

  /**
   * Reads the policies that the configuration names.
   *
   * @throws AuthSetupException with every problem of every file
   */
  public static PolicyStore open(PolicyConfig config, Metrics metrics) throws AuthSetupException {
    PolicyStore store = new PolicyStore(config, metrics);
    LOG.log(
        Level.DEBUG,
        "{0} policies in force, bundle {1}",
        store.inForce.bundle.policies().size(),
        store.inForce.bundle.hash());
    return store;
  }

  private PolicyBundle load() throws AuthSetupException {
    Problems problems = new Problems();
    List<Policy> policies = new ArrayList<>();
    for (Policy policy : ShippedPolicies.policies()) {
      if (shipped.contains(policy.name())) {
        policies.add(policy);
      }
    }
    if (folder != null) {
      policies.addAll(folder.read(problems));
    }
    Optional<PolicyBundle> bundle = PolicyBundle.compile(policies, List.of(), problems);
    if (!problems.isEmpty() || bundle.isEmpty()) {
      throw new AuthSetupException(problems.list().stream().map(Problem::toString).toList());
    }
    return bundle.get();
  }

  /**
   * Reads the policies again and puts them in force, if all of them can be used.
   *
   * @throws AuthSetupException with every problem; the policies before stay in force
   */
  public synchronized void reload() throws AuthSetupException {
    PolicyBundle bundle;
    try {
      bundle = load();
    } catch (AuthSetupException e) {
      metrics.policyReloadsFailed.inc();
      LOG.log(
          Level.ERROR,
          "the policies are not reloaded, those before stay in force:\n{0}",
          e.getMessage());
      throw e;
    }
    InForce before = inForce;
    if (isSame(bundle, before.bundle)) {
      return;
    }
    inForce = new InForce(bundle, before.epoch + 1);
    LOG.log(
        Level.INFO, "{0} policies in force, bundle {1}", bundle.policies().size(), bundle.hash());
    changed.forEach(Runnable::run);
  }

  private static boolean isSame(PolicyBundle one, PolicyBundle other) {
    return one.hash().equals(other.hash())
        && one.shadow().map(PolicyBundle::hash).equals(other.shadow().map(PolicyBundle::hash));
  }

  /** Runs on the reloading thread, after other policies came into force. */
  public void onChange(Runnable listener) {
    changed.add(listener);
  }

  /** Changes with the policies in force; a decision of another epoch may be outdated. */
  int epoch() {
    return inForce.epoch;
  }

  /** The policies of one client, as of {@link #epoch} or later. */
  BoundPolicies bind(Subject subject) {
    return inForce.bundle.bind(subject);
  }

  /** The policies in force. */
  public PolicyBundle bundle() {
    return inForce.bundle;
  }
}
