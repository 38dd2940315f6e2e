package io.signalbox.server.bench.client;

/** A connection ended, or never stood. The message is for people: what, where, what to do. */
public final class ClientException extends Exception {

  /** What a script can make of it. */
  public enum Kind {
    /**
     * No broker can be reached, what answers is none, or it does not accept the credential or
     * cannot serve now.
     */
    UNREACHABLE,
    /** The broker refused what it was asked. */
    REFUSED,
    /** Any other, also a connection that broke: that may have been either. */
    FAILED
  }

  private final Kind kind;

  public ClientException(String message) {
    this(Kind.FAILED, message);
  }

  public ClientException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  ClientException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
