package io.signalbox.benchmarks.broker;

import com.sun.management.OperatingSystemMXBean;
import io.signalbox.server.routing.SubscriptionTrie;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;

/**
 * Heap that the index of subscriptions takes for each, and subscribes and unsubscribes in a second
 * of one processor, for a million subscriptions of each kind.
 */
final class Footprint {
  private static final int SUBSCRIPTIONS = 1_000_000;
  private static final int BATCH = 10_000;

  private Footprint() {}

  /** Takes no arguments. */
  public static void main(String[] args) {
    var fleet = new Fleet(SUBSCRIPTIONS * Kind.ALL.size());
    for (int round = 0; round < 2; round++) { // the first one compiles
      for (Kind kind : Kind.ALL) {
        measure(fleet, kind, round > 0);
      }
    }
  }

  private static void measure(Fleet fleet, Kind kind, boolean print) {
    var trie = new SubscriptionTrie();
    long before = usedHeap();
    long subscribed =
        cpuNanos(fleet, kind, (filter, client) -> trie.add(Kind.subscription(filter), client));
    long bytes = usedHeap() - before;
    long size = trie.size();
    long nodes = trie.nodes();
    long unsubscribed =
        cpuNanos(
            fleet,
            kind,
            (filter, client) -> {
              var gone = Kind.subscription(filter);
              trie.remove(gone.filter(), gone.shareName(), client);
            });
    if (trie.size() != 0 || trie.nodes() != 0) {
      throw new IllegalStateException(trie.size() + " subscriptions are left");
    }
    if (print) {
      System.out.printf(
          Locale.ROOT,
          "%-13s %d subscriptions, %d nodes: %d bytes each; a second of CPU: %,d subscribed, %,d"
              + " unsubscribed, each with the parsing of its filter%n",
          kind,
          size,
          nodes,
          bytes / size,
          size * 1_000_000_000 / subscribed,
          size * 1_000_000_000 / unsubscribed);
    }
  }

  /** Of all subscriptions of a kind, but for the making of their texts, a batch at a time. */
  private static long cpuNanos(Fleet fleet, Kind kind, BiConsumer<String, Client> change) {
    var filters = new ArrayList<String>(BATCH);
    var clients = new ArrayList<Client>(BATCH);
    var spent = new AtomicLong();
    Runnable run =
        () -> {
          long began = cpuNanos();
          for (int i = 0; i < filters.size(); i++) {
            change.accept(filters.get(i), clients.get(i));
          }
          spent.addAndGet(cpuNanos() - began);
          filters.clear();
          clients.clear();
        };
    fleet.each(
        kind,
        (filter, client) -> {
          filters.add(filter);
          clients.add(client);
          if (filters.size() == BATCH) {
            run.run();
          }
        });
    run.run();
    return spent.get();
  }

  private static long usedHeap() {
    System.gc();
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static long cpuNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
