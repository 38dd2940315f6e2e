package io.signalbox.server.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How clients prove who they are, beside certificates. Section {@code auth}.
 *
 * @param jwt JSON Web Tokens
 * @param usersFile users with the verifiers of their passwords; null: none
 * @param pendingMax 1..1,000,000 credentials waiting for a worker thread; one more CONNECT is
 *     refused as busy
 * @param exchangesMax 1..1,000,000 exchanges of AUTH packets under way; one more is refused as busy
 */
public record AuthConfig(Jwt jwt, @Nullable Path usersFile, int pendingMax, int exchangesMax) {

  private static final Range PENDING_MAX = Range.of("auth.pending-max", 1, 1_000_000);
  private static final Range EXCHANGES_MAX = Range.of("auth.exchanges-max", 1, 1_000_000);
  private static final Range CLOCK_SKEW = Range.seconds("auth.jwt.clock-skew-seconds", 0, 3_600);
  private static final Range LIFETIME_MAX =
      Range.seconds("auth.jwt.lifetime-max-seconds", 60, 366L * 24 * 3_600);
  private static final Range CACHE_ENTRIES_MAX =
      Range.of("auth.jwt.cache-entries-max", 0, 10_000_000);

  public static final AuthConfig DEFAULTS =
      new AuthConfig(
          new Jwt(
              List.of(),
              Duration.ofSeconds(30),
              Duration.ofDays(1),
              null,
              "groups",
              10_000,
              null,
              true),
          null,
          1_000,
          10_000);

  public AuthConfig {
    PENDING_MAX.check(pendingMax);
    EXCHANGES_MAX.check(exchangesMax);
  }

  /**
   * Tokens in the CONNECT password or an HTTP Authorization header (RFC 7519).
   *
   * @param issuers who may sign them, besides the issuer of the data directory
   * @param clockSkew 0..1 h by which the clocks of issuer and broker may differ
   * @param lifetimeMax 1 min..366 days from now to a token's end; a longer one is refused
   * @param userNameClaim claim that the User Name of CONNECT must equal when there is one that is
   *     not empty; null: the User Name is ignored
   * @param groupsClaim claim that lists the client's groups
   * @param cacheEntriesMax 0..10,000,000 verified tokens remembered until they end
   * @param revokedFile tokens that are void before their end, one {@code ISSUER JTI} a line; null:
   *     none
   * @param localIssuer whether tokens signed with the data directory's own key ({@code signalbox
   *     token issue}) are accepted
   */
  public record Jwt(
      List<Issuer> issuers,
      Duration clockSkew,
      Duration lifetimeMax,
      @Nullable String userNameClaim,
      String groupsClaim,
      int cacheEntriesMax,
      @Nullable Path revokedFile,
      boolean localIssuer) {
    public Jwt {
      issuers = List.copyOf(issuers);
      CLOCK_SKEW.check(clockSkew);
      LIFETIME_MAX.check(lifetimeMax);
      CACHE_ENTRIES_MAX.check(cacheEntriesMax);
      Set<String> names = new HashSet<>();
      Set<String> values = new HashSet<>();
      for (Issuer issuer : issuers) {
        if (!names.add(issuer.name)) {
          throw new IllegalArgumentException(
              "auth.jwt.issuers: the name \"" + issuer.name + "\" is used twice");
        }
        if (!values.add(issuer.issuer)) {
          throw new IllegalArgumentException(
              "auth.jwt.issuers: the issuer \""
                  + issuer.issuer
                  + "\" is used twice; put its keys into one entry");
        }
      }
    }

    static Jwt read(Section jwt) {
      Jwt d = DEFAULTS.jwt;
      return jwt.make(
          d,
          () ->
              new Jwt(
                  jwt.list("issuers", Issuer::read, d.issuers),
                  jwt.duration(CLOCK_SKEW, d.clockSkew),
                  jwt.duration(LIFETIME_MAX, d.lifetimeMax),
                  jwt.optional("user-name-claim"),
                  jwt.string("groups-claim", d.groupsClaim),
                  jwt.integer(CACHE_ENTRIES_MAX, d.cacheEntriesMax),
                  jwt.file("revoked-tokens-file"),
                  jwt.bool("local-issuer", d.localIssuer)));
    }
  }

