package io.signalbox.server.auth;

import io.jsonwebtoken.Jwts;
import io.signalbox.server.eventloop.Clocks;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;

/**
 * Issues tokens that the broker of the same data directory accepts, for people who try it out, for
 * scripts on the same machine and for the page's link. Any thread.
 */
public final class TokenIssuer {
  private static final int TOKEN_ID_BYTES = 12;

  /** When what an enrolment token is for was registered, in milliseconds. */
  static final String CREATED = "created";

  private final LocalTokenKey key;
  private final Clocks clocks;
  private final SecureRandom random;

  private TokenIssuer(LocalTokenKey key, Clocks clocks, SecureRandom random) {
    this.key = key;
    this.clocks = clocks;
    this.random = random;
  }

  /**
   * An issuer with the key of a data directory, which is made if there is none.
   *
   * @throws AuthSetupException if the key's file cannot be made or read
   */
  public static TokenIssuer openOrCreate(Path dataDirectory, Clocks clocks, SecureRandom random)
      throws AuthSetupException {
    return new TokenIssuer(LocalTokenKey.openOrCreate(dataDirectory, random), clocks, random);
  }

  /** The claim {@code aud} of enrolment tokens: no client connects with one. */
  public static final String ENROLMENT_AUDIENCE = "signalbox:enrol";

  /**
   * A token in compact form, valid from now; times have whole seconds.
   *
   * @param subject who the token is for; not empty
   * @param groups that policies may bind to
   * @param lifetime at least a second; a broker refuses one longer than its {@code
   *     auth.jwt.lifetime-max-seconds}
   * @throws IllegalArgumentException with words for people: no broker would accept a token as long
   */
  public String issue(String subject, List<String> groups, Duration lifetime) {
    return issue(LocalTokenKey.AUDIENCE, subject, Map.of("groups", List.copyOf(groups)), lifetime);
  }

  /**
   * A token with which one device enrols, named by the claim {@code sub}.
   *
   * @param createdAtMillis of the device, which tells it from others that had or get its name
   */
  public String issueEnrolment(String device, long createdAtMillis, Duration lifetime) {
    return issue(
        ENROLMENT_AUDIENCE, device, Map.of("use", "device", CREATED, createdAtMillis), lifetime);
  }

  /**
   * A token with which devices enrol by a template, named by the claim {@code sub}.
   *
   * @param createdAtMillis as of a device
   */
  public String issueTemplateEnrolment(String template, long createdAtMillis, Duration lifetime) {
    return issue(
        ENROLMENT_AUDIENCE,
        template,
        Map.of("use", "template", CREATED, createdAtMillis),
        lifetime);
  }

  private String issue(
      String audience, String subject, Map<String, Object> claims, Duration lifetime) {
    if (subject.isEmpty()) {
      throw new IllegalArgumentException("a token needs a subject");
    }
    if (lifetime.toSeconds() < 1) {
      throw new IllegalArgumentException("a token's lifetime of " + lifetime + " is below 1 s");
    }
    long now = clocks.wallMillis();
    var id = new byte[TOKEN_ID_BYTES];
    random.nextBytes(id);
    String token =
        Jwts.builder()
            .header()
            .keyId(key.id())
            .and()
            .id(Base64.getUrlEncoder().encodeToString(id))
            .issuer(LocalTokenKey.ISSUER)
            .audience()
            .add(audience)
            .and()
            .subject(subject)
            .claims(claims)
            .issuedAt(Date.from(Instant.ofEpochMilli(now)))
            .expiration(Date.from(Instant.ofEpochMilli(now).plusSeconds(lifetime.toSeconds())))
            .signWith(key.toSecretKey(), Jwts.SIG.HS256)
            .compact();
    if (token.length() > CompactToken.BYTES_MAX) {
      throw new IllegalArgumentException(
          "the token would have "
              + token.length()
              + " characters, and at most "
              + CompactToken.BYTES_MAX
              + " are accepted; give it fewer groups, or groups of shorter names");
    }
    return token;
  }
}
