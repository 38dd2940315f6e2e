package io.signalbox.server.auth;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Keys or policies that the configuration names and that cannot be used: all problems at once. */
public final class AuthSetupException extends Exception {
  private final List<String> problems;

  public AuthSetupException(List<String> problems) {
    this(problems, null);
  }

  /**
   * @param cause such as the fault of a disk, which passes; null: there is none but the problems
   */
  AuthSetupException(List<String> problems, @Nullable Throwable cause) {
    super(String.join("\n", problems), cause);
    this.problems = List.copyOf(problems);
  }

  /** Each names its place and says what to do. */
  public List<String> problems() {
    return problems;
  }
}
