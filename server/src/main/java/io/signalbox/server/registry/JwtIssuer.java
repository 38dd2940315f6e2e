package io.signalbox.server.registry;

import com.google.gson.JsonObject;
import java.net.URI;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Somebody whose tokens are accepted.
 *
 * @param issuer the exact claim {@code iss}
 * @param keys where its keys come from
 * @param algorithms the only ones that its tokens may have
 * @param deviceClaim path of the claim with a device's id; null: its tokens are of users
 * @param attributeClaims attribute to path of a claim
 * @param aclClaimGrants whether an {@code acl} claim grants by itself instead of narrowing
 */
public record JwtIssuer(
    String name,
    String issuer,
    List<String> audiences,
    Keys keys,
    List<String> algorithms,
    String userClaim,
    @Nullable String deviceClaim,
    String groupsClaim,
    Map<String, String> attributeClaims,
    int clockSkewSeconds,
    int maxLifetimeSeconds,
    boolean aclClaimGrants,
    boolean enabled,
    Stamp stamp)
    implements Entry<JwtIssuer> {

  /**
   * What no issuer may be called, for its name is part of its users' ids: the issuer of the data
   * directory's own tokens, and the users with a password.
   */
  private static final Set<String> RESERVED = Set.of("local", "users");

  private static final List<String> ALGORITHMS =
      List.of(
          "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
          "ES384", "ES512", "EdDSA");
  private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");
  private static final int SECRET_BYTES_MIN = 32;

  /** Where the keys of an issuer come from. */
  public sealed interface Keys {
    /** Fetched from an address, and again when a key is unknown. */
    record JwksUri(String uri) implements Keys {}

    /** A JWKS document. */
    record JwksJson(String json) implements Keys {}

    /** PUBLIC KEY or CERTIFICATE blocks. */
    record PublicKeys(List<String> pem) implements Keys {
      public PublicKeys {
        pem = List.copyOf(pem);
      }
    }

    /** A shared secret, base64; {@link #toString} does not show it. */
    record HmacSecret(String base64) implements Keys {
      @Override
      public String toString() {
        return "HmacSecret";
      }
    }

    /** A shared secret that stands in the store and does not open; kept until it does. */
    record UnreadableSecret(String sealed) implements Keys {}
  }

  static JwtIssuer read(String name, Fields in, @Nullable JwtIssuer earlier, Stamp stamp) {
    in.ignore("name", "lastRefreshStatus", "lastRefreshProblem");
    if (RESERVED.contains(name)) {
      in.problem("name", "\"" + name + "\" stands for users of this broker itself");
    }
    List<String> audiences = in.texts("audiences", 32, 1_024, a -> !a.isEmpty(), "not empty");
    if (audiences.isEmpty()) {
      in.problem("audiences", "must name at least one, else a token for another service passes");
    }
    List<String> algorithms =
        in.texts(
            "algorithms",
            ALGORITHMS.size(),
            8,
            ALGORITHMS::contains,
            "one of " + String.join(", ", ALGORITHMS));
    if (algorithms.isEmpty()) {
      in.problem("algorithms", "must name at least one");
    }
    Keys keys = keys(in, earlier);
    boolean hmac = keys instanceof Keys.HmacSecret || keys instanceof Keys.UnreadableSecret;
    if (algorithms.stream().anyMatch(a -> a.startsWith("HS") != hmac)) {
      in.problem(
          "algorithms",
          hmac
              ? "must be HS256, HS384 or HS512 for a secret"
              : "HS256, HS384 and HS512 need hmacSecret and no other kind of key");
    }
    Fields claims = in.part("claimMapping");
    var made =
        new JwtIssuer(
            name,
            in.required("issuer", 1_024),
            audiences,
            keys,
            algorithms,
            claims.text("user", "sub", 256),
            claims.optional("device", 256),
            claims.text("groups", "groups", 256),
            claims.map("attributes", 64, 256),
            (int) in.number("clockSkewSeconds", 30, 0, 3_600),
            (int) in.number("maxLifetimeSeconds", 86_400, 60, 366L * 24 * 3_600),
            in.choice("aclClaim", "narrow", List.of("narrow", "grant")).equals("grant"),
            in.flag("enabled", true),
            stamp);
    claims.endPart();
    return made;
  }

  private static Keys keys(Fields in, @Nullable JwtIssuer earlier) {
    String sealed = in.isRow() ? in.optional(Row.UNREADABLE, 8_192) : null;
    if (sealed != null) {
      return new Keys.UnreadableSecret(sealed);
    }
    String uri = in.optional("jwksUri", 2_048);
    String json = in.optional("jwksJson", 262_144);
    List<String> pem = in.texts("publicKeysPem", 32, 16_384, p -> p.contains("-----BEGIN"), "PEM");
    String secret = in.optional("hmacSecret", 4_096);
    int given =
        (uri == null ? 0 : 1)
            + (json == null ? 0 : 1)
            + (pem.isEmpty() ? 0 : 1)
            + (secret == null ? 0 : 1);
    if (given == 0
        && earlier != null
        && (earlier.keys instanceof Keys.HmacSecret
            || earlier.keys instanceof Keys.UnreadableSecret)) {
      return earlier.keys;
    }
    if (given != 1) {
      in.problem(
          "jwksUri",
          "give exactly one of jwksUri, jwksJson, publicKeysPem and hmacSecret; there are "
              + given);
    }
    if (uri != null) {
      checkUri(in, uri);
      return new Keys.JwksUri(uri);
    }
    if (json != null) {
      return new Keys.JwksJson(json);
    }
    if (secret != null) {
      checkSecret(in, secret);
      return new Keys.HmacSecret(secret);
    }
    return new Keys.PublicKeys(pem);
  }

  private static void checkUri(Fields in, String text) {
    try {
      URI uri = URI.create(text);
      String host = uri.getHost();
      boolean plain = "http".equals(uri.getScheme()) && host != null && LOOPBACK.contains(host);
      if (host == null || uri.getUserInfo() != null) {
        in.problem("jwksUri", "must be an address with a host and without a user");
      } else if (!"https".equals(uri.getScheme()) && !plain) {
        in.problem("jwksUri", "must begin with https:// (http:// for this machine only)");
      }
    } catch (IllegalArgumentException _) {
      in.problem("jwksUri", "is no address");
    }
  }

  private static void checkSecret(Fields in, String base64) {
    try {
      if (Base64.getDecoder().decode(base64).length < SECRET_BYTES_MIN) {
        in.problem(
            "hmacSecret",
            "must have at least "
                + SECRET_BYTES_MIN
                + " bytes; make one with: openssl rand -base64 48");
      }
    } catch (IllegalArgumentException _) {
      in.problem("hmacSecret", "is not base64");
    }
  }

  @Override
  public Kind<JwtIssuer> kind() {
    return Kind.JWT_ISSUER;
  }

  @Override
  public JwtIssuer withStamp(Stamp other) {
    return new JwtIssuer(
        name,
        issuer,
        audiences,
        keys,
        algorithms,
        userClaim,
        deviceClaim,
        groupsClaim,
        attributeClaims,
        clockSkewSeconds,
        maxLifetimeSeconds,
        aclClaimGrants,
        enabled,
        other);
  }

  @Override
  public boolean isWithdrawnSince(JwtIssuer earlier) {
    return earlier.enabled && !enabled;
  }

  @Override
  public void write(JsonObject out) {
    out.addProperty("issuer", issuer);
    out.add("audiences", JsonOut.list(audiences));
    switch (keys) {
      case Keys.JwksUri(String uri) -> out.addProperty("jwksUri", uri);
      case Keys.JwksJson(String json) -> out.addProperty("jwksJson", json);
      case Keys.PublicKeys(List<String> pem) -> out.add("publicKeysPem", JsonOut.list(pem));
      case Keys.HmacSecret _, Keys.UnreadableSecret _ -> {}
    }
    out.add("algorithms", JsonOut.list(algorithms));
    var claims = new JsonObject();
    claims.addProperty("user", userClaim);
    JsonOut.optional(claims, "device", deviceClaim);
    claims.addProperty("groups", groupsClaim);
    if (!attributeClaims.isEmpty()) {
      claims.add("attributes", JsonOut.map(attributeClaims));
    }
    out.add("claimMapping", claims);
    out.addProperty("clockSkewSeconds", clockSkewSeconds);
    out.addProperty("maxLifetimeSeconds", maxLifetimeSeconds);
    out.addProperty("aclClaim", aclClaimGrants ? "grant" : "narrow");
    out.addProperty("enabled", enabled);
  }

  @Override
  public void writeHidden(JsonObject out) {
    if (keys instanceof Keys.HmacSecret(String base64)) {
      out.addProperty("hmacSecret", base64);
    } else if (keys instanceof Keys.UnreadableSecret(String sealed)) {
      out.addProperty(Row.UNREADABLE, sealed);
    }
  }
}
