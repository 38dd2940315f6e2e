package io.signalbox.acl.parser;

import io.signalbox.acl.model.Glob;
import io.signalbox.acl.model.Match;
import io.signalbox.acl.model.Match.Condition;
import io.signalbox.acl.model.Match.Test;
import io.signalbox.acl.source.Node;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Attribute.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** {@code match}: which clients a policy binds to; the same conditions serve tests and tools. */
public final class MatchParser {
  /** Ways to combine conditions. */
  public static final List<String> COMBINATIONS = List.of("all", "any", "not");

  /** What a condition may look at. */
  public static final List<String> CONDITION_KEYS =
      List.of(
          "everyone", "cert", "jwt", "device", "group", "user", "listener", "transport", "auth");

  private static final List<String> MATCH_KEYS =
      Stream.concat(COMBINATIONS.stream(), CONDITION_KEYS.stream()).toList();

  /** Fields under {@code cert} and the attribute that each compares. */
  public static final Map<String, Kind> CERT_FIELDS = certFields();

  /** Fields under {@code jwt}; {@code claims} is a map of its own. */
  public static final Map<String, Kind> JWT_FIELDS = jwtFields();

  private static final Map<String, Kind> PLAIN_FIELDS =
      Map.of(
          "group", Kind.GROUP,
          "user", Kind.USER_NAME,
          "listener", Kind.LISTENER,
          "transport", Kind.TRANSPORT,
          "auth", Kind.AUTH_METHOD);

  private final Problems problems;

  private MatchParser(Problems problems) {
    this.problems = problems;
  }

  /** The value of {@code match}; empty when {@code problems} grew. */
  public static Optional<Match> parse(Node node, Problems problems) {
    return new MatchParser(problems).match(node);
  }

  /** One condition, as {@code except} of an invariant has it. */
  public static Optional<Condition> parseCondition(Node node, String what, Problems problems) {
    return MapReader.of(node, what, CONDITION_KEYS, problems)
        .map(reader -> new MatchParser(problems).condition(reader));
  }

  private Optional<Match> match(Node node) {
    Optional<MapReader> read = MapReader.of(node, "\"match\"", MATCH_KEYS, problems);
    if (read.isEmpty()) {
      return Optional.empty();
    }
    MapReader reader = read.get();
    boolean combined = reader.hasAny(COMBINATIONS);
    boolean direct = reader.hasAny(CONDITION_KEYS);
    if (combined == direct) {
      problems.add(
          reader.position(),
          combined
              ? "\"match\" mixes all, any, not with conditions; put the conditions under \"all\""
              : "\"match\" is empty; \"everyone: true\" binds to every client");
      return Optional.empty();
    }
    return Optional.of(
        combined
            ? new Match(
                conditions(reader, "all"), conditions(reader, "any"), conditions(reader, "not"))
            : new Match(List.of(condition(reader)), List.of(), List.of()));
  }

  private List<Condition> conditions(MapReader reader, String key) {
    List<Condition> conditions = new ArrayList<>();
    for (Node item : reader.items(key)) {
      parseCondition(item, "a condition of \"" + key + "\"", problems).ifPresent(conditions::add);
    }
    return conditions;
  }

  private Condition condition(MapReader reader) {
    List<Test> tests = new ArrayList<>();
    if (reader.has("everyone") && !reader.bool("everyone").orElse(true)) {
      problems.add(reader.position("everyone"), "\"everyone\" is true or absent");
    }
    reader.node("cert").ifPresent(node -> fields(node, "\"cert\"", CERT_FIELDS, List.of(), tests));
    reader.node("jwt").ifPresent(node -> jwt(node, tests));
    reader.node("device").ifPresent(node -> device(node, tests));
    for (String key : CONDITION_KEYS) {
      Kind kind = PLAIN_FIELDS.get(key);
      if (kind != null && reader.has(key)) {
        test(new Attribute(kind), reader.items(key), "\"" + key + "\"", tests);
      }
    }
    if (tests.isEmpty() && !reader.has("everyone")) {
      problems.add(reader.position(), "this condition is empty and would hold for every client");
    }
    return new Condition(tests);
  }

