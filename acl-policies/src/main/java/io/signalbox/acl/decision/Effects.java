package io.signalbox.acl.decision;

import io.signalbox.acl.model.Policy;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Whether policies decide alike for clients that they bind. Most are the same object in two
 * bundles; the others are compared by what they say. Any thread.
 */
final class Effects {
  /** By identity: policies are large. */
  private record Key(Policy policy) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Key(Policy theirs) && theirs == policy;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(policy);
    }
  }

  private final Map<Key, String> hashes = new ConcurrentHashMap<>();

  boolean same(List<Policy> mine, List<Policy> theirs, Effects ofTheirs) {
    if (mine.size() != theirs.size()) {
      return false;
    }
    for (int i = 0; i < mine.size(); i++) {
      if (mine.get(i) != theirs.get(i) && !hash(mine.get(i)).equals(ofTheirs.hash(theirs.get(i)))) {
        return false;
      }
    }
    return true;
  }

  private String hash(Policy policy) {
    // Acl claims of tokens are not kept: there may be one for each client.
    return policy.namespace().equals("token")
        ? Hash.ofEffect(policy)
        : hashes.computeIfAbsent(new Key(policy), key -> Hash.ofEffect(key.policy));
  }
}
