package io.signalbox.server.trust;

import io.signalbox.pki.Pem;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.RevocationCheck;
import io.signalbox.pki.TrustedCa;
import io.signalbox.server.config.TlsConfig;
import io.signalbox.server.config.TlsConfig.Revocation;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An authority whose clients are accepted.
 *
 * @param name under which policies and logs know it; unique
 * @param anchors an authority's, each trusted by itself; one or more
 * @param crlPem a list that was given with it; null: none
 */
public record AuthoritySpec(
    String name, List<X509Certificate> anchors, Revocation revocation, @Nullable String crlPem) {
  public AuthoritySpec {
    anchors = new TrustedCa(name, anchors, RevocationCheck.NONE).anchors();
  }

  /** One of whose certificates nothing is asked elsewhere. */
  public static AuthoritySpec of(String name, List<X509Certificate> anchors) {
    return new AuthoritySpec(name, anchors, Revocation.NONE, null);
  }

  static AuthoritySpec of(TlsConfig.TrustedCa configured) throws PkiException {
    return new AuthoritySpec(
        configured.name(), Pem.readCertificates(configured.file()), configured.revocation(), null);
  }

  boolean hasLists() {
    return revocation.hasLists() || crlPem != null;
  }
}
