package io.signalbox.server.trust;

import io.signalbox.server.principal.TrustPath;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * The certificates of a client that is connected.
 *
 * @param shown as it sent them, its own first
 * @param by how they led to a trusted one when it was accepted
 */
public record AcceptedChain(List<X509Certificate> shown, TrustPath by) {
  public AcceptedChain {
    shown = List.copyOf(shown);
  }

  /** From the client's own to the one that was trusted. */
  List<X509Certificate> path() {
    return by.of(shown);
  }
}
