package io.signalbox.acl.source;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Collects every problem of a load, so that a person mends all of them in one go. One thread. */
public final class Problems {
  /** More do not help a reader; the count goes on. */
  private static final int KEPT_MAX = 1_000;

  private final List<Problem> kept = new ArrayList<>();
  private int count;

  public void add(Position position, String message) {
    add(new Problem(position, message));
  }

  public void addAll(Collection<Problem> problems) {
    problems.forEach(this::add);
  }

  /** What another one collected, as if it had been found here. */
  public void addAll(Problems found) {
    found.kept.forEach(this::add);
    count += found.count - found.kept.size();
  }

  /** All found, including those past the first 1,000, which are counted but not kept. */
  public int count() {
    return count;
  }

  public boolean isEmpty() {
    return count == 0;
  }

  /** By file, then from top to bottom. */
  public List<Problem> list() {
    return kept.stream().sorted(Comparator.comparing(Problem::position)).toList();
  }

  private void add(Problem problem) {
    count++;
    if (kept.size() < KEPT_MAX) {
      kept.add(problem);
    }
  }

  /** One problem a line. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    list().forEach(problem -> text.append(problem).append('\n'));
    if (count > kept.size()) {
      text.append("and ").append(count - kept.size()).append(" more\n");
    }
    return text.toString();
  }
}
