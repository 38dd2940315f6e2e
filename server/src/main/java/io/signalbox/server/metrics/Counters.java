package io.signalbox.server.metrics;

/**
 * One counter for each value of a label.
 *
 * @param <E> the values; the label shows their names in lower case
 */
public final class Counters<E extends Enum<E>> {
  private final Counter[] byOrdinal;

  Counters(Cells cells, Class<E> values) {
    byOrdinal = new Counter[values.getEnumConstants().length];
    for (int i = 0; i < byOrdinal.length; i++) {
      byOrdinal[i] = new Counter(cells);
    }
  }

  @SuppressWarnings(
      "EnumOrdinal") // an index within this process only, where a map would cost on the hot path
  public Counter of(E value) {
    return byOrdinal[value.ordinal()];
  }

  /** On the I/O thread of this index only. */
  public void inc(E value, int loop) {
    of(value).inc(loop);
  }

  /** On any thread. */
  public void inc(E value) {
    of(value).inc();
  }
}
