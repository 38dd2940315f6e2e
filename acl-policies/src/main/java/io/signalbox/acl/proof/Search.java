package io.signalbox.acl.proof;

import io.signalbox.acl.proof.Formula.And;
import io.signalbox.acl.proof.Formula.Atom;
import io.signalbox.acl.proof.Formula.Or;
import io.signalbox.acl.subject.Attribute;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Looks for a client to whom something happens.
 *
 * <p>Makes the simplest client that satisfies the demands and asks the real decision. If a
 * statement stands in the way, every way around that statement becomes a further demand, and so on,
 * until a client is found or all ways are closed: then there is none. Wildcards and free values are
 * filled with texts that no pattern names, which no statement can single out.
 */
final class Search {
  /** Clients tried for one question, and demands that stack up; beyond, the answer is not known. */
  private static final int CLIENTS_MAX = 5_000;

  private static final int DEPTH_MAX = 200;

  /** What it takes to make one client and to ask the bundle about it. */
  private static final int CLIENT_STEPS = 150;

  /** Tries a client. */
  interface Trial {
    /**
     * @return what was found, or what stands in the way
     */
    Outcome attempt(Candidate candidate);
  }

  /**
   * @param found what was searched for
   * @param obstacles at least one of them must give way; none: this branch is dead
   */
  record Outcome(Optional<Witness> found, List<Obstacle> obstacles) {
    static Outcome found(Witness witness) {
      return new Outcome(Optional.of(witness), List.of());
    }

    static Outcome blocked(List<? extends Obstacle> obstacles) {
      return new Outcome(Optional.empty(), List.copyOf(obstacles));
    }
  }

  private final Collection<Attribute> wanted;
  private final Set<String> avoid;
  private final Trial trial;
  private final Effort effort;
  private int clients;

  /**
   * @param wanted attributes that should be known if possible: a deny is widest where it knows
   *     least
   * @param avoid texts that patterns name
   * @param effort of all that is searched for one answer
   */
  Search(Collection<Attribute> wanted, Set<String> avoid, Trial trial, Effort effort) {
    this.wanted = wanted;
    this.avoid = avoid;
    this.trial = trial;
    this.effort = effort;
  }

  /**
   * @throws TooComplex when it was given up
   */
  Optional<Witness> find(Demands demands, List<Formula> pending) {
    return find(demands, pending, 0);
  }

  /** Whether there is any client at all that satisfies the demands. */
  boolean isSatisfiable(Demands demands, List<Formula> pending) {
    boolean[] any = new boolean[1];
    Search search =
        new Search(
            wanted,
            avoid,
            _ -> {
              any[0] = true;
              return Outcome.blocked(List.of());
            },
            effort);
    search.find(demands, pending);
    return any[0];
  }

  private Optional<Witness> find(Demands demands, List<Formula> pending, int depth) {
    if (depth > DEPTH_MAX) {
      throw new TooComplex("too many statements depend on each other");
    }
    if (pending.isEmpty()) {
      return leaf(demands, depth);
    }
    List<Formula> rest = new ArrayList<>(pending.subList(1, pending.size()));
    return switch (pending.getFirst()) {
      case Atom atom -> find(demands.with(atom), rest, depth + 1);
      case And(List<Formula> parts) -> {
        rest.addAll(0, parts);
        yield find(demands, rest, depth + 1);
      }
      case Or(List<Formula> parts) -> {
        for (Formula part : parts) {
          rest.addFirst(part);
          Optional<Witness> found = find(demands, rest, depth + 1);
          if (found.isPresent()) {
            yield found;
          }
          rest.removeFirst();
        }
        yield Optional.empty();
      }
    };
  }

  private Optional<Witness> leaf(Demands demands, int depth) {
    if (++clients > CLIENTS_MAX) {
      throw new TooComplex("gave up after trying " + CLIENTS_MAX + " clients");
    }
    effort.spend(CLIENT_STEPS);
    Optional<Candidate> candidate = SubjectFinder.find(demands, wanted, avoid, effort);
    if (candidate.isEmpty()) {
      return Optional.empty();
    }
    Outcome outcome = trial.attempt(candidate.get());
    if (outcome.found().isPresent()) {
      return outcome.found();
    }
    for (Obstacle obstacle : outcome.obstacles()) {
      for (Obstacle.Way way : obstacle.waysAround(demands)) {
        Optional<Witness> found = find(way.demands(), way.formulas(), depth + 1);
        if (found.isPresent()) {
          return found;
        }
      }
    }
    return Optional.empty();
  }
}
