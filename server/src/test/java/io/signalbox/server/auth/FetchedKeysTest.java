package io.signalbox.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jsonwebtoken.security.Jwks;
import io.signalbox.server.config.AuthConfig;
import io.signalbox.server.config.AuthConfig.Algorithm;
import io.signalbox.server.config.JwksConfig;
import io.signalbox.server.config.JwtClaims;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.metrics.Metrics.AuthFailure;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.trust.Fetcher;
import io.signalbox.server.trust.WebServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.PublicKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An issuer whose keys are a JSON Web Key Set, on a server that rotates, goes down and lies. */
@Timeout(60)
final class FetchedKeysTest {
  private static final JwtClaims CLAIMS =
      new JwtClaims("sub", null, "realm.roles[]", Map.of("site", "place.site", "floor", "floor"));

  @TempDir Path folder;

  private final ManualClocks clocks = new ManualClocks();
  private final WebServer server = new WebServer(_ -> new byte[0]);
  private final Metrics metrics = new Metrics(1, "test");
  private final Fetcher fetcher = new Fetcher(metrics);
  private @Nullable Path revoked;

  @AfterEach
  void close() {
    server.close();
    fetcher.close();
  }

  private static String jwk(String id, PublicKey key, String more) {
    String members =
        Jwks.builder().key(key).id(id).build().entrySet().stream()
            .map(member -> "\"" + member.getKey() + "\":\"" + member.getValue() + "\"")
            .collect(Collectors.joining(","));
    return "{" + members + more + "}";
  }

  private static byte[] set(String... keys) {
    return ("{\"keys\":[" + String.join(",", keys) + "]}").getBytes(UTF_8);
  }

  private static String es256(String name) {
    return jwk(name, TokenForge.pair(name, Algorithm.ES256).getPublic(), "");
  }

  private JwtAuthenticator authenticator(Algorithm... algorithms) throws AuthSetupException {
    return authenticator(clocks, algorithms);
  }

  private JwtAuthenticator authenticator(Clocks clocks, Algorithm... algorithms)
      throws AuthSetupException {
    AuthConfig.Jwt d = AuthConfig.DEFAULTS.jwt();
    JwksConfig keys =
        new JwksConfig(
            server.address(),
            null,
            Set.of(algorithms),
            Duration.ofMinutes(5),
            Duration.ofSeconds(10));
    var issuer =
        new AuthConfig.Issuer(
            "cloud",
            "https://cloud.example",
            List.of("iot"),
            List.of(),
            keys,
            CLAIMS,
            AuthConfig.AclClaim.NARROW);
    var config =
        new AuthConfig.Jwt(
            List.of(issuer), d.clockSkew(), d.lifetimeMax(), null, "groups", 100, revoked, false);
    return new JwtAuthenticator(
        config,
        TokenTrust.of(config, null, fetcher, clocks),
        RevokedTokens.open(revoked, metrics),
        clocks);
  }

  @Test
  void aFileIsReadAgainWhenItHasChanged() throws Exception {
    Path file = folder.resolve("keys.json");
    Files.write(file, set(es256("stays"), es256("leaks")));
    var keys = new KeySetFile("cloud", file, Set.of(Algorithm.ES256));
    List<TokenKey> before = keys.known();
    assertEquals(2, before.size());
    assertFalse(keys.refresh());

    Files.write(file, set(es256("stays")));
    assertTrue(keys.refresh());
    var source = new TokenKeys.Watched(keys);
    assertTrue(source.mayHold(before.getFirst()));
    assertFalse(source.mayHold(before.getLast()));

    Files.writeString(file, "<html>");
    assertFalse(keys.refresh());
    assertTrue(keys.isStale());
    assertEquals(1, keys.known().size(), "the last good set");

    Files.write(file, set(es256("new")));
    assertTrue(keys.refresh());
    assertFalse(keys.isStale());
    assertTrue(keys.known().getFirst().toString().contains("new"));
  }

