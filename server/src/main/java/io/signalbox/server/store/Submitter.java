package io.signalbox.server.store;

/**
 * One who cannot be told that a single command was refused for want of room, and submits all of
 * them again from there. Nothing that was submitted behind a refused one is applied, although there
 * may be room again by then: it would overtake. Any thread.
 */
public final class Submitter {
  private volatile boolean refused;

  void refuse() {
    refused = true;
  }

  boolean isRefused() {
    return refused;
  }
}
