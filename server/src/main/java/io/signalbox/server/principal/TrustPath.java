package io.signalbox.server.principal;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.Stream;

/**
 * How the chain that a client showed leads to a trusted certificate. The chain itself stays with
 * the {@link Peer}.
 *
 * @param below how many of its certificates are on the path; those behind them are superfluous
 * @param anchor the trusted certificate at the end
 */
public record TrustPath(int below, X509Certificate anchor) {
  /** The certificates on the path, the client's own first. */
  public List<X509Certificate> of(List<X509Certificate> chain) {
    return Stream.concat(chain.subList(0, below).stream(), Stream.of(anchor)).toList();
  }

  /** Not the whole certificate. */
  @Override
  public String toString() {
    return below + " below " + anchor.getSubjectX500Principal();
  }
}
