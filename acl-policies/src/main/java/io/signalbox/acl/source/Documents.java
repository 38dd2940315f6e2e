package io.signalbox.acl.source;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads a document by the ending of its name: {@code .json} as JSON, everything else as YAML. */
public final class Documents {
  private Documents() {}

  /**
   * @param file for messages only; nothing is opened
   * @return empty when the text cannot be read; {@code problems} then says why
   */
  public static Optional<Node> read(
      String file, String text, SourceLimits limits, Problems problems) {
    try {
      if (text.length() > limits.charactersMax()) {
        throw new SourceException(
            Position.none(file),
            "the document has %d characters, the limit is %d"
                .formatted(text.length(), limits.charactersMax()));
      }
      boolean json = file.endsWith(".json");
      Optional<Node> common = json ? Optional.empty() : CommonYaml.read(file, text, limits);
      if (common.isPresent()) {
        return common;
      }
      NodeBuilder builder = new NodeBuilder(limits, problems);
      return Optional.of(
          json
              ? new JsonSource(file, text, builder).read()
              : new YamlSource(file, text, builder).read());
    } catch (SourceException e) {
      problems.add(e.position(), String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  /**
   * Nodes from a decoded JSON value: maps, lists, strings, numbers, booleans and null.
   *
   * @param origin stands for the file in messages
   * @return empty when the value holds something else or is too large or too deep
   */
  public static Optional<Node> fromValue(
      String origin, @Nullable Object value, SourceLimits limits, Problems problems) {
    try {
      return Optional.of(
          new ValueSource(Position.none(origin), new NodeBuilder(limits, problems)).node(value));
    } catch (SourceException e) {
      problems.add(e.position(), String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }
}
