package io.signalbox.acl.source;

import io.signalbox.acl.source.Node.ScalarType;
import java.util.Optional;

/**
 * Reads the YAML that policies are mostly written in, several times quicker than a library of the
 * whole language can: block maps and lists, flow maps and lists, plain and quoted texts of one
 * line, comments.
 *
 * <p>INVARIANT: what it returns is what {@link YamlSource} returns, positions included. Whatever it
 * is not sure of, every fault among it, it gives up and leaves to that one, which also words all
 * messages. It may give up at any time; its tests hold what it does return against the library.
 *
 * <p>Recursion is bounded by the builder, which refuses to nest deeper than the limit.
 */
final class CommonYaml {
  /** The library takes no more for a key of one line than 1,024 characters. */
  private static final int KEY_MAX = 512;

  private final String file;
  private final String text;
  private final char[] chars;
  private final NodeBuilder builder;
  private int at;
  private int line = 1;
  private int lineStart;

  private CommonYaml(String file, String text, NodeBuilder builder) {
    this.file = file;
    this.text = text;
    this.chars = text.toCharArray();
    this.builder = builder;
  }

  /** Not what this class reads; caught at once. No stack trace. */
  private static final class Uncommon extends Exception {
    static final Uncommon GIVE_UP = new Uncommon();

    private Uncommon() {
      super(null, null, false, false);
    }
  }

  /**
   * @return empty when another reader must decide, be it that the document has a fault
   */
  static Optional<Node> read(String file, String text, SourceLimits limits) {
    Problems problems = new Problems();
    try {
      CommonYaml reader = new CommonYaml(file, text, new NodeBuilder(limits, problems));
      Node root = reader.document();
      return problems.isEmpty() ? Optional.of(root) : Optional.empty();
    } catch (Uncommon | SourceException e) {
      return Optional.empty();
    }
  }

  private Node document() throws Uncommon, SourceException {
    for (char c : chars) {
      boolean common = (c >= ' ' && c <= '~') || c == '\n' || isCommonLetter(c);
      if (!common) {
        throw Uncommon.GIVE_UP;
      }
    }
    toContent();
    if (column() == 0 && text.startsWith("---\n", at)) {
      at += 3;
      toContent();
    }
    blockNode(-1);
    if (at < chars.length) {
      throw Uncommon.GIVE_UP;
    }
    return builder.root(new Position(file, 1, 1));
  }

  /** Beyond ASCII: one that is printable, of one unit, and no kind of blank or line break. */
  private static boolean isCommonLetter(char c) {
    return c > '\u00A0' && c < '\u2000';
  }

  // Blocks. Whoever has read a block or a line stands at the next content or at the end.

  /**
   * @param indent column of the innermost block around this node
   */
  private void blockNode(int indent) throws Uncommon, SourceException {
    char c = peek(0);
    if (c == '-' && isBlank(1)) {
      blockList(column());
    } else if (c == '[' || c == '{') {
      flowNode();
      endLine(indent);
    } else if (c == '|' || c == '>') {
      lines(indent);
    } else {
      blockMapOrText(indent);
    }
  }

  private void blockList(int column) throws Uncommon, SourceException {
    builder.startList(position(at));
    while (column() == column && peek(0) == '-' && isBlank(1)) {
      at++;
      skipSpaces();
      if (atEndOfLine()) {
        toContent();
        requireDeeper(column);
      }
      blockNode(column);
    }
    requireNotDeeper(column);
    builder.end();
  }

  /** What starts with a scalar is the first key of a map, or that scalar. */
  private void blockMapOrText(int indent) throws Uncommon, SourceException {
    int start = at;
    int column = column();
    boolean plain = isPlainStart(false);
    String first = plain ? plain(false) : quoted();
    if (!atColon()) {
      scalar(start, first, plain);
      endLine(indent);
      return;
    }
    builder.startMap(position(start));
    key(start, first);
    blockValue(column);
    while (at < chars.length && column() == column) {
      start = at;
      key(start, isPlainStart(false) ? plain(false) : quoted());
      blockValue(column);
    }
    requireNotDeeper(column);
    builder.end();
  }

  /** From the colon on. */
  private void blockValue(int column) throws Uncommon, SourceException {
    if (!atColon()) {
      throw Uncommon.GIVE_UP;
    }
    at++;
    skipSpaces();
    if (atEndOfLine()) {
      toContent();
      boolean listBesideKey = column() == column && peek(0) == '-' && isBlank(1);
      if (!listBesideKey) {
        requireDeeper(column);
      }
      blockNode(column);
      return;
    }
    char c = peek(0);
    if (c == '[' || c == '{') {
      flowNode();
    } else if (c == '|' || c == '>') {
      lines(column);
      return;
    } else {
      int start = at;
      boolean plain = isPlainStart(false);
      scalar(start, plain ? plain(false) : quoted(), plain);
    }
    endLine(column);
  }

  /** A text of several lines, kept or folded; none of them empty or further in than the others. */
  private void lines(int indent) throws Uncommon, SourceException {
    Position position = position(at);
    String between = chars[at] == '|' ? "\n" : " ";
    at++;
    boolean strip = peek(0) == '-';
    at += strip ? 1 : 0;
    skipSpaces();
    if (peek(0) != '\n' || indent < 0) {
      throw Uncommon.GIVE_UP;
    }
    StringBuilder value = new StringBuilder();
    int textColumn = toNextLine();
    int column = textColumn;
    while (column > indent) {
      if (column != textColumn) {
        throw Uncommon.GIVE_UP;
      }
      int start = at;
      at = lineEnd();
      value.append(value.isEmpty() ? "" : between).append(text, start, at);
      if (at == chars.length) {
        throw Uncommon.GIVE_UP; // a last line without an end
      }
      column = toNextLine();
      if (column <= indent && !strip) {
        value.append('\n');
      }
    }
    if (value.isEmpty()) {
      throw Uncommon.GIVE_UP;
    }
    builder.scalar(position, value.toString(), ScalarType.STRING);
    toContent();
    requireNotDeeper(indent);
  }

