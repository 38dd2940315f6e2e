package io.signalbox.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.CertificateVerifier;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.NamePolicy;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.RevocationCheck;
import io.signalbox.pki.RevocationReason;
import io.signalbox.pki.RevocationStatus;
import io.signalbox.pki.SubjectNames;
import io.signalbox.pki.TrustedCa;
import io.signalbox.server.Behaviour;
import io.signalbox.server.auth.Authentication.Accepted;
import io.signalbox.server.auth.Authentication.Rejected;
import io.signalbox.server.config.AuthConfig;
import io.signalbox.server.config.AuthConfig.Algorithm;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.metrics.Metrics.AuthFailure;
import io.signalbox.server.metrics.Metrics.Limit;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.trust.CurrentAuthorities;
import io.signalbox.server.trust.Fetcher;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.logging.StreamHandler;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuthenticatorChainTest {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final ManualClocks clocks = new ManualClocks();
  private final Metrics metrics = new Metrics(1, "test");
  private final Fetcher fetcher = new Fetcher(metrics);
  private final InlineLoop loop = new InlineLoop();
  private final Queue<Runnable> work = new ArrayDeque<>();
  private final CertificateAuthority authority = authority("factory");
  private CertificateVerifier verifier = trust("factory-ca", authority);

  @TempDir private Path data = Path.of("");

  private static CertificateAuthority authority(String name) {
    try {
      Clock clock = Clock.fixed(ManualClocks.START, ZoneOffset.UTC);
      return CertificateAuthority.createRoot(
              name + " root", KeyAlgorithm.EC_P256, CertificateProfile.ROOT, clock, RANDOM)
          .createIssuing(name, KeyAlgorithm.EC_P256, CertificateProfile.ISSUING);
    } catch (PkiException e) {
      throw new AssertionError(e);
    }
  }

  private static CertificateVerifier trust(String name, CertificateAuthority authority) {
    return new CertificateVerifier(
        List.of(new TrustedCa(name, List.of(authority.certificate()), RevocationCheck.NONE)));
  }

  private static List<X509Certificate> device(CertificateAuthority by, String id)
      throws PkiException {
    var key = KeyAlgorithm.EC_P256.generate(RANDOM).getPublic();
    return by.presentedChainOf(
        by.issue(key, SubjectNames.ofCommonName(id), CertificateProfile.DEVICE));
  }

  private AuthenticatorChain chain(AuthConfig config) throws AuthSetupException {
    return AuthenticatorChain.of(
        config, data, () -> verifier, fetcher, null, null, work::add, clocks, RANDOM, metrics);
  }

  private AuthenticatorChain chain() throws AuthSetupException {
    return chain(AuthConfig.DEFAULTS);
  }

  private static Connect connect(@Nullable String userName, byte @Nullable [] password) {
    return new Connect(ProtocolVersion.V5, "c", true, 0, null, userName, password, Properties.NONE);
  }

  private static Peer peer(
      List<X509Certificate> certificates, boolean anonymousAllowed, @Nullable String header) {
    InetAddress local = InetAddress.getLoopbackAddress();
    return new Peer("l", "tls", local, 1, "TLSv1.3", certificates, anonymousAllowed, false, header);
  }

  /** The answer, after the workers and the loop have run what they were given. */
  private Authentication ask(AuthenticatorChain chain, Connect connect, Peer peer) {
    List<Authentication> answers = new ArrayList<>();
    chain.authenticate(connect, peer, loop, answers::add);
    for (Runnable task = work.poll(); task != null; task = work.poll()) {
      task.run();
      assertTrue(answers.isEmpty(), "a worker answered on its own thread");
    }
    loop.run();
    assertEquals(1, answers.size(), "answers");
    return answers.getFirst();
  }

  private static Principal accepted(Authentication outcome) {
    return assertInstanceOf(Accepted.class, outcome).principal();
  }

  private void assertRejected(
      ReasonCode reason, AuthFailure failure, String cause, Authentication outcome) {
    Rejected rejected = assertInstanceOf(Rejected.class, outcome);
    assertEquals(cause, rejected.cause());
    assertEquals(reason, rejected.reason());
    assertEquals(1, metrics.authenticationFailures.of(failure).value(), "counted");
  }

  private byte[] token(String subject) throws AuthSetupException {
    return TokenIssuer.openOrCreate(data, clocks, RANDOM)
        .issue(subject, List.of("browsers"), Duration.ofMinutes(10))
        .getBytes(UTF_8);
  }

  @Test
  void aCertificateNamesTheDevice() throws Exception {
    List<X509Certificate> p7 = device(authority, "p7");
    Principal principal = accepted(ask(chain(), connect("ignored", null), peer(p7, false, null)));
    assertEquals("device:p7", principal.id());
    assertEquals("p7", principal.deviceId());
    assertEquals(AuthMethod.CERTIFICATE, principal.method());
    var fields = Objects.requireNonNull(principal.certificate());
    assertEquals("factory-ca", fields.ca());
    assertEquals("p7", fields.commonName());
    assertEquals("factory", fields.issuerCommonName());
    assertEquals(
        p7.getFirst().getNotAfter().toInstant().toEpochMilli(), principal.expiresAtMillis());
    assertEquals(64, fields.fingerprint().length());
  }

  @Test
  @Behaviour(260)
  void aKnownCertificateIsAnsweredWithoutASignatureCheckButNotWhenItHasExpired() throws Exception {
    List<X509Certificate> p7 = device(authority, "p7");
    AuthenticatorChain chain = chain();
    accepted(ask(chain, connect(null, null), peer(p7, false, null)));
    List<Authentication> answers = new ArrayList<>();
    chain.authenticate(connect(null, null), peer(p7, false, null), loop, answers::add);
    assertTrue(work.isEmpty(), "no signature check");
    assertEquals("device:p7", accepted(answers.getFirst()).id());

    Instant end = p7.getFirst().getNotAfter().toInstant();
    clocks.set(end);
    Authentication late = ask(chain, connect(null, null), peer(p7, false, null));
    assertEquals(1, metrics.authenticationFailures.of(AuthFailure.CERTIFICATE_EXPIRED).value());
    Rejected rejected = assertInstanceOf(Rejected.class, late);
    assertTrue(rejected.cause().endsWith(" expired at " + end), rejected.cause());
  }

  @Test
  void aKnownCertificateIsRefusedOnceItsAuthorityIsNotTrustedAnyMore() throws Exception {
    List<X509Certificate> p7 = device(authority, "p7");
    AuthenticatorChain chain = chain();
    accepted(ask(chain, connect(null, null), peer(p7, false, null)));
    verifier = trust("another-ca", authority("another"));
    Rejected rejected =
        assertInstanceOf(Rejected.class, ask(chain, connect(null, null), peer(p7, false, null)));
    assertEquals(ReasonCode.NOT_AUTHORIZED, rejected.reason());
  }

  @Test
  void aClientOfARekeyedAuthorityIsJudgedByTheKeyThatSignedItsCertificate() throws Exception {
    CertificateAuthority rekeyed = authority("factory"); // the name of the one before, another key
    List<X509Certificate> p7 = device(rekeyed, "p7");
    List<X509Certificate> revoked = new ArrayList<>();
    RevocationCheck list =
        (certificate, _, at) ->
            revoked.contains(certificate)
                ? new RevocationStatus.Revoked(at, RevocationReason.KEY_COMPROMISE)
                : new RevocationStatus.Good();
    var old = new TrustedCa("old-ca", List.of(authority.certificate()), RevocationCheck.NONE);
    var fresh = new TrustedCa("fresh-ca", List.of(rekeyed.certificate()), list);
    verifier = new CertificateVerifier(List.of(old, fresh));
    AuthenticatorChain chain = chain();
    Peer peer = peer(p7, false, null);
    Principal device = accepted(ask(chain, connect(null, null), peer));
    Peer older = peer(device(authority, "p8"), false, null);
    Principal olderDevice = accepted(ask(chain, connect(null, null), older));
    assertEquals(Optional.empty(), chain.problem(device, peer, "c"));

    revoked.add(p7.getFirst());
    assertTrue(chain.problem(device, peer, "c").orElse("none").contains("was revoked"), "by list");
    revoked.clear();
    verifier = new CertificateVerifier(List.of(old));
    assertTrue(chain.problem(device, peer, "c").isPresent(), "its authority was removed");
    assertEquals(Optional.empty(), chain.problem(olderDevice, older, "c"));
    verifier = new CertificateVerifier(List.of(fresh));
    assertEquals(Optional.empty(), chain.problem(device, peer, "c"));
  }

  @Test
  void aCertificateOfAnotherAuthorityIsRefusedEvenWhereAnonymousIsAllowed() throws Exception {
    List<X509Certificate> foreign = device(authority("evil"), "p7");
    assertRejected(
        ReasonCode.NOT_AUTHORIZED,
        AuthFailure.CERTIFICATE_UNTRUSTED,
        "the certificate of \"CN=p7\" was issued by \"evil\", which is not a registered authority",
        ask(chain(), connect(null, null), peer(foreign, true, null)));
  }

  @Test
  void anExpiredCertificateIsRefusedWithAGoodTokenToo() throws Exception {
    List<X509Certificate> p7 = device(authority, "p7");
    clocks.set(p7.getFirst().getNotAfter().toInstant());
    Rejected rejected =
        assertInstanceOf(
            Rejected.class, ask(chain(), connect(null, token("alice")), peer(p7, false, null)));
    assertEquals(ReasonCode.NOT_AUTHORIZED, rejected.reason());
  }

  @Test
  void aCertificateWithoutACommonNameNamesNobody() throws Exception {
    var key = KeyAlgorithm.EC_P256.generate(RANDOM).getPublic();
    SubjectNames noCommonName =
        new SubjectNames("", List.of(), List.of("host.example"), List.of(), List.of(), List.of());
    X509Certificate certificate =
        authority.issue(
            key, noCommonName, CertificateProfile.DEVICE.withNames(NamePolicy.ANYTHING));
    Rejected rejected =
        assertInstanceOf(
            Rejected.class,
            ask(
                chain(),
                connect(null, null),
                peer(authority.presentedChainOf(certificate), false, null)));
    assertEquals(1, metrics.authenticationFailures.of(AuthFailure.CERTIFICATE_IDENTITY).value());
    assertTrue(rejected.cause().endsWith("names no device in its common name"), rejected.cause());
  }

  @Test
  void aTokenInThePasswordNamesTheUser() throws Exception {
    Principal alice =
        accepted(ask(chain(), connect("ignored", token("alice")), peer(List.of(), false, null)));
    assertEquals("user:alice@local", alice.id());
    assertEquals("alice", alice.userName());
    assertNull(alice.deviceId());
    assertEquals(List.of("browsers"), alice.groups());
    assertEquals(ManualClocks.START.plusSeconds(600).toEpochMilli(), alice.expiresAtMillis());
  }

  @Test
  void aBearerTokenOfTheUpgradeNamesTheUser() throws Exception {
    String token = new String(token("alice"), UTF_8);
    for (String header : List.of("Bearer " + token, "bearer  " + token + " ")) {
      Principal alice = accepted(ask(chain(), connect(null, null), peer(List.of(), false, header)));
      assertEquals("user:alice@local", alice.id());
    }
    String bob = "Bearer " + new String(token("bob"), UTF_8);
    Principal byPassword =
        accepted(ask(chain(), connect(null, token("alice")), peer(List.of(), false, bob)));
    assertEquals("user:alice@local", byPassword.id(), "the password of CONNECT comes first");
    assertRejected(
        ReasonCode.BAD_USER_NAME_OR_PASSWORD,
        AuthFailure.TOKEN_MALFORMED,
        "the HTTP header Authorization holds no bearer token",
        ask(chain(), connect(null, null), peer(List.of(), true, "Basic YTpi")));
  }

  @Test
  void aKnownTokenIsAnsweredWithoutASignatureCheck() throws Exception {
    AuthenticatorChain chain = chain();
    byte[] token = token("alice");
    accepted(ask(chain, connect(null, token), peer(List.of(), false, null)));
    List<Authentication> answers = new ArrayList<>();
    chain.authenticate(connect(null, token), peer(List.of(), false, null), loop, answers::add);
    assertTrue(work.isEmpty(), "no signature check");
    assertEquals("user:alice@local", accepted(answers.getFirst()).id());
  }

  @Test
  void aWrongTokenIsRefusedEvenWhereAnonymousIsAllowed() throws Exception {
    assertRejected(
        ReasonCode.BAD_USER_NAME_OR_PASSWORD,
        AuthFailure.TOKEN_MALFORMED,
        "the password is no token: a token has three parts with two dots between",
        ask(chain(), connect("u", bytes("secret")), peer(List.of(), true, null)));
  }

  @Test
  void anEmptyPasswordIsAWrongOne() throws Exception {
    assertInstanceOf(
        Rejected.class, ask(chain(), connect("u", bytes("")), peer(List.of(), true, null)));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  @Test
  void nobodyIsLetInOnlyWhereTheListenerAllowsIt() throws Exception {
    Principal nobody =
        accepted(ask(chain(), connect("a name proves nothing", null), peer(List.of(), true, null)));
    assertEquals(Principal.anonymous(), nobody);
    assertRejected(
        ReasonCode.NOT_AUTHORIZED,
        AuthFailure.NO_CREDENTIALS,
        "no client certificate, token or password, and the listener allows no anonymous access",
        ask(chain(), connect("admin", null), peer(List.of(), false, null)));
  }

  @Test
  void aDeviceWithATokenHasBoth() throws Exception {
    AuthenticatorChain chain = chain();
    List<X509Certificate> p7 = device(authority, "p7");
    byte[] token = token("alice");
    for (int i = 0; i < 2; i++) { // checked, then known
      Principal both = accepted(ask(chain, connect(null, token), peer(p7, false, null)));
      assertEquals("device:p7", both.id());
      assertEquals(List.of("browsers"), both.groups());
      assertEquals("alice", both.userName());
      assertEquals(
          ManualClocks.START.plusSeconds(600).toEpochMilli(),
          both.expiresAtMillis(),
          "the earlier end");
    }
    assertInstanceOf(
        Rejected.class, ask(chain, connect(null, bytes("a.b.c")), peer(p7, false, null)));
  }

  @Test
  void moreThanThePendingMaximumIsTurnedAway() throws Exception {
    AuthenticatorChain chain = chain(new AuthConfig(AuthConfig.DEFAULTS.jwt(), null, 2, 10));
    List<Authentication> answers = new ArrayList<>();
    Peer peer = peer(List.of(), false, null);
    for (String subject : List.of("a", "b")) {
      chain.authenticate(connect(null, token(subject)), peer, loop, answers::add);
    }
    assertEquals(2, metrics.authenticationsPending.value());
    chain.authenticate(connect(null, token("c")), peer, loop, answers::add);
    assertEquals(
        new Rejected(
            ReasonCode.SERVER_BUSY,
            "too many credentials wait to be checked, see auth.pending-max"),
        answers.getFirst());
    assertEquals(1, metrics.authenticationFailures.of(AuthFailure.OVERLOADED).value());
    work.forEach(Runnable::run);
    work.clear();
    loop.run();
    assertEquals(3, answers.size());
    assertEquals(0, metrics.authenticationsPending.value());
    accepted(ask(chain, connect(null, token("d")), peer));
  }

  /** Finds out by signatures whom to ask, and counts how often. */
  private record Searching(CertificateVerifier verifier, AtomicInteger searches)
      implements CurrentAuthorities {
    @Override
    public CompletableFuture<Void> prepare(List<X509Certificate> chain) {
      searches.incrementAndGet();
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public Optional<CompletableFuture<Void>> prepareKnown(List<X509Certificate> chain) {
      return Optional.empty();
    }
  }

  /** With one place for credentials that are checked. */
  private AuthenticatorChain oneAtATime(CurrentAuthorities authorities) throws Exception {
    var d = AuthConfig.DEFAULTS;
    return AuthenticatorChain.of(
        new AuthConfig(d.jwt(), d.usersFile(), 1, d.exchangesMax()),
        data,
        authorities,
        fetcher,
        null,
        null,
        work::add,
        clocks,
        RANDOM,
        metrics);
  }

  @Test
  void whoIsTurnedAwayCostsNoSignatureCheckToFindOutWhomToAsk() throws Exception {
    var searching = new Searching(verifier, new AtomicInteger());
    AuthenticatorChain chain = oneAtATime(searching);
    List<Authentication> answers = new ArrayList<>();
    chain.authenticate(
        connect(null, null), peer(device(authority, "p7"), false, null), loop, answers::add);
    chain.authenticate(
        connect(null, null), peer(device(authority, "p8"), false, null), loop, answers::add);
    assertEquals(
        ReasonCode.SERVER_BUSY, assertInstanceOf(Rejected.class, answers.removeFirst()).reason());
    assertEquals(0, searching.searches.get(), "searched on the I/O thread");
    assertEquals(1, metrics.limitsReached.of(Limit.PENDING_AUTHENTICATIONS).value());

    work.remove().run(); // whom to ask
    loop.run();
    work.remove().run(); // its own signatures
    loop.run();
    assertEquals("p7", accepted(answers.getFirst()).deviceId());
    assertEquals(1, searching.searches.get());
    assertEquals(0, metrics.authenticationsPending.value());
  }

  @Test
  void oneMoreExchangeThanMayBeUnderWayIsRefusedAndCounted() throws Exception {
    var d = AuthConfig.DEFAULTS;
    var methods =
        AuthenticationMethods.of(
            chain(), new AuthConfig(d.jwt(), d.usersFile(), d.pendingMax(), 1), RANDOM, metrics);
    var connect = connect(null, null);
    var peer = peer(List.of(), true, null);
    var first = methods.begin("JWT", connect, peer);
    List<Authentication> answers = new ArrayList<>();
    methods.begin("JWT", connect, peer).next(new byte[0], loop, answers::add);
    assertEquals(
        ReasonCode.SERVER_BUSY, assertInstanceOf(Rejected.class, answers.removeFirst()).reason());
    assertEquals(1, metrics.limitsReached.of(Limit.EXCHANGES).value());
    first.end();
    methods.begin("JWT", connect, peer);
    assertEquals(1, metrics.limitsReached.of(Limit.EXCHANGES).value());
    assertEquals(1, metrics.authenticationExchanges.value());
  }

  @Test
  void aStoppingBrokerTurnsAway() throws Exception {
    AuthenticatorChain chain =
        AuthenticatorChain.of(
            AuthConfig.DEFAULTS,
            data,
            () -> verifier,
            fetcher,
            null,
            null,
            _ -> {
              throw new RejectedExecutionException("stopped");
            },
            clocks,
            RANDOM,
            metrics);
    Rejected rejected =
        assertInstanceOf(
            Rejected.class, ask(chain, connect(null, token("a")), peer(List.of(), true, null)));
    assertEquals(ReasonCode.SERVER_BUSY, rejected.reason());
    assertEquals(0, metrics.authenticationsPending.value());
  }

  @Test
  void aFaultOfOurOwnLetsNobodyIn() throws Exception {
    AuthenticatorChain chain =
        AuthenticatorChain.of(
            AuthConfig.DEFAULTS,
            data,
            new FailingSecondTime(verifier),
            fetcher,
            null,
            null,
            work::add,
            clocks,
            RANDOM,
            metrics);
    Rejected rejected =
        assertInstanceOf(
            Rejected.class,
            ask(chain, connect(null, null), peer(device(authority, "p7"), true, null)));
    assertEquals(ReasonCode.SERVER_UNAVAILABLE, rejected.reason());
  }

  /** Whoever is asked about certificates has not answered. */
  private record Asking(CertificateVerifier verifier, CompletableFuture<Void> answered)
      implements CurrentAuthorities {
    @Override
    public CompletableFuture<Void> prepare(List<X509Certificate> chain) {
      return answered;
    }

    @Override
    public Optional<CompletableFuture<Void>> prepareKnown(List<X509Certificate> chain) {
      return Optional.of(answered);
    }
  }

  @Test
  void whoIsLetInToWaitForAFetchKeepsItsPlaceUntilItIsAnswered() throws Exception {
    var asking = new Asking(verifier, new CompletableFuture<>());
    AuthenticatorChain chain = oneAtATime(asking);
    List<Authentication> first = new ArrayList<>();
    List<Authentication> later = new ArrayList<>();
    chain.authenticate(
        connect(null, null), peer(device(authority, "p7"), false, null), loop, first::add);
    asking.answered.complete(null);
    chain.authenticate(
        connect(null, null), peer(device(authority, "p8"), false, null), loop, later::add);
    loop.run();
    work.remove().run();
    loop.run();
    assertEquals("p7", accepted(first.getFirst()).deviceId());
    assertEquals(
        ReasonCode.SERVER_BUSY, assertInstanceOf(Rejected.class, later.getFirst()).reason());
    assertEquals(0, metrics.authenticationsPending.value());
  }

  @Test
  void anHttpRequestOccupiesNoThreadWhileSomebodyElsesServerIsAsked() throws Exception {
    var asking = new Asking(verifier, new CompletableFuture<>());
    AuthenticatorChain chain = oneAtATime(asking);
    List<Optional<Principal>> answers = new ArrayList<>();
    List<X509Certificate> p7 = device(authority, "p7");
    InetAddress from = InetAddress.getLoopbackAddress();
    assertTrue(chain.identify(p7, null, from, "GET /", work::add, answers::add));
    assertEquals(1, metrics.authenticationsPending.value());
    assertFalse(chain.identify(p7, null, from, "GET /", work::add, answers::add), "one too many");
    assertEquals(1, metrics.authenticationFailures.of(AuthFailure.OVERLOADED).value());
    assertTrue(answers.isEmpty() && work.isEmpty());

    asking.answered.complete(null);
    assertTrue(answers.isEmpty(), "answered on the thread that fetched");
    work.remove().run();
    assertEquals("p7", answers.getFirst().orElseThrow().deviceId());
    assertTrue(chain.identify(p7, null, from, "GET /", work::add, answers::add));
    assertEquals(2, answers.size());
  }

  @Test
  void onlyAnHttpRequestThatShowsACredentialIsAWarningAndItNamesAddressAndPath() throws Exception {
    InetAddress from = InetAddress.getByName("192.0.2.77");
    AuthenticatorChain chain = chain();
    List<Optional<Principal>> answers = new ArrayList<>();
    List<String> said = new ArrayList<>();
    long thread = Thread.currentThread().threadId();
    var log = Logger.getLogger(AuthenticatorChain.class.getName());
    var handler =
        new StreamHandler() {
          @Override
          public synchronized void publish(LogRecord record) {
            if (record.getLongThreadID() == thread) { // others may test at the same time
              said.add(new SimpleFormatter().formatMessage(record));
            }
          }
        };
    log.addHandler(handler);
    try {
      for (int i = 0; i < 100; i++) {
        assertTrue(chain.identify(List.of(), null, from, "GET /x", Runnable::run, answers::add));
      }
      assertEquals(List.of(), said);
      assertEquals(100, metrics.authenticationFailures.of(AuthFailure.NO_CREDENTIALS).value());
      assertTrue(chain.identify(List.of(), "a.b.c", from, "GET /y\n", Runnable::run, answers::add));
    } finally {
      log.removeHandler(handler);
    }
    assertEquals(1, said.size());
    String start = "an HTTP request from 192.0.2.77, \"GET /y\\u000a\", is not authenticated: ";
    assertTrue(said.getFirst().startsWith(start), said.getFirst());
    assertTrue(answers.stream().allMatch(Optional::isEmpty));
  }

  /** Breaks on the worker, after the I/O thread has asked. */
  private static final class FailingSecondTime implements CurrentAuthorities {
    private final CertificateVerifier first;
    private int asked;

    FailingSecondTime(CertificateVerifier first) {
      this.first = first;
    }

    @Override
    public CertificateVerifier verifier() {
      if (asked++ > 0) {
        throw new IllegalStateException("a fault for this test, its stack trace is meant");
      }
      return first;
    }
  }

  @Test
  void theExchangeTakesATokenInOneStepOrTwo() throws Exception {
    var exchange = AuthenticationMethods.of(chain(), AuthConfig.DEFAULTS, RANDOM, metrics);
    assertTrue(exchange.knows("JWT") && !exchange.knows("jwt") && !exchange.knows("SCRAM-SHA-1"));
    Peer peer = peer(List.of(), true, null);
    var begun = exchange.begin("JWT", connect(null, null), peer);
    List<Authentication> answers = new ArrayList<>();
    begun.next(new byte[0], loop, answers::add);
    assertInstanceOf(Authentication.Continue.class, answers.removeFirst());
    begun.next(token("alice"), loop, answers::add);
    work.remove().run();
    loop.run();
    assertEquals("user:alice@local", accepted(answers.removeFirst()).id());
    begun.next(bytes("a.b.c"), loop, answers::add);
    work.remove().run();
    loop.run();
    assertInstanceOf(Rejected.class, answers.removeFirst(), "anonymous access is no way out");
  }

  @Test
  void localTokensAreRefusedWhenTheyAreSwitchedOff() throws Exception {
    AuthConfig.Jwt d = AuthConfig.DEFAULTS.jwt();
    var off =
        new AuthConfig.Jwt(
            List.of(), d.clockSkew(), d.lifetimeMax(), null, "groups", 10, null, false);
    assertRejected(
        ReasonCode.BAD_USER_NAME_OR_PASSWORD,
        AuthFailure.TOKEN_ISSUER,
        "token of the issuer \"signalbox:local\", which is not configured",
        ask(
            chain(new AuthConfig(off, null, 10, 10)),
            connect(null, token("alice")),
            peer(List.of(), true, null)));
  }

  @Test
  void aTokenOfAnotherDataDirectoryIsRefused(@TempDir Path other) throws Exception {
    byte[] foreign =
        TokenIssuer.openOrCreate(other, clocks, RANDOM)
            .issue("alice", List.of(), Duration.ofMinutes(1))
            .getBytes(UTF_8);
    Rejected rejected =
        assertInstanceOf(
            Rejected.class, ask(chain(), connect(null, foreign), peer(List.of(), true, null)));
    assertTrue(
        rejected
            .cause()
            .matches(
                "token signed with the key \"[0-9a-f]{16}\" of issuer \"local\", which is unknown"),
        rejected.cause());
  }

  @Test
  void theTokenKeyIsTheOwnersAlone() throws Exception {
    token("alice");
    Path file = data.resolve("token.key");
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    try (var files = Files.list(data)) {
      assertEquals(List.of(file), files.toList(), "no temporary file is left");
    }
  }

  @Test
  void manyWhoMakeTheTokenKeyAtOnceGetTheSame(@TempDir Path fresh) throws Exception {
    try (var threads = Executors.newFixedThreadPool(8)) {
      List<Callable<String>> makers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        makers.add(() -> LocalTokenKey.openOrCreate(fresh.resolve("data"), RANDOM).id());
      }
      List<String> ids = new ArrayList<>();
      for (Future<String> made : threads.invokeAll(makers)) {
        ids.add(made.get());
      }
      assertEquals(1, ids.stream().distinct().count(), ids.toString());
    }
  }

  @Test
  void aDamagedTokenKeyIsNeverReplaced() throws Exception {
    Path file = data.resolve("token.key");
    for (String damaged : List.of("", "AAAA", "not base64!", "x".repeat(2_000))) {
      Files.writeString(file, damaged);
      var e =
          assertThrows(
              AuthSetupException.class, () -> TokenIssuer.openOrCreate(data, clocks, RANDOM));
      assertTrue(e.problems().getFirst().contains("is damaged"), e.problems().toString());
      assertEquals(damaged, Files.readString(file));
    }
  }

  @Test
  void theIssuerWantsASubjectAndALifetime() throws Exception {
    TokenIssuer issuer = TokenIssuer.openOrCreate(data, clocks, RANDOM);
    assertThrows(
        IllegalArgumentException.class, () -> issuer.issue("", List.of(), Duration.ofDays(1)));
    assertThrows(
        IllegalArgumentException.class,
        () -> issuer.issue("alice", List.of(), Duration.ofMillis(999)));
  }

  @Test
  void aConfiguredIssuerMayNotHaveTheLocalName() throws Exception {
    AuthConfig.Jwt d = AuthConfig.DEFAULTS.jwt();
    var clash =
        new AuthConfig.Jwt(
            List.of(
                new AuthConfig.Issuer(
                    "mine",
                    "signalbox:local",
                    List.of("a"),
                    List.of(TokenForge.configured("k", Algorithm.HS256, "")))),
            d.clockSkew(),
            d.lifetimeMax(),
            null,
            "groups",
            10,
            null,
            true);
    var e =
        assertThrows(AuthSetupException.class, () -> chain(new AuthConfig(clash, null, 10, 10)));
    assertEquals(
        List.of(
            "auth.jwt.issuers: the issuer \"signalbox:local\" is this broker's own; choose another"
                + " value for iss"),
        e.problems());
  }
}
