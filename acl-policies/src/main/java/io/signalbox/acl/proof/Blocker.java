package io.signalbox.acl.proof;

import io.signalbox.acl.decision.StatementView.Pattern;
import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Glob;
import io.signalbox.acl.model.Match.Test;
import io.signalbox.acl.model.NameTemplate;
import io.signalbox.acl.model.Overlap;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.proof.Fact.Has;
import io.signalbox.acl.proof.Formula.Atom;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Attribute.Kind;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A statement that stands in the way: a deny, or an allow that gave it before.
 *
 * @param asked the request at which it stands in the way
 * @param identity what stands for the Client Identifier in templates
 * @param candidate in whose way it stands, with its Client Identifier
 */
record Blocker(
    Bindings bindings,
    Policy policy,
    Statement statement,
    Asked asked,
    Identity identity,
    Candidate candidate)
    implements Obstacle {
  private static final Attribute CLIENT_ID = new Attribute(Kind.CLIENT_ID);

  /** Attributes with several values of which a pattern may mean one or another value. */
  private static final int READINGS_MAX = 6;

  /**
   * A pattern of the statement that matches the request.
   *
   * @param values of its variables by which it does
   * @param wide whether other variables have no value, and stand for any level
   */
  private record Standing(TopicTemplate template, Map<Attribute, String> values, boolean wide) {
    /** Whether some value would put a '$' at the start of the topic: then no value is known. */
    boolean hasDollar(Subject subject) {
      return wide
          && Unification.leading(template)
              .filter(first -> first.of(subject).stream().anyMatch(v -> v.startsWith("$")))
              .isPresent()
          && template.variables().stream()
              .allMatch(each -> each.of(subject).stream().anyMatch(Word::isUsable));
    }

    /** Whether this level is a text, which the request has as well. */
    boolean isFixed(int level) {
      Template template = this.template.levels().get(level);
      return !Unification.isWildcard(template) && values.keySet().containsAll(template.variables());
    }
  }

  static Optional<Blocker> of(
      Bindings bindings, String ref, Asked asked, Identity identity, Candidate candidate) {
    return bindings
        .statement(ref)
        .map(by -> new Blocker(bindings, by.policy(), by.statement(), asked, identity, candidate));
  }

  /**
   * The policy does not bind, the connection is another, or a variable has another value, so that
   * the pattern misses.
   */
  @Override
  public List<Way> waysAround(Demands demands) {
    List<Way> ways = new ArrayList<>();
    ways.add(new Way(demands, List.of(bindings.of(policy).negated())));
    if (statement.where().asksOfConnection()) {
      ways.add(new Way(demands, List.of(Formula.of(statement.where()).negated())));
    }
    if (asked.filter().isPresent()) {
      Filter filter = asked.filter().get();
      standing(filter, false)
          .or(() -> standing(filter, true))
          .ifPresent(standing -> addTopicMisses(demands, standing, filter, ways));
    }
    if (asked.name().isPresent()) {
      Asked.Name name = asked.name().get();
      addNameMisses(
          demands, asked.isShared() ? statement.shareGroups() : statement.clientIds(), name, ways);
    }
    return ways;
  }

  /**
   * One pattern that matches the request.
   *
   * @param loose what shares a topic with it does, whatever the statement needs by itself
   */
  private Optional<Standing> standing(Filter filter, boolean loose) {
    for (TopicTemplate topic : statement.topics()) {
      Optional<Standing> found = standing(topic, false, filter, loose);
      if (found.isPresent()) {
        return found;
      }
    }
    for (TopicTemplate literal : statement.literalFilters()) {
      Optional<Standing> found = standing(literal, true, filter, loose);
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  private Optional<Standing> standing(
      TopicTemplate template, boolean literal, Filter filter, boolean loose) {
    if (!template.widest(Map.of()).intersects(filter)) {
      return Optional.empty(); // whoever asks
    }
    boolean whole = !loose && (!statement.isDeny() || statement.overlap() == Overlap.FILTER);
    Pattern pattern = Pattern.of(template, statement, candidate.subject());
    if (statement.isDeny() && pattern.known().isPresent()) {
      Map<Attribute, String> known = pattern.known().get();
      Filter widest = template.widest(known);
      boolean wide = whole && !literal;
      if (wide ? widest.contains(filter) : widest.intersects(filter)) {
        return Optional.of(new Standing(template, known, true));
      }
    }
    for (Map<Attribute, String> choice : pattern.choices()) {
      Filter mine = template.substitute(choice);
      boolean matches =
          literal ? mine.equals(filter) : whole ? mine.contains(filter) : mine.intersects(filter);
      if (matches) {
        return Optional.of(new Standing(template, choice, false));
      }
    }
    return Optional.empty();
  }

  private void addTopicMisses(Demands demands, Standing standing, Filter filter, List<Way> ways) {
    if (standing.hasDollar(candidate.subject())) {
      Attribute first = Unification.leading(standing.template).orElseThrow();
      ways.add(new Way(demands.with(new Atom(new Has(first, Word.DOLLAR), false)), List.of()));
      for (Attribute attribute : standing.template.variables()) {
        if (!attribute.equals(first)) {
          ways.add(new Way(demands, List.of(Joining.missing(attribute))));
        }
      }
      return;
    }
    Set<Integer> open = compared(standing, filter);
    open.removeAll(alwaysSame(demands, standing, open));
    Set<Attribute> excluded = new HashSet<>();
    for (int level : open) {
      Template theirs = standing.template.levels().get(level);
      for (Attribute slot : slots(level, theirs)) {
        if (excluded.add(slot)) {
          addOtherValue(demands, slot, ways);
        }
      }
    }
    for (Attribute attribute : standing.template.variables()) {
      if (attribute.equals(CLIENT_ID) && identity.clientId().isPresent()) {
        continue; // made of slots, or the same for all
      }
      boolean goesAlong = excluded.contains(attribute) && !attribute.isMultiValued();
      if (standing.wide) {
        boolean compared = !goesAlong && isIn(attribute, standing, open);
        addBetterKnown(demands, standing, attribute, compared, ways);
      } else if (!goesAlong && isIn(attribute, standing, open)) {
        String value = Objects.requireNonNull(standing.values.get(attribute));
        ways.add(new Way(demands.without(attribute, value), List.of()));
      }
    }
  }

  /** Levels where the pattern and the request have a text each. */
  private static Set<Integer> compared(Standing standing, Filter filter) {
    List<String> levels = filter.levels();
    Set<Integer> compared = new TreeSet<>();
    for (int i = 0; i < standing.template.levels().size() && i < levels.size(); i++) {
      boolean wild = levels.get(i).equals("+") || levels.get(i).equals("#");
      if (!wild && standing.isFixed(i)) {
        compared.add(i);
      }
    }
    return compared;
  }

  private static boolean isIn(Attribute attribute, Standing standing, Set<Integer> levels) {
    return levels.stream()
        .anyMatch(i -> standing.template.levels().get(i).variables().contains(attribute));
  }

  /** What makes the level of the request, on either side. */
  private Set<Attribute> slots(int level, Template theirs) {
    Set<Attribute> slots = new LinkedHashSet<>();
    if (level < asked.levels().size()) {
      slots.addAll(asked.levels().get(level).variables());
    }
    if (theirs.variables().contains(CLIENT_ID)) {
      identity.clientId().ifPresent(id -> slots.addAll(id.variables()));
    }
    return slots;
  }

  /**
   * A deny that is wide for want of values is less so with them, or with fewer of them.
   *
   * @param compared whether the one value that is known could make it miss by being another
   */
  private void addBetterKnown(
      Demands demands, Standing standing, Attribute attribute, boolean compared, List<Way> ways) {
    Subject subject = candidate.subject();
    List<String> values = attribute.of(subject);
    if (values.isEmpty()) {
      ways.add(new Way(demands.with(SubjectFinder.present(attribute), true), List.of()));
      return;
    }
    if (!values.stream().allMatch(Word::isUsable)) {
      ways.add(new Way(demands.with(usable(attribute)), List.of()));
      return;
    }
    boolean matters =
        standing.values.containsKey(attribute)
            ? compared
            : standing.template.levels().stream()
                .map(Template::variables)
                .filter(variables -> variables.contains(attribute))
                .anyMatch(
                    variables -> variables.stream().noneMatch(each -> each.of(subject).isEmpty()));
    if (matters) {
      values.forEach(value -> ways.add(new Way(demands.without(attribute, value), List.of())));
    }
  }

  /** Not one value of another: of those there is no end. */
  private static Atom usable(Attribute attribute) {
    return new Atom(new Has(attribute, Word.UNUSABLE), false);
  }

  /**
   * Levels of the pattern that are those of the request whatever the values are.
   *
   * <p>A statement speaks of every value of an attribute, so also of the one that the request is
   * made of; but it is one value in all levels: what two groups make together is not "a/${group}/
   * ${group}".
   */
  private Set<Integer> alwaysSame(Demands demands, Standing standing, Set<Integer> compared) {
    Set<Integer> best = Set.of();
    for (Map<Attribute, Attribute> reading : readings(standing.template.variables())) {
      Set<Integer> same = new TreeSet<>();
      for (int level : compared) {
        if (level < asked.levels().size()) {
          Template theirs = read(standing.template.levels().get(level), reading);
          if (demands.alwaysSame(asked.levels().get(level), theirs)) {
            same.add(level);
          }
        }
      }
      if (!standing.wide) {
        dropMixed(standing, compared, same);
      }
      if (same.size() > best.size()) {
        best = same;
      }
    }
    return best;
  }

  /** A value that is demanded elsewhere is not whatever it is here. */
  private static void dropMixed(Standing standing, Set<Integer> compared, Set<Integer> same) {
    boolean dropped = true;
    while (dropped) {
      Set<Integer> others = new HashSet<>(compared);
      others.removeAll(same);
      dropped =
          same.removeIf(
              level ->
                  standing.template.levels().get(level).variables().stream()
                      .anyMatch(each -> each.isMultiValued() && isIn(each, standing, others)));
    }
  }

  /** By which of a client's values variables can be read: the one in a slot, or its twin. */
  private List<Map<Attribute, Attribute>> readings(List<Attribute> variables) {
    List<Map<Attribute, Attribute>> readings = List.of(Map.of());
    for (Attribute variable : variables) {
      Attribute twin = Twin.of(variable);
      if (variable.isMultiValued()
          && candidate.slots().containsKey(twin)
          && readings.size() < 1 << READINGS_MAX) {
        List<Map<Attribute, Attribute>> more = new ArrayList<>(readings);
        for (Map<Attribute, Attribute> reading : readings) {
          Map<Attribute, Attribute> next = new HashMap<>(reading);
          next.put(variable, twin);
          more.add(next);
        }
        readings = more;
      }
    }
    return readings;
  }

  private Template read(Template theirs, Map<Attribute, Attribute> reading) {
    Template read = theirs;
    for (Map.Entry<Attribute, Attribute> each : reading.entrySet()) {
      read =
          read.replacing(
              each.getKey(), new Template(List.of(new Template.Variable(each.getValue()))));
    }
    return identity.in(read);
  }

  private void addOtherValue(Demands demands, Attribute slot, List<Way> ways) {
    String value = candidate.slots().get(slot);
    if (value != null) {
      ways.add(new Way(demands.excluding(slot, value), List.of()));
    }
  }

  private void addNameMisses(
      Demands demands, List<NameTemplate> names, Asked.Name name, List<Way> ways) {
    Subject subject = candidate.subject();
    if (statement.isDeny()) {
      for (NameTemplate each : names) {
        for (Attribute variable : each.template().variables()) {
          if (!Unification.isKnown(variable, subject)) {
            addKnown(demands, variable, ways); // until then it is any name
            return;
          }
        }
      }
    }
    for (NameTemplate each : names) {
      for (Map<Attribute, String> choice : Unification.choices(each.template(), subject)) {
        String text = each.template().substitute(choice);
        if (each.prefix() ? name.text().startsWith(text) : name.text().equals(text)) {
          addMisses(demands, each, choice, name, ways);
          return;
        }
      }
    }
  }

  private void addKnown(Demands demands, Attribute variable, List<Way> ways) {
    if (variable.equals(CLIENT_ID) && identity.clientId().isPresent()) {
      return;
    }
    boolean missing = variable.of(candidate.subject()).isEmpty();
    ways.add(
        new Way(
            missing
                ? demands.with(SubjectFinder.present(variable), true)
                : demands.with(usable(variable)),
            List.of()));
  }

  /** Demands under which the name is not the one that is asked for, or no start of it. */
  private void addMisses(
      Demands demands,
      NameTemplate written,
      Map<Attribute, String> values,
      Asked.Name name,
      List<Way> ways) {
    if (name.origin().isEmpty()) {
      addOtherIds(demands, written, values, name.text(), ways);
      return;
    }
    Template mine = name.origin().get();
    for (Map<Attribute, Attribute> reading : readings(written.template().variables())) {
      Template theirs = read(written.template(), reading);
      if (written.prefix()
          ? startsWith(mine.parts(), theirs.parts())
          : demands.alwaysSame(mine, theirs)) {
        return; // whatever the values are
      }
    }
    Template start = identity.in(written.template());
    if (written.prefix() && start.isLiteral()) {
      addOtherStarts(demands, start.toString(), mine, ways);
      return;
    }
    Set<Attribute> slots = new LinkedHashSet<>(mine.variables());
    if (written.template().variables().contains(CLIENT_ID)) {
      identity.clientId().ifPresent(id -> slots.addAll(id.variables()));
    }
    slots.forEach(slot -> addOtherValue(demands, slot, ways));
    addWithout(demands, values, slots, ways);
  }

  private void addWithout(
      Demands demands, Map<Attribute, String> values, Set<Attribute> excluded, List<Way> ways) {
    values.forEach(
        (attribute, value) -> {
          boolean given = attribute.equals(CLIENT_ID) && identity.clientId().isPresent();
          if (!given && (attribute.isMultiValued() || !excluded.contains(attribute))) {
            ways.add(new Way(demands.without(attribute, value), List.of()));
          }
        });
  }

  /** Demands under which the name begins otherwise than with this text. */
  private void addOtherStarts(Demands demands, String start, Template mine, List<Way> ways) {
    String rest = start;
    for (Template.Part part : mine.parts()) {
      if (rest.isEmpty()) {
        return; // what comes behind is not compared
      }
      String text =
          switch (part) {
            case Template.Literal(String literal) -> literal;
            case Template.Variable(Attribute attribute) -> {
              addOtherStart(demands, attribute, rest, ways);
              yield candidate.slots().getOrDefault(attribute, "");
            }
          };
      rest = rest.substring(Math.min(text.length(), rest.length()));
    }
  }

  /** Demands under which the name is another where this variable stands in it. */
  private void addOtherStart(Demands demands, Attribute slot, String rest, List<Way> ways) {
    boolean byItself = candidate.slots().getOrDefault(slot, "").startsWith(rest);
    if (byItself && rest.indexOf('*') < 0) {
      Test startsSo = new Test(slot, List.of(new Glob(rest + "*")));
      ways.add(new Way(demands.with(startsSo, false), List.of()));
      if (!slot.isMultiValued()) {
        return; // there are endless values that start so, and none of them misses
      }
    }
    addOtherValue(demands, slot, ways);
  }

  /** For the Client Identifier of a client that may have any. */
  private void addOtherIds(
      Demands demands,
      NameTemplate written,
      Map<Attribute, String> values,
      String text,
      List<Way> ways) {
    if (values.containsKey(CLIENT_ID)) {
      return; // it goes along
    }
    String denied = written.template().substitute(values);
    if (denied.indexOf('*') < 0) {
      Glob glob = new Glob(written.prefix() ? denied + "*" : denied);
      ways.add(new Way(demands.with(new Test(CLIENT_ID, List.of(glob)), false), List.of()));
    } else {
      ways.add(new Way(demands.without(CLIENT_ID, text), List.of()));
    }
    addWithout(demands, values, Set.of(), ways);
  }

  private static boolean startsWith(List<Template.Part> whole, List<Template.Part> start) {
    for (int i = 0; i < start.size(); i++) {
      boolean last = i == start.size() - 1;
      if (i >= whole.size()) {
        return start.get(i).equals(new Template.Literal(""));
      }
      boolean same = whole.get(i).equals(start.get(i));
      boolean begun =
          last
              && start.get(i) instanceof Template.Literal(String wanted)
              && (wanted.isEmpty()
                  || (whole.get(i) instanceof Template.Literal(String text)
                      && text.startsWith(wanted)));
      if (!same && !begun) {
        return false;
      }
    }
    return true;
  }
}
