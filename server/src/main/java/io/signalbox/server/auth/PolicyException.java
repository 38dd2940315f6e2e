package io.signalbox.server.auth;

import io.signalbox.acl.source.Problem;
import java.util.List;

/** Policies that cannot be put in force; those before stay. */
public final class PolicyException extends Exception {
  private final transient List<Problem> problems;

  PolicyException(List<Problem> problems) {
    super(problems.getFirst().toString(), null, false, false);
    this.problems = List.copyOf(problems);
  }

  /** At least one, by file, then from top to bottom. */
  public List<Problem> problems() {
    return problems;
  }
}
