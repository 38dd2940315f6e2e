package io.signalbox.pki;

import io.signalbox.pki.Verification.Accepted;
import io.signalbox.pki.Verification.Rejected;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * A TLS server's trust in its clients: a {@link CertificateVerifier}, asked for anew in every
 * handshake so that it can be replaced.
 */
public final class ClientTrust extends X509ExtendedTrustManager {
  private final Supplier<CertificateVerifier> verifier;
  private final Clock clock;
  private final BiConsumer<X509Certificate, Rejected> refused;

  /**
   * Trusts whom the verifier accepts.
   *
   * @param verifier the current one; called from many threads
   */
  public ClientTrust(Supplier<CertificateVerifier> verifier, Clock clock) {
    this(verifier, clock, (_, _) -> {});
  }

  /**
   * Trusts whom the verifier accepts.
   *
   * @param verifier the current one; called from many threads
   * @param refused told of each client that is refused, with its own certificate: the client itself
   *     learns no more than a TLS alert
   */
  public ClientTrust(
      Supplier<CertificateVerifier> verifier,
      Clock clock,
      BiConsumer<X509Certificate, Rejected> refused) {
    this.verifier = verifier;
    this.clock = clock;
    this.refused = refused;
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    switch (verifier.get().verify(List.of(chain), clock.instant())) {
      case Accepted _ -> {}
      case Rejected rejected -> {
        if (chain.length > 0) {
          refused.accept(chain[0], rejected);
        }
        throw new CertificateException(rejected.reason() + ": " + rejected.text());
      }
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
      throws CertificateException {
    checkClientTrusted(chain, authType);
  }

  @Override
  public void checkClientTrusted(
      X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
      throws CertificateException {
    checkClientTrusted(chain, authType);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("this side of TLS only accepts clients");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
      throws CertificateException {
    checkServerTrusted(chain, authType);
  }

  @Override
  public void checkServerTrusted(
      X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
      throws CertificateException {
    checkServerTrusted(chain, authType);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return verifier.get().acceptedIssuers();
  }
}
