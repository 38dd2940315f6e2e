package io.signalbox.acl.parser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.PolicyJson;
import io.signalbox.acl.source.Problem;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Messages are an interface to people: where, what, and what to do. */
class PolicyProblemsTest {
  private static final String AUTH_METHODS = String.join(", ", Words.AUTH_METHODS.keySet());

  private static final String HEAD = "version: 1\nname: p\nstatements:\n";

  @Test
  void saysWhatTheLargestPayloadIs() {
    String text =
        """
        version: 1
        name: p
        match: { everyone: true }
        statements:
          - { id: s, effect: allow, actions: [publish], topics: [a], where: { maxPayload: %s } }
        """;
    assertProblems(
        text.formatted("256MiB"),
        "x.yaml:5:83: \"maxPayload\": 256MiB is above 268435455 bytes, the largest packet of MQTT;"
            + " leave maxPayload out for no limit");
    assertProblems(text.formatted(268_435_455));
  }

  @Test
  void reportsAllProblemsOfAFileAtOnce() {
    assertProblems(
        """
        version: 2
        name: pump station
        matches: { group: pumps }
        statements:
          - id: data
            effect: alow
            actions: [publish, subscribe]
            topcs: ["pump/#/x"]
          - id: data
            effect: allow
            actions: [connect]
            topics: ["a/b"]
            where: { maxQos: 3, maxPayload: 1GB }
        """,
        "x.yaml:1:10: \"version\": 2 is outside 1..1",
        "x.yaml:2:7: the name of a policy has 1 to 128 letters, digits, \".\", \"_\" and \"-\", and"
            + " \"pump station\" does not fit",
        "x.yaml:3:1: unknown key \"matches\" in a policy; did you mean \"match\"?",
        "x.yaml:5:5: a statement on publish, subscribe and receive needs \"topics\"; [\"#\"] means"
            + " all",
        "x.yaml:6:13: \"alow\" is no value of \"effect\"; did you mean \"allow\"? there are allow,"
            + " deny",
        "x.yaml:8:5: unknown key \"topcs\" in a statement; did you mean \"topics\"?",
        "x.yaml:9:5: a statement on connect needs \"clientIds\"; [\"*\"] means any",
        "x.yaml:12:13: \"topics\" only goes with publish, subscribe or receive",
        "x.yaml:13:22: \"maxQos\" only goes with \"actions\" that hold publish or subscribe",
        "x.yaml:13:22: \"maxQos\": 3 is outside 0..2",
        "x.yaml:13:37: \"maxPayload\" only goes with \"actions\" that hold publish",
        "x.yaml:13:37: \"maxPayload\" is a size such as 512B, 64KiB or 1MiB");
  }

  @Test
  void refusesAMatchThatHoldsForNoClient() {
    assertProblems(
        """
        version: 1
        name: p
        match:
          any:
            - transport: [tls, "ws*"]
            - auth: "cert"
            - transport: "*tts"
              auth: "*"
          not:
            - auth: jwt-token
        statements:
          - { id: a, effect: deny, actions: [connect], clientIds: ["*"] }
        """,
        "x.yaml:5:19: \"transport\": \"tls\" holds for no client; there are mqtt, mqtts, ws, wss",
        "x.yaml:6:13: \"auth\": \"cert\" holds for no client; there are " + AUTH_METHODS,
        "x.yaml:10:13: \"auth\": \"jwt-token\" holds for no client; there are " + AUTH_METHODS);
  }

  @Test
  void refusesTheTrapsOfYaml() {
    assertProblem("name: &a p\n", "1:7: anchor \"&a\" is not allowed");
    assertProblem("name: *a\n", "1:7: alias \"*a\" is not allowed");
    assertProblem("<<: { name: p }\n", "1:1: merge key \"<<\" is not allowed");
    assertProblem("name: !!str 7\n", "tag \"tag:yaml.org,2002:str\" is not allowed");
    assertProblem("{ [a]: b }\n", "a key is a plain text");
    assertProblem("name: a\n---\nname: b\n", "2:1: a file holds one document");
    assertProblem(
        "name: a\nname: b\n", "2:1: key \"name\" stands twice in this map, first in line 1");
    assertProblem("name: 'a\n", "this is no YAML");
    assertProblem("name: a\n\tb: c\n", "this is no YAML");
    assertProblem("", "1:1: the document is empty");
    assertProblem("# only a comment\n", "the document is empty");
    assertProblem("- a\n", "1:1: a policy is a map of keys and values, this is a list");
  }

