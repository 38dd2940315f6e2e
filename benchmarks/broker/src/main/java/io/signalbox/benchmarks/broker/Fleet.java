package io.signalbox.benchmarks.broker;

import io.signalbox.server.routing.SubscriptionTrie;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/** Ten thousand clients and what they subscribe to. */
final class Fleet {
  static final int CLIENTS = 10_000;

  private final Client[] clients =
      IntStream.range(0, CLIENTS).mapToObj(i -> new Client("client-" + i)).toArray(Client[]::new);
  private final int subscriptions;

  Fleet(int subscriptions) {
    this.subscriptions = subscriptions;
  }

  /** Topics of a kind that somebody receives. */
  int devices(Kind kind) {
    return subscriptions / Kind.ALL.size() / kind.filtersEach();
  }

  /** Client {@code i}, counted round. */
  Client client(int i) {
    return clients[i % CLIENTS];
  }

  void subscribe(Kind kind, SubscriptionTrie trie) {
    each(kind, (filter, client) -> trie.add(Kind.subscription(filter), client));
  }

  /** Each filter of a kind, as it stands in SUBSCRIBE, with its client. */
  void each(Kind kind, BiConsumer<String, Client> action) {
    int devices = devices(kind);
    for (int device = 0; device < devices; device++) {
      for (int which = 0; which < kind.filtersEach(); which++) {
        action.accept(kind.filter(device, which), client(device + which * 997));
      }
    }
  }
}
