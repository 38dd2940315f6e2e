package io.signalbox.acl.source;

import io.signalbox.acl.source.Node.ScalarType;
import io.signalbox.acl.source.YamlCursor.Uncommon;
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
  private final YamlCursor in;
  private final NodeBuilder builder;

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
    this.in = new YamlCursor(text);
    this.builder = builder;
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
    in.requireCommonCharacters();
    in.toContent();
    if (in.column() == 0 && in.text.startsWith("---\n", in.at)) {
      in.at += 3;
      in.toContent();
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
    eventLine = in.line;
    eventColumn = in.at - in.lineStart + 1;
    return flowDepth > 0 ? flowEvent() : blockEvent();
  }

  // Blocks.

  private Event blockEvent() throws Uncommon {
    boolean item = in.peek(0) == '-' && in.isBlank(1);
    if (next == Next.ENTRY) {
      int column = in.atEnd() ? -1 : in.column();
      if (indent() > column || (!item && depth > 1 && indent() == column && lists[depth - 1])) {
        depth--;
        return Event.END;
      }
      if (indent() != column || (depth > 0 && lists[depth - 1] != item)) {
        throw new Uncommon();
      }
      if (column < 0) {
        return Event.NONE;
      }
    }
    if (!item) {
      return next != Next.ENTRY && "[{|>".indexOf(in.peek(0)) >= 0 ? marked() : keyOrScalar();
    }
    if (next == Next.ENTRY) {
      in.at++;
      toNode(Next.NODE);
      return event();
    }
    if (next == Next.VALUE) {
      throw new Uncommon();
    }
    open(in.column(), true);
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
    in.skipSpaces();
    next = inThisLine;
    if (!in.atEndOfLine()) {
      return;
    }
    in.toContent();
    next = Next.NODE;
    boolean besideKey = !lists[depth - 1] && in.peek(0) == '-' && in.isBlank(1);
    if (in.atEnd() || in.column() < indent() + (besideKey ? 0 : 1)) {
      throw new Uncommon(); // nothing, which means null
    }
  }

  private Event marked() throws Uncommon {
    char c = in.peek(0);
    if (c == '[' || c == '{') {
      return flowEvent();
    }
    lines(indent());
    next = Next.ENTRY;
    return Event.SCALAR;
  }

  private Event keyOrScalar() throws Uncommon {
    int start = in.at;
    boolean plain = in.isPlainStart(flowDepth > 0);
    eventText = plain ? in.plain(flowDepth > 0) : in.quoted();
    in.skipSpaces();
    if (in.peek(0) == ':' && in.isBlank(1)) {
      switch (next) {
        case NODE -> {
          open(start - in.lineStart, false);
          in.at = start; // its first key is the next event
          return Event.START_MAP;
        }
        case VALUE -> throw new Uncommon();
        case ENTRY -> {}
      }
      requireKey(start);
      toNode(Next.VALUE);
      return Event.KEY;
    }
    if (next == Next.ENTRY) {
      throw new Uncommon();
    }
    eventType = plain ? YamlSource.typeOfPlain(eventText) : ScalarType.STRING;
    endLine();
    return Event.SCALAR;
  }

  /** At the colon behind a key. */
  private void requireKey(int start) throws Uncommon {
    if (in.peek(0) != ':' || !in.isBlank(1) || in.at - start > KEY_MAX) {
      throw new Uncommon();
    }
    in.at++;
  }

  /** Behind a value: nothing more in this line, and nothing further in that would continue it. */
  private void endLine() throws Uncommon {
    in.skipSpaces();
    if (!in.atEndOfLine()) {
      throw new Uncommon();
    }
    in.toContent();
    requireNotDeeper(indent());
    next = Next.ENTRY;
  }

  private void requireNotDeeper(int column) throws Uncommon {
    if (!in.atEnd() && in.column() > column) {
      throw new Uncommon();
    }
  }

  /** A text of several lines, kept or folded; none of them empty or further in than the others. */
  private void lines(int indent) throws Uncommon {
    String between = in.peek(0) == '|' ? "\n" : " ";
    in.at++;
    boolean strip = in.peek(0) == '-';
    in.at += strip ? 1 : 0;
    in.skipSpaces();
    if (in.peek(0) != '\n' || indent < 0) {
      throw new Uncommon();
    }
    StringBuilder value = new StringBuilder();
    int textColumn = toNextLine();
    int column = textColumn;
    while (column > indent) {
      if (column != textColumn) {
        throw new Uncommon();
      }
      int start = in.at;
      in.at = in.lineEnd();
      value.append(value.isEmpty() ? "" : between).append(in.text, start, in.at);
      if (in.atEnd()) {
        throw new Uncommon(); // a last line without an end
      }
      column = toNextLine();
      if (column <= indent && !strip) {
        value.append('\n');
      }
    }
    if (value.isEmpty()) {
      throw new Uncommon();
    }
    eventText = value.toString();
    eventType = ScalarType.STRING;
    in.toContent();
    requireNotDeeper(indent);
  }

  /**
   * From a line's end.
   *
   * @return the column where the next line's text starts; -1 at the end
   */
  private int toNextLine() throws Uncommon {
    in.at++;
    in.line++;
    in.lineStart = in.at;
    in.skipSpaces();
    if (in.peek(0) == '\n' || (in.atEnd() && in.at > in.lineStart)) {
      throw new Uncommon(); // an empty line
    }
    return in.atEnd() ? -1 : in.column();
  }

  // Lists and maps in brackets.

  private Event flowEvent() throws Uncommon {
    char c = in.peek(0);
    if (c == '[' || c == '{') {
      return flowStart(c == '{');
    }
    boolean inMap = (flowMaps & 1) != 0;
    if (c == (inMap ? '}' : ']') && next != Next.VALUE) {
      in.at++;
      flowMaps >>>= 1;
      flowDepth--;
      flowNext();
      return Event.END;
    }
    int start = in.at;
    boolean plain = in.isPlainStart(flowDepth > 0);
    eventText = plain ? in.plain(flowDepth > 0) : in.quoted();
    if (inMap && next == Next.ENTRY) {
      in.skipSpaces();
      requireKey(start);
      in.toContent();
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
      throw new Uncommon();
    }
    in.at++;
    flowMaps = flowMaps << 1 | (map ? 1 : 0);
    flowDepth++;
    in.toContent();
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
    in.toContent();
    if (in.peek(0) == ',') {
      in.at++;
      in.toContent();
    } else if (in.peek(0) != ((flowMaps & 1) != 0 ? '}' : ']')) {
      throw new Uncommon();
    }
  }
}
