package io.signalbox.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.jsonwebtoken.security.Jwks;
import io.signalbox.server.auth.KeyRefresh.Status;
import io.signalbox.server.config.AuthConfig;
import io.signalbox.server.config.AuthConfig.Algorithm;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.registry.JwtIssuer;
import io.signalbox.server.registry.Stamp;
import io.signalbox.server.trust.Fetcher;
import io.signalbox.server.trust.WebServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The key set of an issuer of the registry: fetched at once, and how that went is told. */
@Timeout(60)
final class RegisteredKeySetTest {
  private final ManualClocks clocks = new ManualClocks();
  private final WebServer server = new WebServer(_ -> new byte[0]);
  private final Metrics metrics = new Metrics(1, "test");
  private final Fetcher fetcher = new Fetcher(metrics);
  private final JwtIssuer issuer = issuer(1);
  private JwtAuthenticator authenticator;

  @BeforeEach
  void open() throws AuthSetupException {
    AuthConfig.Jwt config = AuthConfig.DEFAULTS.jwt();
    authenticator =
        new JwtAuthenticator(
            config,
            TokenTrust.of(config, null, fetcher, clocks),
            RevokedTokens.open(null, metrics),
            clocks);
  }

  @AfterEach
  void close() {
    server.close();
    fetcher.close();
  }

  private JwtIssuer issuer(long revision) {
    return issuer(revision, server.address().toString(), "ES256");
  }

  private static JwtIssuer issuer(long revision, String address, String algorithm) {
    return issuer(revision, new JwtIssuer.Keys.JwksUri(address), algorithm, "iot");
  }

  private static JwtIssuer issuer(
      long revision, JwtIssuer.Keys keys, String algorithm, String audience) {
    return issuer(revision, keys, algorithm, audience, "sub", null, 86_400);
  }

  private static JwtIssuer issuer(
      long revision,
      JwtIssuer.Keys keys,
      String algorithm,
      String audience,
      String userClaim,
      @Nullable String deviceClaim,
      int lifetimeMaxSeconds) {
    return new JwtIssuer(
        "cloud",
        "https://cloud.example",
        List.of(audience),
        keys,
        List.of(algorithm),
        userClaim,
        deviceClaim,
        "groups",
        Map.of(),
        30,
        lifetimeMaxSeconds,
        false,
        true,
        new Stamp(0, 0, revision));
  }

  /** Of another user, device or length of tokens than {@link #issuer} has. */
  private static JwtIssuer mapping(
      long revision, String userClaim, @Nullable String deviceClaim, int lifetimeMaxSeconds) {
    return issuer(revision, json("k"), "ES256", "iot", userClaim, deviceClaim, lifetimeMaxSeconds);
  }

  private static byte[] set(String id) {
    var key = TokenForge.pair(id, Algorithm.ES256).getPublic();
    return Jwks.builder().key(key).id(id).build().entrySet().stream()
        .map(member -> "\"" + member.getKey() + "\":\"" + member.getValue() + "\"")
        .collect(Collectors.joining(",", "{\"keys\":[{", "}]}"))
        .getBytes(UTF_8);
  }

  private String verified(String key) throws CredentialException {
    return principal(key).id();
  }

  private Principal principal(String key) throws CredentialException {
    byte[] token =
        TokenForge.token(
            "{\"alg\":\"ES256\",\"kid\":\"" + key + "\"}",
            "{\"iss\":\"https://cloud.example\",\"aud\":\"iot\",\"sub\":\"alice\",\"name\":\"ann\",\"unit\":\"p7\""
                + ",\"exp\":"
                + (clocks.seconds() + 3_600)
                + "}",
            Algorithm.ES256,
            key);
    authenticator.prepare(token).join();
    return authenticator.verify(token);
  }

  private KeyRefresh awaited(JwtIssuer of, Status status) {
    while (authenticator.lastRefresh(of).status() != status) {
      Thread.onSpinWait();
    }
    return authenticator.lastRefresh(of);
  }

  @Test
  void isFetchedBeforeTheFirstTokenComes() throws Exception {
    server.answer(set("k"));
    assertEquals(KeyRefresh.PENDING, authenticator.lastRefresh(issuer));
    authenticator.registered(List.of(issuer));
    assertEquals(KeyRefresh.OK, awaited(issuer, Status.OK));
    assertEquals("user:alice@cloud", verified("k"));
    assertEquals(1, server.requests());

    authenticator.registered(List.of(issuer));
    assertEquals(KeyRefresh.OK, authenticator.lastRefresh(issuer));
    assertEquals(1, server.requests());
    assertEquals(KeyRefresh.PENDING, authenticator.lastRefresh(issuer(2)));
  }

