package io.signalbox.acl.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.decision.BoundPolicies;
import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.PolicyJson;
import io.signalbox.acl.subject.Subject;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class WhoCanTest {
  @Test
  void saysWhoInWords() {
    PolicyBundle bundle =
        Universe.bundle(
            List.of(
                Universe.parse(
                    """
                    version: 1
                    name: pump
                    match: { any: [{ group: pumps }, { cert: { ca: factory, ou: [pumps, valves] } }] }
                    statements:
                      - id: commands
                        effect: allow
                        actions: [subscribe]
                        topics: ["pump/${device.id}/cmd/#", "all/${jwt.sub}"]
                        where: { transport: [mqtts, wss] }
                      - id: no-secrets
                        effect: deny
                        actions: [subscribe]
                        topics: ["+/+/cmd/secret/#"]
                      - id: impossible
                        effect: deny
                        actions: [subscribe]
                        topics: ["all/#"]
                    """)));
    assertEquals(
        """
        any client with device.id = p7, bound to file:pump#commands (either group = pumps, or cert.ca = factory and cert.ou = pumps or valves), on transport = mqtts or wss
            for example a client with client.id = some-client-id, device.id = p7, group = pumps, listener = some-listener, transport = mqtts, auth = enhanced may subscribe to "pump/p7/cmd/x" by file:pump#commands
        note: an issuer with "acl-claim: grant" may give more by the acl claim of a token
        """,
        WhoCan.of(bundle, Action.SUBSCRIBE, Filter.of("pump/p7/cmd/x")).text());
    assertEquals(
        "no client can subscribe \"all/x\"\nnote: " + WhoCan.NOTE + "\n",
        WhoCan.of(bundle, Action.SUBSCRIBE, Filter.of("all/x")).text());
    assertEquals(
        "no client can subscribe \"pump/p7/cmd/#\"\nnote: " + WhoCan.NOTE + "\n",
        WhoCan.of(bundle, Action.SUBSCRIBE, Filter.of("pump/p7/cmd/#")).text());
    assertEquals(
        "no client can subscribe \"pump/p7/cmd/+\"\nnote: " + WhoCan.NOTE + "\n",
        WhoCan.of(bundle, Action.SUBSCRIBE, Filter.of("pump/p7/cmd/+")).text());
  }

  /** A variable in a text is one level that is no wildcard. */
  @Test
  void knowsThatATextWithAVariableIsNoWildcard() {
    PolicyBundle bundle =
        everyone(
            """
            - { id: all, effect: allow, actions: [subscribe], topics: ["#"] }
            - { id: text, effect: deny, actions: [subscribe], literalFilters: ["${device.id}"] }
            """);
    WhoCan who = WhoCan.of(bundle, Action.SUBSCRIBE, Filter.of("+"));
    assertTrue(who.admits(Subject.builder("c").device("d1").build(), bundle), who::text);
  }

  /** Of two groups one begins with a '$', and no value is known then. */
  @Test
  void knowsThatADenyIsWideByAValueThatStartsWithDollar() {
    PolicyBundle bundle =
        everyone(
            """
            - { id: all, effect: allow, actions: [publish], topics: ["#", "${group}/x"] }
            - { id: own, effect: deny, actions: [publish], topics: ["${group}/y"] }
            """);
    Subject subject = Subject.builder("c").groups(List.of("$a", "b")).build();
    for (String topic : List.of("a/y", "b/y", "a/x", "$a/x")) {
      WhoCan who = WhoCan.of(bundle, Action.PUBLISH, Filter.of(topic));
      assertEquals(
          can(bundle.bind(subject), Action.PUBLISH, topic), who.admits(subject, bundle), who::text);
    }
  }

  private static PolicyBundle everyone(String statements) {
    return Universe.bundle(
        List.of(
            Universe.parse(
                "version: 1\nname: p\nmatch: { everyone: true }\nstatements:\n" + statements)));
  }

  @Test
  void agreesWithBruteForce() {
    SplittableRandom random = Universe.random();
    List<Subject> subjects = Universe.subjects();
    for (int round = 0; round < Universe.rounds(400); round++) {
      PolicyBundle bundle = round % 2 == 0 ? Universe.bundle(random) : Universe.richBundle(random);
      Action action = random.nextBoolean() ? Action.PUBLISH : Action.SUBSCRIBE;
      String text = Universe.pattern(random).replaceAll("[^/]*\\$\\{[^}]*}", "d1");
      Filter request = Filter.of(action == Action.PUBLISH ? text.replaceAll("[+#]", "b") : text);
      WhoCan who = WhoCan.of(bundle, action, request);
      for (Subject subject : subjects) {
        boolean can = can(bundle.bind(subject), action, request.toString());
        assertEquals(
            can,
            who.admits(subject, bundle),
            () ->
                "%s %s %s\n%s\n%s"
                    .formatted(
                        subject,
                        action,
                        request,
                        bundle.policies().stream().map(PolicyJson::of).toList(),
                        who.text()));
      }
      for (WhoCan.Row row : who.grants()) {
        Witness example = row.example().orElseThrow();
        assertTrue(can(bundle.bind(example.subject()), action, request.toString()), who::text);
      }
    }
  }

  private static boolean can(BoundPolicies bound, Action action, String request) {
    return action == Action.PUBLISH
        ? bound.decidePublish(request, 0, false, 0).allowed()
            || bound.decidePublish(request, 0, true, 0).allowed()
        : bound.decideSubscribe(request, 0, null).allowed();
  }
}
