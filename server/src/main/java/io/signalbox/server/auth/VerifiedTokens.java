package io.signalbox.server.auth;

import io.signalbox.server.principal.Principal;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tokens whose signature was found good, by their SHA-256 hash, so that a client that reconnects
 * costs no signature check and the token itself is not kept. Bounded: the one not seen for longest
 * goes first. Any thread.
 */
final class VerifiedTokens {
  /** A SHA-256 hash. */
  record Hash(long a, long b, long c, long d) {
    static Hash of(byte[] token) {
      try {
        ByteBuffer hash = ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(token));
        return new Hash(hash.getLong(), hash.getLong(), hash.getLong(), hash.getLong());
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java platform has SHA-256", e);
      }
    }
  }

  private final Map<Hash, Principal> byHash;

  VerifiedTokens(int entriesMax) {
    byHash =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<Hash, Principal> eldest) {
            return size() > entriesMax;
          }
        };
  }

  /** Whom the token was for, if it is known and has not ended. */
  synchronized @Nullable Principal find(Hash hash, long nowMillis) {
    Principal known = byHash.get(hash);
    if (known != null && known.expiresAtMillis() <= nowMillis) {
      byHash.remove(hash);
      return null;
    }
    return known;
  }

  synchronized void add(Hash hash, Principal principal) {
    byHash.put(hash, principal);
  }

  synchronized int size() {
    return byHash.size();
  }
}
