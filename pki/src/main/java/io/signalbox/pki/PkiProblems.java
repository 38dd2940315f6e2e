package io.signalbox.pki;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is wrong with several files, so that a person mends all of them in one go. One thread. */
public final class PkiProblems {
  private final List<PkiException> problems = new ArrayList<>();

  /** Reads a file, or some that belong together. */
  @FunctionalInterface
  public interface Reading<T> {
    T read() throws PkiException;
  }

  /** What was read; empty, and a problem, if it cannot be used. */
  public <T> Optional<T> read(Reading<T> reading) {
    try {
      return Optional.of(reading.read());
    } catch (PkiException e) {
      problems.add(e);
      return Optional.empty();
    }
  }

  /**
   * Ends the reading.
   *
   * @throws PkiException the problem, or one that tells all of them, each on a line: caused by the
   *     first, with the others as suppressed ones
   */
  public void end() throws PkiException {
    if (problems.isEmpty()) {
      return;
    }
    PkiException first = problems.getFirst();
    if (problems.size() == 1) {
      throw first;
    }
    var all =
        new PkiException(
            String.join("\n", problems.stream().map(PkiException::getMessage).toList()), first);
    problems.stream().skip(1).forEach(all::addSuppressed);
    throw all;
  }
}
