package io.signalbox.acl.proof;

import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.Decision;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.decision.Reason;
import io.signalbox.acl.decision.Reception;
import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.NameTemplate;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.RetainRule;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.proof.Search.Outcome;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Attribute.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether some client may publish to, or receive from, some topic of a region, by one statement of
 * a bundle. One thread.
 */
final class Reach {
  private static final Attribute CLIENT_ID = new Attribute(Kind.CLIENT_ID);

  /** What an attempt takes beside the clients that are tried. */
  private static final int ATTEMPT_STEPS = 10;

  private final PolicyBundle bundle;
  private final Bindings bindings;
  private final Vocabulary vocabulary;
  private final Effort effort;

  /** Every way to connect; null: nobody asked yet. */
  private @Nullable List<Admission> admissions;

  /**
   * @param region of the questions
   * @throws TooComplex when the effort is spent
   */
  Reach(PolicyBundle bundle, Filter region, Effort effort) {
    this.bundle = bundle;
    this.effort = effort;
    effort.spend(size(bundle));
    this.bindings = new Bindings(bundle);
    this.vocabulary = new Vocabulary(region.toString(), bundle);
  }

  private static int size(PolicyBundle bundle) {
    int size = 0;
    for (Policy policy : bundle.policies()) {
      for (Statement statement : policy.statements()) {
        size += 1 + statement.topics().size() + statement.clientIds().size();
      }
    }
    return size;
  }

  /**
   * What is asked.
   *
   * @param action PUBLISH or SUBSCRIBE
   * @param region topics that are meant
   * @param extra what else must hold of the client
   * @param connected whether the client must also be allowed to connect with its Client Identifier
   * @param whole whether the region itself is the request, as one filter, and not any topic of it
   */
  record Question(
      Action action, Filter region, List<Formula> extra, boolean connected, boolean whole) {
    Question ofAnyConnected() {
      return new Question(action, region, extra, false, whole);
    }
  }

  /**
   * A client to whom the statement gives it.
   *
   * @throws TooComplex when it was given up
   */
  Optional<Witness> find(Policy policy, Statement statement, Question question) {
    for (TopicTemplate pattern : statement.topics()) {
      Optional<Witness> found = find(policy, statement, pattern, false, question);
      if (found.isPresent()) {
        return found;
      }
    }
    if (question.action == Action.SUBSCRIBE) {
      for (TopicTemplate pattern : statement.literalFilters()) {
        Optional<Witness> found = find(policy, statement, pattern, true, question);
        if (found.isPresent()) {
          return found;
        }
      }
    }
    return Optional.empty();
  }

  /**
   * A client to whom one pattern of the statement gives it.
   *
   * @param literal whether it is one of {@code literalFilters}
   * @throws TooComplex when it was given up
   */
  Optional<Witness> find(
      Policy policy,
      Statement statement,
      TopicTemplate pattern,
      boolean literal,
      Question question) {
    effort.spend(1);
    if (question.connected && admissions().isEmpty()) {
      return Optional.empty(); // nobody connects
    }
    List<Map<Attribute, String>> meetings = Unification.meetings(pattern, question.region);
    if (meetings.isEmpty()) {
      return Optional.empty(); // whoever asks
    }
    if (!question.connected) {
      return new Attempt(statement, pattern, literal, Identity.ANY, question).find(policy);
    }
    if (isForNobody(policy, statement, pattern, literal, question)) {
      return Optional.empty();
    }
    for (Admission admission : admissions()) {
      for (Identity identity : identities(admission, pattern, meetings)) {
        Optional<Witness> found =
            new Attempt(statement, pattern, literal, identity, question).find(policy);
        if (found.isPresent()) {
          return found;
        }
      }
    }
    return Optional.empty();
  }

  /** Proved without a look at all the ways to connect, which are many. */
  private boolean isForNobody(
      Policy policy,
      Statement statement,
      TopicTemplate pattern,
      boolean literal,
      Question question) {
    try {
      return new Attempt(statement, pattern, literal, Identity.ANY, question.ofAnyConnected())
          .find(policy)
          .isEmpty();
    } catch (TooComplex _) {
      return false; // with a Client Identifier it may be simpler
    }
  }

