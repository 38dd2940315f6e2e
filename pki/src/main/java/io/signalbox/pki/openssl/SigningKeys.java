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

  /** What the cleaner does for each place; guarded by this. */
  private final Cleaner.@Nullable Cleanable[] actions = new Cleaner.Cleanable[KEPT_MAX];

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
    WeakReference<ECPrivateKey> reference = new WeakReference<>(key);
    Kept built = new Kept(reference, builder.build(key));
    int place = place();
    Cleaner.Cleanable before = actions[place];
    if (before != null) {
      before.clean(); // else the cleaner would have it as long as somebody has the key
    }
    kept.set(place, built);
    // Knows the key by its reference: the library's key is not to live as long as the action.
    actions[place] = CLEANER.register(key, () -> forget(place, reference));
    return built.handle();
  }

  private void forget(int place, WeakReference<ECPrivateKey> key) {
    Kept one = kept.get(place);
    if (one != null && one.key() == key) {
      kept.compareAndSet(place, one, null);
    }
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
