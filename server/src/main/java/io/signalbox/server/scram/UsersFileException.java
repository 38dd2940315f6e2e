package io.signalbox.server.scram;

import java.util.List;

/** A users file that cannot be read, used or written: all problems at once, each with its place. */
public final class UsersFileException extends Exception {
  private final List<String> problems;

  UsersFileException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  UsersFileException(String problem, Throwable cause) {
    super(problem, cause);
    this.problems = List.of(problem);
  }

  public List<String> problems() {
    return problems;
  }
}
