package io.signalbox.acl.decision;

import static io.signalbox.acl.decision.DecisionsTest.bind;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.acl.subject.AuthMethod;
import io.signalbox.acl.subject.CertificateAttributes;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.TlsVersion;
import io.signalbox.acl.subject.TokenAttributes;
import io.signalbox.acl.subject.TokenAttributes.AclClaim;
import io.signalbox.acl.subject.Transport;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each attribute of a client, as a variable, in {@code match} and in {@code where}. */
class AttributesTest {
  /** Every attribute has a value of its own, so that none stands in for another. */
  private static final Subject ALL =
      Subject.builder("c")
          .userName("u")
          .device("d")
          .deviceAttributes(Map.of("hall", "h"))
          .groups(List.of("g"))
          .listener("l-1")
          .transport(Transport.WSS)
          .source(address("10.1.2.3"))
          .tlsVersion(TlsVersion.V1_3)
          .authMethod(AuthMethod.JWT)
          .certificate(
              new CertificateAttributes(
                  "ca",
                  "cn",
                  "5e",
                  "f1",
                  "issuer",
                  List.of("ou"),
                  List.of("dns"),
                  List.of("urn:x"),
                  List.of("m@x")))
          .token(
              new TokenAttributes(
                  "iss",
                  "sub",
                  List.of("aud"),
                  Map.of("t", Map.of("id", "nested"), "roles", List.of("r1", "r2")),
                  AclClaim.NARROW))
          .build();

  private static InetAddress address(String text) {
    return InetAddress.ofLiteral(text);
  }

  private static boolean mayPublish(Subject subject, String match, String topic, String where) {
    return bind(
            subject,
            """
            version: 1
            name: p
            match: %s
            statements:
              - { id: a, effect: allow, actions: [publish], topics: ["%s"]%s }
            """
                .formatted(match, topic, where.isEmpty() ? "" : ", where: " + where))
        .decidePublish(topic.contains("$") ? "x/value" : topic, 0, false, 0)
        .allowed();
  }

  @ParameterizedTest
  @CsvSource({
    "client.id, c",
    "user.name, u",
    "device.id, d",
    "device.attr.hall, h",
    "group, g",
    "listener, l-1",
    "cert.cn, cn",
    "cert.serial, 5e",
    "cert.fingerprint, f1",
    "cert.issuerCn, issuer",
    "cert.ou, ou",
    "cert.dnsSan, dns",
    "cert.uriSan, urn:x",
    "cert.emailSan, m@x",
    "jwt.sub, sub",
    "jwt.iss, iss",
    "jwt.aud, aud",
    "jwt.claim.t.id, nested",
    "jwt.claim.roles[], r1",
    "jwt.claim.roles[], r2"
  })
  void aVariableStandsForItsAttribute(String variable, String value) {
    BoundPolicies bound =
        bind(
            ALL,
            DecisionsTest.policy(
                "p", DecisionsTest.allow("a", "publish", "x/pre-${" + variable + "}-post", "")));
    assertTrue(bound.decidePublish("x/pre-" + value + "-post", 0, false, 0).allowed());
    assertFalse(bound.decidePublish("x/pre-other-post", 0, false, 0).allowed());
    assertFalse(bound.decidePublish("x/" + value, 0, false, 0).allowed());
    assertEquals(List.of(), bound.unresolved());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "transport: [mqtts, wss]          | true",
        "transport: [mqtts]               | false",
        "listener: 'l-*'                  | true",
        "listener: 'm-*'                  | false",
        "source: 10.0.0.0/8               | true",
        "source: [192.168.0.0/16, '::/0'] | false",
        "source: 10.1.2.3                 | true",
        "tlsVersion: TLSv1.3              | true",
        "tlsVersion: TLSv1.2              | false",
        "auth: jwt                        | true",
        "auth: password                   | false",
        "transport: wss, auth: password   | false",
      })
  void whereAsksOfTheConnection(String where, boolean holds) {
    String condition = "{ " + where.strip().replace('\'', '"') + " }";
    assertEquals(holds, mayPublish(ALL, "{ everyone: true }", "a", condition), condition);
  }

  /** What cannot be told is not given, and not got around either. */
  @Test
  void anUnknownSourceMakesAnAllowInertAndADenyHold() {
    Subject unknown = ALL.with().source(null).build();
    assertFalse(mayPublish(unknown, "{ everyone: true }", "a", "{ source: 10.0.0.0/8 }"));
    BoundPolicies denied =
        bind(
            unknown,
            DecisionsTest.policy(
                "p",
                DecisionsTest.allow("a", "publish", "a", "")
                    + DecisionsTest.deny("d", "publish", "a", "where: { source: 10.0.0.0/8 }")));
    assertFalse(denied.decidePublish("a", 0, false, 0).allowed());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cert: { ca: ca, cn: 'c*' }                           | true",
        "cert: { ca: ca, cn: x }                              | false",
        "cert: { ou: [x, ou] }                                | true",
        "cert: { ou: [x, z] }                                 | false",
        "cert: { dnsSan: 'd*s', uriSan: 'urn:*' }             | true",
        "cert: { emailSan: '*@y' }                            | false",
        "jwt: { issuer: iss, aud: aud, claims: { 'roles[]': r2 } } | true",
        "jwt: { issuer: iss, claims: { 'roles[]': r3 } }      | false",
        "jwt: { issuer: other }                               | false",
        "device: { id: d, attr: { hall: 'h*' } }              | true",
        "device: { id: d, attr: { hall: x } }                 | false",
        "group: [x, g]                                        | true",
        "user: v                                              | false",
        "listener: 'l-*'                                      | true",
        "transport: mqtts                                     | false",
        "auth: jwt                                            | true",
        "all: [{ group: g }, { user: u }]                     | true",
        "all: [{ group: g }, { user: v }]                     | false",
        "any: [{ group: x }, { user: u }]                     | true",
        "any: [{ group: x }, { user: v }]                     | false",
        "any: [{ group: g, user: v }, { group: x }]           | false",
        "any: [{ group: x }, { group: g, user: u }]           | true",
        "all: [{ group: g }], any: [{ user: v }, { device: { id: x } }] | false",
        "all: [{ group: g }], not: [{ user: v }]              | true",
        "all: [{ group: g }], not: [{ user: v }, { user: u }] | false",
      })
  void matchBindsByEachField(String match, boolean binds) {
    String condition = "{ " + match.strip().replace('\'', '"') + " }";
    assertEquals(binds, mayPublish(ALL, condition, "a", ""), condition);
  }

  @Test
  void sixtyFourValuesAreStillOnePatternEach() {
    List<String> groups = IntStream.range(0, 64).mapToObj(i -> "g" + i).toList();
    String text = DecisionsTest.policy("p", DecisionsTest.allow("a", "publish", "g/${group}", ""));
    BoundPolicies bound = bind(ALL.with().groups(groups).build(), text);
    for (String group : groups) {
      assertTrue(bound.decidePublish("g/" + group, 0, false, 0).allowed(), group);
    }
    assertEquals(List.of(), bound.unresolved());
  }
}