  /** Found by fuzzing: everything else in it is right, and which of the two counts is not. */
  @Test
  void aKeyThatStandsTwiceLeavesNoPolicy() {
    String twice =
        """
        version: 1
        name: p
        match: { group: some }
        match: { everyone: true }
        statements: [{ id: s, effect: allow, actions: [publish], topics: ["#"] }]
        """;
    var problems = new Problems();
    assertEquals(
        Optional.empty(),
        PolicyParser.parse("test", "x.yaml", twice, SourceLimits.DEFAULTS, problems));
    assertEquals(1, problems.count());
  }

  @Test
  void refusesWordsThatYamlVersionsReadDifferently() {
    for (String word :
        List.of("yes", "No", "on", "OFF", "y", "N", "TRUE", "2026-01-01", "0x1F", "1_000", "1e3")) {
      assertProblem(HEAD.replace("name: p", "name: " + word), "write \"" + word + "\"");
    }
    assertProblem(HEAD.replace("name: p", "name: 7"), "without quotes is a number");
    assertProblem(HEAD.replace("name: p", "name: true"), "without quotes is a boolean");
    assertProblem(HEAD.replace("name: p", "name:"), "is empty");
    assertProblem(
        statement("actions: [publish], topics: [#]").replace("[#]", "[ #\n]"),
        "\"topics\" is an empty list");
  }

  @Test
  void refusesPatternsThatAreNoFilters() {
    assertProblem(pattern("a/b#"), "a wildcard stands alone in its level, \\\"b#\\\" does not");
    assertProblem(pattern("a/#/b"), "is only allowed as the last level");
    assertProblem(pattern("dev+${client.id}"), "a wildcard stands alone");
    assertProblem(pattern(""), "a topic filter is not empty");
    assertProblem(pattern("a\\0b"), "holds no NUL");
    assertProblem(pattern("a/${client.id"), "is not closed by");
    assertProblem(
        pattern("a/${clientId}"), "unknown variable \\\"${clientId}\\\"; there are client.id");
    assertProblem(pattern("a/${}"), "unknown variable");
    assertProblem(pattern("a/${jwt.claim.a..b}"), "has an empty name");
    assertProblem(pattern("a/${cert.ca}"), "unknown variable");
    assertProblem(pattern("$share/g/a"), "shareGroups");
    assertProblem(pattern("$share"), "shareGroups");
    assertProblem(pattern("$x${client.id}/a"), "a first level that starts with \\\"$\\\"");
    assertProblem(pattern("a/".repeat(100) + "a"), "at most 100 levels, this one has 101");
    assertProblem(pattern("a".repeat(65_536)), "at most 65535 bytes");
  }

  @Test
  void keepsKeysWithTheActionsTheyBelongTo() {
    assertProblem(
        statement("actions: [publish], topics: [a], shareGroups: [g]"),
        "\"shareGroups\" only goes with \"actions: [subscribe]\"");
    assertProblem(
        statement("actions: [publish], topics: [a], clientIds: [g]"),
        "\"clientIds\" only goes with \"actions: [connect]\"");
    assertProblem(
        statement("actions: [subscribe], topics: [a], overlap: filter"),
        "\"overlap\" only goes with a deny of subscribe");
    assertProblem(statement("actions: [receive], topics: [a]"), "an allow of receive does nothing");
    assertProblem(
        statement("actions: [publish, subscribe], literalFilters: [a]"),
        "a statement on publish and receive needs \"topics\"");
    assertProblem(
        statement("actions: [connect], clientIds: [\"a*b\"]"),
        "only allowed as the last character");
    assertProblem(
        deny("actions: [publish], topics: [a], where: { maxQos: 1 }"),
        "\"maxQos\" limits an allow");
    assertProblem(
        deny("actions: [publish], topics: [a], where: { retain: forbid }"),
        "on a deny \"retain\" is \"only\"");
    assertProblem(
        deny("actions: [subscribe, receive], topics: [a], shareGroups: [g]"),
        "a deny with \"shareGroups\" is about joining groups");
    assertProblem(statement("actions: [], topics: [a]"), "\"actions\" is an empty list");
  }

