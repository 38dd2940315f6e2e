package io.signalbox.server.auth;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is wrong with several files, so that a person mends all of them in one go. One thread. */
final class SetupProblems {
  private final List<AuthSetupException> problems = new ArrayList<>();

  /** Reads files that one key of the configuration names. */
  @FunctionalInterface
  interface Reading<T> {
    T read() throws AuthSetupException;
  }

  /** What was read; empty, and a problem, if it cannot be used. */
  <T> Optional<T> read(Reading<T> reading) {
    try {
      return Optional.of(reading.read());
    } catch (AuthSetupException e) {
      problems.add(e);
      return Optional.empty();
    }
  }

  /**
   * Ends the reading.
   *
   * @throws AuthSetupException the problem, or one that tells all of them: caused by the first,
   *     with the others as suppressed ones
   */
  void end() throws AuthSetupException {
    if (problems.isEmpty()) {
      return;
    }
    AuthSetupException first = problems.getFirst();
    if (problems.size() == 1) {
      throw first;
    }
    List<String> texts = problems.stream().flatMap(e -> e.problems().stream()).toList();
    var all = new AuthSetupException(texts, first);
    problems.stream().skip(1).forEach(all::addSuppressed);
    throw all;
  }
}
