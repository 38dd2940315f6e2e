package io.signalbox.server.store;

import io.signalbox.server.routing.LargePayload;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * Large payloads that were read from the disk and are still in use: a thousand clients that come
 * back and are owed the same bytes share one array. Any thread.
 */
final class LargePayloads {
  /** Words that are looked at to find one that may be equal. */
  private static final int SAMPLES = 16;

  private static final class Known extends WeakReference<LargePayload> {
    final long sample;

    Known(LargePayload payload, long sample, ReferenceQueue<LargePayload> gone) {
      super(payload, gone);
      this.sample = sample;
    }
  }

  private final ConcurrentMap<Long, Known> bySample = new ConcurrentHashMap<>();
  private final ReferenceQueue<LargePayload> gone = new ReferenceQueue<>();

  /**
   * @param bytes more than {@link LargePayload#BYTES_MIN}; copied unless a payload that is in use
   *     has the same
   */
  LargePayload of(MemorySegment bytes) {
    forgetGone();
    long sample = sample(bytes);
    Known known = bySample.get(sample);
    LargePayload payload = known == null ? null : known.get();
    if (payload != null && isEqual(payload, bytes)) {
      return payload;
    }
    var copy = new LargePayload(bytes.toArray(Bytes.BYTE));
    bySample.put(sample, new Known(copy, sample, gone));
    return copy;
  }

  private static boolean isEqual(LargePayload payload, MemorySegment bytes) {
    return MemorySegment.ofArray(payload.bytes()).mismatch(bytes) < 0;
  }

  /** Of the length and of words at equal distances, the first and the last among them. */
  private static long sample(MemorySegment bytes) {
    long last = bytes.byteSize() - Long.BYTES;
    long sample = bytes.byteSize();
    for (int i = 0; i <= SAMPLES; i++) {
      sample = 31 * sample + bytes.get(Bytes.LONG, last * i / SAMPLES);
    }
    return sample;
  }

  private void forgetGone() {
    for (@Nullable Reference<?> one = gone.poll(); one != null; one = gone.poll()) {
      Known known = (Known) one;
      bySample.remove(known.sample, known);
    }
  }

  /** How many are kept track of. */
  int size() {
    forgetGone();
    return bySample.size();
  }
}
