package io.signalbox.benchmarks.policies;

import com.sun.management.OperatingSystemMXBean;
import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.load.BundleLoader;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.Subject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Loads 10,000 policies from files, reloads them after changes, and binds 100,000 clients. Prints
 * wall and CPU milliseconds: on a machine that does other work as well only the latter mean much.
 */
final class Reload {
  private static final int POLICIES = 10_000;
  private static final int CLIENTS = 100_000;
  private static final int ROUNDS = 5;

  private Reload() {}

  /** Takes no arguments. */
  public static void main(String[] args) throws IOException {
    Path folder = Files.createTempDirectory("policies");
    try {
      measure(folder);
    } finally {
      try (Stream<Path> files = Files.list(folder)) {
        files.forEach(Reload::delete);
      }
      Files.delete(folder);
    }
  }

  private static void measure(Path folder) throws IOException {
    Fleet fleet = new Fleet(POLICIES);
    for (int i = 0; i < POLICIES; i++) {
      Files.writeString(file(folder, i), fleet.text(i));
    }
    BundleLoader loader = new BundleLoader(folder, SourceLimits.DEFAULTS);
    PolicyBundle bundle = timed("load all, the first time", () -> load(loader));
    for (int round = 1; round <= ROUNDS; round++) {
      bundle = timed("load all anew", () -> load(new BundleLoader(folder, SourceLimits.DEFAULTS)));
    }
    List<Subject> subjects = IntStream.range(0, CLIENTS).mapToObj(fleet::subject).toList();
    BoundPolicies[] clients = new BoundPolicies[CLIENTS];
    long before = usedHeap();
    bind(bundle, subjects, clients);
    System.out.printf(
        Locale.ROOT,
        "heap: %d bytes a client beside its attributes, %d clients%n",
        (usedHeap() - before) / CLIENTS,
        CLIENTS);
    for (int round = 1; round <= ROUNDS; round++) {
      // The common policy: every client is bound to it.
      Files.writeString(file(folder, 0), fleet.text(0) + "# " + round);
      PolicyBundle changed = timed("reload after a change of one", () -> load(loader));
      timed("bind all clients to it", () -> bind(changed, subjects, clients));
    }
  }

  private static Path file(Path folder, int policy) {
    return folder.resolve(policy + ".policy.yaml");
  }

  private static PolicyBundle load(BundleLoader loader) {
    Problems problems = new Problems();
    return loader
        .load(List.of(), List.of(), problems)
        .orElseThrow(() -> new IllegalStateException(problems.toString()));
  }

  private static BoundPolicies[] bind(
      PolicyBundle bundle, List<Subject> subjects, BoundPolicies[] clients) {
    for (int i = 0; i < clients.length; i++) {
      clients[i] = bundle.bind(subjects.get(i));
    }
    return clients;
  }

  private interface Work<T> {
    T done();
  }

  private static <T> T timed(String what, Work<T> work) {
    long wall = System.nanoTime();
    long cpu = processCpuNanos();
    T result = work.done();
    System.out.printf(
        Locale.ROOT,
        "%s: %,d ms, %,d ms of CPU%n",
        what,
        (System.nanoTime() - wall) / 1_000_000,
        (processCpuNanos() - cpu) / 1_000_000);
    return result;
  }

  private static long processCpuNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static long usedHeap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
