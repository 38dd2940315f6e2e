package io.signalbox.acl.tool;

import io.signalbox.acl.parser.MatchParser;
import io.signalbox.acl.parser.PolicyParser;
import io.signalbox.acl.parser.StatementParser;
import io.signalbox.acl.parser.WhereParser;
import io.signalbox.acl.source.CommentedYaml;
import io.signalbox.acl.source.CommentedYaml.Document;
import io.signalbox.acl.source.CommentedYaml.Entries;
import io.signalbox.acl.source.CommentedYaml.Item;
import io.signalbox.acl.source.CommentedYaml.Items;
import io.signalbox.acl.source.CommentedYaml.Scalar;
import io.signalbox.acl.source.CommentedYaml.Value;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/**
 * One layout for all policies: keys in the order of the language, two spaces, short lists and
 * conditions on one line, quotes only where YAML needs them. Comments and blank lines stay with
 * what they stood above or beside.
 */
public final class PolicyFormatter {
  private static final int WIDTH = 100;

  /** A text that every YAML version reads as that text, also inside brackets. */
  private static final Pattern SAFE =
      Pattern.compile("[A-Za-z/][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*");

  /** What looks safe and is read as something else by some version. */
  private static final Pattern WORD = Pattern.compile("(?i)y|n|yes|no|on|off|true|false|null");

  private static final Pattern PROSE = Pattern.compile("\\p{Graph}+( \\p{Graph}+)+");

  private static final List<String> ORDER = order();

  private final StringBuilder out = new StringBuilder();

  private PolicyFormatter() {}

  /**
   * @param text a policy in YAML that parses without a problem
   */
  public static String format(String text) {
    PolicyFormatter formatter = new PolicyFormatter();
    Document document = CommentedYaml.read(text);
    formatter.comments(document.head(), "");
    if (document.root() instanceof Entries entries) {
      formatter.entries(entries, "");
    }
    formatter.comments(document.tail(), "");
    return formatter.out.toString().stripTrailing() + "\n";
  }

  private void entries(Entries map, String indent) {
    for (Item entry : sorted(map)) {
      comments(entry.before(), indent);
      out.append(indent).append(quoted(entry.key())).append(':');
      value(entry, indent);
    }
    comments(map.trailing(), indent);
  }

  private void items(Items list, String indent) {
    list.items().forEach(entry -> item(entry, indent));
    comments(list.trailing(), indent);
  }

  /** After a key or a dash. */
  private void value(Item item, String indent) {
    String beside = item.beside().isEmpty() ? "" : " " + item.beside();
    Value value = item.value();
    boolean block = item.key().equals("statements") || !isFlat(value);
    if (!block) {
      String flow = flow(value);
      if (indent.length() + item.key().length() + 2 + flow.length() <= WIDTH
          || (value instanceof Scalar(String text, _) && !isFoldable(text))) {
        out.append(' ').append(flow).append(beside).append('\n');
        return;
      }
    }
    if (value instanceof Scalar(String text, _) && isFoldable(text)) {
      out.append(" >-").append(beside).append('\n');
      fold(text, indent + "  ");
      return;
    }
    out.append(beside).append('\n');
    switch (value) {
      case Scalar scalar -> out.append(indent).append("  ").append(flow(scalar)).append('\n');
      case Entries map -> entries(map, indent + "  ");
      case Items list -> items(list, indent + "  ");
    }
  }

  /** Prose: words with single blanks between them. */
  private static boolean isFoldable(String text) {
    return PROSE.matcher(text).matches();
  }

  private void fold(String text, String indent) {
    StringBuilder line = new StringBuilder(indent);
    for (String word : text.split(" ")) {
      if (line.length() > indent.length() && line.length() + 1 + word.length() > WIDTH) {
        out.append(line).append('\n');
        line = new StringBuilder(indent);
      }
      line.append(line.length() > indent.length() ? " " : "").append(word);
    }
    out.append(line).append('\n');
  }

