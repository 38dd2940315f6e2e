package io.signalbox.pki;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;

/** Builds the JDK's TLS objects. A listener should enable {@link #PROTOCOLS} and nothing else. */
public final class TlsContexts {
  /** The TLS versions Signalbox speaks, as the JDK names them, best first. */
  public static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");

  private TlsContexts() {}

  /** A server's context. */
  public static SSLContext server(X509KeyManager keys, X509TrustManager clients) {
    return context(new KeyManager[] {keys}, new TrustManager[] {clients});
  }

  /**
   * A client's context.
   *
   * @param trusted authorities whose servers are accepted; the caller must still enable host name
   *     verification (endpoint identification algorithm "HTTPS") on its socket or engine
   * @param identity the client's own certificate, if it has one
   */
  public static SSLContext client(List<X509Certificate> trusted, Optional<TlsIdentity> identity) {
    KeyManager[] keys =
        identity
            .map(own -> new KeyManager[] {new InMemoryKeyManager(List.of(own))})
            .orElseGet(() -> new KeyManager[0]);
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (int i = 0; i < trusted.size(); i++) {
        store.setCertificateEntry("ca" + i, trusted.get(i));
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      return context(keys, factory.getTrustManagers());
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("this JDK cannot hold trusted certificates in memory", e);
    }
  }

  /** The authorities that the JDK comes with, or those of {@code javax.net.ssl.trustStore}. */
  public static List<X509Certificate> trustedByJava() {
    try {
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init((KeyStore) null);
      for (TrustManager manager : factory.getTrustManagers()) {
        if (manager instanceof X509TrustManager x509) {
          return List.of(x509.getAcceptedIssuers());
        }
      }
      return List.of();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK has no trusted certificates", e);
    }
  }

  private static SSLContext context(KeyManager[] keys, TrustManager[] trust) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys, trust, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK cannot do TLS", e);
    }
  }
}
