package io.signalbox.it.identity;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Somebody who signs tokens and publishes the keys on a web server that a test can break. */
final class TokenIssuer implements AutoCloseable {
  static final String ISSUER = "https://login.example";

  private final String issuer;
  private final HttpServer server;
  private final Map<String, KeyPair> published = new LinkedHashMap<>();
  private volatile byte[] rubbish = {};
  private volatile boolean down;

  TokenIssuer() {
    this(ISSUER);
  }

  /**
   * @param issuer the claim {@code iss}
   */
  TokenIssuer(String issuer) {
    this.issuer = issuer;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            byte[] body = rubbish.length > 0 ? rubbish : keySet().getBytes(UTF_8);
            exchange.sendResponseHeaders(down ? 503 : 200, body.length);
            exchange.getResponseBody().write(body);
          }
        });
    server.start();
  }

  String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/jwks.json";
  }

  void down(boolean isDown) {
    down = isDown;
  }

  /** Instead of the keys; empty: the keys. */
  void rubbish(String instead) {
    rubbish = instead.getBytes(UTF_8);
  }

  /** A new key that is published from now on; the others are no longer if it replaces them. */
  synchronized void addKey(String id, boolean replaces) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      if (replaces) {
        published.clear();
      }
      published.put(id, generator.generateKeyPair());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK has no P-256", e);
    }
  }

  /** It is no longer published. */
  synchronized void withdrawKey(String id) {
    published.remove(id);
  }

  private synchronized String keySet() {
    return published.entrySet().stream()
        .map(
            entry -> {
              var point = ((ECPublicKey) entry.getValue().getPublic()).getW();
              return "{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"sig\",\"kid\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"}"
                  .formatted(
                      entry.getKey(),
                      coordinate(point.getAffineX()),
                      coordinate(point.getAffineY()));
            })
        .collect(Collectors.joining(",", "{\"keys\":[", "]}"));
  }

  private static String coordinate(BigInteger value) {
    byte[] padded = new byte[32];
    byte[] bytes = value.toByteArray();
    int from = Math.max(0, bytes.length - 32);
    int length = bytes.length - from;
    System.arraycopy(bytes, from, padded, 32 - length, length);
    return base64(padded);
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /**
   * @param more claims, beginning with a comma, or empty
   */
  synchronized String token(String keyId, String subject, int seconds, String more) {
    String header = "{\"alg\":\"ES256\",\"kid\":\"" + keyId + "\"}";
    String claims =
        "{\"iss\":\"%s\",\"aud\":\"iot\",\"sub\":\"%s\",\"exp\":%d%s}"
            .formatted(issuer, subject, Instant.now().getEpochSecond() + seconds, more);
    String signed = base64(header.getBytes(UTF_8)) + "." + base64(claims.getBytes(UTF_8));
    try {
      Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
      KeyPair key = published.get(keyId);
      if (key == null) {
        throw new IllegalArgumentException("no key " + keyId);
      }
      signature.initSign(key.getPrivate());
      signature.update(signed.getBytes(UTF_8));
      return signed + "." + base64(signature.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("signing failed", e);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
