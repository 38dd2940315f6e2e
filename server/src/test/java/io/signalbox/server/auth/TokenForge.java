package io.signalbox.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.config.AuthConfig;
import io.signalbox.server.config.AuthConfig.Algorithm;
import io.signalbox.server.config.Secret;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** Makes tokens from texts and the platform's own signatures, right or wrong as a test likes. */
final class TokenForge {
  static final byte[] SECRET =
      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".getBytes(UTF_8);

  private static final Map<String, KeyPair> PAIRS = new ConcurrentHashMap<>();

  private TokenForge() {}

  /** The same pair for the same name. */
  static KeyPair pair(String name, Algorithm algorithm) {
    return PAIRS.computeIfAbsent(name + algorithm, _ -> generate(algorithm));
  }

  private static KeyPair generate(Algorithm algorithm) {
    try {
      return switch (algorithm) {
        case RS256, RS384, RS512, PS256, PS384, PS512 -> rsa(2_048);
        case ES256 -> ec("secp256r1");
        case ES384 -> ec("secp384r1");
        case ES512 -> ec("secp521r1");
        case EDDSA -> KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        case HS256, HS384, HS512 -> throw new IllegalArgumentException("no pair");
      };
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  static KeyPair rsa(int bits) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(bits);
    return generator.generateKeyPair();
  }

  static KeyPair ec(String curve) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec(curve));
    return generator.generateKeyPair();
  }

  static String pem(PublicKey key) {
    return "-----BEGIN PUBLIC KEY-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key.getEncoded())
        + "\n-----END PUBLIC KEY-----\n";
  }

  /** The configured form of the key that {@link #signature} signs with. */
  static AuthConfig.Key configured(@Nullable String id, Algorithm algorithm, String name) {
    return algorithm.isHmac()
        ? new AuthConfig.Key(id, algorithm, null, new Secret(SECRET))
        : new AuthConfig.Key(id, algorithm, pem(pair(name, algorithm).getPublic()), null);
  }

  static byte[] token(String header, String payload, Algorithm algorithm, String name) {
    String signed = base64(header) + "." + base64(payload);
    return (signed + "." + base64(signature(signed, algorithm, name))).getBytes(UTF_8);
  }

  static String base64(String text) {
    return base64(text.getBytes(UTF_8));
  }

  static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  static byte[] signature(String signed, Algorithm algorithm, String name) {
    try {
      byte[] bytes = signed.getBytes(UTF_8);
      return switch (algorithm) {
        case HS256, HS384, HS512 -> hmac(SECRET, algorithm, bytes);
        case RS256, RS384, RS512 ->
            sign(
                Signature.getInstance("SHA" + digits(algorithm) + "withRSA"),
                algorithm,
                name,
                bytes);
        case PS256, PS384, PS512 -> {
          Signature pss = Signature.getInstance("RSASSA-PSS");
          String hash = "SHA-" + digits(algorithm);
          pss.setParameter(
              new PSSParameterSpec(
                  hash,
                  "MGF1",
                  new MGF1ParameterSpec(hash),
                  Integer.parseInt(digits(algorithm)) / 8,
                  PSSParameterSpec.TRAILER_FIELD_BC));
          yield sign(pss, algorithm, name, bytes);
        }
        case ES256, ES384, ES512 ->
            sign(
                Signature.getInstance("SHA" + digits(algorithm) + "withECDSAinP1363Format"),
                algorithm,
                name,
                bytes);
        case EDDSA -> sign(Signature.getInstance("Ed25519"), algorithm, name, bytes);
      };
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  static byte[] hmac(byte[] secret, Algorithm algorithm, byte[] bytes)
      throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA" + digits(algorithm));
    mac.init(new SecretKeySpec(secret, mac.getAlgorithm()));
    return mac.doFinal(bytes);
  }

  private static byte[] sign(Signature signature, Algorithm algorithm, String name, byte[] bytes)
      throws GeneralSecurityException {
    PrivateKey key = pair(name, algorithm).getPrivate();
    signature.initSign(key);
    signature.update(bytes);
    return signature.sign();
  }

  private static String digits(Algorithm algorithm) {
    return algorithm.name().substring(2);
  }
}
