package io.signalbox.acl.decision;

/** A Client Identifier or Share Name to compare with, variables already substituted. */
record NamePattern(String text, boolean prefix) {
  static final NamePattern ANY = new NamePattern("", true);

  boolean matches(String name) {
    return prefix ? name.startsWith(text) : name.equals(text);
  }
}
