package io.signalbox.it.broker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** PEM files as devices get them, and TLS contexts made of them. */
public final class PemFiles {
  private static final char[] NO_PASSWORD = "".toCharArray();

  private PemFiles() {}

  /**
   * What a device holds.
   *
   * @param certificate with its chain
   * @param key PKCS#8
   * @param ca whom it trusts
   */
  public record Device(String id, Path certificate, Path key, Path ca) {
    public SSLContext tls() {
      return context(keys().getKeyManagers(), ca);
    }

    public KeyManagerFactory keys() {
      return keyManagers(certificate, key);
    }

    public TrustManagerFactory trust() {
      return trustManagers(ca);
    }
  }

  /** Trusts the CA and shows no certificate. */
  public static SSLContext trusting(Path ca) {
    return context(null, ca);
  }

  /** All certificates of a file, in its order. */
  public static List<? extends Certificate> certificates(Path file) {
    try (var in = Files.newInputStream(file)) {
      return List.copyOf(CertificateFactory.getInstance("X.509").generateCertificates(in));
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("cannot read certificates from " + file, e);
    }
  }

  private static KeyManagerFactory keyManagers(Path certificate, Path key) {
    try {
      KeyStore store = emptyStore();
      Certificate[] chain = certificates(certificate).toArray(Certificate[]::new);
      store.setKeyEntry("device", privateKey(key), NO_PASSWORD, chain);
      var factory = KeyManagerFactory.getInstance("SunX509");
      factory.init(store, NO_PASSWORD);
      return factory;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("cannot use " + certificate, e);
    }
  }

  public static TrustManagerFactory trustManagers(Path ca) {
    try {
      KeyStore store = emptyStore();
      int number = 0;
      for (Certificate certificate : certificates(ca)) {
        store.setCertificateEntry("ca" + number++, certificate);
      }
      var trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(store);
      return trust;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("cannot trust " + ca, e);
    }
  }

  private static SSLContext context(KeyManager @Nullable [] keys, Path ca) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys, trustManagers(ca).getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("no TLS", e);
    }
  }

  private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static PrivateKey privateKey(Path file) throws IOException, GeneralSecurityException {
    String pem = Files.readString(file, StandardCharsets.US_ASCII);
    String begin = "-----BEGIN PRIVATE KEY-----";
    int from = pem.indexOf(begin);
    int to = pem.indexOf("-----END PRIVATE KEY-----");
    if (from < 0 || to < 0) {
      throw new InvalidKeySpecException("no PKCS#8 key in " + file);
    }
    byte[] der = Base64.getMimeDecoder().decode(pem.substring(from + begin.length(), to));
    for (String algorithm : List.of("EC", "RSA", "EdDSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
      } catch (InvalidKeySpecException e) {
        // Not a key of this algorithm; the next one may read it.
      }
    }
    throw new InvalidKeySpecException("a key of no known algorithm in " + file);
  }
}
