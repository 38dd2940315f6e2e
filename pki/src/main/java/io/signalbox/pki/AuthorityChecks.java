package io.signalbox.pki;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/** What must hold before an authority signs, each with its own words. */
final class AuthorityChecks {
  private static final int KEY_CERT_SIGN = 5; // the bit's position in X509Certificate.getKeyUsage

  private AuthorityChecks() {}

  static void requireAuthority(CertificateProfile profile) throws PkiException {
    if (!profile.isAuthority()) {
      throw new PkiException(
          "the profile \""
              + profile.name()
              + "\" does not make authorities; use one with a path length");
    }
  }

  /** Only authorities, each issued by the next. */
  static void requireChain(List<X509Certificate> chain) throws PkiException {
    if (chain.isEmpty()) {
      throw new PkiException("an authority needs its own certificate");
    }
    for (int i = 0; i < chain.size(); i++) {
      requireCa(chain.get(i));
      if (i > 0) {
        requireIssued(chain.get(i - 1), chain.get(i));
      }
    }
  }

  static KeyAlgorithm requireKnownKey(X509Certificate authority) throws PkiException {
    var info = SubjectPublicKeyInfo.getInstance(authority.getPublicKey().getEncoded());
    return PublicKeyInfo.algorithm(info)
        .orElseThrow(
            () ->
                new PkiException(
                    "the key of the authority "
                        + name(authority)
                        + " is "
                        + PublicKeyInfo.describe(info)
                        + ", which cannot sign here"));
  }

  private static void requireCa(X509Certificate certificate) throws PkiException {
    boolean[] keyUsage = certificate.getKeyUsage();
    if (!Certificates.isCa(certificate) || (keyUsage != null && !keyUsage[KEY_CERT_SIGN])) {
      throw new PkiException(
          "the certificate "
              + name(certificate)
              + " may not sign certificates; it is not an authority's");
    }
  }

  private static void requireIssued(X509Certificate certificate, X509Certificate issuer)
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
      throw new ClockBehindException(
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

  static String name(X509Certificate certificate) {
    return "\"" + certificate.getSubjectX500Principal().getName() + "\"";
  }
}
