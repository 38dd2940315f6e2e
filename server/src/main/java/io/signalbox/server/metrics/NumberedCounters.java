package io.signalbox.server.metrics;

/**
 * One counter for each value of a label that the protocol numbers: QoS 0..2, Control Packet types
 * 0..15.
 */
public final class NumberedCounters {
  private final Counter[] byNumber;

  NumberedCounters(Cells cells, int count) {
    byNumber = new Counter[count];
    for (int i = 0; i < count; i++) {
      byNumber[i] = new Counter(cells);
    }
  }

  /**
   * @throws IndexOutOfBoundsException if the protocol has no such number
   */
  public Counter of(int number) {
    return byNumber[number];
  }

  /** On the I/O thread of this index only. */
  public void inc(int number, int loop) {
    byNumber[number].inc(loop);
  }

  /** On any thread. */
  public void inc(int number) {
    byNumber[number].inc();
  }
}
