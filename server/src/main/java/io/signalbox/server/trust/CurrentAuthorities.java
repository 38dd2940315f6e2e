package io.signalbox.server.trust;

import io.signalbox.pki.CertificateVerifier;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Whose clients are accepted now. Any thread. */
@FunctionalInterface
public interface CurrentAuthorities {
  /** The verifier of this moment: ask anew for each client. */
  CertificateVerifier verifier();

  /**
   * Sees to it that what must be fetched to judge a client is there. Nothing is fetched for a chain
   * that leads to none of them: its addresses are not believed. May check signatures.
   *
   * @return completed at once where nothing is fetched; never fails
   */
  default CompletableFuture<Void> prepare(List<X509Certificate> chain) {
    return CompletableFuture.completedFuture(null);
  }

  /**
   * As {@link #prepare}, quick enough for an I/O thread: empty where signatures must be checked to
   * know what is to be fetched.
   */
  default Optional<CompletableFuture<Void>> prepareKnown(List<X509Certificate> chain) {
    return Optional.of(CompletableFuture.completedFuture(null));
  }
}
