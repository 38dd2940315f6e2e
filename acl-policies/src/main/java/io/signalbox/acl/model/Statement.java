package io.signalbox.acl.model;

import io.signalbox.acl.source.Position;
import java.util.List;
import java.util.Set;

/**
 * One rule of a policy.
 *
 * @param id unique in its policy
 * @param clientIds for CONNECT
 * @param topics patterns for PUBLISH, SUBSCRIBE and RECEIVE
 * @param literalFilters for SUBSCRIBE: exactly these Topic Filters, wildcards taken as text
 * @param shareGroups for SUBSCRIBE; an allow without any does not grant shared subscriptions, a
 *     deny with some speaks of shared subscriptions only
 * @param overlap of a deny on SUBSCRIBE
 */
public record Statement(
    Position position,
    String id,
    String description,
    Effect effect,
    Set<Action> actions,
    List<NameTemplate> clientIds,
    List<TopicTemplate> topics,
    List<TopicTemplate> literalFilters,
    List<NameTemplate> shareGroups,
    Overlap overlap,
    Where where) {
  public Statement {
    actions = Set.copyOf(actions);
    clientIds = List.copyOf(clientIds);
    topics = List.copyOf(topics);
    literalFilters = List.copyOf(literalFilters);
    shareGroups = List.copyOf(shareGroups);
  }

  public boolean isDeny() {
    return effect == Effect.DENY;
  }
}
