package io.signalbox.acl.source;

import io.signalbox.acl.source.Node.ScalarType;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * JSON as RFC 8259 has it, with line and column for every value. Own reader, because the libraries
 * at hand either give no positions or forgive comments, single quotes and trailing commas.
 */
final class JsonSource {
  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?");

  private final String file;
  private final String text;
  private final NodeBuilder builder;
  private int at;
  private int line = 1;
  private int lineStart;

  JsonSource(String file, String text, NodeBuilder builder) {
    this.file = file;
    this.text = text;
    this.builder = builder;
  }

  Node read() throws SourceException {
    if (text.startsWith("\uFEFF")) {
      throw fault("the text starts with a byte order mark, remove it");
    }
    value();
    skipBlanks();
    if (at < text.length()) {
      throw fault("unexpected %s after the end of the document".formatted(shown()));
    }
    return builder.root(new Position(file, 1, 1));
  }

  // The recursion is bounded by the builder, which refuses to nest deeper than the limit.
  private void value() throws SourceException {
    skipBlanks();
    Position position = position();
    char c = at < text.length() ? text.charAt(at) : '\0';
    switch (c) {
      case '{' -> map(position);
      case '[' -> list(position);
      case '"' -> builder.scalar(position, string(), ScalarType.STRING);
      case 't' -> word(position, "true", ScalarType.BOOLEAN);
      case 'f' -> word(position, "false", ScalarType.BOOLEAN);
      case 'n' -> word(position, "null", ScalarType.NULL);
      default -> number(position);
    }
  }

  private void map(Position position) throws SourceException {
    builder.startMap(position);
    at++;
    for (boolean first = true; !closes('}', first); first = false) {
      if (at >= text.length() || text.charAt(at) != '"') {
        throw fault("expected a key in double quotes, found " + shown());
      }
      Position keyPosition = position();
      builder.key(keyPosition, string());
      skipBlanks();
      expect(':');
      value();
    }
    builder.end();
  }

  private void list(Position position) throws SourceException {
    builder.startList(position);
    at++;
    for (boolean first = true; !closes(']', first); first = false) {
      value();
    }
    builder.end();
  }

  /** Consumes the closing mark, or the comma in front of the next item. */
  private boolean closes(char close, boolean first) throws SourceException {
    skipBlanks();
    if (at < text.length() && text.charAt(at) == close) {
      at++;
      return true;
    }
    if (!first) {
      expect(',');
      skipBlanks();
      if (at < text.length() && text.charAt(at) == close) {
        throw fault("a comma stands before \"" + close + "\", remove it");
      }
    }
    return false;
  }

  private void word(Position position, String word, ScalarType type) throws SourceException {
    if (!text.startsWith(word, at)) {
      throw fault("expected a value, found " + shown());
    }
    at += word.length();
    builder.scalar(position, word, type);
  }

  private void number(Position position) throws SourceException {
    Matcher number = NUMBER.matcher(text).region(at, text.length());
    if (!number.lookingAt()) {
      throw fault("expected a value, found " + shown());
    }
    at = number.end();
    builder.scalar(position, number.group(), ScalarType.NUMBER);
  }

  private String string() throws SourceException {
    StringBuilder value = new StringBuilder();
    at++;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '"') {
        at++;
        return value.toString();
      }
      if (c < ' ') {
        throw fault("a control character stands in a string, write it as an escape");
      }
      at++;
      value.append(c == '\\' ? escape() : c);
    }
    throw fault("a string does not end");
  }

  private char escape() throws SourceException {
    char c = at < text.length() ? text.charAt(at) : '\0';
    at++;
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> {
        int end = Math.min(at + 4, text.length());
        String hex = text.substring(at, end);
        if (hex.length() < 4 || !hex.chars().allMatch(h -> Character.digit(h, 16) >= 0)) {
          throw fault("\"\\u\" is followed by four hexadecimal digits");
        }
        at = end;
        yield (char) Integer.parseInt(hex, 16);
      }
      default -> throw fault("\"\\" + c + "\" is no escape of JSON");
    };
  }

  private void expect(char c) throws SourceException {
    if (at >= text.length() || text.charAt(at) != c) {
      throw fault("expected \"%s\", found %s".formatted(c, shown()));
    }
    at++;
  }

  private void skipBlanks() {
    for (; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c == '\n') {
        line++;
        lineStart = at + 1;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return;
      }
    }
  }

  private String shown() {
    return at < text.length() ? "\"" + text.charAt(at) + "\"" : "the end of the text";
  }

  private Position position() {
    return new Position(file, line, at - lineStart + 1);
  }

  private SourceException fault(String message) {
    return new SourceException(position(), message);
  }
}
