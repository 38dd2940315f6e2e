package io.signalbox.server.store;

/** A row does not have the form that its table prescribes. */
final class CorruptRowException extends RuntimeException {
  CorruptRowException(String problem) {
    super(problem);
  }

  CorruptRowException(Exception cause) {
    super(cause.getMessage(), cause);
  }
}
