package io.signalbox.acl.decision;

import io.signalbox.acl.filter.Filter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether a message on a topic can reach a client by some subscription, and by which. For tools and
 * proofs; the broker asks about the filter that a client sends.
 *
 * <p>The topic itself is the filter that is refused least, for a wider one meets more denies and
 * lies in fewer patterns. Two things are not so: a deny by {@code literalFilters} refuses one text
 * and leaves the wider ones, and an allow by them gives one text and not what it contains.
 *
 * @param filter that brings the message; when it is denied, the topic
 * @param decision about that filter; when it is denied, about the topic
 * @param refusals of all filters that were tried in vain, each of which would do
 */
public record Reception(String filter, Decision decision, List<Refusal> refusals) {
  /** A filter that would have brought the message, and why it does not. */
  public record Refusal(Filter filter, Decision decision) {}

  public Reception {
    refusals = List.copyOf(refusals);
  }

  public boolean allowed() {
    return decision.allowed();
  }

  /**
   * By any filter.
   *
   * @param topic Topic Name
   * @param qos 0..2 that must be granted
   * @param shareGroup null for subscriptions that are not shared
   */
  public static Reception of(
      BoundPolicies bound, String topic, int qos, @Nullable String shareGroup) {
    Search search = new Search(bound, topic, qos, shareGroup);
    if (search.isReceivable()) {
      search.tryPatterns();
      search.tryLiterals();
    }
    return search.result();
  }

  /** As {@link #of}, by patterns alone and not by {@code literalFilters}. */
  public static Reception byPatterns(
      BoundPolicies bound, String topic, int qos, @Nullable String shareGroup) {
    Search search = new Search(bound, topic, qos, shareGroup);
    if (search.isReceivable()) {
      search.tryPatterns();
    }
    return search.result();
  }

  /** As {@link #of}, by this filter, which matches the topic. */
  public static Reception by(
      Filter filter, BoundPolicies bound, String topic, int qos, @Nullable String shareGroup) {
    Search search = new Search(bound, topic, qos, shareGroup);
    if (search.isReceivable()) {
      search.ask(filter);
    }
    return search.result();
  }

  /** Filters that are tried one after the other; one thread. */
  private static final class Search {
    private final BoundPolicies bound;
    private final String topic;
    private final int qos;
    private final @Nullable String shareGroup;
    private final List<Refusal> refusals = new ArrayList<>();
    private @Nullable Reception granted;

    Search(BoundPolicies bound, String topic, int qos, @Nullable String shareGroup) {
      this.bound = bound;
      this.topic = topic;
      this.qos = qos;
      this.shareGroup = shareGroup;
    }

    Reception result() {
      Reception found = granted;
      return found != null ? found : new Reception(topic, refusals.getFirst().decision, refusals);
    }

    /** No filter is a way round a deny of the message itself. */
    boolean isReceivable() {
      Decision denied = bound.decideReceive(topic);
      if (denied != null) {
        refusals.add(new Refusal(new Filter(Filter.split(topic)), denied));
      }
      return denied == null;
    }

    /** The topic, and wider filters as long as their text alone is in the way. */
    void tryPatterns() {
      Deque<Filter> next = new ArrayDeque<>(List.of(new Filter(Filter.split(topic))));
      Set<Filter> seen = new HashSet<>(next);
      while (granted == null && !next.isEmpty()) {
        Filter filter = next.remove();
        ask(filter);
        if (bound.refusesText(filter, shareGroup)) {
          wider(filter).stream().filter(seen::add).forEach(next::add);
        }
      }
    }

    void tryLiterals() {
      if (granted == null) {
        for (Filter filter : bound.literalAllows()) {
          if (granted == null && filter.matches(topic)) {
            ask(filter);
          }
        }
      }
    }

    void ask(Filter filter) {
      SubscribeDecision answer = bound.decideSubscribe(filter.toString(), qos, shareGroup);
      if (!answer.allowed()) {
        refusals.add(new Refusal(filter, answer.decision()));
      } else if (answer.grantedQos() < qos) {
        String statement = answer.decision().statement();
        Decision lower = new Decision(false, Reason.MAX_QOS, statement, bound.bundle());
        refusals.add(new Refusal(filter, lower));
      } else {
        granted = new Reception(filter.toString(), answer.decision(), refusals);
      }
    }
  }

  /** The next wider filters: any other one that contains this one contains one of them. */
  private static List<Filter> wider(Filter filter) {
    List<String> levels = filter.levels();
    if (filter.equals(Filter.ALL)) {
      return List.of();
    }
    List<List<String>> all = new ArrayList<>();
    int fixed = filter.isMultiLevel() ? levels.size() - 1 : levels.size();
    for (int i = 0; i < fixed; i++) {
      List<String> any = new ArrayList<>(levels);
      any.set(i, "+");
      all.add(any);
    }
    int kept = filter.isMultiLevel() ? fixed - 1 : fixed;
    List<String> rest = new ArrayList<>(levels.subList(0, kept));
    rest.add("#");
    all.add(rest);
    return all.stream().map(Filter::new).filter(wide -> wide.contains(filter)).toList();
  }
}
