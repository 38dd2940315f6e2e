package io.signalbox.acl.model;

/**
 * Compact JSON, written from front to back. Escapes what RFC 8259 demands and the two line breaks
 * of JavaScript, and nothing else.
 */
final class JsonText {
  private final StringBuilder text = new StringBuilder(1_024);

  /** Whether the next value or name is the second or a later one in its object or array. */
  private boolean comma;

  void beginObject() {
    begin('{');
  }

  void endObject() {
    end('}');
  }

  void beginArray() {
    begin('[');
  }

  void endArray() {
    end(']');
  }

  JsonText name(String name) {
    separate();
    quoted(name);
    text.append(':');
    comma = false;
    return this;
  }

  void value(String value) {
    separate();
    quoted(value);
    comma = true;
  }

  void value(int value) {
    separate();
    text.append(value);
    comma = true;
  }

  void value(boolean value) {
    separate();
    text.append(value);
    comma = true;
  }

  private void begin(char open) {
    separate();
    text.append(open);
    comma = false;
  }

  private void end(char close) {
    text.append(close);
    comma = true;
  }

  private void separate() {
    if (comma) {
      text.append(',');
    }
  }

  private void quoted(String value) {
    text.append('"');
    int done = 0;
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c < ' ' || c == '"' || c == '\\' || c == '\u2028' || c == '\u2029') {
        text.append(value, done, i);
        escape(c);
        done = i + 1;
      }
    }
    if (done == 0) {
      text.append(value); // several times quicker than a part of it
    } else {
      text.append(value, done, value.length());
    }
    text.append('"');
  }

  private void escape(char c) {
    switch (c) {
      case '"', '\\' -> text.append('\\').append(c);
      case '\t' -> text.append("\\t");
      case '\b' -> text.append("\\b");
      case '\n' -> text.append("\\n");
      case '\r' -> text.append("\\r");
      case '\f' -> text.append("\\f");
      default -> text.append("\\u%04x".formatted((int) c));
    }
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
