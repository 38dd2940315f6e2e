package io.signalbox.acl.proof;

import io.signalbox.acl.model.Glob;
import io.signalbox.acl.model.NameTemplate;
import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.Template.Literal;
import io.signalbox.acl.model.Template.Variable;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.proof.Formula.And;
import io.signalbox.acl.proof.Formula.Atom;
import io.signalbox.acl.proof.Formula.Or;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Attribute.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Demands under which an allow's pattern or name and one of a deny speak of the same.
 *
 * <p>Of an attribute with several values the deny may mean another one than the allow: in the deny
 * each is its {@link Twin}.
 */
final class Joining {
  /** Variables of one pattern of which each may be without a value; of more not all are tried. */
  private static final int UNKNOWN_MAX = 4;

  private static final Attribute CLIENT_ID = new Attribute(Kind.CLIENT_ID);
  private static final Template ANY_LEVEL = Template.of("+");

  private final Vocabulary vocabulary;
  private boolean doubtful;

  Joining(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  /**
   * One way to speak of the same.
   *
   * @param levels of the topics that both match, made of slots and wildcards; or the one name
   */
  record Meeting(Demands demands, List<Formula> formulas, List<Template> levels) {
    /** Whether the deny is wide, because it misses values. */
    boolean isWide() {
      return !formulas.isEmpty();
    }
  }

  /** Whether some way to speak of the same may have been left out. */
  boolean isDoubtful() {
    return doubtful;
  }

  List<Meeting> topics(Demands demands, TopicTemplate mine, TopicTemplate theirs) {
    if (!mine.widest(Map.of()).intersects(theirs.widest(Map.of()))) {
      return List.of();
    }
    List<Meeting> meetings = new ArrayList<>();
    for (Set<Attribute> unknown : unknown(demands, theirs.variables())) {
      List<Formula> formulas = new ArrayList<>();
      formulas.add(new Or(unknown.stream().map(Joining::missing).toList()));
      unknown.forEach(each -> formulas.add(unclear(each)));
      meetings.addAll(topics(demands, formulas, mine, without(theirs, unknown)));
    }
    Unification.leading(theirs)
        .filter(first -> first.isMultiValued() || !demands.leading.contains(first))
        .ifPresent(
            first -> {
              List<Formula> formulas = List.of(new Atom(new Fact.Has(first, Word.DOLLAR), true));
              Set<Attribute> all = Set.copyOf(theirs.variables());
              meetings.addAll(topics(demands, formulas, mine, without(theirs, all)));
            });
    meetings.addAll(topics(demands, List.of(), mine, theirs));
    return meetings;
  }

  /** Where the deny has a value for each of its variables. */
  private List<Meeting> topics(
      Demands demands, List<Formula> formulas, TopicTemplate mine, TopicTemplate theirs) {
    Optional<List<Template>> both = both(mine, theirs);
    if (both.isEmpty()) {
      return List.of();
    }
    Demands start = demands;
    for (Template level : theirs.levels()) {
      start = withSlots(start, Twin.in(level));
    }
    Template first = both.get().getFirst();
    if (first.parts().getFirst() instanceof Variable(Attribute attribute)) {
      start = start.leading(Optional.of(attribute));
    }
    List<Demands> joined = List.of(start);
    for (int i = 0; i < mine.levels().size() && i < theirs.levels().size(); i++) {
      Template one = mine.levels().get(i);
      Template other = theirs.levels().get(i);
      if (one.toString().equals("#") || other.toString().equals("#")) {
        break;
      }
      if (!Unification.isWildcard(one) && !Unification.isWildcard(other)) {
        joined = join(joined, one, other);
      }
    }
    return joined.stream().map(each -> new Meeting(each, formulas, both.get())).toList();
  }

  /** The levels of the topics that both match; empty where their fixed levels differ. */
  private static Optional<List<Template>> both(TopicTemplate mine, TopicTemplate theirs) {
    if (!mine.widest(Map.of()).intersects(theirs.widest(Map.of()))) {
      return Optional.empty();
    }
    List<Template> both = new ArrayList<>();
    List<Template> ones = mine.levels();
    List<Template> others = theirs.levels();
    for (int i = 0; i < ones.size() && i < others.size(); i++) {
      Template one = ones.get(i);
      Template other = Twin.in(others.get(i));
      if (one.toString().equals("#")) {
        others.subList(i, others.size()).forEach(level -> both.add(Twin.in(level)));
        return Optional.of(both);
      }
      if (other.toString().equals("#")) {
        both.addAll(ones.subList(i, ones.size()));
        return Optional.of(both);
      }
      both.add(one.equals(ANY_LEVEL) ? other : one);
    }
    return Optional.of(both); // what is left of the longer one is a "#" for nothing
  }

  private static TopicTemplate without(TopicTemplate theirs, Set<Attribute> unknown) {
    return new TopicTemplate(
        theirs.levels().stream()
            .map(
                level -> level.variables().stream().anyMatch(unknown::contains) ? ANY_LEVEL : level)
            .toList());
  }

  /** Which variables of a deny may be any level together. */
  private List<Set<Attribute>> unknown(Demands demands, Collection<Attribute> variables) {
    List<Attribute> open =
        variables.stream()
            .filter(each -> each.isMultiValued() || !demands.slots.containsKey(each))
            .toList();
    if (open.size() > UNKNOWN_MAX) {
      doubtful = true;
      List<Set<Attribute>> few = new ArrayList<>();
      open.forEach(each -> few.add(Set.of(each)));
      few.add(Set.copyOf(open));
      return few;
    }
    List<Set<Attribute>> sets = new ArrayList<>();
    for (int some = 1; some < 1 << open.size(); some++) {
      Set<Attribute> set = new LinkedHashSet<>();
      for (int i = 0; i < open.size(); i++) {
        if ((some >> i & 1) == 1) {
          set.add(open.get(i));
        }
      }
      sets.add(set);
    }
    return sets;
  }

  /** There is no value, or one that no level can have. */
  static Formula missing(Attribute attribute) {
    return new Or(
        List.of(
            Formula.of(SubjectFinder.present(attribute)).negated(),
            new Atom(new Fact.Has(attribute, Word.UNUSABLE), true)));
  }

  /** Where another variable is missing, several values are as good as none. */
  private Formula unclear(Attribute attribute) {
    if (!attribute.isMultiValued()) {
      return missing(attribute);
    }
    List<Formula> two =
        List.of(
            Formula.of(attribute, List.of(new Glob(vocabulary.fresh(2)))),
            Formula.of(attribute, List.of(new Glob(vocabulary.fresh(3)))));
    return new Or(List.of(missing(attribute), new And(two)));
  }

  private static Demands withSlots(Demands demands, Template template) {
    Demands more = demands;
    for (Attribute variable : template.variables()) {
      more = more.withSlot(variable);
    }
    return more;
  }

  /**
   * As {@link #topics}, for Client Identifiers, of which the variable of that name is no part: what
   * it is a part of is longer than itself, but any name while a value is missing.
   */
  List<Meeting> clientIds(Demands demands, NameTemplate mine, NameTemplate theirs) {
    List<Template> ids = ids(mine);
    if (isClientId(theirs)) {
      return meetings(List.of(demands), List.of(), ids);
    }
    if (!theirs.template().variables().contains(CLIENT_ID)) {
      return names(demands, open(mine), theirs);
    }
    List<Template> noLevel = ids.stream().filter(id -> !isOfLevel(id)).toList();
    List<Meeting> meetings = new ArrayList<>(meetings(List.of(demands), List.of(), noLevel));
    List<Attribute> others = new ArrayList<>(theirs.template().variables());
    others.remove(CLIENT_ID);
    List<Formula> missing = missing(demands, others);
    if (!missing.isEmpty()) {
      meetings.addAll(meetings(List.of(demands), List.of(new Or(missing)), ids));
    }
    return meetings;
  }

  /** Client Identifiers of that name, also one that is no level where there is any. */
  List<Template> ids(NameTemplate name) {
    NameTemplate open = open(name);
    List<Template> ids = texts(open);
    if (open.prefix()) {
      List<Template.Part> parts = new ArrayList<>(open.template().parts());
      parts.add(new Literal(vocabulary.fresh(0) + "/"));
      ids.add(new Template(parts));
    }
    return ids;
  }

  private static boolean isOfLevel(Template id) {
    return id.parts().stream()
        .allMatch(
            part ->
                !(part instanceof Literal(String text)) || text.isEmpty() || Word.isUsable(text));
  }

  private static boolean isClientId(NameTemplate name) {
    return name.template().parts().equals(List.of(new Variable(CLIENT_ID)));
  }

  /** A name of nothing but the Client Identifier is any. */
  static NameTemplate open(NameTemplate name) {
    return isClientId(name) ? new NameTemplate(Template.of(""), true) : name;
  }

  /** The name, and one that goes on as nothing else does. */
  List<Template> texts(NameTemplate name) {
    List<Template> texts = new ArrayList<>();
    if (name.prefix()) {
      List<Template.Part> parts = new ArrayList<>(name.template().parts());
      parts.add(new Literal(vocabulary.fresh(0)));
      texts.add(new Template(parts));
    }
    if (!name.template().toString().isEmpty()) {
      texts.add(name.template());
    }
    return texts;
  }

  private static List<Meeting> meetings(
      List<Demands> all, List<Formula> formulas, List<Template> texts) {
    List<Meeting> meetings = new ArrayList<>();
    for (Demands demands : all) {
      texts.forEach(text -> meetings.add(new Meeting(demands, formulas, List.of(text))));
    }
    return meetings;
  }

  /** As {@link #topics}, for names; a deny that is not resolved speaks of any. */
  List<Meeting> names(Demands demands, NameTemplate mine, NameTemplate theirs) {
    List<Meeting> meetings = new ArrayList<>();
    List<Formula> missing = missing(demands, theirs.template().variables());
    if (!missing.isEmpty()) {
      meetings.addAll(meetings(List.of(demands), List.of(new Or(missing)), texts(mine)));
    }
    NameTemplate twin = new NameTemplate(Twin.in(theirs.template()), theirs.prefix());
    Demands start = withSlots(demands, twin.template());
    if (theirs.prefix()) {
      List<Demands> begun = begun(start, mine.template(), theirs.template(), false);
      meetings.addAll(meetings(begun, List.of(), texts(mine)));
    }
    if (mine.prefix()) {
      List<Demands> begun = begun(start, theirs.template(), mine.template(), true);
      meetings.addAll(meetings(begun, List.of(), texts(twin)));
    }
    if (!mine.prefix() && !theirs.prefix()) {
      List<Demands> joined = join(List.of(start), mine.template(), theirs.template());
      meetings.addAll(meetings(joined, List.of(), texts(mine)));
    }
    return meetings;
  }

  /** For each of the variables that may have no value: it has none. */
  private static List<Formula> missing(Demands demands, List<Attribute> variables) {
    return variables.stream()
        .filter(each -> each.isMultiValued() || !demands.slots.containsKey(each))
        .map(Joining::missing)
        .toList();
  }

  /**
   * Demands under which a name begins with a text.
   *
   * @param ofDeny whether the name is the deny's, and not the text
   */
  private List<Demands> begun(Demands demands, Template name, Template text, boolean ofDeny) {
    if (startsWith(name.parts(), text.parts())) {
      return List.of(tied(demands, text));
    }
    Template mine = ofDeny ? Twin.in(name) : name;
    Template start = ofDeny ? text : Twin.in(text);
    List<Demands> begun = new ArrayList<>();
    if (mine.isLiteral()) {
      String whole = mine.toString();
      for (int end = 0; end <= whole.length(); end++) {
        Unification.solutions(start, whole.substring(0, end))
            .forEach(way -> begun.add(demands.withExact(way)));
      }
      return begun;
    }
    Optional<Around> around = Around.of(mine);
    if (start.isLiteral() && around.isPresent()) {
      return around.get().startingWith(start.toString(), demands);
    }
    // There are many ways to begin so, of which only some are tried.
    Optional<Around> other = Around.of(start);
    boolean apart =
        around.isPresent() && other.isPresent() && !around.get().mayBeginAs(other.get());
    if (apart) {
      return List.of();
    }
    doubtful = true;
    begun.add(demands);
    around
        .filter(one -> other.isPresent() && other.get().after.isEmpty())
        .flatMap(one -> one.tie(other.get().followedBy(one.after)))
        .ifPresent(tie -> begun.add(demands.withTie(tie)));
    return begun;
  }

  private static boolean startsWith(List<Template.Part> whole, List<Template.Part> start) {
    int last = start.size() - 1;
    if (last > whole.size() - 1 || !whole.subList(0, last).equals(start.subList(0, last))) {
      return last == 0 && start.getFirst().equals(new Literal(""));
    }
    return whole.get(last).equals(start.get(last))
        || (start.get(last) instanceof Literal(String begun)
            && (begun.isEmpty()
                || (whole.get(last) instanceof Literal(String text) && text.startsWith(begun))));
  }

  private List<Demands> join(List<Demands> all, Template mine, Template original) {
    Template theirs = Twin.in(original);
    List<Demands> joined = new ArrayList<>();
    for (Demands demands : all) {
      if (mine.equals(original)) {
        joined.add(tied(demands, original));
      } else if (theirs.isLiteral()) {
        for (Map<Attribute, String> way : Unification.solutions(mine, theirs.toString())) {
          joined.add(demands.withExact(way));
        }
      } else if (mine.isLiteral()) {
        for (Map<Attribute, String> way : Unification.solutions(theirs, mine.toString())) {
          joined.add(demands.withExact(way));
        }
      } else {
        joined.addAll(joinVariables(demands, mine, theirs));
      }
    }
    return joined;
  }

  /** The twins of these variables are the variables themselves. */
  private static Demands tied(Demands demands, Template template) {
    Demands tied = demands;
    for (Attribute variable : template.variables()) {
      if (variable.isMultiValued()) {
        tied = tied.withTie(new Demands.Tie(variable, Twin.of(variable), "", ""));
      }
    }
    return tied;
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
                  joined.add(demands.withExact(way).withExact(theirWay));
                }
              }
            });
    return joined;
  }

  /** A level with one variable and fixed text around it. */
  private record Around(String before, Attribute variable, String after) {
    static Optional<Around> of(Template level) {
      StringBuilder before = new StringBuilder();
      StringBuilder after = new StringBuilder();
      Optional<Attribute> variable = Optional.empty();
      for (Template.Part part : level.parts()) {
        switch (part) {
          case Literal(String text) -> (variable.isEmpty() ? before : after).append(text);
          case Variable(Attribute attribute) -> {
            if (variable.isPresent()) {
              return Optional.empty();
            }
            variable = Optional.of(attribute);
          }
        }
      }
      return variable.map(only -> new Around(before.toString(), only, after.toString()));
    }

    Around followedBy(String more) {
      return new Around(before, variable, after + more);
    }

    boolean mayMeet(Around other) {
      return mayBeginAs(other) && (after.endsWith(other.after) || other.after.endsWith(after));
    }

    boolean mayBeginAs(Around other) {
      return before.startsWith(other.before) || other.before.startsWith(before);
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

    /** Demands under which it begins with this text. */
    List<Demands> startingWith(String text, Demands demands) {
      if (before.startsWith(text)) {
        return List.of(demands);
      }
      if (!text.startsWith(before)) {
        return List.of();
      }
      String rest = text.substring(before.length());
      List<Demands> starting = new ArrayList<>();
      starting.add(demands.withShape(variable, new Glob(rest + "*")));
      for (int end = 1; end < rest.length(); end++) {
        if (after.startsWith(rest.substring(end)) && Word.isUsable(rest.substring(0, end))) {
          starting.add(demands.withExact(Map.of(variable, rest.substring(0, end))));
        }
      }
      return starting;
    }
  }

  /** Every variable may be anything. */
  private static AnyOf shape(Template level) {
    StringBuilder text = new StringBuilder();
    for (Template.Part part : level.parts()) {
      text.append(part instanceof Literal(String literal) ? literal : "*");
    }
    return AnyOf.of(List.of(new Glob(text.toString())));
  }
}
