package io.signalbox.acl.proof;

import io.signalbox.acl.model.Glob;
import io.signalbox.acl.model.Match.Test;
import io.signalbox.acl.model.NameTemplate;
import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.subject.Attribute;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Demands under which two patterns with variables share a topic. */
final class Joining {
  private boolean doubtful;

  /** Whether some way to share a topic may have been left out. */
  boolean isDoubtful() {
    return doubtful;
  }

  List<Demands> topics(Demands demands, TopicTemplate mine, TopicTemplate theirs) {
    if (!mine.widest(Map.of()).intersects(theirs.widest(Map.of()))) {
      return List.of();
    }
    List<Demands> joined = new ArrayList<>(unresolved(demands, theirs.variables()));
    List<Demands> resolved = List.of(demands);
    for (int i = 0; i < mine.levels().size() && i < theirs.levels().size(); i++) {
      Template one = mine.levels().get(i);
      Template other = theirs.levels().get(i);
      if (one.toString().equals("#") || other.toString().equals("#")) {
        break;
      }
      resolved = join(resolved, one, other);
    }
    joined.addAll(resolved);
    return joined;
  }

  /**
   * As {@link #topics}, for Client Identifiers. A name with an open end goes on as the other says,
   * or as nothing else does.
   */
  List<Demands> names(Demands demands, NameTemplate mine, NameTemplate theirs) {
    List<Demands> joined = new ArrayList<>(unresolved(demands, theirs.template().variables()));
    if (mine.prefix() || theirs.prefix()) {
      joined.addAll(begun(demands, mine, theirs));
    } else {
      joined.addAll(join(List.of(demands), mine.template(), theirs.template()));
    }
    Demands any = demands;
    for (Attribute variable : theirs.template().variables()) {
      any = any.withSlot(variable);
    }
    joined.add(any);
    return joined;
  }

  /** Demands under which a name begins as the other does, where that other is fixed text. */
  private List<Demands> begun(Demands demands, NameTemplate mine, NameTemplate theirs) {
    boolean mayMeet = !theirs.template().isLiteral() || Around.of(mine.template()).isEmpty();
    doubtful |= mayMeet && !mine.template().isLiteral() && !mine.equals(theirs);
    if (!theirs.template().isLiteral()) {
      return List.of();
    }
    String start = theirs.template().toString();
    List<Demands> joined = new ArrayList<>();
    if (mine.prefix()) {
      for (int end = 0; end <= start.length(); end++) {
        for (Map<Attribute, String> way :
            Unification.solutions(mine.template(), start.substring(0, end))) {
          joined.add(demands.withExact(way));
        }
      }
    }
    if (theirs.prefix()) {
      Around.of(mine.template())
          .filter(around -> start.startsWith(around.before))
          .map(around -> startingSo(demands, around, start))
          .ifPresent(joined::add);
    }
    return joined;
  }

  private static Demands startingSo(Demands demands, Around mine, String start) {
    String rest = start.substring(mine.before.length());
    return demands.with(new Test(mine.variable, List.of(new Glob(rest + "*"))), true);
  }

  /** A deny whose variable has no value matches any level. */
  List<Demands> unresolved(Demands demands, List<Attribute> variables) {
    List<Demands> ways = new ArrayList<>();
    for (Attribute variable : variables) {
      if (!demands.slots.containsKey(variable)) {
        ways.add(demands.with(SubjectFinder.present(variable), false));
      }
    }
    return ways;
  }

  private List<Demands> join(List<Demands> all, Template mine, Template theirs) {
    if (Unification.isWildcard(mine) || Unification.isWildcard(theirs) || mine.equals(theirs)) {
      return all;
    }
    List<Demands> joined = new ArrayList<>();
    for (Demands demands : all) {
      if (theirs.isLiteral()) {
        for (Map<Attribute, String> way : Unification.solutions(mine, theirs.toString())) {
          joined.add(demands.withExact(way));
        }
      } else if (mine.isLiteral()) {
        for (Map<Attribute, String> way : Unification.solutions(theirs, mine.toString())) {
          joined.add(having(demands, way));
        }
      } else {
        joined.addAll(joinVariables(demands, mine, theirs));
      }
    }
    return joined;
  }

  private List<Demands> joinVariables(Demands demands, Template mine, Template theirs) {
    Optional<Around> one = Around.of(mine);
    Optional<Around> other = Around.of(theirs);
    if (one.isPresent() && other.isPresent()) {
      Around mineAround = one.get();
      Around theirAround = other.get();
      if (!mineAround.mayMeet(theirAround)) {
        return List.of();
      }
      Optional<Demands.Tie> tie = mineAround.tie(theirAround).or(() -> theirAround.tie(mineAround));
      if (tie.isPresent()) {
        return List.of(demands.withTie(tie.get()));
      }
    }
    // Some level that both can be stands for all of them.
    doubtful = true;
    Word both = new Word(List.of(shape(mine), shape(theirs)), List.of(), true);
    List<Demands> joined = new ArrayList<>();
    both.find(Set.of(), "some", Effort.unbounded())
        .ifPresent(
            level -> {
              for (Map<Attribute, String> way : Unification.solutions(mine, level)) {
                for (Map<Attribute, String> theirWay : Unification.solutions(theirs, level)) {
                  joined.add(having(demands.withExact(way), theirWay));
                }
              }
            });
    return joined;
  }

  private static Demands having(Demands demands, Map<Attribute, String> values) {
    Demands more = demands;
    for (Map.Entry<Attribute, String> value : values.entrySet()) {
      more = more.with(new Test(value.getKey(), List.of(new Glob(value.getValue()))), true);
    }
    return more;
  }

  /** A level with one variable and fixed text around it. */
  private record Around(String before, Attribute variable, String after) {
    static Optional<Around> of(Template level) {
      long count = level.parts().stream().filter(Template.Variable.class::isInstance).count();
      if (count != 1) {
        return Optional.empty();
      }
      Attribute variable = level.variables().getFirst();
      String text = level.toString();
      String written = "${" + variable + "}";
      int at = text.indexOf(written);
      return Optional.of(
          new Around(text.substring(0, at), variable, text.substring(at + written.length())));
    }

    boolean mayMeet(Around other) {
      return (before.startsWith(other.before) || other.before.startsWith(before))
          && (after.endsWith(other.after) || other.after.endsWith(after));
    }

    /** The other variable is made of this one, where this has more text on both sides. */
    Optional<Demands.Tie> tie(Around other) {
      return before.startsWith(other.before) && after.endsWith(other.after)
          ? Optional.of(
              new Demands.Tie(
                  variable,
                  other.variable,
                  before.substring(other.before.length()),
                  after.substring(0, after.length() - other.after.length())))
          : Optional.empty();
    }
  }

  /** Every variable may be anything. */
  private static AnyOf shape(Template level) {
    StringBuilder text = new StringBuilder();
    for (Template.Part part : level.parts()) {
      text.append(part instanceof Template.Literal(String literal) ? literal : "*");
    }
    return AnyOf.of(List.of(new Glob(text.toString())));
  }
}
