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
import java.util.List;
import java.util.Optional;

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
    for (Policy policy : bindings.bundle().policies()) {
      for (Statement statement : policy.statements()) {
        if (policy.ref(statement).equals(ref)) {
          return Optional.of(
              new Blocker(bindings, policy, statement, request, origin, identity, candidate));
        }
      }
    }
    return Optional.empty();
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
    for (NameTemplate name : statement.clientIds()) {
      if (origin.isEmpty()) {
        addOtherIds(demands, name, ways);
      } else if (name.prefix()) {
        addPrefixMisses(demands, name.template(), origin.getFirst(), ways);
      } else {
        addMisses(demands, name.template(), 0, ways);
      }
    }
    return ways;
  }

  private List<TopicTemplate> topics() {
    List<TopicTemplate> topics = new ArrayList<>(statement.topics());
    topics.addAll(statement.literalFilters());
    return topics;
  }

  private void addTopicMisses(Demands demands, TopicTemplate topic, List<Way> ways) {
    List<String> levels = request.levels();
    for (int i = 0; i < topic.levels().size() && i < levels.size(); i++) {
      boolean wild = levels.get(i).equals("+") || levels.get(i).equals("#");
      if (!wild && !Unification.isWildcard(topic.levels().get(i))) {
        addMisses(demands, topic.levels().get(i), i, ways);
      }
    }
  }

  /** Demands under which this part of the statement is not what the request has there. */
  private void addMisses(Demands demands, Template written, int index, List<Way> ways) {
    Template theirs = identity.in(written);
    Optional<Template> mine =
        index < origin.size() ? Optional.of(origin.get(index)) : Optional.empty();
    if (mine.filter(template -> demands.alwaysSame(template, theirs)).isPresent()) {
      return; // equal whatever the values are
    }
    for (Attribute attribute : mine.map(Template::variables).orElse(List.of())) {
      String value = candidate.slots().get(attribute);
      if (value != null) {
        ways.add(new Way(demands.excluding(attribute, value), List.of()));
      }
    }
    for (Attribute attribute : theirs.variables()) {
      if (attribute.equals(CLIENT_ID) && identity.clientId().isPresent()) {
        continue; // the identity's own, which no demand changes
      }
      List<String> values = attribute.of(candidate.subject());
      if (values.isEmpty()) {
        ways.add(new Way(demands.with(SubjectFinder.present(attribute), true), List.of()));
      }
      for (String value : values) {
        ways.add(new Way(demands.without(attribute, value), List.of()));
      }
    }
  }

  /** As {@link #addMisses}, for names of which only the start is compared. */
  private void addPrefixMisses(Demands demands, Template written, Template mine, List<Way> ways) {
    Template start = identity.in(written);
    if (startsWith(mine.parts(), start.parts())) {
      return; // starts so whatever the values are
    }
    String before =
        mine.parts().getFirst() instanceof Template.Literal(String literal) ? literal : "";
    if (start.isLiteral() && start.toString().startsWith(before)) {
      String rest = start.toString().substring(before.length());
      int first = before.isEmpty() ? 0 : 1;
      if (mine.parts().get(first) instanceof Template.Variable(Attribute attribute)) {
        Test startsSo = new Test(attribute, List.of(new Glob(rest + "*")));
        ways.add(new Way(demands.with(startsSo, false), List.of()));
        boolean byItself = candidate.slots().getOrDefault(attribute, "").startsWith(rest);
        if (byItself && !attribute.isMultiValued()) {
          return; // there are endless values that start so, and none of them misses
        }
      }
    }
    addMisses(demands, written, 0, ways);
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
      addMisses(demands, name.template(), 0, ways);
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