  @Test
  void aFailureIsToldAndMendedByTheFirstTokenWithoutAPause() throws Exception {
    server.answer("<html>".getBytes(UTF_8));
    authenticator.registered(List.of(issuer));
    assertTrue(awaited(issuer, Status.FAILED).problem().contains("no JSON Web Key Set"));
    server.answer(set("k"));
    while (server.requests() < 2) { // the failure is told a moment before it is forgotten
      tryToVerify("k");
    }
    assertEquals("user:alice@cloud", verified("k"));
    assertEquals(KeyRefresh.OK, authenticator.lastRefresh(issuer));
  }

  private void tryToVerify(String key) {
    try {
      verified(key);
    } catch (CredentialException _) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aLaterFailureIsToldWhileTheKeysStayInForce() throws Exception {
    server.answer(set("k"));
    authenticator.registered(List.of(issuer));
    awaited(issuer, Status.OK);
    server.status(503);
    clocks.advance(Duration.ofSeconds(11));
    assertThrows(CredentialException.class, () -> verified("unknown"));
    KeyRefresh last = authenticator.lastRefresh(issuer);
    assertEquals(Status.FAILED, last.status());
    assertTrue(last.problem().contains("503"), last.problem());
    assertEquals("user:alice@cloud", verified("k"));
  }

  @Test
  void aChangeOfTheIssuerKeepsTheKeysThatWereFetched() throws Exception {
    server.answer(set("k"));
    authenticator.registered(List.of(issuer));
    awaited(issuer, Status.OK);
    server.status(503);
    authenticator.registered(List.of(issuer(2)));
    awaited(issuer(2), Status.FAILED);
    assertEquals("user:alice@cloud", verified("k"));

    JwtIssuer elsewhere = issuer(3, server.address() + "?moved", "ES256");
    authenticator.registered(List.of(elsewhere));
    awaited(elsewhere, Status.FAILED);
    assertThrows(CredentialException.class, () -> verified("k"), "the keys of another address");
  }

  @Test
  void keysOfAnAlgorithmThatIsNoLongerAllowedAreNotKept() throws Exception {
    server.answer(set("k"));
    authenticator.registered(List.of(issuer));
    awaited(issuer, Status.OK);
    server.status(503);
    JwtIssuer narrowed = issuer(2, server.address().toString(), "RS256");
    authenticator.registered(List.of(narrowed));
    awaited(narrowed, Status.FAILED);
    assertThrows(CredentialException.class, () -> verified("k"));
  }

  private static JwtIssuer.Keys json(String id) {
    return new JwtIssuer.Keys.JwksJson(new String(set(id), UTF_8));
  }

  private void assertWithdrawn(String why, Principal principal, JwtIssuer by) {
    authenticator.registered(List.of(by));
    assertEquals(Optional.of(why), authenticator.problem(principal));
  }

  @Test
  void anotherKeyOrAudienceTakesTheTokensWithIt() throws Exception {
    authenticator.registered(List.of(issuer(1, json("k"), "ES256", "iot")));
    Principal alice = principal("k");
    authenticator.registered(List.of(issuer(2, json("k"), "ES256", "iot")));
    assertEquals(Optional.empty(), authenticator.problem(alice));
    var sameAsPem =
        new JwtIssuer.Keys.PublicKeys(
            List.of(TokenForge.pem(TokenForge.pair("k", Algorithm.ES256).getPublic())));
    authenticator.registered(List.of(issuer(3, sameAsPem, "ES256", "iot")));
    assertEquals(Optional.empty(), authenticator.problem(alice), "the same key, for any id");

    String key = "the key that signed the token was withdrawn";
    assertWithdrawn(key, alice, issuer(4, json("other"), "ES256", "iot"));
    assertWithdrawn(
        "the token is for another audience", alice, issuer(5, json("k"), "ES256", "web"));
    authenticator.registered(List.of(issuer(6, json("k"), "ES256", "iot")));
    assertEquals(Optional.empty(), authenticator.problem(alice), "as it was");
  }

  @Test
  void anotherUserOrDeviceByTheSameTokenTakesItWithIt() throws Exception {
    authenticator.registered(List.of(mapping(1, "sub", null, 86_400)));
    Principal alice = principal("k");
    String somebodyElse = "its issuer names somebody else by the token now";
    assertWithdrawn(somebodyElse, alice, mapping(2, "name", null, 86_400));
    assertWithdrawn(somebodyElse, alice, mapping(3, "sub", "unit", 86_400));
    assertWithdrawn(
        "token whose claim \"nosuch\" is not the id of a device",
        alice,
        mapping(4, "sub", "nosuch", 86_400));

    authenticator.registered(List.of(mapping(5, "sub", "unit", 86_400)));
    Principal pump = principal("k");
    assertEquals("device:p7", pump.id());
    assertEquals(Optional.empty(), authenticator.problem(pump));
    assertWithdrawn(somebodyElse, pump, mapping(6, "sub", null, 86_400));
  }

  /** Whose certificate names the device, and whose token may name it too. */
  @Test
  void aTokenThatNamesAnotherDeviceThanTheCertificateBesideItIsWithdrawn() throws Exception {
    authenticator.registered(List.of(mapping(1, "sub", null, 86_400)));
    Principal beside = principal("k");
    Principal pump = ofDevice("p7", beside);
    Principal fan = ofDevice("f1", beside);
    assertEquals(Optional.empty(), authenticator.problem(pump));
    authenticator.registered(List.of(mapping(2, "sub", "unit", 86_400)));
    assertEquals(Optional.empty(), authenticator.problem(pump));
    assertTrue(authenticator.problem(fan).isPresent());
  }

  private static Principal ofDevice(String id, Principal user) {
    return new Principal(
        "device:" + id,
        AuthMethod.CERTIFICATE,
        id,
        user.userName(),
        List.of(),
        Map.of(),
        null,
        user.token());
  }

  @Test
  void aTokenThatLastsLongerThanIsAllowedNowIsWithdrawnAsItWouldBeRefused() throws Exception {
    authenticator.registered(List.of(mapping(1, "sub", null, 86_400)));
    Principal alice = principal("k"); // for an hour, and 30 seconds are the skew
    authenticator.registered(List.of(mapping(2, "sub", null, 3_570)));
    assertEquals(Optional.empty(), authenticator.problem(alice));
    principal("k");
    authenticator.registered(List.of(mapping(3, "sub", null, 3_569)));
    var refused = assertThrows(CredentialException.class, () -> principal("k"));
    String why = String.valueOf(refused.getMessage());
    assertTrue(why.endsWith(", maxLifetimeSeconds of the issuer \"cloud\" is 3569"), why);
    assertEquals(Optional.of(why), authenticator.problem(alice));
    clocks.advance(Duration.ofSeconds(1));
    assertEquals(Optional.empty(), authenticator.problem(alice), "as at its next connect");
  }

  /** Else all who are connected would lose their connection, and again after each reconnect. */
  @Test
  void aClockThatIsSetBackMakesNoTokenTooLong() throws Exception {
    authenticator.registered(List.of(mapping(1, "sub", null, 3_600)));
    Principal alice = principal("k"); // for an hour
    clocks.advance(Duration.ofHours(-1));
    assertEquals(Optional.empty(), authenticator.problem(alice));
    authenticator.registered(List.of(mapping(2, "sub", null, 3_569)));
    assertTrue(authenticator.problem(alice).isPresent(), "as it was when it was verified");
  }

  @Test
  void aNewAddressDecidesAboutThoseWhoAreThereOnceItHasServedASet() throws Exception {
    server.answer(set("k"));
    authenticator.registered(List.of(issuer));
    awaited(issuer, Status.OK);
    Principal alice = principal("k");
    server.status(503);
    JwtIssuer elsewhere = issuer(2, server.address() + "?moved", "ES256");
    authenticator.registered(List.of(elsewhere));
    awaited(elsewhere, Status.FAILED);
    assertEquals(Optional.empty(), authenticator.problem(alice), "nobody knows the keys yet");

    server.status(200);
    server.answer(set("other"));
    while (authenticator.problem(alice).isEmpty()) {
      assertFalse(Thread.interrupted(), "not in time");
      tryToVerify("other");
    }
    assertTrue(authenticator.refresh(), "whoever is connected is to be asked again");
  }

  /** Else those who are connected with a key that was withdrawn stay until a token comes. */
  @Test
  void aNewAddressThatIsDownIsAskedAgainThoughNoTokenComes() throws Exception {
    server.answer(set("k"));
    authenticator.registered(List.of(issuer));
    awaited(issuer, Status.OK);
    Principal alice = principal("k");
    server.status(503);
    JwtIssuer elsewhere = issuer(2, server.address() + "?moved", "ES256");
    authenticator.registered(List.of(elsewhere));
    awaited(elsewhere, Status.FAILED);
    int requests = server.requests();
    for (int looks = 0; looks < 100; looks++) {
      assertFalse(authenticator.refresh());
    }
    assertEquals(requests, server.requests(), "within the pause");

    server.status(200);
    server.answer(set("other"));
    clocks.advance(Duration.ofSeconds(10));
    while (!authenticator.refresh()) {
      assertFalse(Thread.interrupted(), "not in time");
      Thread.onSpinWait();
    }
    assertEquals(
        Optional.of("the key that signed the token was withdrawn"), authenticator.problem(alice));
    assertEquals(requests + 1, server.requests());
  }

  @Test
  void anAlgorithmThatIsNoLongerAllowedTakesItsTokensWithIt() throws Exception {
    server.answer(set("k"));
    authenticator.registered(List.of(issuer));
    awaited(issuer, Status.OK);
    Principal alice = principal("k");
    server.status(503);
    assertWithdrawn(
        "the key that signed the token was withdrawn",
        alice,
        issuer(2, server.address().toString(), "RS256"));
  }
}
