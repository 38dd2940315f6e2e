package io.signalbox.acl.decision;

import com.sun.management.ThreadMXBean;
import io.signalbox.acl.load.BundleLoader;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.TokenAttributes;
import io.signalbox.acl.subject.Transport;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Measures decisions with 10,000 policies in force and 100,000 clients bound, each decision about
 * another client than the one before, and loading and reloading those policies from files. Not a
 * test, for it asserts nothing: run with {@code mvn -pl acl-policies test
 * -Dtest=DecisionMeasurement}.
 */
@Timeout(600)
class DecisionMeasurement {
  private static final int POLICIES = Integer.getInteger("acl.policies", 10_000);
  private static final int CLIENTS = Integer.getInteger("acl.clients", 100_000);
  private static final int ROUNDS = 5;
  private static final int DECISIONS = 400_000;

  private static final String COMMON =
      """
      version: 1
      name: common
      match: { jwt: { issuer: login } }
      statements:
        - { id: connect, effect: allow, actions: [connect], clientIds: ["${device.id}", "${device.id}:*"] }
        - { id: status, effect: allow, actions: [publish], topics: ["status/${device.id}"], where: { retain: allow } }
        - { id: news, effect: allow, actions: [subscribe], topics: ["news/#"] }
        - { id: secrets, effect: deny, actions: [publish, subscribe], topics: ["+/+/secret/#"] }
      """;

  private static final String TENANT =
      """
      version: 1
      name: tenant-%1$d
      description: What the devices of tenant %1$d may do.
      match: { group: t%1$d }
      statements:
        - { id: data, effect: allow, actions: [publish], topics: ["t%1$d/${device.id}/data/#"], where: { maxQos: 1, maxPayload: 64KiB } }
        - { id: shared, effect: allow, actions: [publish], topics: ["t%1$d/all/+/events"] }
        - { id: commands, effect: allow, actions: [subscribe], topics: ["t%1$d/${device.id}/cmd/#", "t%1$d/broadcast/#"] }
        - { id: jobs, effect: allow, actions: [subscribe], topics: ["t%1$d/jobs/#"], shareGroups: ["crew-*"] }
      """;

  private record Asked(BoundPolicies client, byte[] allowed, byte[] denied, String filter) {}

  @Test
  void measure(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("common.policy.yaml"), COMMON);
    for (int i = 1; i < POLICIES; i++) {
      Files.writeString(
          folder.resolve("t" + i + ".policy.yaml"), TENANT.formatted(i), StandardCharsets.UTF_8);
    }
    BundleLoader loader = new BundleLoader(folder, SourceLimits.DEFAULTS);
    PolicyBundle bundle = timed("load " + POLICIES + " policies, cold", loader);
    for (int round = 1; round <= ROUNDS; round++) {
      Files.writeString(folder.resolve("t1.policy.yaml"), TENANT.formatted(1) + "# " + round);
      bundle = timed("reload after a change of one", loader);
    }
    for (int round = 1; round <= ROUNDS; round++) {
      timed("load all anew, warm", new BundleLoader(folder, SourceLimits.DEFAULTS));
    }
    long before = usedHeap();
    List<Asked> clients = bind(bundle);
    System.out.printf(
        Locale.ROOT, "heap: %d bytes a bound client%n", (usedHeap() - before) / CLIENTS);
    for (int round = 1; round <= ROUNDS; round++) {
      publishes("allowed publish", clients, true);
      publishes("denied publish", clients, false);
      subscribes(clients);
    }
  }

  private static PolicyBundle timed(String what, BundleLoader loader) {
    Problems problems = new Problems();
    long start = System.nanoTime();
    PolicyBundle bundle =
        loader
            .load(List.of(), List.of(), problems)
            .orElseThrow(() -> new AssertionError(problems.toString()));
    System.out.printf(Locale.ROOT, "%s: %,d ms%n", what, (System.nanoTime() - start) / 1_000_000);
    return bundle;
  }

  private static List<Asked> bind(PolicyBundle bundle) {
    List<Asked> clients = new ArrayList<>();
    long start = System.nanoTime();
    for (int i = 0; i < CLIENTS; i++) {
      int tenant = 1 + i % (POLICIES - 1);
      String device = "device-" + i;
      Subject subject =
          Subject.builder(device)
              .device(device)
              .groups(List.of("t" + tenant))
              .token(new TokenAttributes("login", device))
              .transport(Transport.MQTTS)
              .build();
      clients.add(
          new Asked(
              bundle.bind(subject),
              utf8("t%d/%s/data/temperature/1".formatted(tenant, device)),
              utf8("t%d/device-%d/data/temperature/1".formatted(tenant, i + 1)),
              "t%d/%s/cmd/#".formatted(tenant, device)));
    }
    System.out.printf(
        Locale.ROOT, "bind: %,d ns a client%n", (System.nanoTime() - start) / CLIENTS);
    return clients;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void publishes(String what, List<Asked> clients, boolean allowed) {
    long[] nanos = new long[DECISIONS];
    SplittableRandom random = new SplittableRandom(1);
    long allocated = allocatedBytes();
    for (int i = 0; i < DECISIONS; i++) {
      Asked asked = clients.get(random.nextInt(CLIENTS));
      byte[] topic = allowed ? asked.allowed : asked.denied;
      long start = System.nanoTime();
      Decision decision = asked.client.decidePublish(topic, 0, topic.length, 1, false, 100);
      nanos[i] = System.nanoTime() - start;
      if (decision.allowed() != allowed) {
        throw new AssertionError(decision.text());
      }
    }
    report(what, nanos, allocatedBytes() - allocated);
  }

  private static void subscribes(List<Asked> clients) {
    long[] nanos = new long[DECISIONS];
    SplittableRandom random = new SplittableRandom(1);
    long allocated = allocatedBytes();
    for (int i = 0; i < DECISIONS; i++) {
      Asked asked = clients.get(random.nextInt(CLIENTS));
      long start = System.nanoTime();
      SubscribeDecision decision = asked.client.decideSubscribe(asked.filter, 1, null);
      nanos[i] = System.nanoTime() - start;
      if (!decision.allowed()) {
        throw new AssertionError(decision.decision().text());
      }
    }
    report("allowed subscribe", nanos, allocatedBytes() - allocated);
  }

  private static void report(String what, long[] nanos, long bytes) {
    Arrays.sort(nanos);
    System.out.printf(
        Locale.ROOT,
        "%s: p50 %d ns, p99 %d ns (a clock reading included: %d ns), %.2f bytes allocated%n",
        what,
        nanos[DECISIONS / 2],
        nanos[DECISIONS / 100 * 99],
        clock(),
        (double) bytes / DECISIONS);
  }

  /** What two readings of the clock alone take. */
  private static long clock() {
    long[] nanos = new long[10_000];
    for (int i = 0; i < nanos.length; i++) {
      long start = System.nanoTime();
      nanos[i] = System.nanoTime() - start;
    }
    Arrays.sort(nanos);
    return nanos[nanos.length / 2];
  }

  private static long allocatedBytes() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }

  private static long usedHeap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
