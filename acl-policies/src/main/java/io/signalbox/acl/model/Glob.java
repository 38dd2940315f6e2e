package io.signalbox.acl.model;

/**
 * A text to compare with, in which each {@code *} stands for any run of characters, also none and
 * also slashes. Compared by code units, case and all: nothing is normalized.
 */
public record Glob(String text) {
  /** Matches every value, but not the absence of one. */
  public static final Glob ANY = new Glob("*");

  public Glob {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("a value to compare with is not empty");
    }
  }

  public boolean isLiteral() {
    return text.indexOf('*') < 0;
  }

  /** Linear in practice, at worst the product of both lengths: remembers only the latest star. */
  public boolean matches(String value) {
    int t = 0;
    int v = 0;
    int star = -1;
    int retry = 0;
    while (v < value.length()) {
      if (t < text.length() && text.charAt(t) == '*') {
        star = t++;
        retry = v;
      } else if (t < text.length() && text.charAt(t) == value.charAt(v)) {
        t++;
        v++;
      } else if (star >= 0) {
        t = star + 1;
        v = ++retry;
      } else {
        return false;
      }
    }
    while (t < text.length() && text.charAt(t) == '*') {
      t++;
    }
    return t == text.length();
  }

  @Override
  public String toString() {
    return text;
  }
}
