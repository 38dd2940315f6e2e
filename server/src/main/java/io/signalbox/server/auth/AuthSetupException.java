package io.signalbox.server.auth;

import java.util.List;

/** Keys or policies that the configuration names and that cannot be used: all problems at once. */
public final class AuthSetupException extends Exception {
  private final List<String> problems;

  public AuthSetupException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  /** Each names its place and says what to do. */
  public List<String> problems() {
    return problems;
  }
}
