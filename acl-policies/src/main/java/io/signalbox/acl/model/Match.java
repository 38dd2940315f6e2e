package io.signalbox.acl.model;

import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Subject;
import java.util.List;

/**
 * Which clients a policy binds to by itself: all of {@code all} hold, one of {@code any} if there
 * is one, and none of {@code not}.
 */
public record Match(List<Condition> all, List<Condition> any, List<Condition> not) {
  /** Binds to every client. */
  public static final Match EVERYONE = new Match(List.of(), List.of(), List.of());

  /**
   * @param tests all must hold
   */
  public record Condition(List<Test> tests) {
    public Condition {
      tests = List.copyOf(tests);
    }

    public boolean holdsFor(Subject subject) {
      for (Test test : tests) {
        if (!test.holdsFor(subject)) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * Holds when any value of the attribute is matched by any of the globs; never without a value.
   */
  public record Test(Attribute attribute, List<Glob> anyOf) {
    public Test {
      anyOf = List.copyOf(anyOf);
    }

    public boolean holdsFor(Subject subject) {
      for (String value : attribute.of(subject)) {
        for (Glob glob : anyOf) {
          if (glob.matches(value)) {
            return true;
          }
        }
      }
      return false;
    }
  }

  public Match {
    all = List.copyOf(all);
    any = List.copyOf(any);
    not = List.copyOf(not);
  }

  public boolean holdsFor(Subject subject) {
    for (Condition condition : all) {
      if (!condition.holdsFor(subject)) {
        return false;
      }
    }
    return (any.isEmpty() || oneHolds(any, subject)) && !oneHolds(not, subject);
  }

  private static boolean oneHolds(List<Condition> conditions, Subject subject) {
    for (Condition condition : conditions) {
      if (condition.holdsFor(subject)) {
        return true;
      }
    }
    return false;
  }
}
