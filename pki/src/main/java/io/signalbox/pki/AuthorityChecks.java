package io.signalbox.pki;

import java.security.cert.X509Certificate;
import java.time.Instant;

/** What must hold before an authority signs, each with its own words. */
final class AuthorityChecks {
  private static final int KEY_CERT_SIGN = 5; // the bit's position in X509Certificate.getKeyUsage

  private AuthorityChecks() {}

  static void requireCa(X509Certificate certificate) throws PkiException {
    boolean[] keyUsage = certificate.getKeyUsage();
    if (!Certificates.isCa(certificate) || (keyUsage != null && !keyUsage[KEY_CERT_SIGN])) {
      throw new PkiException(
          "the certificate "
              + name(certificate)
              + " may not sign certificates; it is not an authority's");
    }
  }

  static void requireIssued(X509Certificate certificate, X509Certificate issuer)
      throws PkiException {
    if (!certificate.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())
        || !Certificates.isSignedBy(certificate, issuer)) {
      throw new PkiException(
          "the certificate "
              + name(certificate)
              + " was not issued by "
              + name(issuer)
              + "; give the chain in order, issuer after issued");
    }
  }

  static void requireValid(X509Certificate authority, Instant now) throws PkiException {
    Instant notBefore = authority.getNotBefore().toInstant();
    Instant notAfter = authority.getNotAfter().toInstant();
    if (now.isBefore(notBefore)) {
      throw new PkiException(
          "the authority "
              + name(authority)
              + " is valid from "
              + notBefore
              + " and the clock says "
              + now
              + "; set this machine's clock");
    }
    if (!now.isBefore(notAfter)) {
      throw new PkiException(
          "the authority "
              + name(authority)
              + " expired at "
              + notAfter
              + " (the clock says "
              + now
              + "); replace it by a new one");
    }
  }

  static void requireRoomBelow(X509Certificate authority, CertificateProfile profile)
      throws PkiException {
    int room = authority.getBasicConstraints(); // Integer.MAX_VALUE if unlimited
    if (profile.isAuthority() && profile.pathLength() >= room) {
      throw new PkiException(
          "the authority "
              + name(authority)
              + " has the path length "
              + room
              + ", so no authority with the path length "
              + profile.pathLength()
              + " fits below it");
    }
  }

  private static String name(X509Certificate certificate) {
    return "\"" + certificate.getSubjectX500Principal().getName() + "\"";
  }
}
