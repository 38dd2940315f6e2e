package io.signalbox.acl.proof;

import io.signalbox.acl.decision.Attachment;
import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.Decision;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.decision.Reason;
import io.signalbox.acl.decision.Reception;
import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.NameTemplate;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.PolicyJson;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.Template;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.model.Where;
import io.signalbox.acl.proof.Search.Outcome;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Attribute.Kind;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What some client can do under one bundle and could not under another.
 *
 * <p>For each allow of the richer bundle: either no allow of the poorer one speaks of the request,
 * or some deny of the poorer one forbids it. The first is searched for in all that the allow
 * matches, the second in what it has in common with that deny. Where nothing that matters has
 * changed, nothing is searched. One thread.
 */
final class Gains {
  private static final Attribute CLIENT_ID = new Attribute(Kind.CLIENT_ID);

  /** What a trial takes beside the clients that are tried. */
  private static final int TRIAL_STEPS = 10;

  private final PolicyBundle poor;
  private final PolicyBundle rich;
  private final boolean gained;
  private final Bindings ofPoor;
  private final Bindings ofRich;
  private final Vocabulary vocabulary;
  private final Effort effort;
  private final Set<String> changed;

  /** By action, the denies of changed policies. */
  private final Map<Action, List<Forbidding>> denies = new EnumMap<>(Action.class);

  Gains(PolicyBundle poor, PolicyBundle rich, boolean gained, Effort effort) {
    this.poor = poor;
    this.rich = rich;
    this.gained = gained;
    this.effort = effort;
    this.ofPoor = new Bindings(poor);
    this.ofRich = new Bindings(rich);
    this.vocabulary = new Vocabulary("", poor, rich);
    this.changed = changed(poor, rich);
  }

  /**
   * A deny of the poorer bundle that may be what is missed.
   *
   * @param widest its topics, whoever asks
   */
  private record Forbidding(Policy policy, Statement statement, List<Filter> widest) {
    static Forbidding of(Policy policy, Statement statement) {
      return new Forbidding(
          policy,
          statement,
          Stream.concat(statement.topics().stream(), statement.literalFilters().stream())
              .map(topic -> topic.widest(Map.of()))
              .toList());
    }
  }

  List<Change> find() {
    List<Change> changes = new ArrayList<>();
    for (Policy policy : rich.policies()) {
      for (Statement statement : policy.statements()) {
        if (!statement.isDeny()) {
          for (Action action : statement.actions()) {
            find(policy, statement, action).ifPresent(changes::add);
          }
        }
      }
    }
    return changes;
  }

  private Optional<Change> find(Policy policy, Statement statement, Action action) {
    List<String> patterns = patterns(statement, action);
    String shown = String.join(", ", patterns);
    String ref = policy.ref(statement);
    Set<String> doubts = new LinkedHashSet<>();
    List<Optional<Forbidding>> reasons = reasons(policy, action);
    List<Request> requests = List.of();
    List<Filter> widest = action == Action.CONNECT ? List.of() : widest(statement, action);
    for (Optional<Forbidding> forbidding : reasons) {
      int[] near = near(patterns.size(), widest, forbidding);
      if (near.length == 0) {
        continue; // whoever asks for whatever; most of what has not changed is so
      }
      requests = requests.isEmpty() ? requests(statement, action) : requests;
      for (Request request : requests) {
        for (int i : near) {
          try {
            effort.spend(TRIAL_STEPS);
            Trial trial = new Trial(policy, statement, i, request, forbidding);
            Optional<Witness> witness = trial.find();
            if (witness.isPresent()) {
              return Optional.of(new Change(gained, action, ref, shown, witness, ""));
            }
            if (trial.doubtful) {
              doubts.add("variables of two patterns are joined in too many ways");
            }
            if (trial.groupStandsInTheWay) {
              doubts.add("a statement on share groups may be one for some clients alone");
            }
          } catch (TooComplex e) {
            doubts.add(String.valueOf(e.getMessage()));
            if (effort.isSpent()) {
              return Optional.of(
                  new Change(
                      gained, action, ref, shown, Optional.empty(), doubts.iterator().next()));
            }
          }
        }
      }
    }
    return doubts.stream()
        .findFirst()
        .map(why -> new Change(gained, action, ref, shown, Optional.empty(), why));
  }

