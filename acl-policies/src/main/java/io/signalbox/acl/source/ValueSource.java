package io.signalbox.acl.source;

import io.signalbox.acl.source.Node.ScalarType;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Nodes from a decoded JSON value, as a token library hands it out. */
final class ValueSource {
  private final Position origin;
  private final NodeBuilder builder;

  ValueSource(Position origin, NodeBuilder builder) {
    this.origin = origin;
    this.builder = builder;
  }

  Node node(@Nullable Object value) throws SourceException {
    append(value);
    return builder.root(origin);
  }

  // The recursion is bounded by the builder, which refuses to nest deeper than the limit.
  private void append(@Nullable Object value) throws SourceException {
    switch (value) {
      case null -> builder.scalar(origin, "", ScalarType.NULL);
      case String text -> builder.scalar(origin, text, ScalarType.STRING);
      case Boolean flag -> builder.scalar(origin, flag.toString(), ScalarType.BOOLEAN);
      case Number number -> builder.scalar(origin, decimal(number), ScalarType.NUMBER);
      case List<?> list -> {
        builder.startList(origin);
        for (Object item : list) {
          append(item);
        }
        builder.end();
      }
      case Map<?, ?> map -> {
        builder.startMap(origin);
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          builder.key(origin, String.valueOf(entry.getKey()));
          append(entry.getValue());
        }
        builder.end();
      }
      default ->
          throw new SourceException(
              origin, "a value of type " + value.getClass().getSimpleName() + " is not allowed");
    }
  }

  /** Libraries that know only doubles make 1 a 1.0; both mean the same here. */
  private static String decimal(Number number) {
    double value = number.doubleValue();
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : number.toString();
  }
}
