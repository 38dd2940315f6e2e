package io.signalbox.server.auth;

import static io.signalbox.server.auth.TokenForge.base64;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Behaviour;
import io.signalbox.server.config.AuthConfig;
import io.signalbox.server.config.AuthConfig.Algorithm;
import io.signalbox.server.config.AuthConfig.Issuer;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.metrics.Metrics.AuthFailure;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.trust.Fetcher;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class JwtAuthenticatorTest {
  private static final Duration SKEW = Duration.ofSeconds(30);
  private static final Fetcher FETCHER = new Fetcher(new Metrics(1, "test"));

  private final ManualClocks clocks = new ManualClocks();

  private static AuthConfig.Jwt config(AuthConfig.Key... keys) {
    return config(null, 100, keys);
  }

  private static AuthConfig.Jwt config(
      @Nullable String userNameClaim, int cacheEntriesMax, AuthConfig.Key... keys) {
    return new AuthConfig.Jwt(
        List.of(
            new Issuer("login", "https://login.example", List.of("iot", "web"), List.of(keys)),
            new Issuer(
                "other",
                "https://other.example",
                List.of("iot"),
                List.of(TokenForge.configured("theirs", Algorithm.EDDSA, "other")))),
        SKEW,
        Duration.ofDays(1),
        userNameClaim,
        "groups",
        cacheEntriesMax,
        null,
        false);
  }

  private JwtAuthenticator authenticator(AuthConfig.Jwt config) {
    try {
      return new JwtAuthenticator(
          config,
          TokenTrust.of(config, null, FETCHER, clocks),
          RevokedTokens.open(config.revokedFile(), new Metrics(1, "test")),
          clocks);
    } catch (AuthSetupException e) {
      throw new AssertionError(e);
    }
  }

  private JwtAuthenticator hs256() {
    return authenticator(config(TokenForge.configured("k", Algorithm.HS256, "")));
  }

  private String payload(String more) {
    return payload("iot", clocks.seconds() + 600, more);
  }

  private static String payload(String audience, long exp, String more) {
    return """
    {"iss":"https://login.example","aud":"%s","sub":"alice","exp":%d%s}\
    """
        .formatted(audience, exp, more);
  }

  private static String header(String algorithm) {
    return "{\"alg\":\"" + algorithm + "\",\"kid\":\"k\"}";
  }

  private static byte[] hs256(String payload) {
    return TokenForge.token(header("HS256"), payload, Algorithm.HS256, "");
  }

  private static void assertRefused(
      AuthFailure failure, String problem, JwtAuthenticator authenticator, byte[] token) {
    var e = assertThrows(CredentialException.class, () -> authenticator.verify(token));
    assertEquals(problem, e.getMessage());
    assertEquals(failure, e.failure());
    assertEquals(ReasonCode.BAD_USER_NAME_OR_PASSWORD, e.toRejected().reason());
    assertEquals(problem.contains("whose signature is not by"), e.toRejected().isGuess());
    assertNull(authenticator.known(token), "a refused token must not be remembered");
  }

  @Test
  void remembersNothingThatWasReadBeforeTheIssuersChanged() throws Exception {
    var changing = new AtomicReference<@Nullable JwtAuthenticator>();
    Clocks asked = // in the middle of a check other issuers are registered
        new Clocks() {
          @Override
          public long wallMillis() {
            JwtAuthenticator one = changing.get();
            if (one != null) {
              one.registered(List.of());
            }
            return clocks.wallMillis();
          }

          @Override
          public long nanos() {
            return clocks.nanos();
          }
        };
    var config = config(TokenForge.configured("k", Algorithm.HS256, ""));
    var authenticator =
        new JwtAuthenticator(
            config,
            TokenTrust.of(config, null, FETCHER, clocks),
            RevokedTokens.open(config.revokedFile(), new Metrics(1, "test")),
            asked);
    byte[] token = hs256(payload(""));
    changing.set(authenticator);
    authenticator.verify(token);
    changing.set(null);
    assertNull(authenticator.known(token), "by issuers that are others now");
    authenticator.verify(token);
    assertNotNull(authenticator.known(token));
  }

  @ParameterizedTest
  @EnumSource
  void acceptsEveryAlgorithm(Algorithm algorithm) throws Exception {
    var authenticator = authenticator(config(TokenForge.configured("k", algorithm, "login")));
    byte[] token =
        TokenForge.token(
            header(algorithm.toString()),
            payload(",\"groups\":[\"a\",\"b\"],\"jti\":\"7\""),
            algorithm,
            "login");
    Principal principal = authenticator.verify(token);
    assertEquals("user:alice@login", principal.id());
    assertEquals("alice", principal.userName());
    assertEquals(AuthMethod.JWT, principal.method());
    assertEquals(List.of("a", "b"), principal.groups());
    assertEquals((clocks.seconds() + 600) * 1_000, principal.expiresAtMillis());
    var claims = Objects.requireNonNull(principal.token());
    assertEquals("login", claims.issuer());
    assertEquals(List.of("iot"), claims.audiences());
    assertEquals("7", claims.tokenId());
    assertEquals(clocks.seconds() + 600, claims.claims().get("exp"));

    byte[] byAnother =
        TokenForge.token(header(algorithm.toString()), payload(",\"x\":1"), algorithm, "somebody");
    if (!algorithm.isHmac()) {
      assertRefused(
          AuthFailure.TOKEN_SIGNATURE,
          "token whose signature is not by the key \"k\" of issuer \"login\"",
          authenticator,
          byAnother);
    }
  }

  @Test
  void refusesAnotherSecret() throws Exception {
    String signed = base64(header("HS256")) + "." + base64(payload(""));
    byte[] other = "another secret, but long enough for HS256".getBytes(UTF_8);
    byte[] mac = TokenForge.hmac(other, Algorithm.HS256, signed.getBytes(UTF_8));
    assertRefused(
        AuthFailure.TOKEN_SIGNATURE,
        "token whose signature is not by the key \"k\" of issuer \"login\"",
        hs256(),
        (signed + "." + base64(mac)).getBytes(UTF_8));
  }

  @Test
  void refusesAChangedPayload() {
    String[] parts = new String(hs256(payload("")), UTF_8).split("\\.");
    String changed = parts[0] + "." + base64(payload(",\"groups\":\"admins\"")) + "." + parts[2];
    assertRefused(
        AuthFailure.TOKEN_SIGNATURE,
        "token whose signature is not by the key \"k\" of issuer \"login\"",
        hs256(),
        changed.getBytes(UTF_8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "hs256"})
  void refusesAnyAlgorithmButTheKeysOwn(String algorithm) {
    String signed = base64(header(algorithm)) + "." + base64(payload(""));
    String problem =
        "token with the algorithm \"%s\", but the key \"k\" of issuer \"login\" is for another one"
            .formatted(algorithm);
    for (String signature :
        List.of("", base64(TokenForge.signature(signed, Algorithm.HS256, "")))) {
      assertRefused(
          AuthFailure.TOKEN_ALGORITHM,
          problem,
          hs256(),
          (signed + "." + signature).getBytes(UTF_8));
    }
  }

  /** The public key is known to everybody: it must not do as an HMAC secret. */
  @ParameterizedTest
  @EnumSource(
      value = Algorithm.class,
      names = {"RS256", "ES256", "EDDSA", "PS256"})
  void refusesHmacWithAPublicKeyAsItsSecret(Algorithm algorithm) throws GeneralSecurityException {
    var authenticator = authenticator(config(TokenForge.configured("k", algorithm, "login")));
    var key = TokenForge.pair("login", algorithm).getPublic();
    String signed = base64(header("HS256")) + "." + base64(payload(""));
    for (byte[] secret :
        List.of(
            key.getEncoded(),
            TokenForge.pem(key).getBytes(UTF_8),
            TokenForge.pem(key).strip().getBytes(UTF_8))) {
      byte[] mac = TokenForge.hmac(secret, Algorithm.HS256, signed.getBytes(UTF_8));
      assertRefused(
          AuthFailure.TOKEN_ALGORITHM,
          "token with the algorithm \"HS256\", but the key \"k\" of issuer \"login\" is for another"
              + " one",
          authenticator,
          (signed + "." + base64(mac)).getBytes(UTF_8));
    }
  }

  @Test
  void refusesSignaturesOfTheWrongForm() throws Exception {
    var authenticator = authenticator(config(TokenForge.configured("k", Algorithm.ES256, "login")));
    String signed = base64(header("ES256")) + "." + base64(payload(""));
    byte[] good = TokenForge.signature(signed, Algorithm.ES256, "login");
    byte[] zeros = new byte[64]; // r = s = 0 was once taken for any message
    byte[] cut = java.util.Arrays.copyOf(good, 63);
    byte[] longer = java.util.Arrays.copyOf(good, 65);
    byte[] der = new byte[72];
    for (String signature : List.of("", base64(zeros), base64(cut), base64(longer), base64(der))) {
      assertRefused(
          AuthFailure.TOKEN_SIGNATURE,
          "token whose signature is not by the key \"k\" of issuer \"login\"",
          authenticator,
          (signed + "." + signature).getBytes(UTF_8));
    }
    assertEquals(
        "alice", authenticator.verify((signed + "." + base64(good)).getBytes(UTF_8)).userName());
  }

  @Test
  void findsTheKeyByItsIdOnly() throws Exception {
    var authenticator =
        authenticator(
            config(
                TokenForge.configured("k", Algorithm.ES256, "first"),
                TokenForge.configured("k2", Algorithm.ES256, "second"),
                TokenForge.configured(null, Algorithm.ES256, "third"),
                TokenForge.configured(null, Algorithm.EDDSA, "fourth")));
    String payload = payload("");
    for (String[] good :
        new String[][] {
          {"{\"alg\":\"ES256\",\"kid\":\"k\"}", "first"},
          {"{\"alg\":\"ES256\",\"kid\":\"k2\"}", "second"},
          {"{\"alg\":\"ES256\"}", "third"}
        }) {
      assertNotNull(
          authenticator.verify(TokenForge.token(good[0], payload, Algorithm.ES256, good[1])));
    }
    assertNotNull(
        authenticator.verify(
            TokenForge.token("{\"alg\":\"EdDSA\"}", payload, Algorithm.EDDSA, "fourth")));
    assertRefused(
        AuthFailure.TOKEN_SIGNATURE,
        "token signed with the key \"theirs\" of issuer \"login\", which is unknown",
        authenticator,
        TokenForge.token(
            "{\"alg\":\"EdDSA\",\"kid\":\"theirs\"}", payload, Algorithm.EDDSA, "other"));
    assertRefused(
        AuthFailure.TOKEN_SIGNATURE,
        "token whose signature is not by the key \"k2\" of issuer \"login\"",
        authenticator,
        TokenForge.token("{\"alg\":\"ES256\",\"kid\":\"k2\"}", payload, Algorithm.ES256, "first"));
    var withIds = authenticator(config(TokenForge.configured("k", Algorithm.ES256, "first")));
    assertRefused(
        AuthFailure.TOKEN_SIGNATURE,
        "token signed with a key without id of issuer \"login\", which is unknown",
        withIds,
        TokenForge.token("{\"alg\":\"ES256\"}", payload, Algorithm.ES256, "first"));
  }

  /** One issuer's key is no good for another issuer's name. */
  @Test
  void refusesAKeyOfAnotherIssuer() {
    assertRefused(
        AuthFailure.TOKEN_SIGNATURE,
        "token signed with the key \"k\" of issuer \"other\", which is unknown",
        hs256(),
        hs256(payload("").replace("login.example", "other.example")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'aud':'iot','sub':'a','exp':9}|token without the claim \"iss\"",
        "{'iss':5,'aud':'iot','sub':'a'}|token without the claim \"iss\"",
        "{'iss':'https://evil.example'}|token of the issuer \"https://evil.example\", which is not"
            + " configured",
        "{'iss':'a\\nb'}|token of the issuer \"a\\u000ab\", which is not configured",
      })
  @Behaviour(246)
  void refusesAnUnknownIssuer(String payload, String problem) {
    assertRefused(AuthFailure.TOKEN_ISSUER, problem, hs256(), hs256(payload.replace('\'', '"')));
  }

  @Test
  @Behaviour(246)
  void refusesAnotherAudience() throws Exception {
    String none = "token for no audience, not one of those configured for \"login\"";
    String good = payload("");
    assertRefused(
        AuthFailure.TOKEN_AUDIENCE,
        "token for the audience \"shop\", not one of those configured for \"login\"",
        hs256(),
        hs256(good.replace("\"iot\"", "\"shop\"")));
    for (String audience : List.of("[]", "7", "null", "[7]", "{\"iot\":1}")) {
      assertRefused(
          AuthFailure.TOKEN_AUDIENCE, none, hs256(), hs256(good.replace("\"iot\"", audience)));
    }
    assertRefused(
        AuthFailure.TOKEN_AUDIENCE, none, hs256(), hs256(good.replace("\"aud\"", "\"oud\"")));
    assertNotNull(hs256().verify(hs256(good.replace("\"iot\"", "[\"shop\",\"web\"]"))));
  }

  @Test
  @Behaviour(245)
  void expiryHasTheSkewAndNotASecondMore() throws Exception {
    var authenticator = hs256();
    long exp = clocks.seconds() + 600;
    byte[] token = hs256(payload("iot", exp, ""));
    clocks.advance(Duration.ofMinutes(10).plus(SKEW).minusMillis(1));
    Principal late = authenticator.verify(token);
    assertEquals(exp * 1_000 + SKEW.toMillis(), late.expiresAtMillis(), "ends when it is refused");
    assertEquals(late, authenticator.known(token));
    clocks.advance(Duration.ofMillis(1));
    assertRefused(
        AuthFailure.TOKEN_EXPIRED, "token expired at 2026-03-01T12:10:00Z", authenticator, token);
  }

  @Test
  @Behaviour(245)
  void notBeforeHasTheSkewAndNotASecondMore() throws Exception {
    long nbf = clocks.seconds() + 100;
    byte[] token = hs256(payload(",\"nbf\":" + nbf));
    clocks.advance(Duration.ofSeconds(100).minus(SKEW).minusMillis(1));
    assertRefused(
        AuthFailure.TOKEN_NOT_YET_VALID,
        "token is valid from 2026-03-01T12:01:40Z only",
        hs256(),
        token);
    clocks.advance(Duration.ofMillis(1));
    assertNotNull(hs256().verify(token));
  }

  @Test
  void refusesALifetimeBeyondTheConfigured() throws Exception {
    long longest = clocks.seconds() + Duration.ofDays(1).toSeconds() + SKEW.toSeconds();
    assertNotNull(hs256().verify(hs256(payload("iot", longest, ""))));
    assertRefused(
        AuthFailure.TOKEN_LIFETIME,
        "token is valid until 2026-03-02T12:00:31Z, auth.jwt.lifetime-max-seconds is 86400",
        hs256(),
        hs256(payload("iot", longest + 1, "")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "\"1772366400\"", "true", "[]", "-1", "253402300800", "1e20"})
  void refusesAnEndThatIsNone(String exp) {
    byte[] token = hs256(payload("").replaceAll("\"exp\":\\d+", "\"exp\":" + exp));
    var e = assertThrows(CredentialException.class, () -> hs256().verify(token));
    assertEquals(AuthFailure.TOKEN_CLAIMS, e.failure());
    assertTrue(String.valueOf(e.getMessage()).startsWith("token whose claim \"exp\" is not a "));
  }

  @Test
  void takesFractionsOfASecond() throws Exception {
    byte[] token = hs256(payload("").replaceAll("\"exp\":\\d+", "\"exp\":1772366999.5"));
    assertEquals(1_772_366_999_500L, hs256().verify(token).expiresAtMillis());
  }

  @Test
  @Behaviour(246)
  void refusesATokenWithoutAnEnd() {
    assertRefused(
        AuthFailure.TOKEN_CLAIMS,
        "token whose claim \"exp\" is not a time: tokens without an end are not accepted",
        hs256(),
        hs256(payload("").replaceAll(",\"exp\":\\d+", "")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"\"", "7", "null", "[\"alice\"]", "LONG"})
  @Behaviour(246)
  void refusesASubjectThatIsNone(String subject) {
    String sub = subject.equals("LONG") ? "\"" + "x".repeat(256) + "\"" : subject;
    assertRefused(
        AuthFailure.TOKEN_CLAIMS,
        "token whose claim \"sub\" is not a text of 1 to 255 characters",
        hs256(),
        hs256(payload("").replace("\"alice\"", sub)));
  }

  @Test
  void takesGroupsAsAListOrOneText() throws Exception {
    assertEquals(List.of("ops"), hs256().verify(hs256(payload(",\"groups\":\"ops\""))).groups());
    assertEquals(
        List.of("a", "b"),
        hs256().verify(hs256(payload(",\"groups\":[\"a\",7,null,\"b\"]"))).groups());
    assertEquals(List.of(), hs256().verify(hs256(payload(",\"groups\":{\"a\":1}"))).groups());
    String many = "\"g\",".repeat(100) + "\"g\"";
    assertRefused(
        AuthFailure.TOKEN_CLAIMS,
        "token whose claim \"groups\" is not a list of at most 100 groups",
        hs256(),
        hs256(payload(",\"groups\":[" + many + "]")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", ".", "a.b", "..", "a.b.c.d", "a.b.c.d.e", "secret password"})
  void refusesWhatIsNoToken(String text) {
    var e = assertThrows(CredentialException.class, () -> hs256().verify(text.getBytes(UTF_8)));
    assertEquals(AuthFailure.TOKEN_MALFORMED, e.failure());
    assertFalse(String.valueOf(e.getMessage()).contains("secret"), "a password in the log");
  }

  @Test
  @Behaviour(250)
  void refusesATokenOfFourParts() {
    assertRefused(
        AuthFailure.TOKEN_MALFORMED,
        "the password is no token: a token has three parts with two dots between",
        hs256(),
        (new String(hs256(payload("")), UTF_8) + ".x").getBytes(UTF_8));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "e30=|header is not base64url",
        "e31|header is not base64url",
        "e3!0|header is not base64url",
        "a|header is not base64url",
        "e+/0|header is not base64url",
        "|header is not a JSON object",
        "_w|header is not UTF-8",
      })
  @Behaviour(250)
  void refusesBadBase64(@Nullable String header, String problem) {
    String token = (header == null ? "" : header) + "." + base64(payload("")) + ".c2ln";
    assertRefused(
        AuthFailure.TOKEN_MALFORMED, "the token's " + problem, hs256(), token.getBytes(UTF_8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "7",
        "null",
        "{",
        "{} {}",
        "{}x",
        "{'iss':'a'}",
        "{\"iss\":NaN}",
        "{\"a\":01}",
        "{\"a\":1,}",
        "{\"a\" \"b\"}",
        "{a:1}",
        "//x\n{}",
      })
  void refusesBadJson(String payload) {
    var e = assertThrows(CredentialException.class, () -> hs256().verify(hs256(payload)));
    assertEquals(AuthFailure.TOKEN_MALFORMED, e.failure());
  }

  @Test
  @Behaviour(250)
  void refusesNamesThatStandTwice() {
    String problem = "the token's payload is a JSON object with a name that stands twice";
    for (String more :
        List.of(",\"sub\":\"root\"", ",\"\\u0073ub\":\"root\"", ",\"x\":{\"a\":1,\"a\":2}")) {
      assertRefused(AuthFailure.TOKEN_MALFORMED, problem, hs256(), hs256(payload(more)));
    }
    byte[] token =
        TokenForge.token(
            "{\"alg\":\"HS256\",\"kid\":\"k\",\"alg\":\"none\"}", payload(""), Algorithm.HS256, "");
    assertRefused(
        AuthFailure.TOKEN_MALFORMED,
        "the token's header is a JSON object with a name that stands twice",
        hs256(),
        token);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'alg':'HS256','kid':'k','crit':['b64'],'b64':false}|token with the header \"crit\", which"
            + " is not supported",
        "{'alg':'HS256','kid':'k','b64':false}|token with the header \"b64\", which is not"
            + " supported",
        "{'alg':'HS256','kid':'k','zip':'DEF'}|token with the header \"zip\", which is not"
            + " supported",
        "{'alg':'dir','enc':'A128GCM'}|token with the header \"enc\", which is not supported",
        "{'kid':'k'}|token without the header \"alg\"",
        "{'alg':5,'kid':'k'}|token without the header \"alg\"",
        "{'alg':'HS256','kid':5}|token whose header \"kid\" is not a string",
      })
  void refusesHeadersItCannotHonour(String header, String problem) {
    byte[] token = TokenForge.token(header.replace('\'', '"'), payload(""), Algorithm.HS256, "");
    assertRefused(AuthFailure.TOKEN_MALFORMED, problem, hs256(), token);
  }

  /** A key that comes with the token proves nothing. */
  @Test
  void ignoresKeysInTheHeader() throws Exception {
    String header = "{\"alg\":\"HS256\",\"kid\":\"k\",\"jku\":\"https://evil.example/k\"}";
    byte[] token = TokenForge.token(header, payload(""), Algorithm.HS256, "");
    assertEquals("alice", hs256().verify(token).userName());
    String signed = new String(token, UTF_8);
    String forged = signed.substring(0, signed.lastIndexOf('.')) + "." + base64(new byte[32]);
    assertRefused(
        AuthFailure.TOKEN_SIGNATURE,
        "token whose signature is not by the key \"k\" of issuer \"login\"",
        hs256(),
        forged.getBytes(UTF_8));
  }

  @Test
  @Behaviour(250)
  void takesALargeTokenAndRefusesAHugeOne() throws Exception {
    String filler = ",\"x\":\"" + "y".repeat(5_900) + "\"";
    byte[] large = hs256(payload(filler));
    assertTrue(large.length > 8_000 && large.length < 8_400, large.length + " bytes");
    assertNotNull(hs256().verify(large));
    byte[] huge = hs256(payload(filler.repeat(1).replace("y", "yyy")));
    assertRefused(
        AuthFailure.TOKEN_MALFORMED,
        "token of " + huge.length + " bytes, at most 16384 are read",
        hs256(),
        huge);
  }

  @Test
  void boundsDepthCountAndNumbers() {
    String deep = ",\"x\":" + "[".repeat(50) + "]".repeat(50);
    String many = ",\"x\":[" + "1,".repeat(2_500) + "1]";
    String digits = ",\"x\":" + "1".repeat(40);
    String exponent = ",\"x\":1e999999999";
    for (String more : List.of(deep, many, digits, exponent)) {
      var e = assertThrows(CredentialException.class, () -> hs256().verify(hs256(payload(more))));
      assertEquals(AuthFailure.TOKEN_MALFORMED, e.failure());
    }
  }

  /** Whatever the bytes are, the answer is a refusal and never another exception. */
  @Test
  void refusesGarbageQuietly() throws Exception {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(3);
    byte[] good = hs256(payload(""));
    JwtAuthenticator authenticator = hs256();
    for (int i = 0; i < 5_000; i++) {
      byte[] bad = good.clone();
      for (int changes = random.nextInt(1, 4); changes > 0; changes--) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt();
      }
      try {
        // Only a change of unused bits of the last base64 character can leave a good token.
        assertEquals("user:alice@login", authenticator.verify(bad).id());
        assertEquals(
            new String(good, 0, good.length - 1, UTF_8), new String(bad, 0, bad.length - 1, UTF_8));
      } catch (CredentialException e) {
        assertFalse(String.valueOf(e.getMessage()).isEmpty());
      }
    }
  }

  @Test
  void tiesTheUserNameToAClaimIfConfigured() throws Exception {
    var tied = authenticator(config("email", 10, TokenForge.configured("k", Algorithm.HS256, "")));
    Principal alice = tied.verify(hs256(payload(",\"email\":\"a@b\"")));
    tied.checkUserName(alice, null);
    tied.checkUserName(alice, "");
    tied.checkUserName(alice, "a@b");
    var e = assertThrows(CredentialException.class, () -> tied.checkUserName(alice, "root"));
    assertEquals(AuthFailure.USER_NAME_MISMATCH, e.failure());
    assertEquals(
        "user name \"root\" is not the claim \"email\" of the token of \"user:alice@login\"",
        e.getMessage());
    Principal without = tied.verify(hs256(payload("")));
    tied.checkUserName(without, "");
    assertThrows(CredentialException.class, () -> tied.checkUserName(without, "alice"));
    hs256().checkUserName(alice, "anything");
  }

  @Test
  void remembersAVerifiedTokenUntilItEnds() throws Exception {
    var authenticator = hs256();
    byte[] token = hs256(payload(""));
    assertNull(authenticator.known(token));
    Principal principal = authenticator.verify(token);
    assertEquals(principal, authenticator.known(token.clone()));
    assertNull(authenticator.known(hs256(payload(",\"x\":1"))), "another token");
    clocks.advance(Duration.ofMinutes(10));
    assertNull(authenticator.known(token), "it has ended");
  }

  @Test
  void remembersABoundedNumberOfTokens() throws Exception {
    var authenticator =
        authenticator(config(null, 2, TokenForge.configured("k", Algorithm.HS256, "")));
    byte[] first = hs256(payload(",\"n\":1"));
    byte[] second = hs256(payload(",\"n\":2"));
    authenticator.verify(first);
    authenticator.verify(second);
    assertNotNull(authenticator.known(first));
    authenticator.verify(hs256(payload(",\"n\":3")));
    assertNotNull(authenticator.known(first), "seen lately");
    assertNull(authenticator.known(second), "not seen for longest");
    var none = authenticator(config(null, 0, TokenForge.configured("k", Algorithm.HS256, "")));
    none.verify(first);
    assertNull(none.known(first));
  }

  @Test
  void namesEveryKeyThatCannotBeUsed() throws Exception {
    String rsa = TokenForge.pem(TokenForge.rsa(2_048).getPublic());
    String weak = TokenForge.pem(TokenForge.rsa(1_024).getPublic());
    String p384 = TokenForge.pem(TokenForge.ec("secp384r1").getPublic());
    String cut = rsa.replaceFirst("\n[A-Za-z0-9+/]{64}\n", "\n");
    AuthConfig.Jwt config =
        config(
            new AuthConfig.Key("a", Algorithm.ES256, rsa, null),
            new AuthConfig.Key("b", Algorithm.RS256, weak, null),
            new AuthConfig.Key("c", Algorithm.ES256, p384, null),
            new AuthConfig.Key(null, Algorithm.EDDSA, p384, null),
            new AuthConfig.Key("e", Algorithm.RS256, "hello", null),
            new AuthConfig.Key("f", Algorithm.RS256, cut, null),
            new AuthConfig.Key("g", Algorithm.RS256, rsa, null));
    var e =
        assertThrows(AuthSetupException.class, () -> TokenTrust.of(config, null, FETCHER, clocks));
    assertEquals(
        """
        auth.jwt.issuers: key "a" of issuer "login" is not an EC public key on the curve P-256, which ES256 needs
        auth.jwt.issuers: key "b" of issuer "login" is not an RSA public key of 2048 to 8192 bits, which RS256 needs
        auth.jwt.issuers: key "c" of issuer "login" is not an EC public key on the curve P-256, which ES256 needs
        auth.jwt.issuers: key without id of issuer "login" is not an Ed25519 public key, which EdDSA needs
        auth.jwt.issuers: key "e" of issuer "login" holds neither a PUBLIC KEY nor a CERTIFICATE in PEM form
        auth.jwt.issuers: key "f" of issuer "login" is not an RSA public key of 2048 to 8192 bits, which RS256 needs\
        """,
        String.join("\n", e.problems()));
  }
}