  /**
   * Some Client Identifiers with which one may connect.
   *
   * @param formulas when the statement that admits them applies
   */
  private record Admission(NameTemplate name, List<Formula> formulas) {}

  private List<Admission> admissions() {
    List<Admission> known = admissions;
    if (known != null) {
      return known;
    }
    List<Admission> made = new ArrayList<>();
    for (Policy policy : bundle.policies()) {
      for (Statement statement : policy.statements()) {
        if (!statement.isDeny() && statement.actions().contains(Action.CONNECT)) {
          List<Formula> formulas = List.of(bindings.of(policy), Formula.of(statement.where()));
          statement.clientIds().forEach(name -> made.add(new Admission(name, formulas)));
        }
      }
    }
    admissions = made;
    return made;
  }

  /** Those of a client with one value for each variable, and of one that has two of some. */
  private List<Identity> identities(
      Admission admission, TopicTemplate pattern, List<Map<Attribute, String>> meetings) {
    NameTemplate name = admission.name;
    List<Identity> identities = new ArrayList<>();
    addIdentities(name, admission.formulas, meetings, identities);
    Template twin = name.template();
    for (Attribute variable : twin.variables()) {
      if (variable.isMultiValued() && pattern.variables().contains(variable)) {
        twin = twin.replacing(variable, variableOnly(Twin.of(variable)));
      }
    }
    if (!twin.equals(name.template())) {
      NameTemplate other = new NameTemplate(twin, name.prefix());
      addIdentities(other, admission.formulas, meetings, identities);
    }
    return identities;
  }

  private static Template variableOnly(Attribute attribute) {
    return new Template(List.of(new Template.Variable(attribute)));
  }

  /**
   * With an open end there are two kinds of identifiers: the one that the region asks for, and
   * others.
   */
  private void addIdentities(
      NameTemplate name,
      List<Formula> formulas,
      List<Map<Attribute, String>> meetings,
      List<Identity> identities) {
    Template open = name.template();
    if (name.prefix()) {
      List<Template.Part> parts = new ArrayList<>(open.parts());
      parts.add(new Template.Literal(vocabulary.freshName()));
      open = new Template(parts);
      for (Map<Attribute, String> way : meetings) {
        String wanted = way.getOrDefault(CLIENT_ID, "");
        for (int end = 0; end < wanted.length() + 1 && !wanted.isEmpty(); end++) {
          for (Map<Attribute, String> values :
              Unification.solutions(name.template(), wanted.substring(0, end))) {
            Template fixed = new Template(List.of(new Template.Literal(wanted)));
            identities.add(
                new Identity(Optional.of(fixed), new Demands().withExact(values), formulas));
          }
        }
      }
    }
    Demands demands = new Demands();
    for (Attribute variable : open.variables()) {
      demands = demands.withSlot(variable);
    }
    // A name of nothing but ${client.id} admits every identifier, as "*" does.
    boolean any = open.variables().contains(CLIENT_ID);
    identities.add(new Identity(any ? Optional.empty() : Optional.of(open), demands, formulas));
  }

  /** One pattern, one kind of Client Identifier. */
  private final class Attempt {
    private final Statement statement;
    private final TopicTemplate pattern;
    private final boolean literal;
    private final Identity identity;
    private final Question question;

    Attempt(
        Statement statement,
        TopicTemplate pattern,
        boolean literal,
        Identity identity,
        Question question) {
      this.statement = statement;
      this.pattern = identity.in(pattern);
      this.literal = literal;
      this.identity = identity;
      this.question = question;
    }