  @Test
  void refusesConditionsThatHoldForNobodyOrByAccidentForAll() {
    assertProblem(
        "match: {}\n" + HEAD, "\"match\" is empty; \"everyone: true\" binds to every client");
    assertProblem("match: { any: [{}] }\n" + HEAD, "this condition is empty");
    assertProblem("match: { cert: {} }\n" + HEAD, "this condition is empty");
    assertProblem(
        "match: { any: [{group: a}], group: b }\n" + HEAD, "put the conditions under \"all\"");
    assertProblem("match: { everyone: false }\n" + HEAD, "\"everyone\" is true or absent");
    assertProblem("match: { group: \"\" }\n" + HEAD, "is not empty");
    assertProblem("match: { group: \"${client.id}\" }\n" + HEAD, "holds a variable");
    assertProblem("match: { jwt: { claims: { \"a[\": b } } }\n" + HEAD, "claim path");
    assertProblem("match: { jwt: { claims: { r: [] } } }\n" + HEAD, "\"r\" is an empty list");
    assertProblem("match: { device: { attr: { a: [] } } }\n" + HEAD, "\"a\" is an empty list");
    assertProblem("match: { jwt: { iss: a } }\n" + HEAD, "unknown key \"iss\" in \"jwt\"");
    assertProblem("match: { any: [{ any: [{group: a}] }] }\n" + HEAD, "unknown key \"any\"");
    assertProblem("replaces: q\n" + HEAD, "\"replaces\" is for a policy with \"mode: observe\"");
  }

  @Test
  void refusesAddressesThatAreNone() {
    for (String block : List.of("10.0.0.1/8", "example.org", "10.0.0.0/33", "10.0.0/8", "::/129")) {
      Problems problems =
          problems(
              statement(
                  "actions: [publish], topics: [a], where: { source: \"%s\" }".formatted(block)));
      assertEquals(1, problems.count(), problems::toString);
    }
    assertTrue(
        problems(
                statement(
                    "actions: [publish], topics: [a], where: { source: [\"10.0.0.0/8\", \"::/0\"]"
                        + " }"))
            .isEmpty());
  }

  @Test
  void readsJsonWithTheSameModelAndPositions() {
    Problems problems = new Problems();
    Optional<Policy> policy =
        PolicyParser.parse(
            "api",
            "p.json",
            """
            {"version": 1, "name": "p", "statements": [
              {"id": "a", "effect": "allow", "actions": ["publish"], "topics": ["a/\\u00e9\\/b"]}
            ]}
            """,
            SourceLimits.DEFAULTS,
            problems);
    assertEquals(
        "a/é/b", policy.orElseThrow().statements().getFirst().topics().getFirst().toString());
    assertJsonProblem("{\"version\": 1,\n \"nam\": \"p\"}", "p.json:2:2: unknown key \"nam\"");
    assertJsonProblem("{\"a\": 1,}", "p.json:1:9: a comma stands before \"}\"");
    assertJsonProblem("{\"a\": 01}", "p.json:1:8: expected \",\", found \"1\"");
    assertJsonProblem("{'a': 1}", "p.json:1:2: expected a key in double quotes");
    assertJsonProblem("{\"a\": \"\\x\"}", "is no escape of JSON");
    assertJsonProblem("{\"a\": \"b", "a string does not end");
    assertJsonProblem("{\"a\": \"\\u12", "followed by four hexadecimal digits");
    assertJsonProblem("{} x", "unexpected \"x\" after the end");
    assertJsonProblem("{\"name\": \"a\", \"name\": \"b\"}", "key \"name\" stands twice");
    assertJsonProblem("", "found the end of the text");
    assertJsonProblem("tru", "expected a value");
    assertJsonProblem("[".repeat(100_000), "nested deeper than 16");
  }

