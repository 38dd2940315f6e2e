package io.signalbox.server.bench;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * What the first bytes of each payload say: which run and publisher it is of, its place in that
 * publisher's sequence, and when it was due.
 */
final class Stamp {
  /** The smallest payload. */
  static final int BYTES = 24;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private Stamp() {}

  static void write(byte[] payload, int run, int publisher, long sequence, long dueNanos) {
    INT.set(payload, 0, run);
    INT.set(payload, 4, publisher);
    LONG.set(payload, 8, sequence);
    LONG.set(payload, 16, dueNanos);
  }

  /** Whether a payload is of this run. */
  static boolean isOf(byte[] payload, int run) {
    return payload.length >= BYTES && (int) INT.get(payload, 0) == run;
  }

  static int publisher(byte[] payload) {
    return (int) INT.get(payload, 4);
  }

  static long sequence(byte[] payload) {
    return (long) LONG.get(payload, 8);
  }

  static long dueNanos(byte[] payload) {
    return (long) LONG.get(payload, 16);
  }
}