  /**
   * From a line's end.
   *
   * @return the column where the next line's text starts; -1 at the end
   */
  private int toNextLine() throws Uncommon {
    at++;
    line++;
    lineStart = at;
    skipSpaces();
    if (peek(0) == '\n' || (at == chars.length && at > lineStart)) {
      throw Uncommon.GIVE_UP; // an empty line
    }
    return at == chars.length ? -1 : column();
  }

  private void requireDeeper(int column) throws Uncommon {
    if (at >= chars.length || column() <= column) {
      throw Uncommon.GIVE_UP;
    }
  }

  private void requireNotDeeper(int column) throws Uncommon {
    if (at < chars.length && column() > column) {
      throw Uncommon.GIVE_UP;
    }
  }

  /** Behind a value: nothing more in this line, and nothing further in that would continue it. */
  private void endLine(int indent) throws Uncommon {
    skipSpaces();
    if (!atEndOfLine()) {
      throw Uncommon.GIVE_UP;
    }
    toContent();
    requireNotDeeper(indent);
  }

  // Flow.

  private void flowNode() throws Uncommon, SourceException {
    int start = at;
    switch (peek(0)) {
      case '[' -> {
        builder.startList(position(start));
        at++;
        while (!closes(']')) {
          flowNode();
          separate(']');
        }
      }
      case '{' -> {
        builder.startMap(position(start));
        at++;
        while (!closes('}')) {
          flowEntry();
          separate('}');
        }
      }
      default -> {
        boolean plain = isPlainStart(true);
        scalar(start, plain ? plain(true) : quoted(), plain);
        return;
      }
    }
    at++;
    builder.end();
  }

  private void flowEntry() throws Uncommon, SourceException {
    int start = at;
    key(start, isPlainStart(true) ? plain(true) : quoted());
    if (!atColon()) {
      throw Uncommon.GIVE_UP;
    }
    at++;
    toContent();
    flowNode();
  }

  private boolean closes(char close) {
    toContent();
    return peek(0) == close;
  }

  /** Over a comma to the next item, or to the closing mark. */
  private void separate(char close) throws Uncommon {
    toContent();
    if (peek(0) == ',') {
      at++;
    } else if (peek(0) != close) {
      throw Uncommon.GIVE_UP;
    }
  }

  // Scalars.

  private void key(int start, String key) throws Uncommon, SourceException {
    if (at - start > KEY_MAX) {
      throw Uncommon.GIVE_UP;
    }
    builder.key(position(start), key);
  }

  private void scalar(int start, String value, boolean plain) throws SourceException {
    builder.scalar(
        position(start), value, plain ? YamlSource.typeOfPlain(value) : ScalarType.STRING);
  }

  /** Whether a plain text starts here; false for a quoted one. */
  private boolean isPlainStart(boolean flow) throws Uncommon {
    char c = peek(0);
    switch (c) {
      case '"', '\'' -> {
        return false;
      }
      case '-' -> {
        char next = peek(1);
        if (isBlank(1) || next == '-' || (flow && ",[]{}".indexOf(next) >= 0)) {
          throw Uncommon.GIVE_UP;
        }
        return true;
      }
      case '.' -> {
        if (column() == 0) {
          throw Uncommon.GIVE_UP; // perhaps "..."
        }
        return true;
      }
      // The second row are indicators, or errors; a merge key starts with '<'.
      case '\0',
          '\n',
          ' ',
          '#',
          '?',
          ':',
          ',',
          '[',
          ']',
          '{',
          '}',
          '&',
          '*',
          '!',
          '|',
          '>',
          '%',
          '@',
          '`',
          '<' ->
          throw Uncommon.GIVE_UP;
      default -> {
        return true;
      }
    }
  }

  private String plain(boolean flow) {
    int start = at;
    int end = at; // without the blanks before what ends it
    for (; at < chars.length; at++) {
      char c = chars[at];
      if (c == '\n' || (c == '#' && at > end)) {
        break;
      }
      if (c == ':' && (isBlank(1) || (flow && ",[]{}".indexOf(peek(1)) >= 0))) {
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

  private String quoted() throws Uncommon {
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
    throw Uncommon.GIVE_UP;
  }

  // Characters.

  private char peek(int ahead) {
    return at + ahead < chars.length ? chars[at + ahead] : '\0';
  }

  private boolean isBlank(int ahead) {
    char c = peek(ahead);
    return c == ' ' || c == '\n' || c == '\0';
  }

  /** Before a colon that ends a key, blanks in front of it aside. */
  private boolean atColon() {
    skipSpaces();
    return peek(0) == ':' && isBlank(1);
  }

  private void skipSpaces() {
    while (at < chars.length && chars[at] == ' ') {
      at++;
    }
  }

  /** At a line's end or a comment that has a blank before it. */
  private boolean atEndOfLine() {
    char c = peek(0);
    return c == '\n' || c == '\0' || (c == '#' && startsComment());
  }

  private boolean startsComment() {
    return at == lineStart || chars[at - 1] == ' ';
  }

  private int lineEnd() {
    int end = text.indexOf('\n', at);
    return end < 0 ? chars.length : end;
  }

  /** Over blanks, line breaks and comments. */
  private void toContent() {
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

  private int column() {
    return at - lineStart;
  }

  private Position position(int index) {
    return new Position(file, line, index - lineStart + 1);
  }
}