    Optional<Witness> find(Policy policy) {
      effort.spend(ATTEMPT_STEPS);
      if (!identity.resolves(pattern)) {
        return Optional.empty();
      }
      List<Formula> formulas = new ArrayList<>(question.extra);
      formulas.add(bindings.of(policy));
      formulas.add(Formula.of(statement.where()));
      identity.formulas().stream().filter(more -> !formulas.contains(more)).forEach(formulas::add);
      for (Map<Attribute, String> values : ways()) {
        Demands demands = identity.demands().withExact(values);
        for (Attribute variable : pattern.variables()) {
          demands = demands.withSlot(variable);
        }
        demands = demands.leading(Unification.leading(pattern));
        Search search =
            new Search(
                vocabulary.denyVariables(),
                vocabulary.texts(),
                candidate -> new Inquiry(identity.apply(candidate)).outcome(),
                effort);
        Optional<Witness> found = search.find(demands, formulas);
        if (found.isPresent()) {
          return found;
        }
      }
      return Optional.empty();
    }

    private List<Map<Attribute, String>> ways() {
      if (!question.whole) {
        return Unification.meetings(pattern, question.region);
      }
      if (!literal) {
        return Unification.coverings(pattern, question.region);
      }
      return Unification.readings(pattern, question.region);
    }

    /** One client, whom the bundle is asked about. */
    private final class Inquiry {
      private final Candidate candidate;
      private final BoundPolicies bound;
      private final List<Blocker> blockers = new ArrayList<>();

      Inquiry(Candidate candidate) {
        this.candidate = candidate;
        this.bound = bundle.bind(candidate.subject());
      }

      Outcome outcome() {
        Decision connect = bound.decideConnect();
        if (question.connected && !connect.allowed()) {
          addBlocker(connect, Asked.clientId(candidate.subject().clientId(), identity.clientId()));
          return Outcome.blocked(blockers);
        }
        Optional<Witness> found = question.whole ? subscribed() : reached();
        return found.isPresent() ? new Outcome(found, List.of()) : Outcome.blocked(blockers);
      }

      private Optional<Witness> subscribed() {
        String request = question.region.toString();
        Decision decision = bound.decideSubscribe(request, 0, null).decision();
        if (decision.allowed()) {
          return Optional.of(witness(request, false, decision));
        }
        addBlocker(decision, Asked.topic(question.region, pattern.levels()));
        return Optional.empty();
      }

      private Optional<Witness> reached() {
        Filter filter = pattern.substitute(candidate.slots());
        for (Filter part : filter.intersection(question.region).stream().toList()) {
          for (String topic : vocabulary.topics(part)) {
            Optional<Witness> found =
                question.action == Action.PUBLISH ? published(topic) : received(filter, topic);
            if (found.isPresent()) {
              return found;
            }
          }
        }
        return Optional.empty();
      }

      private Optional<Witness> published(String topic) {
        boolean retain = statement.where().retain() == RetainRule.ONLY;
        Decision decision = bound.decidePublish(topic, 0, retain, 0);
        if (decision.allowed()) {
          return Optional.of(witness(topic, retain, decision));
        }
        addBlocker(decision, Asked.topic(new Filter(Filter.split(topic)), pattern.levels()));
        return Optional.empty();
      }

      private Optional<Witness> received(Filter filter, String topic) {
        Reception reception =
            literal
                ? Reception.by(filter, bound, topic, 0, null)
                : Reception.byPatterns(bound, topic, 0, null);
        if (reception.allowed()) {
          return Optional.of(witness(reception.filter(), false, reception.decision()));
        }
        for (Reception.Refusal refusal : reception.refusals()) {
          addBlocker(refusal.decision(), Asked.topic(refusal.filter(), pattern.levels()));
        }
        return Optional.empty();
      }

      private Witness witness(String request, boolean retain, Decision decision) {
        return new Witness(
            candidate.subject(), question.action, request, 0, retain, 0, decision.statement());
      }

      private void addBlocker(Decision decision, Asked asked) {
        if (decision.reason() == Reason.EXPLICIT_DENY) {
          Blocker.of(bindings, decision.statement(), asked, identity, candidate)
              .ifPresent(blockers::add);
        }
      }
    }
  }
}
