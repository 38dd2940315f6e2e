package io.signalbox.pki;

import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Somebody whose certificates are accepted, under the name that policies and logs use.
 *
 * @param name as registered; unique among those given to one {@link CertificateVerifier}
 * @param anchors certificates of authorities, roots or not; each is trusted by itself
 * @param revocation asked for every certificate of a path below an anchor
 */
public record TrustedCa(String name, List<X509Certificate> anchors, RevocationCheck revocation) {
  public TrustedCa {
    anchors = List.copyOf(anchors);
    if (anchors.isEmpty()) {
      throw new IllegalArgumentException(
          "the trusted authority \"" + name + "\" has no certificate");
    }
    for (X509Certificate anchor : anchors) {
      if (!Certificates.isCa(anchor)) {
        throw new IllegalArgumentException(
            "the certificate \""
                + anchor.getSubjectX500Principal().getName()
                + "\" of the trusted authority \""
                + name
                + "\" is not an authority's");
      }
    }
  }
}
