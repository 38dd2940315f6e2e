package io.signalbox.server.auth;

import io.jsonwebtoken.JwtException;
import io.jsonwebtoken.JwtParser;
import io.jsonwebtoken.JwtParserBuilder;
import io.jsonwebtoken.Jwts;
import io.jsonwebtoken.io.AbstractDeserializer;
import io.jsonwebtoken.io.Deserializer;
import io.jsonwebtoken.security.SecureDigestAlgorithm;
import io.jsonwebtoken.security.SecurityException;
import io.signalbox.pki.Pem;
import io.signalbox.pki.PkiException;
import io.signalbox.server.config.AuthConfig;
import io.signalbox.server.config.AuthConfig.Algorithm;
import io.signalbox.server.metrics.Metrics.AuthFailure;
import io.signalbox.server.principal.SigningKey;
import java.io.IOException;
import java.io.Reader;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * A key that verifies tokens, and the one algorithm it is good for: a token that names another one,
 * say HS256 with a public RSA key as its secret, finds no key here.
 */
final class TokenKey implements SigningKey {
  private static final int RSA_BITS_MIN = 2_048; // RFC 7518 section 3.3
  private static final int RSA_BITS_MAX = 8_192; // a larger one costs time and adds nothing

  private static final Pattern PUBLIC_KEY_BLOCK =
      Pattern.compile("-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\\s]+)-----END PUBLIC KEY-----");

  static final Deserializer<Map<String, ?>> STRICT =
      new AbstractDeserializer<>() {
        @Override
        protected Map<String, ?> doDeserialize(Reader json) throws IOException {
          return StrictJson.object(json);
        }
      };

  /** No configured id is empty. */
  private static final String ANY_ID = "";

  private final @Nullable String id;
  private final Algorithm algorithm;
  private final Key key;
  private volatile @Nullable JwtParser parser;

  private TokenKey(@Nullable String id, Algorithm algorithm, Key key) {
    this.id = id;
    this.algorithm = algorithm;
    this.key = key;
  }

  static TokenKey ofSecret(@Nullable String id, Algorithm algorithm, byte[] secret) {
    return new TokenKey(
        id, algorithm, new SecretKeySpec(secret, "HmacSHA" + algorithm.name().substring(2)));
  }

  /**
   * @throws IllegalArgumentException if the key cannot be read or is not one for its algorithm
   */
  static TokenKey of(AuthConfig.Key configured) {
    Algorithm algorithm = configured.algorithm();
    if (algorithm.isHmac()) {
      return ofSecret(
          configured.id(), algorithm, Objects.requireNonNull(configured.hmacSecret()).bytes());
    }
    PublicKey key = publicKey(algorithm, Objects.requireNonNull(configured.publicKeyPem()));
    check(algorithm, key);
    return new TokenKey(configured.id(), algorithm, key);
  }

  /**
   * @param key one that {@link #fits}
   */
  static TokenKey ofPublicKey(@Nullable String id, Algorithm algorithm, PublicKey key) {
    check(algorithm, key);
    return new TokenKey(id, algorithm, key);
  }

