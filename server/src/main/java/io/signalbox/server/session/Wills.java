package io.signalbox.server.session;

/**
 * Publishes Will Messages that have become due. Implemented where publishing and authorization
 * live.
 */
@FunctionalInterface
public interface Wills {
  /**
   * On the session's I/O thread; called once for each will.
   *
   * @param storedFor number of the session whose row holds the will and is to be cleared with the
   *     publication; 0: none
   */
  void due(String clientId, SessionWill will, long storedFor);
}
