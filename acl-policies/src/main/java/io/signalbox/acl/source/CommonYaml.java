package io.signalbox.acl.source;

import io.signalbox.acl.source.Node.ScalarType;
import java.util.Arrays;
import java.util.Optional;

/**
 * Reads the YAML that policies are mostly written in, several times quicker than a library of the
 * whole language can: block maps and lists, flow maps and lists, plain and quoted texts of one
 * line, comments.
 *
 * <p>INVARIANT: what it returns is what {@link YamlSource} returns, positions included. Whatever it
 * is not sure of, every fault among it, it gives up and leaves to that one, which also words all
 * messages. It may give up at any time; its tests hold what it does return against the library.
 */
final class CommonYaml {
  /** The library takes no more for a key of one line than 1,024 characters. */
  private static final int KEY_MAX = 512;

  private static final int FLOW_DEPTH_MAX = Integer.SIZE;

  private final String file;
  private final String text;
  private final char[] chars;
  private final NodeBuilder builder;
  private int at;
  private int line = 1;
  private int lineStart;

  // Blocks around the place, from the outermost on.
  private int[] columns = new int[8];
  private boolean[] lists = new boolean[8];
  private int depth;
  private Next next = Next.NODE;

  // Brackets around the place, within the innermost block.
  private int flowDepth;
  private int flowMaps; // a bit for each, the innermost one lowest: whether it is a map

  // What the latest event says.
  private int eventLine;
  private int eventColumn;
  private String eventText = "";
  private ScalarType eventType = ScalarType.STRING;

  private enum Event {
    START_LIST,
    START_MAP,
    KEY,
    SCALAR,
    END,
    /** The document is over. */
    NONE
  }

  /** What stands here. */
  private enum Next {
    /** A list item or a key of what is innermost, or its end. */
    ENTRY,
    /** Any node. */
    NODE,
    /** The value of a key: no block. */
    VALUE
  }

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

  /** A loop that builds what the text's events say: each thing is called from one place only. */
  private Node document() throws Uncommon, SourceException {
    requireCommonCharacters();
    toContent();
    if (column() == 0 && text.startsWith("---\n", at)) {
      at += 3;
      toContent();
    }
    for (Event event = event(); event != Event.NONE; event = event()) {
      switch (event) {
        case START_LIST -> builder.startList(eventPosition());
        case START_MAP -> builder.startMap(eventPosition());
        case KEY -> builder.key(eventPosition(), eventText);
        case SCALAR -> builder.scalar(eventPosition(), eventText, eventType);
        case END -> builder.end();
        case NONE -> {}
      }
    }
    return builder.root(new Position(file, 1, 1));
  }

  private Position eventPosition() {
    return new Position(file, eventLine, eventColumn);
  }

  private Event event() throws Uncommon {
    eventLine = line;
    eventColumn = at - lineStart + 1;
    return flowDepth > 0 ? flowEvent() : blockEvent();
  }

  private void requireCommonCharacters() throws Uncommon {
    for (char c : chars) {
      boolean common = (c >= ' ' && c <= '~') || c == '\n' || isCommonLetter(c);
      if (!common) {
        throw Uncommon.GIVE_UP;
      }
    }
  }

  /** Beyond ASCII: one that is printable, of one unit, and no kind of blank or line break. */
  private static boolean isCommonLetter(char c) {
    return c > '\u00A0' && c < '\u2000';
  }

  // Blocks.

  private Event blockEvent() throws Uncommon {
    boolean item = peek(0) == '-' && isBlank(1);
    if (next == Next.ENTRY) {
      int column = at < chars.length ? column() : -1;
      if (indent() > column || (!item && depth > 1 && indent() == column && lists[depth - 1])) {
        depth--;
        return Event.END;
      }
      if (indent() != column || (depth > 0 && lists[depth - 1] != item)) {
        throw Uncommon.GIVE_UP;
      }
      if (column < 0) {
        return Event.NONE;
      }
    }
    if (!item) {
      return next != Next.ENTRY && "[{|>".indexOf(peek(0)) >= 0 ? marked() : keyOrScalar();
    }
    if (next == Next.ENTRY) {
      at++;
      toNode(Next.NODE);
      return event();
    }
    if (next == Next.VALUE) {
      throw Uncommon.GIVE_UP;
    }
    open(column(), true);
    return Event.START_LIST;
  }

  /** Column of the innermost block, -1 outside of all. */
  private int indent() {
    return depth == 0 ? -1 : columns[depth - 1];
  }

  /** A block starts here, and with it its first entry. */
  private void open(int column, boolean list) {
    if (depth == columns.length) {
      columns = Arrays.copyOf(columns, 2 * depth);
      lists = Arrays.copyOf(lists, 2 * depth);
    }
    columns[depth] = column;
    lists[depth] = list;
    depth++;
    next = Next.ENTRY;
  }

