package io.signalbox.acl.source;

/**
 * A place in a YAML text, and the scalars and blanks that {@link CommonYaml} meets there. Lines
 * count from 1, columns from 0.
 */
final class YamlCursor {
  /** What ends a plain text within brackets. */
  private static final String FLOW_MARKS = ",[]{}";

  /** Indicators, and what cannot start a text; a merge key starts with the last one. */
  private static final String NO_PLAIN_START = "\0\n #?:,[]{}&*!|>%@`<";

  final String text;
  int at;
  int line = 1;
  int lineStart;
  private final char[] chars;

  YamlCursor(String text) {
    this.text = text;
    this.chars = text.toCharArray();
  }

  /** Something that is left to {@link YamlSource}; caught at once. No stack trace. */
  static final class Uncommon extends Exception {
    Uncommon() {
      super(null, null, false, false);
    }
  }

  boolean atEnd() {
    return at == chars.length;
  }

  /** Whether a plain text starts here; false for a quoted one. */
  boolean isPlainStart(boolean flow) throws Uncommon {
    char c = peek(0);
    return switch (c) {
      case '"', '\'' -> false;
      case '-' -> {
        char second = peek(1);
        if (isBlank(1) || second == '-' || (flow && FLOW_MARKS.indexOf(second) >= 0)) {
          throw new Uncommon();
        }
        yield true;
      }
      case '.' -> {
        if (column() == 0) {
          throw new Uncommon(); // perhaps "..."
        }
        yield true;
      }
      default -> {
        if (NO_PLAIN_START.indexOf(c) >= 0) {
          throw new Uncommon();
        }
        yield true;
      }
    };
  }

  String plain(boolean flow) {
    int start = at;
    int end = at; // without the blanks before what ends it
    for (; at < chars.length; at++) {
      char c = chars[at];
      if (c == '\n' || (c == '#' && at > end)) {
        break;
      }
      if (c == ':' && (isBlank(1) || (flow && FLOW_MARKS.indexOf(peek(1)) >= 0))) {
        break;
      }
      if (flow && (c == ',' || c == '[' || c == ']' || c == '{' || c == '}')) {
        break;
      }
      if (c != ' ') {
        end = at + 1;
      }
    }
    at = end;
    return text.substring(start, end);
  }

  String quoted() throws Uncommon {
    char quote = chars[at];
    int start = ++at;
    for (; at < chars.length; at++) {
      char c = chars[at];
      if (c == quote) {
        at++;
        if (quote == '\'' && peek(0) == '\'') {
          break; // an apostrophe, written twice
        }
        return text.substring(start, at - 1);
      }
      if (c == '\n' || (c == '\\' && quote == '"')) {
        break;
      }
    }
    throw new Uncommon();
  }

  // Characters.

  char peek(int ahead) {
    return at + ahead < chars.length ? chars[at + ahead] : '\0';
  }

  boolean isBlank(int ahead) {
    char c = peek(ahead);
    return c == ' ' || c == '\n' || c == '\0';
  }

  void skipSpaces() {
    while (at < chars.length && chars[at] == ' ') {
      at++;
    }
  }

  /** At a line's end or a comment that has a blank before it. */
  boolean atEndOfLine() {
    char c = peek(0);
    return c == '\n' || c == '\0' || (c == '#' && startsComment());
  }

  private boolean startsComment() {
    return at == lineStart || chars[at - 1] == ' ';
  }

  int lineEnd() {
    int end = text.indexOf('\n', at);
    return end < 0 ? chars.length : end;
  }

  /** Over blanks, line breaks and comments. */
  void toContent() {
    for (; at < chars.length; at++) {
      char c = chars[at];
      if (c == '\n') {
        line++;
        lineStart = at + 1;
      } else if (c == '#' && startsComment()) {
        at = lineEnd() - 1;
      } else if (c != ' ') {
        return;
      }
    }
  }

  int column() {
    return at - lineStart;
  }

  void requireCommonCharacters() throws Uncommon {
    for (char c : chars) {
      boolean common = (c >= ' ' && c <= '~') || c == '\n' || isCommonLetter(c);
      if (!common) {
        throw new Uncommon();
      }
    }
  }

  /** Beyond ASCII: one that is printable, of one unit, and no kind of blank or line break. */
  private static boolean isCommonLetter(char c) {
    return c > '\u00A0' && c < '\u2000';
  }
}
