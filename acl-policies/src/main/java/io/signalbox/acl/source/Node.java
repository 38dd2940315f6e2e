package io.signalbox.acl.source;

import java.util.List;

/** A value of a document and where it stands. */
public sealed interface Node {
  Position position();

  /** How an error message calls this kind of value. */
  String kind();

  /** In the order of the text; keys are unique strings. */
  record MapNode(Position position, List<Entry> entries) implements Node {
    public MapNode {
      entries = List.copyOf(entries);
    }

    @Override
    public String kind() {
      return "a map";
    }
  }

  record Entry(Position keyPosition, String key, Node value) {}

  record ListNode(Position position, List<Node> items) implements Node {
    public ListNode {
      items = List.copyOf(items);
    }

    @Override
    public String kind() {
      return "a list";
    }
  }

  record ScalarNode(Position position, String text, ScalarType type) implements Node {
    @Override
    public String kind() {
      return switch (type) {
        case STRING -> "a text";
        case NUMBER -> "a number";
        case BOOLEAN -> "a boolean";
        case NULL -> "empty";
        case AMBIGUOUS -> "a word that YAML versions read differently";
      };
    }
  }

  /** What a scalar is without guessing; AMBIGUOUS for yes, no, on, off and their like, unquoted. */
  enum ScalarType {
    STRING,
    NUMBER,
    BOOLEAN,
    NULL,
    AMBIGUOUS
  }
}
