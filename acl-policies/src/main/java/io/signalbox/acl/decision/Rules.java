package io.signalbox.acl.decision;

import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.NameTemplate;
import io.signalbox.acl.model.Overlap;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.model.Where.Truth;
import io.signalbox.acl.subject.Attribute;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Statements taken apart by what is asked, and compiled: trees of patterns in one array of code,
 * and where their roots are in it, 0 for a tree without patterns. The same for all clients that
 * differ in the texts of {@link Slots} only. Immutable.
 *
 * @param connects in order of rank
 * @param groups share groups of rules, by their index
 * @param code see {@link RuleCode}
 * @param publish denies and allows together: denies have the smaller ranks and win
 * @param subscribeAllow asked by containment
 * @param subscribeDeny asked by intersection: refuse
 * @param subscribeFilter denies with "overlap: filter": refuse what they contain, filter the rest
 * @param receiveDeny asked about messages
 * @param literalAllow by whole filters
 * @param literalDeny by whole filters
 */
record Rules(
    List<ConnectRule> connects,
    NamePattern[][] groups,
    byte[] code,
    int publish,
    int subscribeAllow,
    int subscribeDeny,
    int subscribeFilter,
    int receiveDeny,
    int literalAllow,
    int literalDeny) {
  /**
   * A statement on CONNECT.
   *
   * @param inert why it never applies to this client, null when it may
   */
  record ConnectRule(int rank, boolean deny, List<NamePattern> clientIds, @Nullable Reason inert) {
    boolean names(String clientId, byte[] texts) {
      for (NamePattern pattern : clientIds) {
        if (pattern.matches(clientId, texts)) {
          return true;
        }
      }
      return false;
    }
  }

  /** Takes statements in; one thread. */
  static final class Builder {
    private static final NamePattern[] NO_GROUPS = {};

    private final Substitution substitution;
    private final Slots.Builder slots;
    private final List<ConnectRule> connects = new ArrayList<>();
    private final List<NamePattern[]> groups = new ArrayList<>();
    private final TrieBuilder publish = new TrieBuilder();
    private final TrieBuilder subscribeAllow = new TrieBuilder();
    private final TrieBuilder subscribeDeny = new TrieBuilder();
    private final TrieBuilder subscribeFilter = new TrieBuilder();
    private final TrieBuilder receiveDeny = new TrieBuilder();
    private final TrieBuilder literalAllow = new TrieBuilder();
    private final TrieBuilder literalDeny = new TrieBuilder();

    Builder(Substitution substitution, Slots.Builder slots) {
      this.substitution = substitution;
      this.slots = slots;
      groups.add(NO_GROUPS);
    }

    /**
     * @param where whether the connection is as the statement asks
     */
    void add(int rank, Statement statement, String ref, Truth where) {
      if (statement.isDeny() && where == Truth.NO) {
        return;
      }
      // An unknown makes an allow inert and lets a deny apply: both ways nothing is let through.
      Reason inert = !statement.isDeny() && where != Truth.YES ? Reason.CONDITION : null;
      if (statement.actions().contains(Action.CONNECT)) {
        connect(rank, statement, ref, inert);
      }
      int group = groups(statement, ref);
      Leaves rule = new Leaves(rank, statement, group, inert);
      Leaves unresolved =
          new Leaves(rank, statement, group, inert == null ? Reason.UNRESOLVED_VARIABLE : inert);
      for (TopicTemplate template : statement.topics()) {
        var topics = substitution.topics(template, statement, ref);
        for (Map<Attribute, String> values : topics.choices()) {
          addTopic(statement, slots.pattern(template, values), rule);
        }
        if (!topics.resolved()) {
          // In a deny the unknown matches any level; in an allow it only explains the refusal.
          LevelPattern widest = slots.pattern(template, topics.known());
          addTopic(statement, widest, statement.isDeny() ? rule : unresolved);
        }
      }
      for (TopicTemplate template : statement.literalFilters()) {
        var topics = substitution.topics(template, statement, ref);
        TrieBuilder literals = statement.isDeny() ? literalDeny : literalAllow;
        for (Map<Attribute, String> values : topics.choices()) {
          literals.add(slots.pattern(template, values), rule.subscribe);
        }
        if (!topics.resolved() && statement.isDeny()) {
          subscribeDeny.add(slots.pattern(template, topics.known()), rule.subscribe);
        }
      }
    }

    /** A statement as PUBLISH sees it, and as SUBSCRIBE and delivery do. */
    private record Leaves(long publish, long subscribe) {
      Leaves(int rank, Statement statement, int group, @Nullable Reason inert) {
        this(
            Rule.ofPublish(rank, statement, inert),
            Rule.ofSubscribe(rank, statement, group, inert));
      }
    }

    private int groups(Statement statement, String ref) {
      if (statement.shareGroups().isEmpty()) {
        return 0;
      }
      groups.add(names(statement.shareGroups(), statement, ref).patterns.toArray(NO_GROUPS));
      return groups.size() - 1;
    }

    private void connect(int rank, Statement statement, String ref, @Nullable Reason inert) {
      var names = names(statement.clientIds(), statement, ref);
      connects.add(new ConnectRule(rank, statement.isDeny(), names.patterns, inert));
      if (!names.resolved && !statement.isDeny()) {
        connects.add(
            new ConnectRule(
                rank,
                false,
                List.of(NamePattern.ANY),
                inert == null ? Reason.UNRESOLVED_VARIABLE : inert));
      }
    }

    private record Patterns(List<NamePattern> patterns, boolean resolved) {}

    /** In a deny, a name that is not known is any name. */
    private Patterns names(List<NameTemplate> templates, Statement statement, String ref) {
      var names = substitution.names(templates, statement, ref);
      if (!names.resolved() && statement.isDeny()) {
        return new Patterns(List.of(NamePattern.ANY), false);
      }
      List<NamePattern> patterns =
          names.names().stream().map(name -> slots.name(name.template(), name.values())).toList();
      return new Patterns(patterns, names.resolved());
    }

    private void addTopic(Statement statement, LevelPattern pattern, Leaves rule) {
      for (Action action : statement.actions()) {
        switch (action) {
          case CONNECT -> {}
          case PUBLISH -> {
            // A deny with share groups speaks of shared subscriptions only.
            if (!statement.isDeny() || statement.shareGroups().isEmpty()) {
              publish.add(pattern, rule.publish);
            }
          }
          case SUBSCRIBE -> subscribe(statement).add(pattern, rule.subscribe);
          case RECEIVE -> receiveDeny.add(pattern, rule.subscribe);
        }
      }
    }

    private TrieBuilder subscribe(Statement statement) {
      if (!statement.isDeny()) {
        return subscribeAllow;
      }
      return statement.overlap() == Overlap.FILTER ? subscribeFilter : subscribeDeny;
    }

    Rules build() {
      RuleCode.Writer code = new RuleCode.Writer();
      int publishRoot = publish.write(code);
      int allowRoot = subscribeAllow.write(code);
      int denyRoot = subscribeDeny.write(code);
      int filterRoot = subscribeFilter.write(code);
      int receiveRoot = receiveDeny.write(code);
      int literalAllowRoot = literalAllow.write(code);
      int literalDenyRoot = literalDeny.write(code);
      return new Rules(
          List.copyOf(connects),
          groups.toArray(NamePattern[][]::new),
          code.toBytes(),
          publishRoot,
          allowRoot,
          denyRoot,
          filterRoot,
          receiveRoot,
          literalAllowRoot,
          literalDenyRoot);
    }
  }
}
