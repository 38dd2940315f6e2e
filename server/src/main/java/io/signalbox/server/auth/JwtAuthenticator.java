package io.signalbox.server.auth;

import io.signalbox.server.config.AuthConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics.AuthFailure;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.principal.TokenClaims;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Turns a signed token (RFC 7519) into a principal: signature by a configured key with its pinned
 * algorithm, {@code iss}, {@code aud}, {@code exp}, {@code nbf} and {@code sub}. Any thread; {@link
 * #verify} costs up to half a millisecond.
 */
final class JwtAuthenticator {
  /** Characters of a subject; it becomes part of the session owner's name. */
  private static final int SUBJECT_MAX = 255;

  private static final int GROUPS_MAX = 100;

  /** The year 9999: later times overflow in whoever prints or adds them. */
  private static final long SECONDS_MAX = 253_402_300_799L;

  private final AuthConfig.Jwt config;
  private final TokenTrust trust;
  private final VerifiedTokens verified;
  private final Clocks clocks;

  JwtAuthenticator(AuthConfig.Jwt config, TokenTrust trust, Clocks clocks) {
    this.config = config;
    this.trust = trust;
    this.verified = new VerifiedTokens(config.cacheEntriesMax());
    this.clocks = clocks;
  }

  /** Whom the token is for, if it was verified before; quick enough for an I/O thread. */
  @Nullable Principal known(byte[] token) {
    return token.length > CompactToken.BYTES_MAX
        ? null
        : verified.find(VerifiedTokens.Hash.of(token), clocks.wallMillis());
  }

  /** Checks signature and claims. */
  Principal verify(byte[] token) throws CredentialException {
    CompactToken parsed = CompactToken.parse(token);
    TokenTrust.Issuer issuer = trust.issuerOf(parsed);
    Principal principal = principal(parsed.claims(), issuer); // cheap checks first
    TokenTrust.checkSignature(parsed, issuer); // nothing of the token is believed before this
    if (principal.expiresAtMillis() > clocks.wallMillis()) {
      verified.add(VerifiedTokens.Hash.of(token), principal);
    }
    return principal;
  }

  private Principal principal(Map<String, Object> claims, TokenTrust.Issuer issuer)
      throws CredentialException {
    List<String> audiences = audiences(claims, issuer);
    long endMillis = endMillis(claims);
    if (!(claims.get("sub") instanceof String subject)
        || subject.isEmpty()
        || subject.length() > SUBJECT_MAX) {
      throw claim("sub", "a text of 1 to " + SUBJECT_MAX + " characters");
    }
    String tokenId = claims.get("jti") instanceof String id ? id : "";
    var token = new TokenClaims(issuer.name(), subject, audiences, tokenId, claims, endMillis);
    // A subject is unique within its issuer only; an issuer's name holds no @.
    return new Principal(
        "user:" + subject + "@" + issuer.name(),
        AuthMethod.JWT,
        null,
        subject,
        groups(claims),
        Map.of(),
        null,
        token);
  }

  private static List<String> audiences(Map<String, Object> claims, TokenTrust.Issuer issuer)
      throws CredentialException {
    List<String> audiences = texts(claims.get("aud"));
    if (audiences.stream().noneMatch(issuer.audiences()::contains)) {
      String named =
          audiences.isEmpty()
              ? "no audience"
              : "the audience " + LogText.quote(audiences.getFirst());
      throw CredentialException.ofToken(
          AuthFailure.TOKEN_AUDIENCE,
          "token for " + named + ", not one of those configured for \"" + issuer.name() + "\"");
    }
    return audiences;
  }

  /** Checks the times and says when the connection ends. */
  private long endMillis(Map<String, Object> claims) throws CredentialException {
    long now = clocks.wallMillis();
    long skew = config.clockSkew().toMillis();
    Long exp = millis(claims, "exp");
    if (exp == null) {
      throw claim("exp", "a time: tokens without an end are not accepted");
    }
    if (now - skew >= exp) { // "on or after", RFC 7519 section 4.1.4
      throw CredentialException.ofToken(
          AuthFailure.TOKEN_EXPIRED, "token expired at " + Instant.ofEpochMilli(exp));
    }
    Long nbf = millis(claims, "nbf");
    if (nbf != null && now + skew < nbf) {
      throw CredentialException.ofToken(
          AuthFailure.TOKEN_NOT_YET_VALID,
          "token is valid from " + Instant.ofEpochMilli(nbf) + " only");
    }
    long lifetimeMax = config.lifetimeMax().toMillis();
    if (exp - now > lifetimeMax + skew) {
      throw CredentialException.ofToken(
          AuthFailure.TOKEN_LIFETIME,
          "token is valid until "
              + Instant.ofEpochMilli(exp)
              + ", auth.jwt.lifetime-max-seconds is "
              + config.lifetimeMax().toSeconds());
    }
    // Within the skew the issuer's clock may be behind ours: it would have ended already by ours.
    return exp > now ? exp : exp + skew;
  }

  /** A NumericDate (RFC 7519 section 2) in milliseconds, or null when it is absent. */
  private static @Nullable Long millis(Map<String, Object> claims, String name)
      throws CredentialException {
    Object value = claims.get(name);
    if (value == null) {
      return null;
    }
    BigDecimal seconds =
        switch (value) {
          case Long whole -> BigDecimal.valueOf(whole);
          case BigDecimal fraction -> fraction;
          default -> throw claim(name, "a number of seconds");
        };
    if (seconds.signum() < 0 || seconds.compareTo(BigDecimal.valueOf(SECONDS_MAX)) > 0) {
      throw claim(name, "a time between 1970 and 9999");
    }
    return seconds.movePointRight(3).longValue();
  }

  private List<String> groups(Map<String, Object> claims) throws CredentialException {
    List<String> groups = texts(claims.get(config.groupsClaim()));
    if (groups.size() > GROUPS_MAX) {
      throw claim(config.groupsClaim(), "a list of at most " + GROUPS_MAX + " groups");
    }
    return groups;
  }

  /** One text or a list of them; what is neither counts for nothing. */
  private static List<String> texts(@Nullable Object claim) {
    if (claim instanceof String text) {
      return List.of(text);
    }
    var texts = new ArrayList<String>();
    if (claim instanceof List<?> list) {
      for (Object element : list) {
        if (element instanceof String text) {
          texts.add(text);
        }
      }
    }
    return texts;
  }

  private static CredentialException claim(String name, String wanted) {
    return CredentialException.ofToken(
        AuthFailure.TOKEN_CLAIMS, "token whose claim \"" + name + "\" is not " + wanted);
  }

  /**
   * Refuses a User Name that is not the token's, where the configuration ties the two together.
   *
   * @param userName of CONNECT; null if there is none
   */
  void checkUserName(Principal principal, @Nullable String userName) throws CredentialException {
    String claim = config.userNameClaim();
    TokenClaims token = principal.token();
    if (claim == null || userName == null || token == null) {
      return;
    }
    if (!userName.equals(token.claims().get(claim))) {
      throw CredentialException.ofToken(
          AuthFailure.USER_NAME_MISMATCH,
          "user name "
              + LogText.quote(userName)
              + " is not the claim \""
              + claim
              + "\" of the token of "
              + LogText.quote(principal.id()));
    }
  }
}
