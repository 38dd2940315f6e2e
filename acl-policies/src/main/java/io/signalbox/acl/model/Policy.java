package io.signalbox.acl.model;

import io.signalbox.acl.source.Position;
import java.util.List;
import java.util.Optional;

/**
 * A valid policy.
 *
 * @param namespace where it came from: {@code file}, {@code api}, {@code shipped} or {@code token};
 *     names are unique in it
 * @param replaces of an observed policy: the name of the one it would take the place of
 * @param match empty: binds only where it is attached
 * @param onDenied empty: the server's default
 * @param onRevoke empty: the server's default
 */
public record Policy(
    Position position,
    String namespace,
    String name,
    String description,
    Mode mode,
    Optional<String> replaces,
    Optional<Match> match,
    Optional<OnDenied> onDenied,
    Optional<OnRevoke> onRevoke,
    List<Statement> statements) {
  public Policy {
    statements = List.copyOf(statements);
  }

  /** {@code namespace:name}, unique in a bundle. */
  public String ref() {
    return namespace + ":" + name;
  }

  /** {@code namespace:name#statement}, as decisions and logs name it. */
  public String ref(Statement statement) {
    return ref() + "#" + statement.id();
  }
}
