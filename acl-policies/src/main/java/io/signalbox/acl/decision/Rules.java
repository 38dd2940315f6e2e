package io.signalbox.acl.decision;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.NameTemplate;
import io.signalbox.acl.model.Overlap;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.model.Where.Truth;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Statements taken apart by what is asked.
 *
 * @param connects in order of rank
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
    RuleTrie publish,
    RuleTrie subscribeAllow,
    RuleTrie subscribeDeny,
    RuleTrie subscribeFilter,
    RuleTrie receiveDeny,
    Map<String, List<Rule>> literalAllow,
    Map<String, List<Rule>> literalDeny) {
  static final Rules EMPTY = new Builder().build();

  /**
   * A statement on CONNECT.
   *
   * @param inert why it never applies to this client, null when it may
   */
  record ConnectRule(int rank, boolean deny, List<NamePattern> clientIds, @Nullable Reason inert) {
    boolean names(String clientId) {
      for (NamePattern pattern : clientIds) {
        if (pattern.matches(clientId)) {
          return true;
        }
      }
      return false;
    }
  }

  /** Takes statements in; one thread. */
  static final class Builder {
    private final List<ConnectRule> connects = new ArrayList<>();
    private final RuleTrie.Builder publish = new RuleTrie.Builder();
    private final RuleTrie.Builder subscribeAllow = new RuleTrie.Builder();
    private final RuleTrie.Builder subscribeDeny = new RuleTrie.Builder();
    private final RuleTrie.Builder subscribeFilter = new RuleTrie.Builder();
    private final RuleTrie.Builder receiveDeny = new RuleTrie.Builder();
    private final Map<String, List<Rule>> literalAllow = new HashMap<>();
    private final Map<String, List<Rule>> literalDeny = new HashMap<>();

    /**
     * @param where whether the connection is as the statement asks
     */
    void add(int rank, Statement statement, String ref, Truth where, Substitution substitution) {
      if (statement.isDeny() && where == Truth.NO) {
        return;
      }
      // An unknown makes an allow inert and lets a deny apply: both ways nothing is let through.
      Reason inert = !statement.isDeny() && where != Truth.YES ? Reason.CONDITION : null;
      if (statement.actions().contains(Action.CONNECT)) {
        connect(rank, statement, ref, inert, substitution);
      }
      List<NamePattern> groups = List.of();
      if (!statement.shareGroups().isEmpty()) {
        groups = names(statement.shareGroups(), statement, ref, substitution).patterns();
      }
      Leaves rule = new Leaves(rank, statement, groups, inert);
      Leaves unresolved =
          new Leaves(rank, statement, groups, inert == null ? Reason.UNRESOLVED_VARIABLE : inert);
      for (TopicTemplate template : statement.topics()) {
        var topics = substitution.topics(template, statement, ref);
        for (Filter filter : topics.filters()) {
          addTopic(statement, filter, rule);
        }
        if (!topics.resolved()) {
          // In a deny the unknown matches any level; in an allow it only explains the refusal.
          addTopic(statement, topics.widest(), statement.isDeny() ? rule : unresolved);
        }
      }
      for (TopicTemplate template : statement.literalFilters()) {
        var topics = substitution.topics(template, statement, ref);
        Map<String, List<Rule>> literals = statement.isDeny() ? literalDeny : literalAllow;
        for (Filter filter : topics.filters()) {
          literals.computeIfAbsent(filter.toString(), _ -> new ArrayList<>(1)).add(rule.subscribe);
        }
        if (!topics.resolved() && statement.isDeny()) {
          subscribeDeny.add(topics.widest(), rule.subscribe);
        }
      }
    }

    /** A statement as PUBLISH sees it, and as SUBSCRIBE and delivery do. */
    private record Leaves(Rule publish, Rule subscribe) {
      Leaves(int rank, Statement statement, List<NamePattern> groups, @Nullable Reason inert) {
        this(
            new Rule(rank, statement, true, groups, inert),
            new Rule(rank, statement, false, groups, inert));
      }
    }

    private void connect(
        int rank,
        Statement statement,
        String ref,
        @Nullable Reason inert,
        Substitution substitution) {
      var names = names(statement.clientIds(), statement, ref, substitution);
      connects.add(new ConnectRule(rank, statement.isDeny(), names.patterns(), inert));
      if (!names.resolved() && !statement.isDeny()) {
        connects.add(
            new ConnectRule(
                rank,
                false,
                List.of(NamePattern.ANY),
                inert == null ? Reason.UNRESOLVED_VARIABLE : inert));
      }
    }

    /** In a deny, a name that is not known is any name. */
    private static Substitution.Names names(
        List<NameTemplate> templates, Statement statement, String ref, Substitution substitution) {
      var names = substitution.names(templates, statement, ref);
      return names.resolved() || !statement.isDeny()
          ? names
          : new Substitution.Names(List.of(NamePattern.ANY), false);
    }

    private void addTopic(Statement statement, Filter filter, Leaves rule) {
      for (Action action : statement.actions()) {
        switch (action) {
          case CONNECT -> {}
          case PUBLISH -> publish.add(filter, rule.publish);
          case SUBSCRIBE -> subscribe(statement).add(filter, rule.subscribe);
          case RECEIVE -> receiveDeny.add(filter, rule.subscribe);
        }
      }
    }

    private RuleTrie.Builder subscribe(Statement statement) {
      if (!statement.isDeny()) {
        return subscribeAllow;
      }
      return statement.overlap() == Overlap.FILTER ? subscribeFilter : subscribeDeny;
    }

    Rules build() {
      return new Rules(
          List.copyOf(connects),
          build(publish),
          build(subscribeAllow),
          build(subscribeDeny),
          build(subscribeFilter),
          build(receiveDeny),
          Map.copyOf(literalAllow),
          Map.copyOf(literalDeny));
    }

    private static RuleTrie build(RuleTrie.Builder builder) {
      return builder.isEmpty() ? RuleTrie.EMPTY : builder.build();
    }
  }
}
