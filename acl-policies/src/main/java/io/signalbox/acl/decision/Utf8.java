package io.signalbox.acl.decision;

/**
 * Texts as UTF-8 in a buffer of the thread, so that questions asked with a String allocate nothing.
 */
final class Utf8 {
  private static final int CHARACTERS_MAX = 2_048;
  private static final ThreadLocal<byte[]> SCRATCH =
      ThreadLocal.withInitial(() -> new byte[3 * CHARACTERS_MAX]);

  private Utf8() {}

  /**
   * Room for {@link #encode}; valid until this thread asks again. Rare long texts get their own.
   */
  static byte[] buffer(String text) {
    return text.length() <= CHARACTERS_MAX ? SCRATCH.get() : new byte[3 * text.length()];
  }

  /**
   * @return bytes written from index 0; a lone surrogate becomes '?', as in String.getBytes
   */
  static int encode(String text, byte[] into) {
    int at = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        into[at++] = (byte) c;
      } else if (c < 0x800) {
        into[at++] = (byte) (0xC0 | c >> 6);
        into[at++] = (byte) (0x80 | (c & 0x3F));
      } else if (!Character.isSurrogate(c)) {
        into[at++] = (byte) (0xE0 | c >> 12);
        into[at++] = (byte) (0x80 | (c >> 6 & 0x3F));
        into[at++] = (byte) (0x80 | (c & 0x3F));
      } else if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        int point = Character.toCodePoint(c, text.charAt(++i));
        into[at++] = (byte) (0xF0 | point >> 18);
        into[at++] = (byte) (0x80 | (point >> 12 & 0x3F));
        into[at++] = (byte) (0x80 | (point >> 6 & 0x3F));
        into[at++] = (byte) (0x80 | (point & 0x3F));
      } else {
        into[at++] = '?';
      }
    }
    return at;
  }

  /**
   * Compares the beginning of a text.
   *
   * @param utf8 well-formed from {@code from} to {@code to}
   * @return characters of the text that are the same as all of these bytes; -1 when it starts with
   *     something else
   */
  static int match(String text, byte[] utf8, int from, int to) {
    int i = 0;
    int at = from;
    while (at < to) {
      int first = utf8[at] & 0xFF;
      int bytes = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
      int point = bytes == 1 ? first : first & (0x7F >> bytes);
      for (int more = 1; more < bytes; more++) {
        point = point << 6 | (utf8[at + more] & 0x3F);
      }
      if (i >= text.length() || text.codePointAt(i) != point) {
        return -1;
      }
      i += Character.charCount(point);
      at += bytes;
    }
    return i;
  }

  /** Whether the bytes are a Topic Filter: not empty, no NUL, wildcards alone in their level. */
  static boolean isFilter(byte[] text, int length) {
    if (length == 0 || length > 65_535) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      switch (text[i]) {
        case 0 -> {
          return false;
        }
        case '+' -> {
          if ((i > 0 && text[i - 1] != '/') || (i + 1 < length && text[i + 1] != '/')) {
            return false;
          }
        }
        case '#' -> {
          if ((i > 0 && text[i - 1] != '/') || i + 1 < length) {
            return false;
          }
        }
        default -> {}
      }
    }
    return true;
  }
}
