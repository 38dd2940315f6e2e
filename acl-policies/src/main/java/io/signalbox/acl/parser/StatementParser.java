package io.signalbox.acl.parser;

import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.Effect;
import io.signalbox.acl.model.NameTemplate;
import io.signalbox.acl.model.Overlap;
import io.signalbox.acl.model.Statement;
import io.signalbox.acl.model.TopicTemplate;
import io.signalbox.acl.model.Where;
import io.signalbox.acl.source.Node;
import io.signalbox.acl.source.Problems;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One entry of {@code statements}: its keys, and which of them belong together. */
public final class StatementParser {
  /** In the order in which the formatter writes them. */
  public static final List<String> KEYS =
      List.of(
          "id",
          "description",
          "effect",
          "actions",
          "clientIds",
          "topics",
          "literalFilters",
          "shareGroups",
          "overlap",
          "where");

  private final Problems problems;
  private final Optional<String> defaultId;

  StatementParser(Problems problems, Optional<String> defaultId) {
    this.problems = problems;
    this.defaultId = defaultId;
  }

  Optional<Statement> parse(Node node) {
    int before = problems.count();
    return MapReader.of(node, "a statement", KEYS, problems)
        .map(this::statement)
        .filter(_ -> problems.count() == before);
  }

  private Statement statement(MapReader reader) {
    String id =
        defaultId.isPresent() && !reader.has("id")
            ? defaultId.get()
            : reader.required("id").isPresent() ? reader.text("id").orElse("?") : "?";
    PolicyParser.checkName(reader.position("id"), "the id of a statement", id, problems);
    Effect effect =
        reader.required("effect").isPresent()
            ? reader.word("effect", Words.EFFECTS).orElse(Effect.DENY)
            : Effect.DENY;
    Set<Action> actions = EnumSet.noneOf(Action.class);
    if (reader.required("actions").isPresent()) {
      actions.addAll(reader.words("actions", Words.ACTIONS));
    }
    List<NameTemplate> clientIds = reader.many("clientIds", NameTemplate::of);
    List<TopicTemplate> topics = reader.many("topics", TopicTemplate::of);
    List<TopicTemplate> literalFilters = reader.many("literalFilters", TopicTemplate::of);
    List<NameTemplate> shareGroups = reader.many("shareGroups", NameTemplate::of);
    Overlap overlap = reader.word("overlap", Words.OVERLAP).orElse(Overlap.REFUSE);
    if (!actions.isEmpty()) {
      new Fit(reader, effect, actions).check();
    }
    Where where =
        reader
            .node("where")
            .map(node -> WhereParser.parse(node, effect, actions, problems))
            .orElse(Where.nothing(effect));
    return new Statement(
        reader.position(),
        id,
        reader.text("description").orElse(""),
        effect,
        actions,
        clientIds,
        topics,
        literalFilters,
        shareGroups,
        overlap,
        where);
  }

  /** Which keys go with which actions and effects. */
  private final class Fit {
    private final MapReader reader;
    private final Effect effect;
    private final Set<Action> actions;

    Fit(MapReader reader, Effect effect, Set<Action> actions) {
      this.reader = reader;
      this.effect = effect;
      this.actions = actions;
    }

    void check() {
      boolean connect = actions.contains(Action.CONNECT);
      boolean subscribe = actions.contains(Action.SUBSCRIBE);
      boolean onTopics = actions.size() > (connect ? 1 : 0);
      need(connect && !reader.has("clientIds"), "connect", "clientIds", "[\"*\"] means any");
      need(
          onTopics && !reader.has("topics") && !reader.has("literalFilters"),
          "publish, subscribe and receive",
          "topics",
          "[\"#\"] means all");
      refuse("clientIds", connect, "\"actions: [connect]\"");
      refuse("topics", onTopics, "publish, subscribe or receive");
      refuse("literalFilters", subscribe, "\"actions: [subscribe]\"");
      refuse("shareGroups", subscribe, "\"actions: [subscribe]\"");
      refuse("overlap", subscribe && effect == Effect.DENY, "a deny of subscribe");
      if (reader.has("literalFilters") && !reader.has("topics") && onTopics) {
        boolean more = actions.contains(Action.PUBLISH) || actions.contains(Action.RECEIVE);
        need(more, "publish and receive", "topics", "\"literalFilters\" is about subscribe only");
      }
      if (effect == Effect.DENY
          && reader.has("shareGroups")
          && (actions.size() > 1 || reader.has("overlap"))) {
        problems.add(
            reader.position("shareGroups"),
            "a deny with \"shareGroups\" is about joining groups: \"actions\" is [subscribe] and"
                + " there is no \"overlap\"");
      }
      if (effect == Effect.ALLOW && actions.contains(Action.RECEIVE)) {
        problems.add(
            reader.position("actions"),
            "an allow of receive does nothing: what may be subscribed to may be received; remove"
                + " it");
      }
    }

    private void need(boolean missing, String action, String key, String hint) {
      if (missing) {
        problems.add(
            reader.position(), "a statement on %s needs \"%s\"; %s".formatted(action, key, hint));
      }
    }

    private void refuse(String key, boolean fits, String with) {
      if (reader.has(key) && !fits) {
        problems.add(reader.position(key), "\"%s\" only goes with %s".formatted(key, with));
      }
    }
  }
}
