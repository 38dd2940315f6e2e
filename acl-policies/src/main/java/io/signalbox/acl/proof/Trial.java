package io.signalbox.acl.proof;

import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.Decision;
import io.signalbox.acl.decision.Reason;
import io.signalbox.acl.decision.Reception;
import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.NameTemplate;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.proof.Search.Outcome;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One pattern, one kind of request, one reason why it was not possible. One thread. */
final class Trial {
  /**
   * Where to begin to search.
   *
   * @param levels of topics, or the one Client Identifier, made of slots
   * @param groups share groups, made of slots; none: the request is not shared
   */
  private record Start(
      Demands demands, List<Formula> formulas, List<Template> levels, List<Template> groups) {}

  private final Comparison bundles;
  private final Policy policy;
  private final Statement statement;
  private final Request request;
  private final Optional<Forbidding> forbidding;
  private final @Nullable TopicTemplate pattern;

  /** Whether the pattern is one of {@code literalFilters}. */
  private final boolean literal;

  private final @Nullable NameTemplate name;

  /** One of the statement's share groups; null: the request is not shared. */
  private final @Nullable NameTemplate group;

  private final Joining joining;
  private boolean doubtful;

  Trial(
      Comparison bundles,
      Policy policy,
      Statement statement,
      int index,
      Request request,
      Optional<Forbidding> forbidding) {
    this.bundles = bundles;
    this.joining = new Joining(bundles.vocabulary());
    this.policy = policy;
    this.statement = statement;
    this.request = request;
    this.forbidding = forbidding;
    group = request.shareGroup() == null ? null : NameTemplate.of(request.shareGroup());
    if (request.action() == Action.CONNECT) {
      pattern = null;
      literal = false;
      name = statement.clientIds().get(index);
    } else {
      int topics = statement.topics().size();
      literal = index >= topics;
      pattern =
          literal ? statement.literalFilters().get(index - topics) : statement.topics().get(index);
      name = null;
    }
  }

  /**
   * @throws TooComplex when it was given up
   */
  Optional<Witness> find() {
    List<Formula> formulas = new ArrayList<>();
    formulas.add(bundles.ofRich().of(policy));
    formulas.add(Formula.of(statement.where()));
    forbidding.ifPresent(
        deny -> {
          formulas.add(bundles.ofPoor().of(deny.policy()));
          formulas.add(Formula.of(deny.statement().where()));
        });
    Demands demands = withSlots(new Demands());
    for (Start start : starts(demands)) {
      List<Formula> all = new ArrayList<>(formulas);
      all.addAll(start.formulas);
      Optional<Witness> found =
          new Search(
                  bundles.vocabulary().denyVariables(),
                  bundles.vocabulary().texts(),
                  candidate -> attempt(start, candidate),
                  bundles.effort())
              .find(start.demands, all);
      if (found.isPresent()) {
        return found;
      }
    }
    // Where no client comes near, it does not matter what was left out.
    Search any =
        new Search(
            bundles.vocabulary().denyVariables(),
            bundles.vocabulary().texts(),
            _ -> Outcome.blocked(List.of()),
            bundles.effort());
    doubtful = joining.isDoubtful() && any.isSatisfiable(demands, formulas);
    return Optional.empty();
  }

  /** With a value for each variable of what is given. */
  private Demands withSlots(Demands demands) {
    Demands more = demands;
    if (pattern != null) {
      for (Attribute variable : pattern.variables()) {
        more = more.withSlot(variable);
      }
      more = more.leading(Unification.leading(pattern));
    } else {
      for (Attribute variable : opened().template().variables()) {
        more = more.withSlot(variable);
      }
    }
    if (group != null) {
      for (Attribute variable : group.template().variables()) {
        more = more.withSlot(variable);
      }
    }
    return more;
  }

  private NameTemplate opened() {
    return Joining.open(Objects.requireNonNull(name));
  }

  private List<Start> starts(Demands demands) {
    List<Template> groups = group == null ? List.of() : joining.texts(group);
    if (pattern == null) {
      return forbidding.isEmpty()
          ? joining.ids(Objects.requireNonNull(name)).stream()
              .map(text -> new Start(demands, List.of(), List.of(text), List.of()))
              .toList()
          : withDeniedIds(demands, forbidding.get().statement());
    }
    if (forbidding.isEmpty()) {
      return List.of(new Start(demands, List.of(), pattern.levels(), groups));
    }
    Statement deny = forbidding.get().statement();
    if (deny.shareGroups().isEmpty()) {
      return withDeniedTopics(new Start(demands, List.of(), List.of(), groups), pattern);
    }
    List<Start> starts = new ArrayList<>();
    if (group != null) {
      for (NameTemplate other : deny.shareGroups()) {
        for (Joining.Meeting meeting : joining.names(demands, group, other)) {
          starts.addAll(
              withDeniedTopics(
                  new Start(meeting.demands(), meeting.formulas(), List.of(), meeting.levels()),
                  pattern));
        }
      }
    }
    return starts;
  }

  private List<Start> withDeniedIds(Demands demands, Statement deny) {
    List<Start> starts = new ArrayList<>();
    for (NameTemplate other : deny.clientIds()) {
      for (Joining.Meeting meeting :
          joining.clientIds(demands, Objects.requireNonNull(name), other)) {
        starts.add(new Start(meeting.demands(), meeting.formulas(), meeting.levels(), List.of()));
      }
    }
    return starts;
  }

