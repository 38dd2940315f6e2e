package io.signalbox.acl.tool;

import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.decision.StatementView;
import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.Overlap;
import io.signalbox.acl.model.Where;
import io.signalbox.acl.subject.Subject;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What one client can do: every pattern that it is allowed, less the denied ones. An acl claim of
 * its token, which takes away, or gives where its issuer may, is named but not computed in.
 *
 * @param grants by action
 * @param notes variables without a value, and problems of an acl claim
 */
public record WhatCan(List<Entry> grants, List<Entry> denials, List<String> notes) {
  /**
   * One pattern for one action.
   *
   * @param pattern filter, or Client Identifier with {@code *} for any rest
   * @param literal whether only this very filter is meant
   * @param shareGroups of a SUBSCRIBE
   */
  public record Entry(
      Action action,
      String pattern,
      boolean literal,
      Where where,
      List<String> shareGroups,
      Overlap overlap,
      String statement) {}

  public WhatCan {
    grants = List.copyOf(grants);
    denials = List.copyOf(denials);
    notes = List.copyOf(notes);
  }

  public static WhatCan of(PolicyBundle bundle, Subject subject) {
    List<Entry> grants = new ArrayList<>();
    List<Entry> denials = new ArrayList<>();
    for (StatementView view : bundle.view(subject)) {
      if (view.applies()) {
        for (Action action : Action.values()) {
          if (view.statement().actions().contains(action)) {
            add(view, action, view.statement().isDeny() ? denials : grants);
          }
        }
      }
    }
    BoundPolicies bound = bundle.bind(subject);
    List<String> notes = new ArrayList<>();
    bound.unresolved().forEach(unresolved -> notes.add(unresolved.toString()));
    bound.claimProblems().forEach(problem -> notes.add("denied everything: " + problem));
    if (subject.token() != null && subject.token().claims().containsKey("acl")) {
      notes.add("the acl claim of the token is not computed in");
    }
    return new WhatCan(grants, denials, notes);
  }

  private static void add(StatementView view, Action action, List<Entry> entries) {
    if (action == Action.CONNECT) {
      view.clientIds().forEach(id -> entries.add(entry(view, action, id, false)));
      return;
    }
    for (StatementView.Pattern pattern : view.topics()) {
      pattern.filters().forEach(f -> entries.add(entry(view, action, f.toString(), false)));
      if (view.statement().isDeny()) {
        pattern.widest().ifPresent(f -> entries.add(entry(view, action, f.toString(), false)));
      }
    }
    if (action == Action.SUBSCRIBE) {
      for (StatementView.Pattern pattern : view.literalFilters()) {
        pattern.filters().forEach(f -> entries.add(entry(view, action, f.toString(), true)));
        if (view.statement().isDeny()) { // of no text that is known: refuses whatever it meets
          pattern
              .widest()
              .ifPresent(
                  f -> entries.add(entry(view, action, f.toString(), Overlap.REFUSE, false)));
        }
      }
    }
  }

  private static Entry entry(StatementView view, Action action, String pattern, boolean literal) {
    return entry(view, action, pattern, view.statement().overlap(), literal);
  }

  private static Entry entry(
      StatementView view, Action action, String pattern, Overlap overlap, boolean literal) {
    return new Entry(
        action,
        pattern,
        literal,
        view.statement().where(),
        view.shareGroups(),
        overlap,
        view.ref());
  }

  /** Whether these entries alone allow to publish. */
  public boolean mayPublish(String topic, int qos, boolean retain, int payloadBytes) {
    return denials.stream()
            .noneMatch(
                d ->
                    d.action == Action.PUBLISH
                        && d.where.retain().admits(retain)
                        && Filter.of(d.pattern).matches(topic))
        && grants.stream()
            .anyMatch(
                g ->
                    g.action == Action.PUBLISH
                        && g.where.retain().admits(retain)
                        && qos <= g.where.maxQos()
                        && payloadBytes <= g.where.maxPayloadBytes()
                        && Filter.of(g.pattern).matches(topic));
  }

  /** Whether these entries alone allow to subscribe, not shared. */
  public boolean maySubscribe(String text) {
    Filter filter = Filter.of(text);
    return denials.stream().noneMatch(d -> refuses(d, filter))
        && grants.stream()
            .anyMatch(
                g ->
                    g.action == Action.SUBSCRIBE
                        && (g.literal
                            ? Filter.of(g.pattern).equals(filter)
                            : Filter.of(g.pattern).contains(filter)));
  }

  private static boolean refuses(Entry deny, Filter filter) {
    if (deny.action != Action.SUBSCRIBE || !deny.shareGroups.isEmpty()) {
      return false;
    }
    Filter pattern = Filter.of(deny.pattern);
    if (deny.literal) {
      return pattern.equals(filter);
    }
    return deny.overlap == Overlap.FILTER ? pattern.contains(filter) : pattern.intersects(filter);
  }

  /** Whether these entries alone allow to connect. */
  public boolean mayConnect(String clientId) {
    return denials.stream().noneMatch(d -> names(d, clientId))
        && grants.stream().anyMatch(g -> names(g, clientId));
  }

  private static boolean names(Entry entry, String clientId) {
    if (entry.action != Action.CONNECT) {
      return false;
    }
    String pattern = entry.pattern;
    return pattern.endsWith("*")
        ? clientId.startsWith(pattern.substring(0, pattern.length() - 1))
        : clientId.equals(pattern);
  }

  /** A pattern a line under its action, with limits and the statement; then what is denied. */
  public String text() {
    StringBuilder text = new StringBuilder();
    if (grants.isEmpty()) {
      text.append("nothing\n");
    }
    for (Action action : Action.values()) {
      lines("may", action, grants, text);
      lines("may not", action, denials, text);
    }
    notes.forEach(note -> text.append("note: ").append(note).append('\n'));
    return text.toString();
  }

  private static void lines(String may, Action action, List<Entry> entries, StringBuilder text) {
    for (Entry entry : entries) {
      if (entry.action == action) {
        text.append(
            "%s %s %s%s%s  (%s)%n"
                .formatted(
                    may,
                    action.word(),
                    entry.literal ? "exactly " : "",
                    entry.pattern,
                    limits(entry),
                    entry.statement));
      }
    }
  }

  private static String limits(Entry entry) {
    List<String> limits = new ArrayList<>();
    Where where = entry.where;
    if (entry.action == Action.PUBLISH) {
      limits.add(
          switch (where.retain()) {
            case FORBID -> "not retained";
            case ALLOW -> "retained or not";
            case ONLY -> "only retained";
          });
    }
    if (where.maxQos() < 2 && entry.action != Action.CONNECT) {
      limits.add("QoS up to " + where.maxQos());
    }
    if (where.maxPayloadBytes() != Where.NO_MAX_PAYLOAD && entry.action == Action.PUBLISH) {
      limits.add("up to " + where.maxPayloadBytes() + " bytes");
    }
    if (entry.action == Action.SUBSCRIBE && !entry.shareGroups.isEmpty()) {
      limits.add("share groups " + entry.shareGroups.stream().collect(Collectors.joining(" or ")));
    }
    if (entry.overlap == Overlap.FILTER && entry.action == Action.SUBSCRIBE) {
      limits.add("dropped at delivery");
    }
    return limits.isEmpty() ? "" : ", " + String.join(", ", limits);
  }
}
