package io.signalbox.server.auth;

import io.jsonwebtoken.JwtException;
import io.jsonwebtoken.security.Jwk;
import io.jsonwebtoken.security.JwkSet;
import io.jsonwebtoken.security.Jwks;
import io.signalbox.server.config.AuthConfig.Algorithm;
import java.nio.charset.StandardCharsets;
import java.security.Key;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a JSON Web Key Set (RFC 7517). Keys for encryption, secrets, and kinds of keys that are not
 * known here are passed over, so that an issuer may add them; a private key in it is not used
 * either.
 */
final class KeySet {
  private static final int KEYS_MAX = 100;

  private KeySet() {}

  /**
   * @param algorithms the only ones that its keys are good for; a key that names no algorithm is
   *     good for those of them that fit its kind
   * @throws IllegalArgumentException if it is no key set or holds no key that is of use
   */
  static List<TokenKey> read(byte[] json, Set<Algorithm> algorithms) {
    JwkSet set;
    try {
      set =
          Jwks.setParser()
              .json(TokenKey.STRICT)
              .ignoreUnsupported(true)
              .build()
              .parse(new String(json, StandardCharsets.UTF_8));
    } catch (JwtException | IllegalArgumentException | ClassCastException e) {
      throw new IllegalArgumentException("it is no JSON Web Key Set", e);
    }
    List<TokenKey> keys = new ArrayList<>();
    for (Jwk<?> jwk : set.getKeys()) {
      Key key = jwk.toKey();
      if (key instanceof PublicKey publicKey && !"enc".equals(jwk.get("use"))) {
        keys.addAll(ofKey(jwk.getId(), publicKey, text(jwk.get("alg")), algorithms));
      }
      if (keys.size() > KEYS_MAX) {
        throw new IllegalArgumentException("it holds more than " + KEYS_MAX + " keys");
      }
    }
    if (keys.isEmpty()) {
      throw new IllegalArgumentException(
          "it holds no public key for one of the algorithms " + algorithms);
    }
    return List.copyOf(keys);
  }

  /**
   * One key for each algorithm it is good for.
   *
   * @param named the algorithm that its owner names; null: none
   */
  static List<TokenKey> ofKey(
      @Nullable String id, PublicKey key, @Nullable String named, Set<Algorithm> algorithms) {
    return Arrays.stream(Algorithm.values())
        .filter(algorithms::contains)
        .filter(algorithm -> named == null || named.equals(algorithm.toString()))
        .filter(algorithm -> TokenKey.fits(algorithm, key))
        .map(algorithm -> TokenKey.ofPublicKey(id, algorithm, key))
        .toList();
  }

  private static @Nullable String text(@Nullable Object value) {
    return value == null ? null : value.toString();
  }

  /** For the log. */
  static List<String> ids(List<TokenKey> keys) {
    return keys.stream().map(TokenKey::toString).toList();
  }
}
