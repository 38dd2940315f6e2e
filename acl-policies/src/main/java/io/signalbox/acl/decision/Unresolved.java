package io.signalbox.acl.decision;

import io.signalbox.acl.model.Effect;

/**
 * A variable that could not be substituted for a client: an audit event.
 *
 * @param statement {@code namespace:policy#statement}
 * @param effect an allow is inert for this variable, a deny matches any value of it
 * @param why never the value itself, which may be chosen by an attacker
 */
public record Unresolved(String statement, Effect effect, String variable, String why) {
  @Override
  public String toString() {
    return "%s: ${%s} %s, so this %s"
        .formatted(
            statement,
            variable,
            why,
            effect == Effect.ALLOW ? "allow is inert" : "deny matches any value");
  }
}
