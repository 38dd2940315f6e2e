package io.signalbox.server.metrics;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/**
 * Makes metrics and says what they are now, in the order in which they were made. Making is for one
 * thread, before anybody else has the set; {@link #collect} for any.
 */
abstract class MetricSet implements MultiCollector {
  private static final String PREFIX = "signalbox_";

  private final Cells cells;
  private final List<Supplier<MetricSnapshot>> snapshots = new ArrayList<>();

  /**
   * @param loops number of I/O threads; their indices are 0..loops-1
   */
  MetricSet(int loops) {
    cells = new Cells(loops);
  }

  /** What every metric says now. */
  @Override
  public final MetricSnapshots collect() {
    return new MetricSnapshots(snapshots.stream().map(Supplier::get).toList());
  }

  /** A text, as the value of a label. */
  final void info(String name, String help, String label, String value) {
    snapshots.add(
        () ->
            InfoSnapshot.builder()
                .name(PREFIX + name)
                .help(help)
                .dataPoint(
                    InfoSnapshot.InfoDataPointSnapshot.builder()
                        .labels(Labels.of(label, value))
                        .build())
                .build());
  }

  /** One number that grows. */
  final Counter counter(String name, String help) {
    Counter counter = new Counter(cells);
    snapshots.add(
        () ->
            CounterSnapshot.builder()
                .name(PREFIX + name)
                .help(help)
                .dataPoint(point(Labels.EMPTY, counter))
                .build());
    return counter;
  }

  /** One number that grows for each value of the label, in lower case. */
  final <E extends Enum<E>> Counters<E> counters(
      String name, String help, String label, Class<E> values) {
    Counters<E> counters = new Counters<>(cells, values);
    snapshots.add(
        () -> {
          CounterSnapshot.Builder snapshot =
              CounterSnapshot.builder().name(PREFIX + name).help(help);
          for (E value : values.getEnumConstants()) {
            snapshot.dataPoint(
                point(Labels.of(label, value.name().toLowerCase(Locale.ROOT)), counters.of(value)));
          }
          return snapshot.build();
        });
    return counters;
  }

  /** The same for values that have numbers, from 0. */
  final NumberedCounters numbered(String name, String help, String label, List<String> values) {
    NumberedCounters counters = new NumberedCounters(cells, values.size());
    snapshots.add(
        () -> {
          CounterSnapshot.Builder snapshot =
              CounterSnapshot.builder().name(PREFIX + name).help(help);
          for (int i = 0; i < values.size(); i++) {
            snapshot.dataPoint(point(Labels.of(label, values.get(i)), counters.of(i)));
          }
          return snapshot.build();
        });
    return counters;
  }

  private static CounterSnapshot.CounterDataPointSnapshot point(Labels labels, Counter counter) {
    return CounterSnapshot.CounterDataPointSnapshot.builder()
        .labels(labels)
        .value((double) counter.value())
        .build();
  }

  /** A number that whoever has the gauge sets. */
  final Gauge gauge(String name, String help) {
    Gauge gauge = new Gauge(cells);
    measured(name, help, () -> (double) gauge.value());
    return gauge;
  }

  /** A number that is looked up whenever somebody asks. */
  final void measured(String name, String help, DoubleSupplier value) {
    snapshots.add(
        () ->
            GaugeSnapshot.builder()
                .name(PREFIX + name)
                .help(help)
                .dataPoint(
                    GaugeSnapshot.GaugeDataPointSnapshot.builder()
                        .value(value.getAsDouble())
                        .build())
                .build());
  }

  /** The same of one that only grows. */
  final void measuredTotal(String name, String help, DoubleSupplier value) {
    snapshots.add(
        () ->
            CounterSnapshot.builder()
                .name(PREFIX + name)
                .help(help)
                .dataPoint(
                    CounterSnapshot.CounterDataPointSnapshot.builder()
                        .value(value.getAsDouble())
                        .build())
                .build());
  }

  /**
   * How many values were how large.
   *
   * @param bounds of the buckets, ascending; one without a bound comes last
   */
  final Histogram histogram(String name, String help, double... bounds) {
    Histogram histogram = new Histogram(bounds);
    snapshots.add(
        () ->
            HistogramSnapshot.builder()
                .name(PREFIX + name)
                .help(help)
                .dataPoint(
                    HistogramSnapshot.HistogramDataPointSnapshot.builder()
                        .classicHistogramBuckets(
                            ClassicHistogramBuckets.of(
                                histogram.upperBounds(), histogram.bucketCounts()))
                        .sum(histogram.sum())
                        .build())
                .build());
    return histogram;
  }
}
