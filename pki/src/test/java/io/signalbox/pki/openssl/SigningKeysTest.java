package io.signalbox.pki.openssl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.security.InvalidKeyException;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SigningKeysTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final AtomicInteger built = new AtomicInteger();
  private final SigningKeys keys = new SigningKeys(this::build);

  private MemorySegment build(ECPrivateKey key) {
    built.incrementAndGet();
    return Arena.ofAuto().allocate(1);
  }

  private static ECPrivateKey key() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return (ECPrivateKey) generator.generateKeyPair().getPrivate();
  }

  @Test
  void aKeyIsBuiltOnceAndEachHasItsOwn() throws Exception {
    List<ECPrivateKey> eight = new ArrayList<>();
    List<MemorySegment> handles = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      eight.add(key());
      handles.add(keys.of(eight.getLast()));
    }
    for (int i = 0; i < 8; i++) {
      assertSame(handles.get(i), keys.of(eight.get(i)));
    }
    assertEquals(8, built.get());
    keys.of(key());
    assertNotSame(handles.getFirst(), keys.of(eight.getFirst()), "the oldest made room");
    assertEquals(10, built.get());
  }

  @Test
  void threadsThatWantTheSameKeyGetTheSame() throws Exception {
    ECPrivateKey key = key();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<MemorySegment>> all = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        all.add(threads.submit(() -> keys.of(key)));
      }
      for (Future<MemorySegment> one : all) {
        assertSame(keys.of(key), one.get());
      }
    }
    assertEquals(1, built.get());
  }

  @Test
  void aKeyThatIsRefusedIsNotKept() throws Exception {
    ECPrivateKey key = key();
    AtomicInteger tried = new AtomicInteger();
    SigningKeys refusing =
        new SigningKeys(
            bad -> {
              throw new InvalidKeyException("try " + tried.incrementAndGet());
            });
    assertThrows(InvalidKeyException.class, () -> refusing.of(key));
    assertThrows(InvalidKeyException.class, () -> refusing.of(key));
    assertEquals(2, tried.get());
  }

  @Test
  void whatNobodyHasAnyMoreIsLetGo() throws Exception {
    ECPrivateKey key = key();
    WeakReference<ECPrivateKey> known = new WeakReference<>(key);
    WeakReference<MemorySegment> handle = new WeakReference<>(keys.of(key));
    key = null;
    awaitCollected(known);
    awaitCollected(handle);
  }

  @Test
  void whatMadeRoomIsLetGoThoughItsKeyIsStillThere() throws Exception {
    List<ECPrivateKey> nine = new ArrayList<>();
    List<WeakReference<MemorySegment>> handles = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      nine.add(key());
      handles.add(new WeakReference<>(keys.of(nine.getLast())));
    }
    awaitCollected(handles.getFirst());
    for (int i = 1; i < 9; i++) {
      assertTrue(handles.get(i).refersTo(keys.of(nine.get(i))), "kept");
    }
  }

  private static void awaitCollected(WeakReference<?> reference) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!reference.refersTo(null)) {
      assertTrue(System.nanoTime() < end, "still there");
      System.gc();
    }
  }
}
