package io.signalbox.pki.openssl;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.lang.ref.WeakReference;
import java.security.InvalidKeyException;
import java.security.interfaces.ECPrivateKey;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The private keys that signed lately, as the library holds them: a server signs every handshake
 * with the same key, and to build one costs half as much as the signature. Any thread.
 *
 * <p>A key of the library lives until it has to make room for another one, or the collector has
 * found that nobody has the JDK's key object any more that it was built from; it is wiped when it
 * is freed.
 */
final class SigningKeys {
  private static final int KEPT_MAX = 8;
  private static final Cleaner CLEANER = Cleaner.create();

  /** Builds the library's key, not to be freed with any call. */
  @FunctionalInterface
  interface Builder {
    MemorySegment build(ECPrivateKey key) throws InvalidKeyException;
  }

  private record Kept(WeakReference<ECPrivateKey> key, MemorySegment handle) {
    boolean isOf(ECPrivateKey other) {
      return key.refersTo(other);
    }
  }

  private final AtomicReferenceArray<@Nullable Kept> kept = new AtomicReferenceArray<>(KEPT_MAX);
  private final Builder builder;
  private int next = KEPT_MAX - 1;

  SigningKeys(Builder builder) {
    this.builder = builder;
  }

  /** Stays valid as long as the segment is reachable. */
  MemorySegment of(ECPrivateKey key) throws InvalidKeyException {
    MemorySegment handle = find(key);
    return handle != null ? handle : keep(key);
  }

  private @Nullable MemorySegment find(ECPrivateKey key) {
    for (int i = 0; i < KEPT_MAX; i++) {
      Kept one = kept.get(i);
      if (one != null && one.isOf(key)) {
        return one.handle();
      }
    }
    return null;
  }

  private synchronized MemorySegment keep(ECPrivateKey key) throws InvalidKeyException {
    MemorySegment known = find(key);
    if (known != null) {
      return known;
    }
    int place = place();
    Kept built = new Kept(new WeakReference<>(key), builder.build(key));
    kept.set(place, built);
    CLEANER.register(key, () -> kept.compareAndSet(place, built, null));
    return built.handle();
  }

  /** An empty one, or else that of the key which has been here longest. */
  private int place() {
    for (int i = 0; i < KEPT_MAX; i++) {
      if (kept.get(i) == null) {
        return i;
      }
    }
    next = (next + 1) % KEPT_MAX;
    return next;
  }
}