  /** What the statement gives, in the order in which it is tried. */
  private static List<String> patterns(Statement statement, Action action) {
    if (action == Action.CONNECT) {
      return statement.clientIds().stream().map(Object::toString).toList();
    }
    List<String> patterns = new ArrayList<>();
    statement.topics().forEach(topic -> patterns.add(topic.toString()));
    if (action == Action.SUBSCRIBE) {
      statement.literalFilters().forEach(filter -> patterns.add("exactly " + filter));
    }
    return patterns;
  }

  /** Why it may not have been possible before: nothing allowed it (empty), or a deny forbade it. */
  private List<Optional<Forbidding>> reasons(Policy policy, Action action) {
    List<Optional<Forbidding>> reasons = new ArrayList<>();
    if (changed.contains(policy.ref())) {
      reasons.add(Optional.empty());
    }
    denies.computeIfAbsent(action, this::denies).forEach(deny -> reasons.add(Optional.of(deny)));
    return reasons;
  }

  private List<Forbidding> denies(Action action) {
    List<Forbidding> denies = new ArrayList<>();
    for (Policy other : poor.policies()) {
      for (Statement statement : other.statements()) {
        boolean speaks =
            statement.actions().contains(action)
                || (action == Action.SUBSCRIBE && statement.actions().contains(Action.RECEIVE));
        if (statement.isDeny() && speaks && changed.contains(other.ref())) {
          denies.add(Forbidding.of(other, statement));
        }
      }
    }
    return denies;
  }

  private static List<Filter> widest(Statement statement, Action action) {
    List<TopicTemplate> topics = new ArrayList<>(statement.topics());
    if (action == Action.SUBSCRIBE) {
      topics.addAll(statement.literalFilters());
    }
    return topics.stream().map(topic -> topic.widest(Map.of())).toList();
  }

  /**
   * Which of the patterns may have to do with the reason.
   *
   * @param widest topics of each; empty: they are names, which are not told apart here
   */
  private static int[] near(int patterns, List<Filter> widest, Optional<Forbidding> reason) {
    IntStream all = IntStream.range(0, patterns);
    if (reason.isEmpty() || widest.isEmpty()) {
      return all.toArray();
    }
    List<Filter> denied = reason.get().widest;
    return all.filter(i -> denied.stream().anyMatch(widest.get(i)::intersects)).toArray();
  }

  /** Every kind of request that limits of any statement can tell apart. */
  private List<Request> requests(Statement statement, Action action) {
    if (action == Action.CONNECT) {
      return List.of(new Request(action, 0, false, 0, null));
    }
    List<Request> requests = new ArrayList<>();
    if (action == Action.SUBSCRIBE) {
      for (int qos = 0; qos <= statement.where().maxQos(); qos++) {
        requests.add(new Request(action, qos, false, 0, null));
        for (NameTemplate group : statement.shareGroups()) {
          requests.add(new Request(action, qos, false, 0, group.toString()));
        }
      }
      return requests;
    }
    for (int payload : payloads(statement.where().maxPayloadBytes())) {
      for (boolean retain : List.of(false, true)) {
        for (int qos = 0; qos <= statement.where().maxQos(); qos++) {
          if (statement.where().retain().admits(retain)) {
            requests.add(new Request(action, qos, retain, payload, null));
          }
        }
      }
    }
    return requests;
  }

  /** One byte more than any limit of the poorer bundle. */
  private Set<Integer> payloads(int max) {
    Set<Integer> payloads = new TreeSet<>(Set.of(0));
    for (Policy policy : poor.policies()) {
      for (Statement statement : policy.statements()) {
        int limit = statement.where().maxPayloadBytes();
        if (limit != Where.NO_MAX_PAYLOAD && limit < max) {
          payloads.add(limit + 1);
        }
      }
    }
    return payloads;
  }

  /** Policies that are not the same, or not bound to the same, in both. */
  private static Set<String> changed(PolicyBundle one, PolicyBundle other) {
    Map<String, String> ones = fingerprints(one);
    Map<String, String> others = fingerprints(other);
    Set<String> changed = new LinkedHashSet<>();
    Set<String> ofOther = new HashSet<>(others.values());
    ones.forEach((ref, print) -> addUnless(ofOther.contains(print), ref, changed));
    Set<String> ofOne = new HashSet<>(ones.values());
    others.forEach((ref, print) -> addUnless(ofOne.contains(print), ref, changed));
    return changed;
  }

  private static void addUnless(boolean known, String ref, Set<String> changed) {
    if (!known) {
      changed.add(ref);
    }
  }