  private byte[] token(String key, Algorithm algorithm, String more) {
    return TokenForge.token(
        "{\"alg\":\"" + algorithm + "\",\"kid\":\"" + key + "\"}",
        "{\"iss\":\"https://cloud.example\",\"aud\":\"iot\",\"sub\":\"alice\",\"exp\":"
            + (clocks.seconds() + 3_600)
            + more
            + "}",
        algorithm,
        key);
  }

  private byte[] token(String key) {
    return token(key, Algorithm.ES256, "");
  }

  private static Principal verify(JwtAuthenticator authenticator, byte[] token)
      throws CredentialException {
    authenticator.prepare(token).join();
    return authenticator.verify(token);
  }

  private static void assertRefused(
      AuthFailure failure, JwtAuthenticator authenticator, byte[] token) {
    var refused = assertThrows(CredentialException.class, () -> verify(authenticator, token));
    assertEquals(failure, refused.failure(), refused.getMessage());
  }

  @Test
  void fetchesTheKeysWithTheFirstTokenAndFollowsARotation() throws Exception {
    server.answer(set(es256("old")));
    var authenticator = authenticator(Algorithm.ES256);
    assertEquals(0, server.requests());
    assertEquals("user:alice@cloud", verify(authenticator, token("old")).id());
    assertEquals(1, server.requests());

    server.answer(set(es256("old"), es256("new")));
    clocks.advance(Duration.ofSeconds(11));
    verify(authenticator, token("new"));
    verify(authenticator, token("old"));
    assertEquals(2, server.requests());

    clocks.advance(Duration.ofMinutes(6)); // who has a key that is known waits for no fetch
    assertTrue(authenticator.prepare(token("new")).isDone());
    verify(authenticator, token("new"));
  }

