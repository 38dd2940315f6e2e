package io.signalbox.acl.decision;

/**
 * An answer and where it comes from.
 *
 * @param statement {@code namespace:policy#statement} that decided, or came nearest to; "" when
 *     none
 * @param bundle hash of the bundle that decided
 */
public record Decision(boolean allowed, Reason reason, String statement, String bundle) {
  /** For a Reason String or log line: {@code denied by file:pump#no-secrets}. */
  public String text() {
    if (allowed) {
      return "allowed by " + statement;
    }
    return switch (reason) {
      case EXPLICIT_DENY -> "denied by " + statement;
      default ->
          statement.isEmpty()
              ? "not allowed: " + reason.text()
              : "not allowed: %s (%s)".formatted(reason.text(), statement);
    };
  }
}