  /** Behind a dash or colon. */
  private void toNode(Next inThisLine) throws Uncommon {
    skipSpaces();
    next = inThisLine;
    if (!atEndOfLine()) {
      return;
    }
    toContent();
    next = Next.NODE;
    boolean besideKey = !lists[depth - 1] && peek(0) == '-' && isBlank(1);
    if (at == chars.length || column() < indent() + (besideKey ? 0 : 1)) {
      throw Uncommon.GIVE_UP; // nothing, which means null
    }
  }

  private Event marked() throws Uncommon {
    char c = peek(0);
    if (c == '[' || c == '{') {
      return flowEvent();
    }
    lines(indent());
    next = Next.ENTRY;
    return Event.SCALAR;
  }

  private Event keyOrScalar() throws Uncommon {
    int start = at;
    boolean plain = isPlainStart();
    eventText = plain ? plain() : quoted();
    skipSpaces();
    if (peek(0) == ':' && isBlank(1)) {
      switch (next) {
        case NODE -> {
          open(start - lineStart, false);
          at = start; // its first key is the next event
          return Event.START_MAP;
        }
        case VALUE -> throw Uncommon.GIVE_UP;
        case ENTRY -> {}
      }
      requireKey(start);
      toNode(Next.VALUE);
      return Event.KEY;
    }
    if (next == Next.ENTRY) {
      throw Uncommon.GIVE_UP;
    }
    eventType = plain ? YamlSource.typeOfPlain(eventText) : ScalarType.STRING;
    endLine();
    return Event.SCALAR;
  }

  /** At the colon behind a key. */
  private void requireKey(int start) throws Uncommon {
    if (peek(0) != ':' || !isBlank(1) || at - start > KEY_MAX) {
      throw Uncommon.GIVE_UP;
    }
    at++;
  }

  /** Behind a value: nothing more in this line, and nothing further in that would continue it. */
  private void endLine() throws Uncommon {
    skipSpaces();
    if (!atEndOfLine()) {
      throw Uncommon.GIVE_UP;
    }
    toContent();
    requireNotDeeper(indent());
    next = Next.ENTRY;
  }

  private void requireNotDeeper(int column) throws Uncommon {
    if (at < chars.length && column() > column) {
      throw Uncommon.GIVE_UP;
    }
  }

  /** A text of several lines, kept or folded; none of them empty or further in than the others. */
  private void lines(int indent) throws Uncommon {
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
    eventText = value.toString();
    eventType = ScalarType.STRING;
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

  // Lists and maps in brackets.

  private Event flowEvent() throws Uncommon {
    char c = peek(0);
    if (c == '[' || c == '{') {
      return flowStart(c == '{');
    }
    boolean inMap = (flowMaps & 1) != 0;
    if (c == (inMap ? '}' : ']') && next != Next.VALUE) {
      at++;
      flowMaps >>>= 1;
      flowDepth--;
      flowNext();
      return Event.END;
    }
    int start = at;
    boolean plain = isPlainStart();
    eventText = plain ? plain() : quoted();
    if (inMap && next == Next.ENTRY) {
      skipSpaces();
      requireKey(start);
      toContent();
      next = Next.VALUE;
      return Event.KEY;
    }
    eventType = plain ? YamlSource.typeOfPlain(eventText) : ScalarType.STRING;
    flowNext();
    return Event.SCALAR;
  }

  private Event flowStart(boolean map) throws Uncommon {
    boolean atKey = flowDepth > 0 && (flowMaps & 1) != 0 && next == Next.ENTRY;
    if (atKey || flowDepth == FLOW_DEPTH_MAX) {
      throw Uncommon.GIVE_UP;
    }
    at++;
    flowMaps = flowMaps << 1 | (map ? 1 : 0);
    flowDepth++;
    toContent();
    next = Next.ENTRY;
    return map ? Event.START_MAP : Event.START_LIST;
  }

  /** Behind a value: over the comma, to the closing mark, or out of the brackets. */
  private void flowNext() throws Uncommon {
    if (flowDepth == 0) {
      endLine();
      return;
    }
    next = Next.ENTRY;
    toContent();
    if (peek(0) == ',') {
      at++;
      toContent();
    } else if (peek(0) != ((flowMaps & 1) != 0 ? '}' : ']')) {
      throw Uncommon.GIVE_UP;
    }
  }

  // Scalars.

  /** Whether a plain text starts here; false for a quoted one. */
  private boolean isPlainStart() throws Uncommon {
    char c = peek(0);
    switch (c) {
      case '"', '\'' -> {
        return false;
      }
      case '-' -> {
        char second = peek(1);
        if (isBlank(1) || second == '-' || (flowDepth > 0 && ",[]{}".indexOf(second) >= 0)) {
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

  private String plain() {
    boolean flow = flowDepth > 0;
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
}