  /** Until the test's time is over. */
  private static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      assertFalse(Thread.interrupted(), "not in time");
      Thread.onSpinWait();
    }
  }

  /** Looks as the broker does every second, until a fetch has brought other keys. */
  private static void awaitOtherKeys(JwtAuthenticator authenticator) {
    await(authenticator::refresh);
  }

  @Test
  void aKeyThatItsIssuerWithdrewTakesItsTokensWithIt() throws Exception {
    server.answer(set(es256("old"), es256("staying")));
    var authenticator = authenticator(Algorithm.ES256);
    byte[] cached = token("old");
    byte[] untouched = token("staying");
    Principal alice = verify(authenticator, cached);
    Principal other = verify(authenticator, untouched);
    awaitOtherKeys(authenticator);
    assertEquals(alice, authenticator.known(cached));
    assertEquals(Optional.empty(), authenticator.problem(alice));

    server.answer(set(es256("staying"), es256("new")));
    clocks.advance(Duration.ofMinutes(59));
    awaitOtherKeys(authenticator);
    assertEquals(
        Optional.of("the key that signed the token was withdrawn"), authenticator.problem(alice));
    assertNull(authenticator.known(cached));
    assertRefused(AuthFailure.TOKEN_SIGNATURE, authenticator, cached);
    assertRefused(AuthFailure.TOKEN_SIGNATURE, authenticator, token("old"));
    assertEquals(Optional.empty(), authenticator.problem(other));
    assertEquals(other, authenticator.known(untouched));
  }

  @Test
  void aKeyThatHasTheIdOfTheOneBeforeTakesItsTokensWithIt() throws Exception {
    server.answer(set(es256("k")));
    var authenticator = authenticator(Algorithm.ES256);
    Principal alice = verify(authenticator, token("k"));
    awaitOtherKeys(authenticator);
    server.answer(set(jwk("k", TokenForge.pair("another", Algorithm.ES256).getPublic(), "")));
    clocks.advance(Duration.ofMinutes(6));
    awaitOtherKeys(authenticator);
    assertTrue(authenticator.problem(alice).isPresent());
  }

  @Test
  void asksForAnOldSetByItselfAndNoMoreOftenThanAllowed() throws Exception {
    server.answer(set(es256("k")));
    var authenticator = authenticator(Algorithm.ES256);
    assertFalse(authenticator.refresh());
    assertEquals(0, server.requests(), "before the first token");
    Principal alice = verify(authenticator, token("k"));
    clocks.advance(Duration.ofMinutes(5).minusSeconds(1));
    authenticator.refresh();
    assertEquals(1, server.requests());

    server.status(503);
    clocks.advance(Duration.ofSeconds(1));
    for (int failed = 1; failed < 4; failed++) {
      int requests = 1 + failed;
      await(
          () -> {
            authenticator.refresh();
            return server.requests() == requests;
          });
      awaitFailures(failed);
      authenticator.refresh();
      assertEquals(requests, server.requests());
      assertEquals(Optional.empty(), authenticator.problem(alice), "a failure withdraws nothing");
      verify(authenticator, token("k"));
      clocks.advance(Duration.ofSeconds(10));
    }

    server.status(200);
    server.answer(set(es256("new")));
    awaitOtherKeys(authenticator);
    assertTrue(authenticator.problem(alice).isPresent());
    assertEquals(5, server.requests());
    clocks.advance(Duration.ofMinutes(4));
    authenticator.refresh();
    assertEquals(5, server.requests());
  }

  private void awaitFailures(int count) {
    await(() -> metrics.fetchesFailed.of(Metrics.Fetched.JWKS).value() == count);
  }

  @Test
  void whoAsksWhileAFetchedSetIsTakenOverWaitsForIt() throws Exception {
    server.answer(set(es256("k")));
    byte[] token = token("k");
    var made = new AtomicReference<JwtAuthenticator>();
    var second = new AtomicBoolean();
    var waited = new AtomicBoolean();
    Thread test = Thread.currentThread();
    Clocks asked =
        new Clocks() {
          @Override
          public long wallMillis() {
            return clocks.wallMillis();
          }

          @Override
          public long nanos() {
            if (Thread.currentThread() != test && !second.getAndSet(true)) {
              // The answer is read, its keys are to follow.
              waited.set(!made.get().prepare(token).isDone());
            }
            return clocks.nanos();
          }
        };
    var authenticator = authenticator(asked, Algorithm.ES256);
    made.set(authenticator);
    assertEquals("user:alice@cloud", verify(authenticator, token).id());
    assertTrue(waited.get(), "told to go on without the keys");
  }

  @Test
  void asksOnceInAWhileHoweverManyUnknownKeysTokensName() throws Exception {
    server.answer(set(es256("old")));
    var authenticator = authenticator(Algorithm.ES256);
    verify(authenticator, token("old"));
    for (int i = 0; i < 50; i++) {
      assertRefused(AuthFailure.TOKEN_SIGNATURE, authenticator, token("made-up"));
    }
    assertEquals(1, server.requests());
    clocks.advance(Duration.ofSeconds(11));
    assertRefused(AuthFailure.TOKEN_SIGNATURE, authenticator, token("made-up"));
    assertEquals(2, server.requests());
  }

  @Test
  void keepsTheLastGoodKeysWhileTheServerIsDownOrServesRubbish() throws Exception {
    server.answer(set(es256("k")));
    var authenticator = authenticator(Algorithm.ES256);
    verify(authenticator, token("k"));
    List<byte[]> rubbish =
        List.of(
            "<html>".getBytes(UTF_8),
            "{}".getBytes(UTF_8),
            set(),
            "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}"
                .getBytes(UTF_8),
            new byte[300_000]);
    for (byte[] answer : rubbish) {
      server.answer(answer);
      clocks.advance(Duration.ofSeconds(11));
      assertRefused(AuthFailure.TOKEN_SIGNATURE, authenticator, token("unknown"));
      verify(authenticator, token("k", Algorithm.ES256, ",\"n\":" + answer.length));
    }
    server.status(500);
    clocks.advance(Duration.ofSeconds(11));
    assertRefused(AuthFailure.TOKEN_SIGNATURE, authenticator, token("unknown"));
    server.close();
    clocks.advance(Duration.ofSeconds(11));
    assertRefused(AuthFailure.TOKEN_SIGNATURE, authenticator, token("unknown"));
    verify(authenticator, token("k"));
    assertTrue(metrics.fetchesFailed.of(Metrics.Fetched.JWKS).value() >= 2);
  }

  @Test
  void pinsTheAlgorithmsAndPassesOverWhatIsNotForThem() throws Exception {
    server.answer(
        set(
            jwk("k", TokenForge.pair("k", Algorithm.RS256).getPublic(), ""),
            jwk("e", TokenForge.pair("e", Algorithm.ES256).getPublic(), ",\"use\":\"enc\""),
            jwk("p", TokenForge.pair("p", Algorithm.RS256).getPublic(), ",\"alg\":\"PS256\""),
            "{\"kty\":\"oct\",\"kid\":\"s\",\"k\":\""
                + TokenForge.base64(TokenForge.SECRET)
                + "\"}",
            "{\"kty\":\"NEW\",\"kid\":\"x\"}"));
    var authenticator = authenticator(Algorithm.RS256, Algorithm.ES256);
    verify(authenticator, token("k", Algorithm.RS256, ""));
    assertRefused(AuthFailure.TOKEN_ALGORITHM, authenticator, token("k", Algorithm.RS512, ""));
    assertRefused(AuthFailure.TOKEN_SIGNATURE, authenticator, token("e", Algorithm.ES256, ""));
    assertRefused(AuthFailure.TOKEN_SIGNATURE, authenticator, token("p", Algorithm.RS256, ""));
    assertRefused(AuthFailure.TOKEN_SIGNATURE, authenticator, token("s", Algorithm.HS256, ""));
  }

  @Test
  void readsGroupsAndAttributesByPath() throws Exception {
    server.answer(set(es256("k")));
    Principal alice =
        verify(
            authenticator(Algorithm.ES256),
            token(
                "k",
                Algorithm.ES256,
                ",\"realm\":{\"roles\":[\"ops\",1,\"dev\"]},\"place\":{\"site\":\"mill\"},\"floor\":3"));
    assertEquals(List.of("ops", "dev"), alice.groups());
    assertEquals(Map.of("site", "mill", "floor", "3"), alice.attributes());
  }

  @Test
  void refusesARevokedTokenEvenOneItRemembers() throws Exception {
    Path file = folder.resolve("revoked.txt");
    Files.writeString(file, "# none yet\n");
    revoked = file;
    server.answer(set(es256("k")));
    var authenticator = authenticator(Algorithm.ES256);
    byte[] token = token("k", Algorithm.ES256, ",\"jti\":\"t-1\"");
    Principal alice = verify(authenticator, token);
    assertEquals(alice, authenticator.known(token));

    Files.writeString(file, "cloud t-1\nother t-2\n");
    Files.setLastModifiedTime(file, FileTime.fromMillis(1));
    assertTrue(authenticator.refresh());
    assertEquals(null, authenticator.known(token));
    assertRefused(AuthFailure.TOKEN_REVOKED, authenticator, token);
    assertTrue(authenticator.problem(alice).isPresent());

    Files.writeString(file, "one word only: no, four\n");
    Files.setLastModifiedTime(file, FileTime.fromMillis(2));
    authenticator.refresh();
    assertRefused(AuthFailure.TOKEN_REVOKED, authenticator, token);
  }

  /** As after a change of owner or mode, which no time of the file tells. */
  @Test
  void aListOfRevokedTokensThatCouldNotBeUsedIsReadAgainThoughNothingTellsOfAChange()
      throws Exception {
    Path file = folder.resolve("revoked.txt");
    Files.writeString(file, "# none yet\n");
    revoked = file;
    server.answer(set(es256("k")));
    var authenticator = authenticator(Algorithm.ES256);
    byte[] token = token("k", Algorithm.ES256, ",\"jti\":\"t-1\"");
    verify(authenticator, token);

    writeAsOf(1, file, "cloud t 1\n");
    authenticator.refresh();
    authenticator.refresh();
    verify(authenticator, token);
    assertEquals(1, metrics.revokedTokensReloadsFailed.value(), "told once");

    writeAsOf(1, file, "cloud t-1\n");
    authenticator.refresh();
    assertRefused(AuthFailure.TOKEN_REVOKED, authenticator, token);
  }

  /** In place, with a time of its own. */
  private static void writeAsOf(long millis, Path file, String text) throws Exception {
    Files.writeString(file, text);
    Files.setLastModifiedTime(file, FileTime.fromMillis(millis));
  }
}
