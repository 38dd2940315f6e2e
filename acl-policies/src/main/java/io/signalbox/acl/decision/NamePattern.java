package io.signalbox.acl.decision;

/**
 * A Client Identifier or Share Name to compare with.
 *
 * @param text to compare with; "" when it is another one for each client
 * @param slot where the client's text is; negative when it is the same for all
 * @param prefix whether any rest may follow
 */
record NamePattern(String text, int slot, boolean prefix) {
  static final NamePattern ANY = literal("", true);

  static NamePattern literal(String text, boolean prefix) {
    return new NamePattern(text, -1, prefix);
  }

  /**
   * @param texts of the client, as {@link Slots} made them
   */
  boolean matches(String name, byte[] texts) {
    if (slot < 0) {
      return prefix ? name.startsWith(text) : name.equals(text);
    }
    int end = Utf8.match(name, texts, Slots.start(texts, slot), Slots.end(texts, slot));
    return prefix ? end >= 0 : end == name.length();
  }
}
