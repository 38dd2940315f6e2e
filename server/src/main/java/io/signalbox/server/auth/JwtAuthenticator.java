package io.signalbox.server.auth;

import io.signalbox.server.config.AuthConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics.AuthFailure;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.principal.TokenClaims;
import io.signalbox.server.registry.JwtIssuer;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
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
  private static final int ATTRIBUTE_MAX = 1_024;

  /** As in the registry: what may stand in a topic and in an address. */
  private static final Pattern DEVICE_ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  /** The year 9999: later times overflow in whoever prints or adds them. */
  private static final long SECONDS_MAX = 253_402_300_799L;

  private final AuthConfig.Jwt config;
  private final RevokedTokens revoked;
  private final Clocks clocks;
  private volatile Believed believed;

  /**
   * What is in force at one moment.
   *
   * @param verified what was read by this trust: with another one goes all that it read, also what
   *     is only about to be added
   */
  private record Believed(TokenTrust trust, VerifiedTokens verified) {}

  JwtAuthenticator(AuthConfig.Jwt config, TokenTrust trust, RevokedTokens revoked, Clocks clocks) {
    this.config = config;
    this.revoked = revoked;
    this.clocks = clocks;
    this.believed = believed(trust);
  }

  private Believed believed(TokenTrust trust) {
    return new Believed(trust, new VerifiedTokens(config.cacheEntriesMax()));
  }

  /** As {@link TokenTrust#staleFiles}. */
  long staleFiles() {
    return believed.trust.staleFiles();
  }

  /** Whom the token is for, if it was verified before; quick enough for an I/O thread. */
  @Nullable Principal known(byte[] token) {
    Principal known =
        token.length > CompactToken.BYTES_MAX
            ? null
            : believed.verified.find(VerifiedTokens.Hash.of(token), clocks.wallMillis());
    return known == null || withdrawn(known).isPresent() ? null : known;
  }

  /** Why the token of a principal is no longer good although it has not ended. */
  Optional<String> problem(Principal principal) {
    Optional<String> withdrawn = withdrawn(principal);
    return withdrawn.isPresent() ? withdrawn : disowned(principal);
  }

  private Optional<String> withdrawn(Principal principal) {
    TokenClaims token = principal.token();
    if (token == null) {
      return Optional.empty();
    }
    return revoked.isRevoked(token)
        ? Optional.of("the token was revoked")
        : believed.trust.problem(token);
  }

  /**
   * Why by the present entry of its issuer a token would be refused, or be somebody else's. Of
   * tokens that are read anew nobody asks it: those are read by that entry.
   */
  private Optional<String> disowned(Principal principal) {
    TokenClaims token = principal.token();
    TokenTrust.Issuer issuer = token == null ? null : believed.trust.registeredIssuerOf(token);
    if (token == null || issuer == null) {
      return Optional.empty();
    }
    Map<String, Object> claims = token.claims();
    try {
      // From when it was verified on: a clock that is set back since lengthens no token.
      long from = Math.max(clocks.wallMillis(), token.verifiedAtMillis());
      checkLifetime(token.expiresAtMillis(), from, issuer);
      List<String> _ = groups(claims, issuer);
      String device = deviceId(claims, issuer);
      boolean isItsDevice =
          principal.method() == AuthMethod.JWT
              ? Objects.equals(device, principal.deviceId())
              : device == null || device.equals(principal.deviceId()); // its certificate names it
      return isItsDevice && subject(claims, issuer).equals(token.subject())
          ? Optional.empty()
          : Optional.of("its issuer names somebody else by the token now");
    } catch (CredentialException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /** Believes these issuers beside those of the configuration, and no others any more. */
  void registered(Collection<JwtIssuer> issuers) {
    believed = believed(believed.trust.withRegistered(issuers));
  }

  /** How the last fetch of the keys of a registered issuer ended. */
  KeyRefresh lastRefresh(JwtIssuer issuer) {
    return believed.trust.lastRefresh(issuer);
  }

  /** A principal with the groups, attributes and rights of its own token alone, as read now. */
  Principal asProved(Principal principal) throws CredentialException {
    TokenClaims token = principal.token();
    List<String> groups = List.of();
    Map<String, String> attributes = Map.of();
    if (token != null) {
      Optional<TokenTrust.Issuer> issuer = believed.trust.issuer(token.issuer());
      if (issuer.isPresent()) {
        groups = groups(token.claims(), issuer.get());
        attributes = attributes(token.claims(), issuer.get());
      }
      token = token.withAclGrants(issuer.isPresent() && issuer.get().aclGrants());
    }
    return new Principal(
        principal.id(),
        principal.method(),
        principal.deviceId(),
        principal.userName(),
        groups,
        attributes,
        principal.certificate(),
        token,
        principal.account());
  }

  /**
   * Looks whether tokens were revoked or issuers have other keys; waits for no issuer. One thread
   * at a time.
   *
   * @return whether somebody who is connected may have lost the right to be
   */
  boolean refresh() {
    boolean changed = believed.trust.refresh();
    return revoked.refresh() || changed;
  }

  /**
   * Refuses a token that is bound to a certificate (RFC 8705 section 3) of somebody else, or bound
   * by a means that is not understood here (RFC 7800 section 3.1).
   *
   * @param certificates of the TLS connection, the client's own first; empty: it showed none
   */
  static void checkBinding(Principal principal, List<X509Certificate> certificates)
      throws CredentialException {
    TokenClaims token = principal.token();
    Object confirmation = token == null ? null : token.claims().get("cnf");
    if (confirmation == null) {
      return;
    }
    if (!(confirmation instanceof Map<?, ?> members)
        || members.size() != 1
        || !(members.get("x5t#S256") instanceof String thumbprint)) {
      throw claim("cnf", "a certificate's thumbprint x5t#S256 and nothing else");
    }
    if (certificates.isEmpty()
        || !MessageDigest.isEqual(
            thumbprint.getBytes(StandardCharsets.US_ASCII),
            thumbprint(certificates.getFirst()).getBytes(StandardCharsets.US_ASCII))) {
      throw CredentialException.ofToken(
          AuthFailure.TOKEN_BINDING,
          "token of "
              + LogText.quote(principal.id())
              + " is bound to a certificate that the connection does not have");
    }
  }

  private static String thumbprint(X509Certificate certificate) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
      return Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
    } catch (NoSuchAlgorithmException | CertificateEncodingException e) {
      throw new IllegalStateException("a certificate that was read cannot be hashed", e);
    }
  }

  /**
   * Fetches keys that a token needs, if its issuer's are fetched. The token is taken apart for it,
   * which costs some 20 microseconds.
   *
   * @return completed at once if nothing is fetched; never fails
   */
  CompletableFuture<Void> prepare(byte[] token) {
    TokenTrust trust = believed.trust;
    if (!trust.fetches() || known(token) != null) {
      return CompletableFuture.completedFuture(null);
    }
    try {
      return trust.prepare(CompactToken.parse(token));
    } catch (CredentialException _) {
      return CompletableFuture.completedFuture(null); // told by verify
    }
  }

  /** Checks signature and claims. */
  Principal verify(byte[] token) throws CredentialException {
    CompactToken parsed = CompactToken.parse(token);
    Believed now = believed;
    Principal principal = principal(parsed, now.trust.issuerOf(parsed));
    if (withdrawn(principal).isPresent()) {
      throw CredentialException.ofToken(
          AuthFailure.TOKEN_REVOKED, "token of " + LogText.quote(principal.id()) + " was revoked");
    }
    if (principal.expiresAtMillis() > clocks.wallMillis()) {
      now.verified.add(VerifiedTokens.Hash.of(token), principal);
    }
    return principal;
  }

  private Principal principal(CompactToken parsed, TokenTrust.Issuer issuer)
      throws CredentialException {
    Map<String, Object> claims = parsed.claims();
    List<String> audiences = audiences(claims, issuer); // cheap checks first
    long now = clocks.wallMillis();
    long endMillis = endMillis(claims, now, issuer);
    String subject = subject(claims, issuer);
    String device = deviceId(claims, issuer);
    List<String> groups = groups(claims, issuer);
    TokenKey key = TokenTrust.checkSignature(parsed, issuer); // nothing is believed before this
    String tokenId = claims.get("jti") instanceof String id ? id : "";
    var token =
        new TokenClaims(
            issuer.name(),
            subject,
            audiences,
            tokenId,
            claims,
            endMillis,
            now,
            issuer.aclGrants(),
            key);
    // A subject is unique within its issuer only; an issuer's name holds no @.
    return new Principal(
        device != null ? "device:" + device : "user:" + subject + "@" + issuer.name(),
        AuthMethod.JWT,
        device,
        subject,
        groups,
        attributes(claims, issuer),
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
  private static long endMillis(Map<String, Object> claims, long now, TokenTrust.Issuer issuer)
      throws CredentialException {
    long skew = issuer.clockSkew().toMillis();
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
    checkLifetime(exp, now, issuer);
    // Within the skew the issuer's clock may be behind ours: it would have ended already by ours.
    return exp > now ? exp : exp + skew;
  }

  private static void checkLifetime(long exp, long from, TokenTrust.Issuer issuer)
      throws CredentialException {
    long longest = issuer.lifetimeMax().plus(issuer.clockSkew()).toMillis();
    if (exp - from > longest) {
      throw CredentialException.ofToken(
          AuthFailure.TOKEN_LIFETIME,
          "token is valid until "
              + Instant.ofEpochMilli(exp)
              + ", "
              + issuer.lifetimeKey()
              + " is "
              + issuer.lifetimeMax().toSeconds());
    }
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

  private static String subject(Map<String, Object> claims, TokenTrust.Issuer issuer)
      throws CredentialException {
    String subject = issuer.user().in(claims) instanceof String text ? text : "";
    if (subject.isEmpty() || subject.length() > SUBJECT_MAX) {
      throw claim(issuer.user().toString(), "a text of 1 to " + SUBJECT_MAX + " characters");
    }
    return subject;
  }

  private static List<String> groups(Map<String, Object> claims, TokenTrust.Issuer issuer)
      throws CredentialException {
    List<String> groups = issuer.groups().texts(claims);
    if (groups.size() > GROUPS_MAX) {
      throw claim(issuer.groups().toString(), "a list of at most " + GROUPS_MAX + " groups");
    }
    return groups;
  }

  /** The device that the token is of; null where this issuer's tokens are of users. */
  private static @Nullable String deviceId(Map<String, Object> claims, TokenTrust.Issuer issuer)
      throws CredentialException {
    ClaimPath path = issuer.device();
    if (path == null) {
      return null;
    }
    String id = path.in(claims) instanceof String text ? text : "";
    if (!DEVICE_ID.matcher(id).matches()) {
      throw claim(path.toString(), "the id of a device");
    }
    return id;
  }

  private static Map<String, String> attributes(
      Map<String, Object> claims, TokenTrust.Issuer issuer) {
    if (issuer.attributes().isEmpty()) {
      return Map.of();
    }
    var attributes = new HashMap<String, String>();
    issuer
        .attributes()
        .forEach(
            (name, path) -> {
              String value = path.scalar(claims);
              if (value != null && value.length() <= ATTRIBUTE_MAX) {
                attributes.put(name, value);
              }
            });
    return attributes;
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
   * Refuses a User Name that is not the token's, where the configuration ties the two together. An
   * empty one is nobody's: MQTT 3.1.1 allows a Password only beside a User Name (section 3.1.2.9).
   *
   * @param userName of CONNECT; null if there is none
   */
  void checkUserName(Principal principal, @Nullable String userName) throws CredentialException {
    String claim = config.userNameClaim();
    TokenClaims token = principal.token();
    if (claim == null || userName == null || userName.isEmpty() || token == null) {
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
