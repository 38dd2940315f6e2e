package io.signalbox.server.admin;

/**
 * Told of callers who wanted to change what their roles do not let them, and of pages of another
 * origin that wanted it with the certificate of their reader. Any thread; quick.
 */
@FunctionalInterface
public interface Denials {
  /**
   * @param actor who it was
   * @param remote its address
   * @param path what it wanted to change
   * @param why for people
   */
  void denied(String actor, String remote, String method, String path, String why);
}