  @Test
  void whatIsWrittenAsJsonReadsBackTheSame() {
    String text =
        """
        version: 1
        name: all-of-it
        description: everything the language has
        mode: observe
        replaces: other
        onDenied: disconnect
        onRevoke: filter
        match:
          all:
            - cert: { ca: a, cn: "b*", serial: "AB:CD", fingerprint: "AB:cd", issuerCn: c, ou: [d, e] }
              group: f
          any:
            - jwt: { issuer: g, sub: h, aud: i, claims: { "roles[]": [j, k], "'https://x.y/z'": l } }
            - device: { id: m, attr: { site: hall, "a.b": o } }
              user: u
          not:
            - listener: q
              transport: ws
              auth: password
            - everyone: true
        statements:
          - id: c
            description: text
            effect: allow
            actions: connect
            clientIds: ["${device.id}", "x-${client.id}-*"]
            where: { transport: [mqtts], listener: "l*", source: "10.0.0.0/8", tlsVersion: TLSv1.3, auth: jwt }
          - id: t
            effect: allow
            actions: [subscribe, publish]
            topics: ["+/#", "a/${jwt.claim.'u/v'}/b", "x-${device.attr.site}-y/+"]
            literalFilters: ["a/+/${group}"]
            shareGroups: ["g-${group}", "h*"]
            where: { maxQos: 1, maxPayload: 1KiB, retain: only }
          - id: d
            effect: deny
            actions: [subscribe, receive, publish]
            topics: ["a"]
            overlap: filter
            where: { retain: only }
        """;
    Policy policy = parse("x.yaml", text);
    String json = PolicyJson.of(policy);
    assertEquals(json, PolicyJson.of(parse("x.json", json)));
    assertTrue(json.contains("\"serial\":[\"abcd\"]"), json);
    assertTrue(json.contains("\"a/${jwt.claim.'u/v'}/b\""), json);
    assertFalse(PolicyJson.effectOf(policy).contains("everything the language has"));
  }

  private static Policy parse(String file, String text) {
    Problems problems = new Problems();
    return PolicyParser.parse("file", file, text, SourceLimits.DEFAULTS, problems)
        .orElseThrow(() -> new AssertionError(problems.toString()));
  }

  private static String statement(String keys) {
    return HEAD + "  - { id: a, effect: allow, " + keys + " }\n";
  }

  private static String deny(String keys) {
    return HEAD + "  - { id: a, effect: deny, " + keys + " }\n";
  }

  private static String pattern(String pattern) {
    return statement("actions: [publish], topics: [\"" + pattern + "\"]");
  }

  private static Problems problems(String text) {
    Problems problems = new Problems();
    Optional<Policy> policy =
        PolicyParser.parse("file", "x.yaml", text, SourceLimits.DEFAULTS, problems);
    assertEquals(problems.isEmpty(), policy.isPresent());
    return problems;
  }

  private static void assertProblems(String text, String... expected) {
    assertEquals(
        String.join("\n", expected),
        String.join("\n", problems(text).list().stream().map(Problem::toString).toList()));
  }

  private static void assertProblem(String text, String part) {
    String found = problems(text).toString();
    assertTrue(
        found.contains(part.replace("\\\"", "\"")), () -> "expected " + part + " in " + found);
  }

  private static void assertJsonProblem(String text, String part) {
    Problems problems = new Problems();
    PolicyParser.parse("api", "p.json", text, SourceLimits.DEFAULTS, problems);
    assertTrue(problems.toString().contains(part), () -> "expected " + part + " in " + problems);
  }
}