  private List<Start> withDeniedTopics(Start before, TopicTemplate mine) {
    List<Start> starts = new ArrayList<>();
    for (TopicTemplate other : forbidding.orElseThrow().topics()) {
      for (Joining.Meeting meeting : joining.topics(before.demands, mine, other)) {
        List<Formula> formulas = new ArrayList<>(before.formulas);
        formulas.addAll(meeting.formulas());
        starts.add(new Start(meeting.demands(), formulas, meeting.levels(), before.groups));
        if (literal) { // all that the filter brings was refused with it
          starts.add(new Start(meeting.demands(), formulas, mine.levels(), before.groups));
        }
      }
    }
    return starts;
  }

  private Outcome attempt(Start start, Candidate candidate) {
    List<Obstacle> obstacles = new ArrayList<>();
    for (Asked asked : asked(start, candidate)) {
      Optional<Witness> found = attempt(asked, candidate, obstacles);
      if (found.isPresent()) {
        return new Outcome(found, List.of());
      }
    }
    return Outcome.blocked(obstacles);
  }

  /** Requests that stand for all that the start means, with the values of this client. */
  private List<Asked> asked(Start start, Candidate candidate) {
    if (pattern == null) {
      Template id = start.levels.getFirst();
      String text = id.substitute(candidate.slots());
      return text.isEmpty() ? List.of() : List.of(Asked.clientId(text, Optional.of(id)));
    }
    Filter filter = new TopicTemplate(start.levels).substitute(candidate.slots());
    List<Asked> all = new ArrayList<>();
    for (String topic : bundles.vocabulary().topics(filter)) {
      Filter at = new Filter(Filter.split(topic));
      if (start.groups.isEmpty()) {
        all.add(Asked.topic(at, start.levels));
      }
      for (Template each : start.groups) {
        Asked.Name shared = new Asked.Name(each.substitute(candidate.slots()), Optional.of(each));
        all.add(new Asked(Optional.of(at), start.levels, Optional.of(shared)));
      }
    }
    return all;
  }

  private Optional<Witness> attempt(Asked asked, Candidate candidate, List<Obstacle> obstacles) {
    String text = asked.text();
    Subject subject =
        name == null ? candidate.subject() : candidate.subject().with().clientId(text).build();
    Candidate asking = new Candidate(subject, candidate.slots());
    BoundPolicies after = bundles.rich().bind(subject);
    Request instance =
        new Request(
            request.action(),
            request.qos(),
            request.retain(),
            request.payloadBytes(),
            asked.isShared() ? asked.name().orElseThrow().text() : null);
    Answer now = answer(instance, after, text, candidate);
    if (!now.decision.allowed()) {
      for (Reception.Refusal refusal : now.refusals) {
        if (refusal.decision().reason() == Reason.EXPLICIT_DENY) {
          Asked at = name == null ? asked.at(refusal.filter()) : asked;
          block(bundles.ofRich(), refusal.decision().statement(), at, asking, obstacles);
        }
      }
      return Optional.empty();
    }
    BoundPolicies before = bundles.poor().bind(subject);
    if (request.action() != Action.SUBSCRIBE) {
      Decision then = instance.ask(before, text);
      if (!then.allowed()) {
        return Optional.of(witness(subject, instance, text, now));
      }
      block(bundles.ofPoor(), then.statement(), asked, asking, obstacles);
      return Optional.empty();
    }
    Reception then = Reception.of(before, text, request.qos(), instance.shareGroup());
    if (!then.allowed()) {
      return Optional.of(witness(subject, instance, text, now));
    }
    Asked by = asked.at(Filter.of(then.filter()));
    block(bundles.ofPoor(), then.decision().statement(), by, asking, obstacles);
    if (!then.filter().equals(text)) {
      obstacles.add(new WiderFilter(bundles, joining, by));
    }
    return Optional.empty();
  }

  /**
   * @param request what is to be sent for it: the topic, a filter, or the Client Identifier
   * @param refusals if it is denied
   */
  private record Answer(Decision decision, String request, List<Reception.Refusal> refusals) {}

  /** Of the richer bundle, as far as this pattern gives it. */
  private Answer answer(Request asked, BoundPolicies after, String text, Candidate candidate) {
    if (request.action() == Action.SUBSCRIBE && pattern != null) {
      Reception reception =
          literal
              ? Reception.by(
                  pattern.substitute(candidate.slots()),
                  after,
                  text,
                  asked.qos(),
                  asked.shareGroup())
              : Reception.byPatterns(after, text, asked.qos(), asked.shareGroup());
      return new Answer(reception.decision(), reception.filter(), reception.refusals());
    }
    Decision decision = asked.ask(after, text);
    Filter at = name == null ? new Filter(Filter.split(text)) : Filter.ALL;
    return new Answer(decision, text, List.of(new Reception.Refusal(at, decision)));
  }

  /** Where another filter than the topic brings it, that filter may have been granted before. */
  private Witness witness(Subject subject, Request asked, String text, Answer now) {
    boolean shared = asked.shareGroup() != null;
    boolean received = !shared && !now.request.equals(text);
    return new Witness(
        subject,
        received ? Action.RECEIVE : request.action(),
        shared ? "$share/" + asked.shareGroup() + "/" + now.request : text,
        request.qos(),
        request.retain(),
        request.payloadBytes(),
        now.decision.statement());
  }

  private void block(
      Bindings bindings, String ref, Asked asked, Candidate candidate, List<Obstacle> all) {
    Identity identity =
        name == null
            ? Identity.ANY
            : new Identity(asked.name().orElseThrow().origin(), new Demands(), List.of());
    Blocker.of(bindings, ref, asked, identity, candidate).ifPresent(all::add);
  }

  /** After {@link #find} has found nothing: whether there may be something all the same. */
  boolean isDoubtful() {
    return doubtful;
  }
}