  /** A policy of another name space decides the same. */
  private static Map<String, String> fingerprints(PolicyBundle bundle) {
    Map<String, String> fingerprints = new HashMap<>();
    for (Policy policy : bundle.policies()) {
      Set<String> attached = new TreeSet<>();
      for (Attachment attachment : bundle.attachments()) {
        if (attachment.policy().equals(policy.ref())) {
          attached.add(attachment.kind() + " " + attachment.target());
        }
      }
      fingerprints.put(policy.ref(), PolicyJson.of(policy) + attached);
    }
    return fingerprints;
  }

  /** One pattern, one kind of request, one reason why it was not possible. */
  private final class Trial {
    private final Policy policy;
    private final Statement statement;
    private final Request request;
    private final Optional<Forbidding> forbidding;

    /** Levels of the pattern, or the one name. */
    private final List<Template> origin;

    private final @Nullable TopicTemplate pattern;

    /** Whether the pattern is one of {@code literalFilters}. */
    private final boolean literal;

    private final @Nullable NameTemplate name;

    /** One of the statement's share groups; null: the request is not shared. */
    private final @Nullable NameTemplate group;

    private boolean doubtful;

    /**
     * A statement with share groups stood in the way of a group that each client has its own of: it
     * may not stand in the way of others, for whom nobody looked.
     */
    private boolean groupStandsInTheWay;

    Trial(
        Policy policy,
        Statement statement,
        int index,
        Request request,
        Optional<Forbidding> forbidding) {
      this.policy = policy;
      this.statement = statement;
      this.request = request;
      this.forbidding = forbidding;
      group = request.shareGroup() == null ? null : NameTemplate.of(request.shareGroup());
      if (request.action() == Action.CONNECT) {
        pattern = null;
        literal = false;
        name = statement.clientIds().get(index);
        origin = List.of(name.template());
      } else {
        int topics = statement.topics().size();
        literal = index >= topics;
        pattern =
            literal
                ? statement.literalFilters().get(index - topics)
                : statement.topics().get(index);
        name = null;
        origin = pattern.levels();
      }
    }

    Optional<Witness> find() {
      List<Formula> formulas = new ArrayList<>();
      formulas.add(ofRich.of(policy));
      formulas.add(Formula.of(statement.where()));
      Demands demands = new Demands();
      for (Template level : origin) {
        for (Attribute variable : level.variables()) {
          demands = demands.withSlot(variable);
        }
      }
      if (group != null) {
        for (Attribute variable : group.template().variables()) {
          demands = demands.withSlot(variable);
        }
      }
      List<Demands> starts = List.of(demands);
      if (forbidding.isPresent()) {
        formulas.add(ofPoor.of(forbidding.get().policy));
        formulas.add(Formula.of(forbidding.get().statement.where()));
        starts = overlaps(demands, forbidding.get().statement);
      }
      Search search =
          new Search(vocabulary.denyVariables(), vocabulary.texts(), this::attempt, effort);
      for (Demands start : starts) {
        Optional<Witness> found = search.find(start, formulas);
        if (found.isPresent()) {
          return found;
        }
      }
      // Where no client comes near, it does not matter what was left out.
      doubtful = doubtful && search.isSatisfiable(demands, formulas);
      return Optional.empty();
    }

    /** Demands under which the pattern and the deny meet. */
    private List<Demands> overlaps(Demands demands, Statement deny) {
      List<Demands> all = new ArrayList<>();
      Joining joining = new Joining();
      if (pattern != null) {
        for (Demands start : inGroups(demands, deny, joining)) {
          deny.topics().forEach(other -> all.addAll(joining.topics(start, pattern, other)));
          deny.literalFilters().forEach(other -> all.addAll(joining.topics(start, pattern, other)));
        }
      } else {
        NameTemplate mine = Objects.requireNonNull(name);
        deny.clientIds().forEach(other -> all.addAll(joining.names(demands, mine, other)));
      }
      doubtful |= joining.isDoubtful();
      return all;
    }

    /** Demands under which the deny speaks of the share group; one with groups of no other. */
    private List<Demands> inGroups(Demands demands, Statement deny, Joining joining) {
      if (deny.shareGroups().isEmpty()) {
        return List.of(demands);
      }
      List<Demands> all = new ArrayList<>();
      if (group != null) {
        deny.shareGroups().forEach(other -> all.addAll(joining.names(demands, group, other)));
      }
      return all;
    }

