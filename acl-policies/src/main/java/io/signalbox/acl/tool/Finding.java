package io.signalbox.acl.tool;

import io.signalbox.acl.source.Position;

/**
 * Something in valid policies that a person should look at.
 *
 * @param rule name of the lint rule, stable: {@code unreachable-allow}
 * @param statement {@code namespace:policy#statement}, or the policy alone
 */
public record Finding(Position position, String rule, String statement, String message) {
  /** {@code file:line:column: message [rule]}. */
  @Override
  public String toString() {
    return "%s: %s: %s [%s]".formatted(position, statement, message, rule);
  }
}
