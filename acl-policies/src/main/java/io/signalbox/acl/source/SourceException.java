package io.signalbox.acl.source;

/** The text cannot be read any further; caught once, in {@link Documents}. No stack trace. */
final class SourceException extends Exception {
  private final transient Position position;

  SourceException(Position position, String message) {
    super(message, null, false, false);
    this.position = position;
  }

  Position position() {
    return position;
  }
}
