package io.signalbox.acl.proof;

import io.signalbox.acl.model.Action;
import java.util.Optional;

/**
 * Something that some clients can do under one bundle and not under another.
 *
 * @param statement {@code namespace:policy#statement} that gives it where it is given
 * @param pattern of that statement
 * @param witness a client and request that change; empty when it could not be told whether anything
 *     does
 * @param why it could not be told; else ""
 */
public record Change(
    boolean gained,
    Action action,
    String statement,
    String pattern,
    Optional<Witness> witness,
    String why) {
  /** {@code + publish "a/#" by file:p#s: for example a client with ...}. */
  public String text() {
    return "%s %s \"%s\" by %s: %s"
        .formatted(
            gained ? "+" : "-",
            action.word(),
            pattern,
            statement,
            witness.map(w -> "for example " + w).orElse("perhaps; " + why));
  }
}
