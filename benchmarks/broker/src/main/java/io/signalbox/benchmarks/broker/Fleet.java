package io.signalbox.benchmarks.broker;

import io.signalbox.server.routing.SubscriptionTrie;
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
    int devices = devices(kind);
    for (int device = 0; device < devices; device++) {
      for (int which = 0; which < kind.filtersEach(); which++) {
        trie.add(kind.subscription(device, which), client(device + which * 997));
      }
    }
  }

  void unsubscribe(Kind kind, SubscriptionTrie trie) {
    int devices = devices(kind);
    for (int device = 0; device < devices; device++) {
      for (int which = 0; which < kind.filtersEach(); which++) {
        var gone = kind.subscription(device, which);
        trie.remove(gone.filter(), gone.shareName(), client(device + which * 997));
      }
    }
  }
}
