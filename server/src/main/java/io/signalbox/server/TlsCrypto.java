package io.signalbox.server;

import io.signalbox.pki.openssl.OpenSslProvider;
import io.signalbox.server.config.TlsConfig.Crypto;
import io.signalbox.server.metrics.Metrics;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * Puts OpenSSL's elliptic curves in front of the JDK's, for the whole process. That takes a quarter
 * of a second of CPU, so it happens after the first handshake, beside those that follow, which are
 * the JDK's until then; a broker without TLS connections never does it.
 */
final class TlsCrypto {
  private static final Logger LOG = System.getLogger(TlsCrypto.class.getName());

  private final Crypto wanted;
  private final Metrics metrics;

  TlsCrypto(Crypto wanted, Metrics metrics) {
    this.wanted = wanted;
    this.metrics = metrics;
  }

  /** Begins it on a thread of its own. Any thread; once. */
  void prepare() {
    if (wanted == Crypto.AUTO) {
      Thread.ofPlatform().daemon().name("signalbox-tls-crypto").start(this::load);
    } else {
      LOG.log(Level.INFO, "elliptic curves are the JDK's, by tls.crypto");
    }
  }

  private void load() {
    try {
      OpenSslProvider provider = OpenSslProvider.load();
      provider.install();
      metrics.tlsNativeCrypto.add(1);
      LOG.log(Level.INFO, "elliptic curves are those of {0}", provider.libraryVersion());
    } catch (OpenSslProvider.UnavailableException e) {
      LOG.log(
          Level.INFO,
          "elliptic curves are the JDK''s ({0}); a handshake costs about twice the CPU",
          e.getMessage());
    }
  }
}
