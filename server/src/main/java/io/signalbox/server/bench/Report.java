package io.signalbox.server.bench;

import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What a run found out: named values in the order in which they were put, and whether everything
 * was right.
 */
public final class Report {
  private static final double[] PERCENTILES = {50, 90, 99, 99.9};

  private final Map<String, Object> values = new LinkedHashMap<>();
  private boolean passed = true;

  Report(String mode) {
    values.put("mode", mode);
  }

  /** Whether nothing was lost, duplicated or refused. */
  public boolean passed() {
    return passed;
  }

  Report put(String name, String value) {
    values.put(name, value);
    return this;
  }

  Report put(String name, long value) {
    values.put(name, value);
    return this;
  }

  /** Keeps three digits or so: more would pretend. */
  Report put(String name, double value) {
    double rounded = value >= 100 ? Math.rint(value) : Math.rint(value * 1000) / 1000;
    values.put(name, rounded == Math.rint(rounded) ? (Object) (long) rounded : (Object) rounded);
    return this;
  }

  /** A count that must be 0. */
  Report check(String name, long wrong) {
    values.put(name, wrong);
    passed &= wrong == 0;
    return this;
  }

  /** Percentiles of nanoseconds as microseconds. */
  Report latency(String name, Histogram nanos) {
    if (nanos.getTotalCount() == 0) {
      return this;
    }
    for (double percentile : PERCENTILES) {
      String digits = Double.toString(percentile).replaceFirst("\\.0$", "");
      put(name + "-p" + digits + "-us", nanos.getValueAtPercentile(percentile) / 1e3);
    }
    return put(name + "-max-us", nanos.getMaxValue() / 1e3);
  }

  /** One JSON object on one line. */
  public String toJson() {
    var object = new JsonObject();
    values.forEach(
        (name, value) -> {
          if (value instanceof Number number) {
            object.addProperty(name, number);
          } else {
            object.addProperty(name, value.toString());
          }
        });
    object.addProperty("passed", passed);
    return object.toString();
  }

  /** A line a value, for people. */
  public String toText() {
    var text = new StringBuilder();
    int width = values.keySet().stream().mapToInt(String::length).max().orElse(1);
    values.forEach(
        (name, value) -> {
          String shown =
              value instanceof Long number
                  ? String.format(Locale.ROOT, "%,d", number)
                  : value.toString();
          text.append(String.format(Locale.ROOT, "%-" + width + "s  %s%n", name, shown));
        });
    return text.append(passed ? "passed" : "FAILED").append(System.lineSeparator()).toString();
  }
}
