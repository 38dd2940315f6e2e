package io.signalbox.acl.decision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.model.Policy;
import io.signalbox.acl.parser.PolicyParser;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.CertificateAttributes;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.TokenAttributes;
import io.signalbox.acl.subject.TokenAttributes.AclClaim;
import io.signalbox.acl.subject.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DecisionsTest {
  private static final String PUMP =
      """
      version: 1
      name: pump
      match:
        any:
          - cert: { ca: factory-ca, ou: pumps, uriSan: "spiffe://acme.example/pump/*" }
          - group: pumps
      statements:
        - id: connect-own-id
          effect: allow
          actions: [connect]
          clientIds: ["${device.id}"]
          where: { transport: [mqtts, wss] }
        - id: data
          effect: allow
          actions: [publish]
          topics: ["pump/${device.id}/data/#"]
          where: { maxQos: 1, maxPayload: 64KiB }
        - id: state
          effect: allow
          actions: [publish]
          topics: ["pump/${device.id}/state"]
          where: { retain: allow }
        - id: commands
          effect: allow
          actions: [subscribe]
          topics: ["pump/${device.id}/cmd/#", "broadcast/#"]
        - id: no-secrets
          effect: deny
          actions: [publish, subscribe, receive]
          topics: ["+/+/secret/#"]
      """;

  static final Subject P7 =
      Subject.builder("p7")
          .device("p7")
          .groups(List.of("pumps"))
          .transport(Transport.MQTTS)
          .build();

  @Test
  void binds() {
    CertificateAttributes cert =
        new CertificateAttributes(
            "factory-ca",
            "p7",
            "01",
            "ab",
            "",
            List.of("pumps", "other"),
            List.of(),
            List.of("spiffe://acme.example/pump/p7"),
            List.of());
    Subject byCertificate = Subject.builder("p7").certificate(cert).build();
    assertEquals(List.of("file:pump"), bundle(PUMP).bind(byCertificate).policies());
    assertEquals(List.of("file:pump"), bundle(PUMP).bind(P7).policies());
    Subject otherCa =
        byCertificate.with().certificate(new CertificateAttributes("else-ca", "p7")).build();
    assertEquals(List.of(), bundle(PUMP).bind(otherCa).policies());
  }

  @Test
  void connectsWithTheOwnIdOnAllowedTransportsOnly() {
    assertAllowed("file:pump#connect-own-id", bind(P7, PUMP).decideConnect());
    assertDenied(Reason.NO_MATCH, bind(P7.with().clientId("p8").build(), PUMP).decideConnect());
    assertDenied(
        Reason.CONDITION, bind(P7.with().transport(Transport.MQTT).build(), PUMP).decideConnect());
  }

  @Test
  void aDenyOfConnectWins() {
    String text =
        policy(
            "p",
            """
              - { id: all, effect: allow, actions: [connect], clientIds: ["*"] }
              - { id: not, effect: deny, actions: [connect], clientIds: ["p7", "q-${user.name}*"] }
            """);
    Decision denied = bind(P7, text).decideConnect();
    assertDenied(Reason.EXPLICIT_DENY, denied);
    assertEquals("file:p#not", denied.statement());
    Subject named = P7.with().userName("ann").clientId("q-ann-1").build();
    assertDenied(Reason.EXPLICIT_DENY, bind(named, text).decideConnect());
    assertAllowed("file:p#all", bind(named.with().clientId("q-bob").build(), text).decideConnect());
    for (String unusable : List.of("", "a/b", "+")) { // then the deny is of any name
      Subject unknown = named.with().userName(unusable).clientId("z").build();
      assertDenied(Reason.EXPLICIT_DENY, bind(unknown, text).decideConnect());
    }
  }

  @Test
  void asksAboutRetainAsTheStatementSays() {
    BoundPolicies bound =
        bind(
            P7,
            policy("p", allow("only", "publish", "only", "where: { retain: only }"))
                + allow("may", "publish", "may", "where: { retain: allow }")
                + allow("not", "publish", "not", "where: { retain: forbid }")
                + allow("said", "publish", "said", "")
                + allow("denied", "publish", "denied", "where: { retain: allow }")
                + deny("set", "publish", "denied", "where: { retain: only }"));
    for (String topic : List.of("only", "may")) {
      assertAllowed("file:p#" + topic, bound.decidePublish(topic, 0, true, 0));
    }
    for (String topic : List.of("may", "not", "said", "denied")) {
      assertAllowed("file:p#" + topic, bound.decidePublish(topic, 0, false, 0));
    }
    assertDenied(Reason.RETAIN, bound.decidePublish("only", 0, false, 0));
    assertDenied(Reason.RETAIN, bound.decidePublish("not", 0, true, 0));
    assertDenied(Reason.RETAIN, bound.decidePublish("said", 0, true, 0));
    assertDenied(Reason.EXPLICIT_DENY, bound.decidePublish("denied", 0, true, 0));
  }

  @Test
  void publishesWhatIsAllowedWithinItsLimits() {
    BoundPolicies p7 = bind(P7, PUMP);
    assertAllowed("file:pump#data", p7.decidePublish("pump/p7/data/t", 1, false, 10));
    assertDenied(Reason.MAX_QOS, p7.decidePublish("pump/p7/data/t", 2, false, 10));
    assertDenied(Reason.MAX_PAYLOAD, p7.decidePublish("pump/p7/data/t", 1, false, 65_537));
    assertAllowed("file:pump#data", p7.decidePublish("pump/p7/data/t", 1, false, 65_536));
    assertDenied(Reason.RETAIN, p7.decidePublish("pump/p7/data/t", 1, true, 10));
    assertAllowed("file:pump#state", p7.decidePublish("pump/p7/state", 2, true, 0));
    assertDenied(Reason.NO_MATCH, p7.decidePublish("pump/p8/data/t", 1, false, 10));
    assertDenied(Reason.NO_MATCH, p7.decidePublish("pump/p7/state/x", 1, false, 10));
    assertDenied(Reason.EXPLICIT_DENY, p7.decidePublish("a/b/secret", 1, false, 10));
  }

  @Test
  void subscribesByContainment() {
    BoundPolicies p7 = bind(P7, PUMP);
    assertAllowed("file:pump#commands", subscribe(p7, "pump/p7/cmd/+"));
    assertAllowed("file:pump#commands", subscribe(p7, "broadcast/+"));
    assertDenied(Reason.EXPLICIT_DENY, subscribe(p7, "broadcast/#")); // reaches broadcast/x/secret
    assertDenied(Reason.NOT_CONTAINED, subscribe(p7, "pump/#"));
    assertDenied(Reason.NOT_CONTAINED, subscribe(p7, "#"));
    assertDenied(Reason.NO_MATCH, subscribe(p7, "pump/p8/cmd/x"));
    assertDenied(Reason.NO_MATCH, subscribe(p7, "$SYS/#"));
    assertDenied(Reason.SHARE_GROUP, subscribe(p7, "$share/g/pump/p7/cmd/#"));
    assertDenied(Reason.EXPLICIT_DENY, subscribe(p7, "+/+/secret/x"));
    assertDenied(Reason.ERROR, subscribe(p7, "$share/g"));
    assertDenied(Reason.ERROR, subscribe(p7, "pump/p7/cmd/x#"));
    assertDenied(Reason.ERROR, subscribe(p7, ""));
  }

  @Test
  void grantsTheHighestQosThatAnyAllowGives() {
    BoundPolicies bound =
        bind(
            P7,
            policy("p", allow("a", "subscribe", "x/#", "where: { maxQos: 0 }"))
                + allow("b", "subscribe", "x/y", "where: { maxQos: 1 }"));
    assertEquals(0, bound.decideSubscribe("x/z", 2, null).grantedQos());
    assertEquals(1, bound.decideSubscribe("x/y", 2, null).grantedQos());
    assertEquals(0, bound.decideSubscribe("x/y", 0, null).grantedQos());
  }

  @Test
  void sharesOnlyInNamedGroups() {
    BoundPolicies bound =
        bind(P7, policy("p", allow("a", "subscribe", "x/#", "shareGroups: [workers-*]")));
    assertTrue(bound.decideSubscribe("x/y", 1, "workers-1").allowed());
    assertTrue(bound.decideSubscribe("$share/workers-1/x/y", 1, null).allowed());
    assertDenied(Reason.SHARE_GROUP, bound.decideSubscribe("x/y", 1, "others").decision());
    assertTrue(bound.decideSubscribe("x/y", 1, null).allowed());
  }

  @Test
  void filtersOverlapAtDeliveryWhereTheDenySaysSo() {
    BoundPolicies bound =
        bind(
            P7,
            policy("p", allow("a", "subscribe", "x/#", "shareGroups: [g]"))
                + deny("d", "subscribe", "x/secret/#", "overlap: filter"));
    SubscribeDecision decision = bound.decideSubscribe("x/#", 1, null);
    assertTrue(decision.allowed());
    assertTrue(decision.receiveCheck());
    assertTrue(bound.hasReceiveDenies());
    assertNull(bound.decideReceive("x/public"));
    assertNotNull(bound.decideReceive("x/secret/1"));
    assertFalse(bound.decideSubscribe("x/public/#", 1, null).receiveCheck());
    assertDenied(Reason.EXPLICIT_DENY, subscribe(bound, "x/secret/1"));
    assertDenied(Reason.EXPLICIT_DENY, subscribe(bound, "$share/g/x/#"));
  }

  @Test
  void deliversForARevokedSubscriptionOnlyWhatCouldBeSubscribedTo() {
    BoundPolicies bound =
        bind(
            P7,
            policy("p", allow("a", "subscribe", "x/+", ""))
                + deny("d", "subscribe", "x/secret", ""));
    assertTrue(bound.decideDelivery("x/public").allowed());
    assertDenied(Reason.EXPLICIT_DENY, bound.decideDelivery("x/secret"));
    assertDenied(Reason.NO_MATCH, bound.decideDelivery("x/y/z"));
  }

  @Test
  void matchesLiteralFiltersAsText() {
    BoundPolicies bound =
        bind(
            P7,
            policy(
                "p",
                """
                  - { id: a, effect: allow, actions: [subscribe], literalFilters: ["x/+", "#"] }
                """));
    assertTrue(subscribe(bound, "x/+").allowed());
    assertTrue(subscribe(bound, "+/#").allowed());
    assertFalse(subscribe(bound, "x/y").allowed());
  }

  @Test
  void expandsManyValuesToOnePatternEach() {
    String text = policy("p", allow("a", "publish", "g/${group}/${group}", ""));
    BoundPolicies bound = bind(P7.with().groups(List.of("one", "two", "a/b")).build(), text);
    assertTrue(bound.decidePublish("g/one/one", 0, false, 0).allowed());
    assertTrue(bound.decidePublish("g/two/two", 0, false, 0).allowed());
    assertFalse(bound.decidePublish("g/one/two", 0, false, 0).allowed());
    assertEquals(1, bound.unresolved().size());
    List<String> many = new ArrayList<>();
    for (int i = 0; i < 65; i++) {
      many.add("g" + i);
    }
    assertDenied(
        Reason.UNRESOLVED_VARIABLE,
        bind(P7.with().groups(many).build(), text).decidePublish("g/g1/g1", 0, false, 0));
  }

  @Test
  void aTokensClaimOnlyNarrows() {
    String text = policy("p", allow("a", "publish, subscribe", "x/#", ""));
    Object claim =
        List.of(
            Map.of(
                "effect",
                "allow",
                "actions",
                List.of("publish"),
                "topics",
                List.of("x/1/#", "other/#")));
    BoundPolicies bound = bind(withClaim(claim, AclClaim.NARROW), text);
    assertAllowed("token:acl#1", bound.decidePublish("x/1/y", 0, false, 0));
    assertDenied(Reason.NO_MATCH, bound.decidePublish("x/2/y", 0, false, 0));
    assertDenied(Reason.NO_MATCH, bound.decidePublish("other/y", 0, false, 0));
    assertFalse(subscribe(bound, "x/1/y").allowed());
    BoundPolicies granted = bind(withClaim(claim, AclClaim.GRANT), text);
    assertTrue(granted.decidePublish("x/2/y", 0, false, 0).allowed());
    assertTrue(granted.decidePublish("other/y", 0, false, 0).allowed());
  }

  @Test
  void tellsWhetherAReloadChangedAnything() {
    BoundPolicies before = bind(P7, PUMP);
    assertTrue(
        before.sameStatements(bind(P7, PUMP.replace("- group: pumps", "- group: [pumps, x]"))));
    assertFalse(before.sameStatements(bind(P7, PUMP.replace("maxQos: 1", "maxQos: 2"))));
    String other = policy("other", allow("a", "publish", "x/#", ""));
    assertFalse(before.sameStatements(bind(P7, PUMP, other)));
    String unbound = other.replace("everyone: true", "group: nobody");
    assertTrue(before.sameStatements(bind(P7, PUMP, unbound)));
  }

  @Test
  void observedPoliciesDecideNothingButTheirShadow() {
    String allow = policy("p", allow("a", "publish", "x/#", ""));
    String deny =
        policy("q", deny("d", "publish", "x/y", "")).replace("name:", "mode: observe\nname:");
    BoundPolicies bound = bind(P7, allow, deny);
    assertTrue(bound.decidePublish("x/y", 0, false, 0).allowed());
    assertFalse(bound.shadow().orElseThrow().decidePublish("x/y", 0, false, 0).allowed());
    assertTrue(bound.shadow().orElseThrow().decidePublish("x/z", 0, false, 0).allowed());
  }

  @Test
  void bindsByAttachment() {
    String text =
        policy("p", allow("a", "publish", "x/#", "")).replace("match: { everyone: true }\n", "");
    PolicyBundle bundle =
        PolicyBundle.compile(
                policies(text),
                List.of(new Attachment("file:p", Attachment.Kind.GROUP, "pumps")),
                new Problems())
            .orElseThrow();
    assertEquals(List.of("file:p"), bundle.bind(P7).policies());
    assertEquals(List.of(), bundle.bind(P7.with().groups(List.of()).build()).policies());
  }

  static Subject withClaim(Object claim, AclClaim mode) {
    return P7.with()
        .token(new TokenAttributes("login", "ann", List.of(), Map.of("acl", claim), mode))
        .build();
  }

  static Decision subscribe(BoundPolicies bound, String filter) {
    return bound.decideSubscribe(filter, 1, null).decision();
  }

  static void assertAllowed(String statement, Decision decision) {
    assertTrue(decision.allowed(), decision::text);
    assertEquals(statement, decision.statement());
  }

  static void assertDenied(Reason reason, Decision decision) {
    assertFalse(decision.allowed(), decision::text);
    assertEquals(reason, decision.reason());
  }

  static String policy(String name, String statements) {
    return "version: 1\nname: " + name + "\nmatch: { everyone: true }\nstatements:\n" + statements;
  }

  static String allow(String id, String actions, String topic, String more) {
    return statement(id, "allow", actions, topic, more);
  }

  static String deny(String id, String actions, String topic, String more) {
    return statement(id, "deny", actions, topic, more);
  }

  private static String statement(
      String id, String effect, String actions, String topic, String more) {
    return "  - { id: %s, effect: %s, actions: [%s], topics: [\"%s\"]%s }\n"
        .formatted(id, effect, actions, topic, more.isEmpty() ? "" : ", " + more);
  }

  static BoundPolicies bind(Subject subject, String... texts) {
    return bundle(texts).bind(subject);
  }

  static PolicyBundle bundle(String... texts) {
    Problems problems = new Problems();
    return PolicyBundle.compile(policies(texts), List.of(), problems)
        .orElseThrow(() -> new AssertionError(problems.toString()));
  }

  static List<Policy> policies(String... texts) {
    List<Policy> policies = new ArrayList<>();
    for (String text : texts) {
      Problems problems = new Problems();
      policies.add(
          PolicyParser.parse("file", "x.yaml", text, SourceLimits.DEFAULTS, problems)
              .orElseThrow(() -> new AssertionError(problems.toString())));
    }
    return policies;
  }
}
