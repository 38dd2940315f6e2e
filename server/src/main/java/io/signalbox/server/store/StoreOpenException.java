package io.signalbox.server.store;

/**
 * The store in a data directory cannot be used. The message is for the operator: what is wrong,
 * where, and what to do.
 */
public final class StoreOpenException extends Exception {
  StoreOpenException(String problem) {
    super(problem);
  }

  StoreOpenException(String problem, Throwable cause) {
    super(problem, cause);
  }
}
