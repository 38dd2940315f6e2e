package io.signalbox.acl.source;

/**
 * Something that keeps a document from being used.
 *
 * @param message what is wrong and what to do: lower case, no full stop, user input in quotes
 */
public record Problem(Position position, String message) {
  /** {@code file:line:column: message}, which editors and CI logs turn into a link. */
  @Override
  public String toString() {
    return position + ": " + message;
  }
}
