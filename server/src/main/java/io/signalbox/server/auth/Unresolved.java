package io.signalbox.server.auth;

import java.util.List;

/**
 * Variables of policies that have no usable value for a client: nothing is refused yet, but the
 * statements with them do not mean for it what they say.
 *
 * @param texts one each: statement, variable, why, and what becomes of the statement; never the
 *     value, which may be chosen by an attacker
 * @param bundle hash of all policies
 */
public record Unresolved(List<String> texts, String bundle) {
  public Unresolved {
    texts = List.copyOf(texts);
  }
}