    private Outcome attempt(Candidate candidate) {
      List<Blocker> blockers = new ArrayList<>();
      for (Request asked : instantiated(candidate)) {
        for (String text : texts(candidate)) {
          Optional<Witness> found = attempt(candidate, asked, text, blockers);
          if (found.isPresent()) {
            return new Outcome(found, List.of());
          }
        }
      }
      return Outcome.blocked(blockers);
    }

    private Optional<Witness> attempt(
        Candidate candidate, Request asked, String text, List<Blocker> blockers) {
      Subject subject =
          name == null ? candidate.subject() : candidate.subject().with().clientId(text).build();
      Candidate asking = new Candidate(subject, candidate.slots());
      BoundPolicies after = rich.bind(subject);
      BoundPolicies before = poor.bind(subject);
      Filter at = name == null ? new Filter(Filter.split(text)) : Filter.ALL;
      Answer now = answer(asked, after, text, candidate);
      if (!now.decision.allowed()) {
        for (Reception.Refusal refusal : now.refusals) {
          if (refusal.decision().reason() == Reason.EXPLICIT_DENY) {
            block(ofRich, refusal.decision().statement(), refusal.filter(), asking, blockers);
          }
        }
        return Optional.empty();
      }
      Decision then = asked.ask(before, text);
      if (!then.allowed()) {
        return Optional.of(witness(subject, asked, text, now));
      }
      block(ofPoor, then.statement(), at, asking, blockers);
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
        Bindings bindings, String ref, Filter at, Candidate candidate, List<Blocker> blockers) {
      Blocker.of(bindings, ref, at, origin, Identity.ANY, candidate)
          .ifPresent(
              blocker -> {
                blockers.add(blocker);
                groupStandsInTheWay |=
                    group != null
                        && !group.template().variables().isEmpty()
                        && !blocker.statement().shareGroups().isEmpty();
              });
    }

    /** Share groups are written as patterns; these are some that this one and the deny mean. */
    private List<Request> instantiated(Candidate candidate) {
      if (group == null) {
        return List.of(request);
      }
      List<NameTemplate> templates = new ArrayList<>(List.of(group));
      forbidding.ifPresent(f -> templates.addAll(f.statement.shareGroups()));
      return templates.stream()
          .flatMap(template -> groups(template, candidate.subject()))
          .distinct()
          .map(text -> new Request(request.action(), request.qos(), false, 0, text))
          .toList();
    }

    private Stream<String> groups(NameTemplate template, Subject subject) {
      String end = template.prefix() ? vocabulary.fresh(0) : "";
      return Unification.texts(template.template(), subject).stream().map(text -> text + end);
    }

    private List<String> texts(Candidate candidate) {
      if (pattern != null) {
        Filter filter = pattern.substitute(candidate.slots());
        if (forbidding.isEmpty()) {
          return vocabulary.topics(filter);
        }
        Statement deny = forbidding.get().statement;
        Set<String> topics = new LinkedHashSet<>();
        poor.view(candidate.subject()).stream()
            .filter(view -> view.statement().equals(deny))
            .forEach(
                view -> {
                  for (var pattern : view.topics()) {
                    pattern.filters().forEach(f -> topics.addAll(common(filter, f)));
                    pattern.widest().ifPresent(f -> topics.addAll(common(filter, f)));
                  }
                  for (var pattern : view.literalFilters()) {
                    pattern.filters().forEach(f -> topics.addAll(common(filter, f)));
                  }
                });
        return List.copyOf(topics);
      }
      return names(candidate);
    }

    private List<String> common(Filter one, Filter other) {
      return one.intersection(other).map(vocabulary::topics).orElse(List.of());
    }

    /** Client Identifiers that the name admits, and the ones that the deny forbids. */
    private List<String> names(Candidate candidate) {
      Map<Attribute, String> slots = new HashMap<>(candidate.slots());
      slots.put(CLIENT_ID, vocabulary.fresh(1));
      Set<String> names = new LinkedHashSet<>();
      List<NameTemplate> templates = new ArrayList<>(List.of(Objects.requireNonNull(name)));
      forbidding.ifPresent(f -> templates.addAll(f.statement.clientIds()));
      for (NameTemplate template : templates) {
        if (slots.keySet().containsAll(template.template().variables())) {
          String start = template.template().substitute(slots);
          names.add(start);
          if (template.prefix()) {
            names.add(start + vocabulary.fresh(0));
          }
        }
      }
      names.remove("");
      return List.copyOf(names);
    }
  }
}