  private static PublicKey publicKey(Algorithm algorithm, String pem) {
    try {
      Matcher block = PUBLIC_KEY_BLOCK.matcher(pem);
      if (!block.find()) {
        return Pem.parseCertificates(pem, "the key").getFirst().getPublicKey();
      }
      byte[] der = Base64.getMimeDecoder().decode(block.group(1));
      return KeyFactory.getInstance(family(algorithm)).generatePublic(new X509EncodedKeySpec(der));
    } catch (PkiException e) {
      throw new IllegalArgumentException(
          "holds neither a PUBLIC KEY nor a CERTIFICATE in PEM form", e);
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "is not " + description(algorithm) + ", which " + algorithm + " needs", e);
    }
  }

  private static String family(Algorithm algorithm) {
    return switch (algorithm) {
      case RS256, RS384, RS512, PS256, PS384, PS512 -> "RSA";
      case ES256, ES384, ES512 -> "EC";
      case EDDSA -> "EdDSA";
      case HS256, HS384, HS512 -> throw new IllegalArgumentException(algorithm + " has a secret");
    };
  }

  private static String description(Algorithm algorithm) {
    return switch (algorithm) {
      case RS256, RS384, RS512, PS256, PS384, PS512 ->
          "an RSA public key of " + RSA_BITS_MIN + " to " + RSA_BITS_MAX + " bits";
      case ES256 -> "an EC public key on the curve P-256";
      case ES384 -> "an EC public key on the curve P-384";
      case ES512 -> "an EC public key on the curve P-521";
      case EDDSA -> "an Ed25519 public key";
      case HS256, HS384, HS512 -> "a secret";
    };
  }

  private static void check(Algorithm algorithm, PublicKey key) {
    if (!fits(algorithm, key)) {
      throw new IllegalArgumentException(
          "is not " + description(algorithm) + ", which " + algorithm + " needs");
    }
  }

  /** Whether the algorithm can be used with the key, and safely. */
  static boolean fits(Algorithm algorithm, PublicKey key) {
    return switch (algorithm) {
      case RS256, RS384, RS512, PS256, PS384, PS512 ->
          key instanceof RSAPublicKey rsa
              && rsa.getModulus().bitLength() >= RSA_BITS_MIN
              && rsa.getModulus().bitLength() <= RSA_BITS_MAX
              && rsa.getPublicExponent().bitLength() <= Long.SIZE;
      case ES256 -> isOnCurve(key, 256);
      case ES384 -> isOnCurve(key, 384);
      case ES512 -> isOnCurve(key, 521);
      case EDDSA ->
          key instanceof EdECPublicKey edwards
              && edwards.getParams().getName().equals(NamedParameterSpec.ED25519.getName());
      case HS256, HS384, HS512 -> false;
    };
  }

  private static boolean isOnCurve(PublicKey key, int bits) {
    return key instanceof ECPublicKey ec
        && ec.getParams().getCurve().getField().getFieldSize() == bits
        && ec.getParams().getOrder().bitLength() == bits;
  }

  /** The same key for tokens of whatever {@code kid}. */
  TokenKey forAnyId() {
    return new TokenKey(ANY_ID, algorithm, key);
  }

  /** Whether what it has signed is good by one of these too. */
  boolean isAmong(List<TokenKey> keys) {
    return keys.contains(this) || keys.contains(forAnyId());
  }

  /** Whether a token with this {@code kid}, or none, may be signed with it. */
  boolean isFor(@Nullable String keyId) {
    return ANY_ID.equals(id) || Objects.equals(id, keyId);
  }

  /** The header {@code kid} of the tokens it signs; null for tokens without one. */
  @Nullable String id() {
    return id;
  }

  /** The value of the header {@code alg} that it is pinned to. */
  String algorithm() {
    return algorithm.toString();
  }

  /**
   * Whether the signature of a token with this algorithm is this key's.
   *
   * @throws CredentialException if the token is wrong in another way
   */
  boolean hasSigned(CompactToken token) throws CredentialException {
    if (!token.isSigned()) {
      return false;
    }
    try {
      parser().parseSignedClaims(token.text());
      return true;
    } catch (SecurityException e) {
      return false;
    } catch (JwtException | IllegalArgumentException e) {
      throw CredentialException.ofToken( // the library's own text could quote the token
          AuthFailure.TOKEN_MALFORMED, "token with a header or claim of the wrong type");
    }
  }

  private JwtParser parser() {
    JwtParser made = parser;
    if (made == null) {
      made = makeParser(); // late, because loading the library costs start-up time
      parser = made;
    }
    return made;
  }

  private JwtParser makeParser() {
    SecureDigestAlgorithm<?, ?> only =
        Objects.requireNonNull(Jwts.SIG.get().get(algorithm.toString()));
    JwtParserBuilder builder =
        Jwts.parser()
            .sig()
            .clear()
            .add(only)
            .and()
            .zip()
            .clear()
            .and()
            .json(STRICT)
            // Times are judged by the caller, with its own clock and words.
            .clock(() -> Date.from(Instant.EPOCH))
            .clockSkewSeconds(Long.MAX_VALUE / 1_000);
    return (key instanceof SecretKey secret
            ? builder.verifyWith(secret)
            : builder.verifyWith((PublicKey) key))
        .build();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other
        || (other instanceof TokenKey that
            && algorithm == that.algorithm
            && Objects.equals(id, that.id)
            && key.equals(that.key));
  }

  @Override
  public int hashCode() {
    return Objects.hash(id, algorithm); // not of a secret
  }

  /** Never the key. */
  @Override
  public String toString() {
    return algorithm + " key " + id;
  }
}
