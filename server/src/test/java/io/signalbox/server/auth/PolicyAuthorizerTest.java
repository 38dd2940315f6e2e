package io.signalbox.server.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.PkiException;
import io.signalbox.server.auth.AccessDecision.OnDenied;
import io.signalbox.server.config.PolicyConfig;
import io.signalbox.server.config.PolicyConfig.Shipped;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.metrics.Metrics.Denial;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.CertificateFields;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.principal.SigningKey;
import io.signalbox.server.principal.TokenClaims;
import io.signalbox.server.principal.TrustPath;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyAuthorizerTest {
  private static final Qos QOS_1 = Qos.AT_LEAST_ONCE;

  private static final TrustPath PATH = path();

  private final Metrics metrics = new Metrics(1, "test");

  @TempDir private Path folder = Path.of("");

  private static TrustPath path() {
    try {
      return new TrustPath(
          1,
          CertificateAuthority.createRoot(
                  "factory",
                  KeyAlgorithm.EC_P256,
                  CertificateProfile.ROOT,
                  Clock.systemUTC(),
                  new SecureRandom())
              .certificate());
    } catch (PkiException e) {
      throw new AssertionError(e);
    }
  }

  private static Principal device(String id) {
    var certificate =
        new CertificateFields(
            "factory-ca",
            id,
            "1",
            "f",
            "issuer",
            List.of("pumps"),
            List.of(),
            List.of(),
            List.of(),
            Principal.NEVER,
            PATH);
    return new Principal(
        "device:" + id, AuthMethod.CERTIFICATE, id, null, List.of(), Map.of(), certificate, null);
  }

  private static Principal user(String subject, Map<String, Object> claims, String... groups) {
    var token =
        new TokenClaims(
            "login",
            subject,
            List.of("iot"),
            "",
            claims,
            Principal.NEVER,
            0,
            false,
            new SigningKey() {});
    return new Principal(
        "user:" + subject + "@login",
        AuthMethod.JWT,
        null,
        subject,
        List.of(groups),
        Map.of(),
        null,
        token);
  }

  private PolicyStore shipped() throws AuthSetupException {
    return PolicyStore.open(PolicyConfig.DEFAULTS, metrics, Clocks.system());
  }

  private static PolicyConfig config(@Nullable Path folder, Shipped... shipped) {
    return new PolicyConfig(folder, Set.of(shipped), Duration.ZERO, Duration.ZERO, 20);
  }

  private PolicyStore ofFolder() throws AuthSetupException {
    return PolicyStore.open(config(folder), metrics, Clocks.system());
  }

  private void write(String name, String statements) throws IOException {
    Files.writeString(
        folder.resolve(name + ".policy.yaml"),
        "version: 1\nname: " + name + "\nmatch: { group: g }\n" + statements);
  }

  private static Authorizer authorizer(PolicyStore policies, Principal principal, String clientId) {
    return new PolicyAuthorizers(policies)
        .of(principal, clientId, "mqtts", "tls", InetAddress.ofLiteral("192.0.2.7"), "TLSv1.3");
  }

  private static boolean mayPublish(Authorizer authorizer, String topic)
      throws InvalidTopicException {
    return authorizer.publish(TopicName.of(topic), QOS_1, false, 10).allowed();
  }

  private static boolean maySubscribe(Authorizer authorizer, String filter)
      throws InvalidTopicException {
    return authorizer.subscribe(null, TopicFilter.of(filter), QOS_1).allowed();
  }

  @Test
  void aDeviceKeepsToItsOwnTopics() throws Exception {
    Authorizer p7 = authorizer(shipped(), device("p7"), "p7");
    assertTrue(p7.connect().allowed());
    assertTrue(mayPublish(p7, "devices/p7/data"));
    assertFalse(mayPublish(p7, "devices/p8/data"));
    assertFalse(mayPublish(p7, "devices/p77/data"));
    assertTrue(maySubscribe(p7, "devices/p7/cmd/#"));
    assertFalse(maySubscribe(p7, "devices/+/cmd/#"));
    assertFalse(maySubscribe(p7, "#"));
    assertFalse(authorizer(shipped(), device("p7"), "p8").connect().allowed());
    AccessDecision denied = p7.publish(TopicName.of("x"), QOS_1, false, 1);
    assertEquals("not allowed: no statement allows it", denied.rule());
    assertEquals(OnDenied.DEFAULT, denied.onDenied());
  }

  @Test
  void aBrowserWatchesAndCommandsDevices() throws Exception {
    Authorizer alice = authorizer(shipped(), user("alice", Map.of(), "browsers"), "browser-1");
    assertTrue(alice.connect().allowed());
    assertTrue(maySubscribe(alice, "devices/#"));
    assertTrue(mayPublish(alice, "devices/p7/cmd/reboot"));
    assertFalse(mayPublish(alice, "devices/p7/data"));
    Authorizer stranger = authorizer(shipped(), user("bob", Map.of()), "browser-1");
    assertFalse(stranger.connect().allowed());
    assertFalse(maySubscribe(stranger, "devices/#"));
  }

  @Test
  void nobodyMayDoAnythingWithoutAPolicy() throws Exception {
    PolicyStore none = PolicyStore.open(config(null), metrics, Clocks.system());
    for (Principal principal : List.of(device("p7"), Principal.anonymous())) {
      Authorizer authorizer = authorizer(none, principal, "p7");
      assertFalse(authorizer.connect().allowed());
      assertFalse(mayPublish(authorizer, "devices/p7/data"));
      assertFalse(maySubscribe(authorizer, "devices/p7/data"));
    }
    Authorizer onlyBrowsers =
        authorizer(
            PolicyStore.open(config(null, Shipped.BROWSERS), metrics, Clocks.system()),
            device("p7"),
            "p7");
    assertFalse(onlyBrowsers.connect().allowed());
  }

  @Test
  void flagsAreAskedAboutEachTime() throws Exception {
    write(
        "limits",
        """
        statements:
          - id: small
            effect: allow
            actions: [publish]
            topics: ["a/#"]
            where: { maxQos: 1, maxPayload: 100 }
        """);
    Authorizer authorizer = authorizer(ofFolder(), user("alice", Map.of(), "g"), "c");
    TopicName topic = TopicName.of("a/b");
    for (int i = 0; i < 2; i++) { // decided, then remembered
      assertTrue(authorizer.publish(topic, QOS_1, false, 100).allowed());
      assertTrue(authorizer.publish(topic, Qos.AT_MOST_ONCE, false, 1).allowed());
      assertFalse(authorizer.publish(topic, QOS_1, false, 101).allowed());
      assertFalse(authorizer.publish(topic, Qos.EXACTLY_ONCE, false, 1).allowed());
      assertFalse(authorizer.publish(topic, QOS_1, true, 1).allowed());
    }
    AccessDecision tooLarge = authorizer.publish(topic, QOS_1, false, 101);
    assertTrue(tooLarge.rule().contains("file:limits#small"), tooLarge.rule());
  }

  @Test
  void grantsAtMostTheAllowedQosAndNamesTheGroup() throws Exception {
    write(
        "shared",
        """
        statements:
          - id: work
            effect: allow
            actions: [subscribe]
            topics: ["jobs/#"]
            shareGroups: ["workers-*"]
            where: { maxQos: 1 }
          - id: news
            effect: allow
            actions: [subscribe]
            topics: ["news/#"]
          - id: hidden
            effect: deny
            actions: [receive]
            topics: ["news/secret/#"]
        """);
    Authorizer authorizer = authorizer(ofFolder(), user("alice", Map.of(), "g"), "c");
    TopicFilter jobs = TopicFilter.of("jobs/#");
    SubscribeDecision granted = authorizer.subscribe("workers-1", jobs, Qos.EXACTLY_ONCE);
    assertTrue(granted.allowed(), granted.rule());
    assertEquals(QOS_1, granted.maximumQos());
    assertFalse(granted.checkEachMessage());
    SubscribeDecision news = authorizer.subscribe(null, TopicFilter.of("news/#"), QOS_1);
    assertTrue(news.allowed() && news.checkEachMessage(), news.rule());
    assertTrue(authorizer.receive(TopicName.of("news/1")).allowed());
    assertFalse(authorizer.receive(TopicName.of("news/secret/1")).allowed());
    assertFalse(authorizer.subscribe("others", jobs, QOS_1).allowed());
  }

  @Test
  void aPolicySaysWhatBecomesOfADeniedPublish() throws Exception {
    Principal alice = user("alice", Map.of(), "g");
    TopicName topic = TopicName.of("x");
    for (OnDenied said : List.of(OnDenied.DROP, OnDenied.DISCONNECT)) {
      write(
          "strict",
          """
          onDenied: %s
          statements:
            - { id: a, effect: allow, actions: [publish], topics: [a] }
          """
              .formatted(said.name().toLowerCase(java.util.Locale.ROOT)));
      AccessDecision denied = authorizer(ofFolder(), alice, "c").publish(topic, QOS_1, false, 1);
      assertEquals(said, denied.onDenied());
      assertEquals(said == OnDenied.DISCONNECT, denied.disconnect());
    }
  }

  @Test
  void anAclClaimOnlyNarrows() throws Exception {
    write(
        "wide",
        """
        statements:
          - { id: all, effect: allow, actions: [publish], topics: ["a/#"] }
        """);
    Map<String, Object> claim =
        Map.of(
            "acl",
            List.of(
                Map.of(
                    "effect", "allow",
                    "actions", List.of("publish"),
                    "topics", List.of("a/b", "z"))));
    Authorizer narrowed = authorizer(ofFolder(), user("alice", claim, "g"), "c");
    assertTrue(mayPublish(narrowed, "a/b"));
    assertFalse(mayPublish(narrowed, "a/c"));
    assertFalse(mayPublish(narrowed, "z"));
    Authorizer broken = authorizer(ofFolder(), user("alice", Map.of("acl", "all of it"), "g"), "c");
    assertFalse(mayPublish(broken, "a/b"), "an acl claim that cannot be read denies");
  }

  @Test
  void aReloadReachesConnectedClients() throws Exception {
    write(
        "p",
        """
        statements:
          - { id: s, effect: allow, actions: [publish], topics: [a] }
        """);
    PolicyStore policies = ofFolder();
    var changes = new AtomicInteger();
    policies.rollout(
        () -> {
          changes.incrementAndGet();
          return CompletableFuture.completedStage("nobody");
        });
    Authorizer authorizer = authorizer(policies, user("alice", Map.of(), "g"), "c");
    assertTrue(mayPublish(authorizer, "a"));
    String before = policies.bundle().hash();

    reload(policies);
    assertEquals(0, changes.get(), "nothing has changed");

    write(
        "p",
        """
        statements:
          - { id: s, effect: allow, actions: [publish], topics: [b] }
        """);
    assertTrue(mayPublish(authorizer, "a"), "not before it is asked for");
    reload(policies);
    assertEquals(1, changes.get());
    assertNotEquals(before, policies.bundle().hash());
    assertFalse(mayPublish(authorizer, "a"));
    assertTrue(mayPublish(authorizer, "b"));
  }

  private static long reload(PolicyStore policies) throws Exception {
    return policies.reload("test").toCompletableFuture().get().number();
  }

  @Test
  void tellsWhetherTheStatementsOfAClientAreOthers() throws Exception {
    write(
        "p",
        """
        statements:
          - { id: s, effect: allow, actions: [publish], topics: [a] }
        """);
    PolicyStore policies = ofFolder();
    Authorizer authorizer = authorizer(policies, user("alice", Map.of(), "g"), "c");
    write(
        "p",
        """
        statements:
          - { id: s, effect: allow, actions: [publish], topics: [b] }
        """);
    assertEquals(2, reload(policies));
    assertTrue(authorizer.refresh(), "its statements are others");
    assertFalse(authorizer.refresh(), "told once");
    write(
        "p",
        """
        statements:
          - { id: s, effect: allow, actions: [publish], topics: [a] }
        """);
    assertEquals(3, reload(policies));
    assertTrue(mayPublish(authorizer, "a"));
    assertTrue(authorizer.refresh(), "also when it noticed by itself");
    assertEquals(3, metrics.policyRevision.value());
    write("other", "statements: [{ id: s, effect: deny, actions: [publish], topics: [q] }]");
    Path bound = folder.resolve("other.policy.yaml");
    Files.writeString(bound, Files.readString(bound).replace("group: g", "group: others"));
    authorizer.refresh();
    reload(policies);
    assertFalse(authorizer.refresh(), "a policy of others is none of its business");
  }

  /** Not by what the certificate calls its issuer, which others may put into theirs too. */
  @Test
  void anAuthorityIsKnownByItsConfiguredName() throws Exception {
    for (String ca : List.of("factory-ca", "issuer", "p7")) {
      write("p", "statements: [{ id: s, effect: allow, actions: [publish], topics: [a] }]");
      Path file = folder.resolve("p.policy.yaml");
      Files.writeString(
          file, Files.readString(file).replace("{ group: g }", "{ cert: { ca: " + ca + " } }"));
      assertEquals(
          ca.equals("factory-ca"), mayPublish(authorizer(ofFolder(), device("p7"), "p7"), "a"), ca);
    }
  }

  @Test
  void aTokenMayGrantWhereItsIssuerMay() throws Exception {
    Map<String, Object> claim =
        Map.of(
            "acl",
            List.of(
                Map.of(
                    "effect", "allow",
                    "actions", List.of("publish"),
                    "topics", List.of("given"))));
    Principal alice = user("alice", claim, "g");
    TokenClaims granting = Objects.requireNonNull(alice.token()).withAclGrants(true);
    Principal granted =
        new Principal(
            alice.id(),
            alice.method(),
            null,
            alice.userName(),
            alice.groups(),
            Map.of(),
            null,
            granting);
    Authorizer given = new PolicyAuthorizers(ofFolder()).of(granted, "c", "wss", "wss", null, "");
    assertTrue(mayPublish(given, "given"));
    assertFalse(mayPublish(given, "else"));
    Authorizer not = new PolicyAuthorizers(ofFolder()).of(alice, "c", "wss", "wss", null, "");
    assertFalse(mayPublish(not, "given"));
  }

  @Test
  void aBrokenReloadChangesNothing() throws Exception {
    write(
        "p",
        """
        statements:
          - { id: s, effect: allow, actions: [publish], topics: [a] }
        """);
    PolicyStore policies = ofFolder();
    Authorizer authorizer = authorizer(policies, user("alice", Map.of(), "g"), "c");
    write("q", "statements: everything");
    var e = assertThrows(AuthSetupException.class, () -> reload(policies));
    assertTrue(e.problems().getFirst().contains("q.policy.yaml:4"), e.problems().toString());
    assertEquals(1, metrics.policyReloadsFailed.value());
    assertTrue(mayPublish(authorizer, "a"));
    Files.delete(folder.resolve("q.policy.yaml"));
    reload(policies);
    assertTrue(mayPublish(authorizer, "a"));
  }

  /** As after a change of owner or mode, which no time of the files tells. */
  @Test
  void policiesThatCouldNotBeUsedAreReadAgainThoughNothingTellsOfAChange() throws Exception {
    String statements =
        """
        statements:
          - { id: s, effect: allow, actions: [publish], topics: [%s] }
        """;
    write("p", statements.formatted("a"));
    PolicyStore policies = ofFolder();
    Authorizer authorizer = authorizer(policies, user("alice", Map.of(), "g"), "c");

    writeAsOf(1, "p", statements.formatted("[").replace("]", " "));
    policies.reloadIfChanged(); // it may still be written
    for (int look = 0; look < 3; look++) {
      policies.reloadIfChanged();
      assertEquals(1, metrics.policiesStale.value());
      assertEquals(1, metrics.policyReloadsFailed.value(), "told once");
    }
    writeAsOf(1, "p", statements.formatted("b"));
    policies.reloadIfChanged();
    assertEquals(0, metrics.policiesStale.value());
    assertTrue(mayPublish(authorizer, "b"));
    assertFalse(mayPublish(authorizer, "a"));
  }

  /** In place, with a time of its own. */
  private void writeAsOf(long millis, String name, String statements) throws IOException {
    write(name, statements);
    Files.setLastModifiedTime(folder.resolve(name + ".policy.yaml"), FileTime.fromMillis(millis));
  }

  @Test
  void aStartWithBrokenPoliciesNamesAllOfThem() throws Exception {
    write("p", "statements: everything");
    write("q", "statements: [{}]");
    var e = assertThrows(AuthSetupException.class, this::ofFolder);
    String all = String.join("\n", e.problems());
    assertTrue(all.contains("p.policy.yaml:4") && all.contains("q.policy.yaml:4"), all);
    var missing = config(folder.resolve("nowhere"));
    assertThrows(
        AuthSetupException.class, () -> PolicyStore.open(missing, metrics, Clocks.system()));
  }

  @Test
  void observedPoliciesDecideNothing() throws Exception {
    write(
        "p",
        """
        statements:
          - { id: s, effect: allow, actions: [publish, subscribe, connect], topics: [a], clientIds: [c] }
        """);
    write(
        "candidate",
        """
        mode: observe
        statements:
          - { id: s, effect: deny, actions: [publish, subscribe, connect], topics: [a], clientIds: [c] }
        """);
    Authorizer authorizer = authorizer(ofFolder(), user("alice", Map.of(), "g"), "c");
    assertTrue(authorizer.connect().allowed());
    assertEquals(List.of(1L, 0L, 0L), differences());
    assertTrue(maySubscribe(authorizer, "a"));
    assertEquals(List.of(1L, 0L, 1L), differences());
    assertTrue(mayPublish(authorizer, "a"));
    assertTrue(mayPublish(authorizer, "a"), "one more, also where it could be remembered");
    assertFalse(mayPublish(authorizer, "b"), "both deny it");
    assertFalse(maySubscribe(authorizer, "b"));
    assertEquals(List.of(1L, 2L, 1L), differences());
  }

  /** Counted so far: of CONNECT, PUBLISH and SUBSCRIBE. */
  private List<Long> differences() {
    return Stream.of(Denial.CONNECT, Denial.PUBLISH, Denial.SUBSCRIBE)
        .map(kind -> metrics.policyDifferences.of(kind).value())
        .toList();
  }

  @Test
  void aRememberedPublishIsTheSameDecisionAndAllocatesNothing() throws Exception {
    Authorizer p7 = authorizer(shipped(), device("p7"), "p7");
    TopicName topic = TopicName.of("devices/p7/data");
    AccessDecision first = p7.publish(topic, QOS_1, false, 64);
    assertSame(first, p7.publish(TopicName.of("devices/p7/data"), QOS_1, false, 64));
    var thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    int allowed = 0;
    long before = thread.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 1_000; i++) {
      allowed += p7.publish(topic, QOS_1, false, i % 64).allowed() ? 1 : 0;
    }
    long allocated = thread.getCurrentThreadAllocatedBytes() - before;
    assertEquals(1_000, allowed);
    assertTrue(allocated < 1_000, allocated + " bytes");
  }

  @Test
  void aLongTopicIsDecidedAlikeAndNotKept() throws Exception {
    Authorizer p7 = authorizer(shipped(), device("p7"), "p7");
    String text = "devices/p7/" + "n".repeat(600);
    var topic = new WeakReference<>(TopicName.of(text));
    AccessDecision first = p7.publish(Objects.requireNonNull(topic.get()), QOS_1, false, 64);
    for (int i = 0; i < 100 && !topic.refersTo(null); i++) {
      System.gc();
    }
    assertTrue(topic.refersTo(null));
    assertSame(first, p7.publish(TopicName.of(text), QOS_1, false, 64));
  }

  /** More topics than are remembered, with the same answers. */
  @Test
  void manyTopicsAreDecidedRight() throws Exception {
    Authorizer p7 = authorizer(shipped(), device("p7"), "p7");
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 500; i++) {
        assertTrue(mayPublish(p7, "devices/p7/" + i));
        assertFalse(mayPublish(p7, "devices/p" + (8 + i) + "/x"));
      }
    }
  }

  @Test
  void aWillIsCheckedWithoutAnAddress() throws Exception {
    Authorizer later =
        new PolicyAuthorizers(shipped()).of(device("p7"), "p7", "mqtts", "tls", null, "");
    assertNotNull(later);
    assertTrue(mayPublish(later, "devices/p7/gone"));
  }
}
