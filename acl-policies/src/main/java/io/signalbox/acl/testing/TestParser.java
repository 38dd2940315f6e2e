package io.signalbox.acl.testing;

import io.signalbox.acl.decision.Reason;
import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.Match.Condition;
import io.signalbox.acl.parser.MapReader;
import io.signalbox.acl.parser.MatchParser;
import io.signalbox.acl.source.Documents;
import io.signalbox.acl.source.Node;
import io.signalbox.acl.source.Node.Entry;
import io.signalbox.acl.source.Node.MapNode;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.testing.PolicyTest.Case;
import io.signalbox.acl.testing.PolicyTest.Invariant;
import io.signalbox.acl.testing.SubjectParser.Described;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Text to {@link PolicyTest}. */
public final class TestParser {
  /** Keys of a test file. */
  public static final List<String> KEYS = List.of("version", "principals", "cases", "invariants");

  /** What a case can ask; each is a key that holds the topic, filter or Client Identifier. */
  public static final List<String> REQUESTS =
      Arrays.stream(Action.values()).map(Action::word).toList();

  /** Keys of a case beside the request. */
  public static final List<String> CASE_KEYS =
      List.of("as", "qos", "retain", "payload", "expect", "by", "because", "grantedQos");

  /** Keys of an invariant. */
  public static final List<String> INVARIANT_KEYS = List.of("noone", "topic", "except");

  private static final Map<String, Boolean> EXPECTATIONS = expectations();

  private final Problems problems;
  private final Map<String, Described> principals = new HashMap<>();

  private TestParser(Problems problems) {
    this.problems = problems;
  }

  /**
   * @return empty when {@code problems} grew
   */
  public static Optional<PolicyTest> parse(
      String file, String text, SourceLimits limits, Problems problems) {
    int before = problems.count();
    return Documents.read(file, text, limits, problems)
        .flatMap(node -> MapReader.of(node, "a test file", KEYS, problems))
        .map(reader -> new TestParser(problems).read(file, reader))
        .filter(_ -> problems.count() == before);
  }

  private PolicyTest read(String file, MapReader reader) {
    if (reader.required("version").isPresent()) {
      reader.integer("version", 1, 1);
    }
    if (reader.node("principals").orElse(null) instanceof MapNode map) {
      for (Entry entry : map.entries()) {
        SubjectParser.parse(entry.value(), problems)
            .ifPresent(described -> principals.put(entry.key(), described));
      }
    } else if (reader.has("principals")) {
      problems.add(reader.position("principals"), "\"principals\" is a map from names to clients");
    }
    List<Case> cases = new ArrayList<>();
    for (Node item : reader.items("cases")) {
      readCase(item).ifPresent(cases::add);
    }
    List<Invariant> invariants = new ArrayList<>();
    for (Node item : reader.items("invariants")) {
      invariant(item).ifPresent(invariants::add);
    }
    if (!reader.has("cases") && !reader.has("invariants")) {
      problems.add(reader.position(), "a test file needs \"cases\" or \"invariants\"");
    }
    return new PolicyTest(file, cases, invariants);
  }

  private Optional<Case> readCase(Node node) {
    List<String> keys = new ArrayList<>(CASE_KEYS);
    keys.addAll(REQUESTS);
    Optional<MapReader> read = MapReader.of(node, "a case", keys, problems);
    if (read.isEmpty()) {
      return Optional.empty();
    }
    MapReader reader = read.get();
    List<String> asked = REQUESTS.stream().filter(reader::has).toList();
    if (asked.size() != 1) {
      problems.add(reader.position(), "a case has exactly one of " + String.join(", ", REQUESTS));
      return Optional.empty();
    }
    String name = reader.required("as").isPresent() ? reader.text("as").orElse("") : "";
    Described described = principals.get(name);
    if (described == null) {
      if (!name.isEmpty()) {
        problems.add(
            reader.position("as"), "there is no principal \"%s\" in this file".formatted(name));
      }
      return Optional.empty();
    }
    Action action = Action.valueOf(asked.getFirst().toUpperCase(Locale.ROOT));
    Optional<String> request = reader.text(asked.getFirst());
    Optional<Boolean> expected =
        reader.required("expect").isPresent()
            ? reader.word("expect", EXPECTATIONS)
            : Optional.empty();
    if (request.isEmpty() || expected.isEmpty()) {
      return Optional.empty();
    }
    checkRequest(reader, asked.getFirst(), action, request.get());
    checkFlags(reader, action, expected.get());
    return Optional.of(
        new Case(
            reader.position(),
            name,
            action == Action.CONNECT
                ? described.subject().with().clientId(request.get()).build()
                : described.subject(),
            described.attached(),
            action,
            request.get(),
            reader.integer("qos", 0, 2).orElse(0),
            reader.bool("retain").orElse(false),
            reader.integer("payload", 0, 268_435_455).orElse(0),
            expected.get(),
            reader.text("by"),
            because(reader),
            reader.integer("grantedQos", 0, 2)));
  }

  private void checkRequest(MapReader reader, String key, Action action, String request) {
    if (action == Action.PUBLISH || action == Action.RECEIVE) {
      String fault = Filter.topicFault(request);
      if (!fault.isEmpty()) {
        problems.add(reader.position(key), "\"" + request + "\": " + fault);
      }
    }
  }

  private void checkFlags(MapReader reader, Action action, boolean allowed) {
    refuse(reader, "retain", action == Action.PUBLISH, "publish");
    refuse(reader, "payload", action == Action.PUBLISH, "publish");
    refuse(
        reader,
        "qos",
        action == Action.PUBLISH || action == Action.SUBSCRIBE,
        "publish, subscribe");
    refuse(reader, "grantedQos", action == Action.SUBSCRIBE && allowed, "an allowed subscribe");
    refuse(reader, "because", !allowed, "\"expect: deny\"");
  }

  private void refuse(MapReader reader, String key, boolean fits, String with) {
    if (reader.has(key) && !fits) {
      problems.add(reader.position(key), "\"%s\" only goes with %s".formatted(key, with));
    }
  }

  private Optional<String> because(MapReader reader) {
    Map<String, String> words = new LinkedHashMap<>();
    for (Reason reason : Reason.values()) {
      if (reason != Reason.ALLOWED) {
        words.put(reason.word(), reason.word());
      }
    }
    return reader.word("because", words);
  }

  private Optional<Invariant> invariant(Node node) {
    Optional<MapReader> read = MapReader.of(node, "an invariant", INVARIANT_KEYS, problems);
    if (read.isEmpty()) {
      return Optional.empty();
    }
    MapReader reader = read.get();
    Map<String, Action> actions = Map.of("publish", Action.PUBLISH, "subscribe", Action.SUBSCRIBE);
    Optional<Action> action =
        reader.required("noone").isPresent() ? reader.word("noone", actions) : Optional.empty();
    List<Filter> region =
        reader.required("topic").isPresent() ? reader.many("topic", Filter::of) : List.of();
    List<Condition> except = new ArrayList<>();
    for (Node item : reader.items("except")) {
      MatchParser.parseCondition(item, "a condition of \"except\"", problems)
          .ifPresent(except::add);
    }
    if (region.size() > 1) {
      problems.add(reader.position("topic"), "an invariant has one \"topic\"; write another one");
    }
    return action.isPresent() && region.size() == 1
        ? Optional.of(new Invariant(reader.position(), action.get(), region.getFirst(), except))
        : Optional.empty();
  }

  private static Map<String, Boolean> expectations() {
    Map<String, Boolean> words = new LinkedHashMap<>();
    words.put("allow", true);
    words.put("deny", false);
    return words;
  }
}
