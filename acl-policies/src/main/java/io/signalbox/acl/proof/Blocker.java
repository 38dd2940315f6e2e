package io.signalbox.acl.proof;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Glob;
import io.signalbox.acl.model.Match.Test;
import io.signalbox.acl.model.NameTemplate;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Attribute.Kind;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A statement that stands in the way of what is searched for, at one request.
 *
 * @param request topic or filter at which it stands in the way; not looked at for names
 * @param origin what the request was made from: the levels of a pattern, or one name
 * @param identity what stands for the Client Identifier in templates
 * @param candidate in whose way it stands, with its Client Identifier
 */
record Blocker(
    Bindings bindings,
    Policy policy,
    Statement statement,
    Filter request,
    List<Template> origin,
    Identity identity,
    Candidate candidate) {
  private static final Attribute CLIENT_ID = new Attribute(Kind.CLIENT_ID);

  /** One more demand, under which this statement may no longer stand in the way. */
  record Way(Demands demands, List<Formula> formulas) {}

  static Optional<Blocker> of(
      Bindings bindings,
      String ref,
      Filter request,
      List<Template> origin,
      Identity identity,
      Candidate candidate) {
    return bindings
        .statement(ref)
        .map(
            by ->
                new Blocker(
                    bindings, by.policy(), by.statement(), request, origin, identity, candidate));
  }

  /**
   * Every way around: the policy does not bind, the connection is another, or a variable has
   * another value, so that the pattern misses.
   */
  List<Way> waysAround(Demands demands) {
    List<Way> ways = new ArrayList<>();
    ways.add(new Way(demands, List.of(bindings.of(policy).negated())));
    if (statement.where().asksOfConnection()) {
      ways.add(new Way(demands, List.of(Formula.of(statement.where()).negated())));
    }
    for (TopicTemplate topic : topics()) {
      if (Unification.meets(topic, candidate.subject(), request)) {
        addTopicMisses(demands, topic, ways);
        break;
      }
    }
    for (NameTemplate name : names()) {
      if (origin.isEmpty()) {
        addOtherIds(demands, name, ways);
      } else if (name.prefix()) {
        addPrefixMisses(demands, name.template(), origin.getFirst(), ways);
      } else {
        Optional<String> asked = Optional.of(candidate.subject().clientId());
        addMisses(demands, name.template(), Set.of(), 0, asked, ways);
      }
    }
    return ways;
  }

  private List<TopicTemplate> topics() {
    List<TopicTemplate> topics = new ArrayList<>(statement.topics());
    topics.addAll(statement.literalFilters());
    return topics;
  }

  /** Those that the Client Identifier is one of; the others would be ways that lead nowhere. */
  private List<NameTemplate> names() {
    if (origin.isEmpty()) {
      return statement.clientIds();
    }
    List<NameTemplate> names = statement.clientIds().stream().filter(this::standsInTheWay).toList();
    return names.isEmpty() ? statement.clientIds() : names;
  }

  private boolean standsInTheWay(NameTemplate name) {
    Subject subject = candidate.subject();
    String id = subject.clientId();
    return name.template().variables().stream()
            .anyMatch(each -> !Unification.isKnown(each, subject))
        || Unification.texts(name.template(), subject).stream()
            .anyMatch(text -> name.prefix() ? id.startsWith(text) : id.equals(text));
  }

  private void addTopicMisses(Demands demands, TopicTemplate topic, List<Way> ways) {
    List<String> levels = request.levels();
    for (int i = 0; i < topic.levels().size() && i < levels.size(); i++) {
      boolean wild = levels.get(i).equals("+") || levels.get(i).equals("#");
      if (!wild && !Unification.isWildcard(topic.levels().get(i))) {
        Optional<String> asked = Optional.of(levels.get(i));
        addMisses(demands, topic.levels().get(i), elsewhere(topic, i), i, asked, ways);
      }
    }
  }

  /** Variables of all levels but this one. */
  private static Set<Attribute> elsewhere(TopicTemplate topic, int index) {
    Set<Attribute> variables = new HashSet<>();
    for (int i = 0; i < topic.levels().size(); i++) {
      if (i != index) {
        variables.addAll(topic.levels().get(i).variables());
      }
    }
    return variables;
  }

  /**
   * Demands under which this part of the statement is not what the request has there.
   *
   * @param elsewhere variables of the other parts
   * @param asked what the request has there; empty: only its start is compared
   */
  private void addMisses(
      Demands demands,
      Template written,
      Set<Attribute> elsewhere,
      int index,
      Optional<String> asked,
      List<Way> ways) {
    Template theirs = identity.in(written);
    Optional<Template> mine =
        index < origin.size() ? Optional.of(origin.get(index)) : Optional.empty();
    if (mine.filter(template -> isAlwaysSame(demands, template, theirs, elsewhere)).isPresent()) {
      return; // equal whatever the values are
    }
    for (Attribute attribute : mine.map(Template::variables).orElse(List.of())) {
      addOtherValue(demands, attribute, ways);
    }
    Template known = withClientId(written);
    for (Attribute attribute : written.variables()) {
      if (attribute.equals(CLIENT_ID) && identity.clientId().isPresent()) {
        if (!theirs.variables().contains(CLIENT_ID)) {
          identity.clientId().get().variables().forEach(each -> addOtherValue(demands, each, ways));
        }
        continue;
      }
      List<String> values = attribute.of(candidate.subject());
      if (values.isEmpty()) {
        ways.add(new Way(demands.with(SubjectFinder.present(attribute), true), List.of()));
      }
      for (String value : values) {
        if (asked.isEmpty() || makes(known, attribute, value, asked.get())) {
          ways.add(new Way(demands.without(attribute, value), List.of()));
        }
      }
    }
  }

  /**
   * With the very Client Identifier: made of variables, one in it and one beside it could be two
   * values of one attribute.
   */
  private Template withClientId(Template written) {
    return identity.clientId().isPresent()
        ? written.replacing(
            CLIENT_ID, new Template(List.of(new Template.Literal(candidate.subject().clientId()))))
        : written;
  }

  /**
   * Whether the template is this text, or wide, by this value; else the value is not in the way.
   */
  private static boolean makes(Template template, Attribute attribute, String value, String text) {
    return !Word.isUsable(value)
        || Unification.solutions(template, text).stream()
            .anyMatch(way -> value.equals(way.get(attribute)));
  }

  private void addOtherValue(Demands demands, Attribute slot, List<Way> ways) {
    String value = candidate.slots().get(slot);
    if (value != null) {
      ways.add(new Way(demands.excluding(slot, value), List.of()));
    }
  }

  /**
   * A statement speaks of every value of an attribute, so also of the one that stands in the Client
   * Identifier, unless it must be another one at the same time: "a/${group}/${group}" is not what
   * two groups make together.
   */
  private static boolean isAlwaysSame(
      Demands demands, Template mine, Template theirs, Set<Attribute> elsewhere) {
    if (demands.alwaysSame(mine, theirs)) {
      return true;
    }
    boolean oneValueEach =
        mine.variables().stream()
            .filter(Twin::is)
            .map(Twin::origin)
            .noneMatch(each -> elsewhere.contains(each) || mine.variables().contains(each));
    return oneValueEach && demands.alwaysSame(Twin.origin(mine), theirs);
  }

  /** As {@link #addMisses}, for names of which only the start is compared. */
  private void addPrefixMisses(Demands demands, Template written, Template mine, List<Way> ways) {
    Template start = identity.in(written);
    if (startsWith(mine.parts(), start.parts())
        || startsWith(Twin.origin(mine).parts(), start.parts())) {
      return; // starts so whatever the values are
    }
    if (!start.isLiteral()) {
      addMisses(demands, written, Set.of(), 0, Optional.empty(), ways);
      return;
    }
    String rest = start.toString();
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

  /** As {@link #addMisses}, for the Client Identifier of a client that may have any. */
  private void addOtherIds(Demands demands, NameTemplate name, List<Way> ways) {
    Subject subject = candidate.subject();
    List<Attribute> variables = name.template().variables();
    if (variables.contains(CLIENT_ID)) {
      return; // it goes along
    }
    boolean inTheWay = variables.stream().anyMatch(each -> !Unification.isKnown(each, subject));
    for (String text : Unification.texts(name.template(), subject)) {
      Glob denied = new Glob(name.prefix() ? text + "*" : text);
      if (denied.matches(subject.clientId())) {
        inTheWay = true;
        ways.add(new Way(demands.with(new Test(CLIENT_ID, List.of(denied)), false), List.of()));
      }
    }
    if (inTheWay) {
      Optional<String> asked = name.prefix() ? Optional.empty() : Optional.of(subject.clientId());
      addMisses(demands, name.template(), Set.of(), 0, asked, ways);
    }
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
