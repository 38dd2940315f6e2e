package io.signalbox.server.topic;

/**
 * A string that is no Topic Name or Topic Filter. Carries no stack trace: a peer can cause one with
 * every packet.
 */
public final class InvalidTopicException extends Exception {
  /** Characters of a peer's text that a message repeats; the text may have 65,535. */
  private static final int QUOTED_MAX = 100;

  private final boolean illFormed;

  private InvalidTopicException(String problem, boolean illFormed) {
    super(problem, null, false, false);
    this.illFormed = illFormed;
  }

  /** Well-formed text that is not a valid name or filter: Reason Code 0x90 or 0x8F. */
  static InvalidTopicException invalid(String problem) {
    return new InvalidTopicException(problem, false);
  }

  /** Bytes that are not a UTF-8 Encoded String (section 1.5.4): a Malformed Packet, 0x81. */
  static InvalidTopicException illFormed(String problem) {
    return new InvalidTopicException(problem, true);
  }

  static String quoted(String text) {
    return text.length() <= QUOTED_MAX
        ? "\"" + text + "\""
        : "\"" + text.substring(0, QUOTED_MAX) + "...\"";
  }

  /** Whether the bytes are no UTF-8 Encoded String at all, which makes the packet malformed. */
  public boolean isIllFormed() {
    return illFormed;
  }
}
