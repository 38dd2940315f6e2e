package io.signalbox.acl.proof;

import io.signalbox.acl.decision.Attachment;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.NameTemplate;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.PolicyJson;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.model.Where;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * What some client can do under one bundle and could not under another.
 *
 * <p>For each allow of the richer bundle: either no allow of the poorer one speaks of the request,
 * or some deny of the poorer one forbids it. The first is searched for in all that the allow
 * matches, the second in what it has in common with that deny. Where nothing that matters has
 * changed, nothing is searched. One thread.
 */
final class Gains {
  /** What a trial takes beside the clients that are tried. */
  private static final int TRIAL_STEPS = 10;

  private final Comparison bundles;
  private final boolean gained;
  private final Set<String> changed;

  /** By action, the denies of changed policies. */
  private final Map<Action, List<Forbidding>> denies = new EnumMap<>(Action.class);

  Gains(PolicyBundle poor, PolicyBundle rich, boolean gained, Effort effort) {
    this.bundles = Comparison.of(poor, rich, effort);
    this.gained = gained;
    this.changed = changed(poor, rich);
  }

  List<Change> find() {
    List<Change> changes = new ArrayList<>();
    for (Policy policy : bundles.rich().policies()) {
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
            bundles.effort().spend(TRIAL_STEPS);
            Trial trial = new Trial(bundles, policy, statement, i, request, forbidding);
            Optional<Witness> witness = trial.find();
            if (witness.isPresent()) {
              return Optional.of(new Change(gained, action, ref, shown, witness, ""));
            }
            if (trial.isDoubtful()) {
              doubts.add("variables of two patterns are joined in too many ways");
            }
          } catch (TooComplex e) {
            doubts.add(String.valueOf(e.getMessage()));
            if (bundles.effort().isSpent()) {
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
    List<Forbidding> texts = new ArrayList<>();
    for (Policy other : bundles.poor().policies()) {
      for (Statement statement : other.statements()) {
        if (!statement.isDeny() || !speaks(statement, action)) {
          continue;
        }
        if (changed.contains(other.ref())) {
          denies.add(Forbidding.of(other, statement));
        } else if (action == Action.SUBSCRIBE && !statement.literalFilters().isEmpty()) {
          texts.add(Forbidding.ofTexts(other, statement));
        }
      }
    }
    if (!denies.isEmpty()) {
      // What one refuses as text came by a wider filter, which another one may have refused.
      denies.addAll(texts);
    }
    return denies;
  }

  private static boolean speaks(Statement statement, Action action) {
    return statement.actions().contains(action)
        || (action == Action.SUBSCRIBE && statement.actions().contains(Action.RECEIVE));
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
    List<Filter> denied = reason.get().widest();
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
    for (Policy policy : bundles.poor().policies()) {
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
}