  private void item(Item item, String indent) {
    comments(item.before(), indent);
    out.append(indent).append('-');
    boolean statement =
        item.value() instanceof Entries map
            && map.entries().stream().anyMatch(entry -> entry.key().equals("effect"));
    if (!statement && isFlat(item.value())) {
      String flow = flow(item.value());
      if (indent.length() + 2 + flow.length() <= WIDTH || item.value() instanceof Scalar) {
        out.append(' ').append(flow);
        out.append(item.beside().isEmpty() ? "" : " " + item.beside()).append('\n');
        return;
      }
    }
    switch (item.value()) {
      case Scalar scalar -> out.append(' ').append(flow(scalar)).append('\n');
      case Items list -> {
        out.append('\n');
        items(list, indent + "  ");
      }
      case Entries map -> {
        boolean first = true;
        for (Item entry : sorted(map)) {
          if (first && entry.before().stream().anyMatch(line -> !line.isEmpty())) {
            out.append('\n');
            first = false;
          }
          if (!first) {
            comments(entry.before(), indent + "  ");
          }
          out.append(first ? " " : indent + "  ").append(quoted(entry.key())).append(':');
          first = false;
          value(entry, indent + "  ");
        }
        comments(map.trailing(), indent + "  ");
      }
    }
  }

  private static List<Item> sorted(Entries map) {
    List<Item> sorted = new ArrayList<>(map.entries());
    sorted.sort(Comparator.comparingInt(item -> rank(item.key())));
    return sorted;
  }

  /** Whether it can stand on one line: no comments inside, and no list of maps. */
  private static boolean isFlat(Value value) {
    return switch (value) {
      case Scalar _ -> true;
      case Items list ->
          list.trailing().isEmpty()
              && list.items().stream()
                  .allMatch(item -> !(item.value() instanceof Entries) && isFlat(item));
      case Entries map ->
          map.trailing().isEmpty() && map.entries().stream().allMatch(PolicyFormatter::isFlat);
    };
  }

  private static boolean isFlat(Item item) {
    return item.beside().isEmpty() && item.before().isEmpty() && isFlat(item.value());
  }

  private static String flow(Value value) {
    return switch (value) {
      case Scalar(String text, boolean plain) -> plain ? text : quoted(text);
      case Items list ->
          "[" + String.join(", ", list.items().stream().map(i -> flow(i.value())).toList()) + "]";
      case Entries map ->
          "{ "
              + String.join(
                  ", ",
                  sorted(map).stream().map(i -> quoted(i.key()) + ": " + flow(i.value())).toList())
              + " }";
    };
  }

  private static String quoted(String text) {
    if (SAFE.matcher(text).matches() && !WORD.matcher(text).matches()) {
      return text;
    }
    return doubleQuoted(text);
  }

  /** For YAML, and for JSON as well. */
  static String doubleQuoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> quoted.append("\\\"");
        case '\\' -> quoted.append("\\\\");
        case '\n' -> quoted.append("\\n");
        case '\t' -> quoted.append("\\t");
        default -> {
          if (c < ' ' || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF) {
            quoted.append("\\u%04x".formatted((int) c));
          } else {
            quoted.append(c);
          }
        }
      }
    }
    return quoted.append('"').toString();
  }

  private void comments(List<String> lines, String indent) {
    for (String line : lines) {
      if (line.isEmpty()) {
        if (!out.isEmpty() && !out.toString().endsWith("\n\n")) {
          out.append('\n');
        }
      } else {
        out.append(indent)
            .append(line.startsWith("# ") || line.equals("#") ? line : "# " + line.substring(1))
            .append('\n');
      }
    }
  }

  private static int rank(String key) {
    int rank = ORDER.indexOf(key);
    return rank < 0 ? ORDER.size() : rank;
  }

  /** All keys of the language; within one map their order is the one of that map. */
  private static List<String> order() {
    List<String> order = new ArrayList<>(PolicyParser.KEYS);
    order.addAll(StatementParser.KEYS);
    order.addAll(WhereParser.KEYS);
    order.addAll(MatchParser.COMBINATIONS);
    order.addAll(MatchParser.CONDITION_KEYS);
    order.addAll(MatchParser.JWT_FIELDS.keySet());
    order.addAll(MatchParser.CERT_FIELDS.keySet());
    return order;
  }
}