  private MapReader fields(
      Node node, String what, Map<String, Kind> fields, List<String> more, List<Test> tests) {
    List<String> keys = new ArrayList<>(fields.keySet());
    keys.addAll(more);
    MapReader reader =
        MapReader.of(node, what, keys, problems)
            .orElseGet(
                () ->
                    new MapReader(
                        new Node.MapNode(node.position(), List.of()), what, keys, problems));
    fields.forEach(
        (key, kind) -> {
          if (reader.has(key)) {
            test(new Attribute(kind), reader.items(key), "\"" + key + "\" of " + what, tests);
          }
        });
    return reader;
  }

  private void jwt(Node node, List<Test> tests) {
    fields(node, "\"jwt\"", JWT_FIELDS, List.of("claims"), tests)
        .node("claims")
        .ifPresent(claims -> named(claims, Kind.JWT_CLAIM, "\"claims\"", tests));
  }

  private void device(Node node, List<Test> tests) {
    fields(node, "\"device\"", Map.of("id", Kind.DEVICE_ID), List.of("attr"), tests)
        .node("attr")
        .ifPresent(names -> named(names, Kind.DEVICE_ATTRIBUTE, "\"attr\"", tests));
  }

  private void named(Node node, Kind kind, String what, List<Test> tests) {
    MapReader.freeMap(node, what, problems)
        .forEach(
            (name, values) -> {
              try {
                test(new Attribute(kind, name), values, "\"" + name + "\" of " + what, tests);
              } catch (IllegalArgumentException e) {
                problems.add(node.position(), String.valueOf(e.getMessage()));
              }
            });
  }

  private void test(Attribute attribute, List<Node> values, String what, List<Test> tests) {
    List<Glob> globs = new ArrayList<>();
    for (Node value : values) {
      MapReader.text(value, what, problems)
          .ifPresent(
              text -> {
                try {
                  Glob glob = glob(normalized(attribute.kind(), text));
                  requireWord(attribute.kind(), glob);
                  globs.add(glob);
                } catch (IllegalArgumentException e) {
                  problems.add(value.position(), what + ": " + e.getMessage());
                }
              });
    }
    tests.add(new Test(attribute, globs));
  }

  static Glob glob(String text) {
    if (text.contains("${")) {
      throw new IllegalArgumentException(
          "\"" + text + "\" holds a variable; here only fixed values and \"*\" are compared");
    }
    return new Glob(text);
  }

  /** Another word than these no client has: a policy that denies would bind to nobody. */
  private static void requireWord(Kind kind, Glob glob) {
    Set<String> words =
        switch (kind) {
          case TRANSPORT -> Words.TRANSPORTS.keySet();
          case AUTH_METHOD -> Words.AUTH_METHODS.keySet();
          default -> Set.of();
        };
    if (!words.isEmpty() && words.stream().noneMatch(glob::matches)) {
      String hint = Suggestion.among(words, glob.text());
      throw new IllegalArgumentException(
          "\"%s\" holds for no client%s there are %s"
              .formatted(glob.text(), hint.isEmpty() ? ";" : hint, String.join(", ", words)));
    }
  }

  /** Tools print fingerprints and serials in several ways; they are compared in one. */
  private static String normalized(Kind kind, String text) {
    return kind == Kind.CERT_FINGERPRINT || kind == Kind.CERT_SERIAL
        ? text.replace(":", "").toLowerCase(Locale.ROOT)
        : text;
  }

  private static Map<String, Kind> certFields() {
    Map<String, Kind> fields = new LinkedHashMap<>();
    fields.put("ca", Kind.CERT_CA);
    fields.put("cn", Kind.CERT_CN);
    fields.put("serial", Kind.CERT_SERIAL);
    fields.put("fingerprint", Kind.CERT_FINGERPRINT);
    fields.put("issuerCn", Kind.CERT_ISSUER_CN);
    fields.put("ou", Kind.CERT_OU);
    fields.put("dnsSan", Kind.CERT_DNS_SAN);
    fields.put("uriSan", Kind.CERT_URI_SAN);
    fields.put("emailSan", Kind.CERT_EMAIL_SAN);
    return fields;
  }

  private static Map<String, Kind> jwtFields() {
    Map<String, Kind> fields = new LinkedHashMap<>();
    fields.put("issuer", Kind.JWT_ISSUER);
    fields.put("sub", Kind.JWT_SUB);
    fields.put("aud", Kind.JWT_AUD);
    return fields;
  }
}
