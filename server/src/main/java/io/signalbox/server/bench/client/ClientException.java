package io.signalbox.server.bench.client;

/** A connection ended, or never stood. The message is for people: what, where, what to do. */
public final class ClientException extends Exception {
  public ClientException(String message) {
    super(message);
  }

  ClientException(String message, Throwable cause) {
    super(message, cause);
  }
}
