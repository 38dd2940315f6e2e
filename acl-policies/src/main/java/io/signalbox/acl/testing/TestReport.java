package io.signalbox.acl.testing;

import io.signalbox.acl.source.Position;
import java.util.List;
import java.util.Set;

/**
 * How tests went.
 *
 * @param results in the order of the files
 * @param decided {@code namespace:policy#statement} of every statement that decided a case as
 *     expected
 */
public record TestReport(List<Result> results, Set<String> decided) {
  public TestReport {
    results = List.copyOf(results);
    decided = Set.copyOf(decided);
  }

  /**
   * One case or invariant.
   *
   * @param what it in words
   * @param fault what is wrong; "" when it is as expected
   * @param givenUp it was beyond the effort: with more of it, it may be as expected
   */
  public record Result(Position position, String what, String fault, boolean givenUp) {
    public Result(Position position, String what, String fault) {
      this(position, what, fault, false);
    }

    public boolean passed() {
      return fault.isEmpty();
    }
  }

  public boolean passed() {
    return results.stream().allMatch(Result::passed);
  }

  public long failures() {
    return results.stream().filter(result -> !result.passed()).count();
  }

  /** Every failure in a line that CI turns into a link, and a summary. */
  public String text() {
    StringBuilder text = new StringBuilder();
    for (Result result : results) {
      if (!result.passed()) {
        text.append("%s: %s: %s%n".formatted(result.position, result.what, result.fault));
      }
    }
    text.append(
        failures() == 0
            ? "%d passed%n".formatted(results.size())
            : "%d of %d failed%n".formatted(failures(), results.size()));
    return text.toString();
  }
}