  /**
   * A signer of tokens.
   *
   * @param name unique; policies call the issuer by it
   * @param issuer the exact value of the claim {@code iss}
   * @param audiences values of the claim {@code aud} of which a token must hold one; not empty
   * @param keys every key is good for one algorithm only, so that a token cannot choose another
   * @param keySet further keys; null: none
   * @param claims where its tokens say whose they are
   * @param aclClaim what an {@code acl} claim of its tokens does
   */
  public record Issuer(
      String name,
      String issuer,
      List<String> audiences,
      List<Key> keys,
      @Nullable JwksConfig keySet,
      JwtClaims claims,
      AclClaim aclClaim) {
    private static final Set<String> RESERVED = Set.of("local", "users");

    /** With its keys in the configuration and the usual claims. */
    public Issuer(String name, String issuer, List<String> audiences, List<Key> keys) {
      this(name, issuer, audiences, keys, null, JwtClaims.DEFAULTS, AclClaim.NARROW);
    }

    public Issuer {
      audiences = List.copyOf(audiences);
      keys = List.copyOf(keys);
      if (!name.matches("[a-z0-9-]{1,64}") || RESERVED.contains(name)) {
        throw new IllegalArgumentException(
            "auth.jwt.issuers.name: \""
                + name
                + "\" is not 1 to 64 lower-case letters, digits and hyphens, or is \"local\" or"
                + " \"users\", the names of the data directory's own issuer and of the users file");
      }
      if (audiences.isEmpty()) {
        throw new IllegalArgumentException(
            "auth.jwt.issuers.audiences: empty; name at least one, else a token made for another"
                + " service would be accepted");
      }
      if (keys.isEmpty() && keySet == null) {
        throw new IllegalArgumentException(
            "auth.jwt.issuers.keys: empty; name at least one, or a key set with jwks-url or"
                + " jwks-file");
      }
    }

    static Issuer read(Section issuer) {
      String name = issuer.required("name", "issuer");
      String value = issuer.required("issuer", "issuer");
      List<String> audiences = issuer.strings("audiences", List.of());
      List<Key> keys = issuer.list("keys", Key::read, List.of());
      JwtClaims claims = JwtClaims.read(issuer);
      AclClaim aclClaim = issuer.choice("acl-claim", AclClaim.class, AclClaim.NARROW);
      return issuer.make(
          new Issuer("issuer", "issuer", List.of("audience"), List.of(Key.NONE)),
          () ->
              new Issuer(name, value, audiences, keys, JwksConfig.read(issuer), claims, aclClaim));
    }
  }

  /** What the {@code acl} claim of a token does to the rights that policies give. */
  public enum AclClaim {
    /** It can only take away. */
    NARROW,
    /** It may also give. */
    GRANT
  }

  /** Signature algorithms of RFC 7518 and RFC 8037; {@code none} is not among them. */
  public enum Algorithm {
    HS256,
    HS384,
    HS512,
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    ES512,
    EDDSA("EdDSA");

    private final String text;

    Algorithm() {
      text = name();
    }

    Algorithm(String text) {
      this.text = text;
    }

    public boolean isHmac() {
      return name().startsWith("HS");
    }

    /** The least bytes of a secret: as many as the hash has (RFC 7518 section 3.2). */
    int hmacBytesMin() {
      return Integer.parseInt(name().substring(2)) / 8;
    }

    /** The value of the header {@code alg}. */
    @Override
    public String toString() {
      return text;
    }
  }

  /**
   * A key and the one algorithm it is for.
   *
   * @param id the header {@code kid} of the tokens it signs; null: tried for every token without
   *     one
   * @param algorithm pinned: a token with another one is refused
   * @param publicKeyPem SubjectPublicKeyInfo or certificate as PEM; null for HS algorithms
   * @param hmacSecret the shared secret; null for all others
   */
  public record Key(
      @Nullable String id,
      Algorithm algorithm,
      @Nullable String publicKeyPem,
      @Nullable Secret hmacSecret) {
    /** Stands for a key that could not be read, while further problems are gathered. */
    private static final Key NONE = new Key(null, Algorithm.ES256, "", null);

    public Key {
      if (algorithm.isHmac()) {
        if (hmacSecret == null || publicKeyPem != null) {
          throw new IllegalArgumentException(
              "auth.jwt.issuers.keys: " + algorithm + " needs hmac-secret-file and no public key");
        }
        if (hmacSecret.length() < algorithm.hmacBytesMin()) {
          throw new IllegalArgumentException(
              "auth.jwt.issuers.keys.hmac-secret-file: shorter than the "
                  + algorithm.hmacBytesMin()
                  + " bytes that "
                  + algorithm
                  + " needs; make one with: openssl rand -base64 48");
        }
      } else if (publicKeyPem == null || hmacSecret != null) {
        throw new IllegalArgumentException(
            "auth.jwt.issuers.keys: "
                + algorithm
                + " needs public-key-file or public-key and no secret");
      }
    }

    static Key read(Section key) {
      String id = key.optional("id");
      Algorithm algorithm = key.requiredChoice("algorithm", Algorithm.class, Algorithm.ES256);
      String inline = key.optional("public-key");
      String file = key.textOfFile("public-key-file");
      Secret secret = key.secretFile("hmac-secret-file");
      if (inline != null && file != null) {
        key.problem("public-key", "goes with public-key-file only one at a time; remove one");
      }
      return key.make(NONE, () -> new Key(id, algorithm, inline != null ? inline : file, secret));
    }
  }

  static AuthConfig read(Section auth) {
    AuthConfig d = DEFAULTS;
    return auth.make(
        d,
        () ->
            new AuthConfig(
                Jwt.read(auth.section("jwt")),
                auth.file("users-file"),
                auth.integer(PENDING_MAX, d.pendingMax),
                auth.integer(EXCHANGES_MAX, d.exchangesMax)));
  }
}
