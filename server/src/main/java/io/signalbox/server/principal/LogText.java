package io.signalbox.server.principal;

/**
 * Text from a peer made safe for one log line: quoted, control characters escaped, cut at a bound.
 */
public final class LogText {
  private static final int CHARACTERS_MAX = 200;

  private LogText() {}

  public static String quote(String text) {
    StringBuilder out = new StringBuilder(text.length() + 2).append('"');
    int end = Math.min(text.length(), CHARACTERS_MAX);
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
        out.append(
            String.format("\\u%04x", (int) c)); // a newline or an escape would forge log lines
      } else {
        out.append(c);
      }
    }
    return out.append(end < text.length() ? "...\"" : "\"").toString();
  }
}
