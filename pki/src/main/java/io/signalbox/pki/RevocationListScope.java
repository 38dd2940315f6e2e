package io.signalbox.pki;

import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.Set;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;

/**
 * Which certificates a revocation list speaks of. A list with a scope we do not understand would
 * look complete and is refused.
 */
enum RevocationListScope {
  ALL,
  END_ENTITIES,
  AUTHORITIES;

  static RevocationListScope of(X509CRL crl, String where) throws PkiException {
    Set<String> critical = crl.getCriticalExtensionOIDs();
    String known = Extension.issuingDistributionPoint.getId();
    if (critical != null) {
      for (String oid : critical) {
        if (!oid.equals(known)) {
          throw new PkiException(
              where
                  + ": the revocation list has the critical extension "
                  + oid
                  + ", which is not supported; use a complete list");
        }
      }
    }
    byte[] extension = crl.getExtensionValue(known);
    if (extension == null) {
      return ALL;
    }
    try {
      return of(
          IssuingDistributionPoint.getInstance(ASN1OctetString.getInstance(extension).getOctets()),
          where);
    } catch (RuntimeException e) {
      throw new PkiException(
          where
              + ": the revocation list has an unreadable issuing distribution point; fetch it"
              + " again",
          e);
    }
  }

  boolean covers(X509Certificate certificate) {
    return switch (this) {
      case ALL -> true;
      case END_ENTITIES -> !Certificates.isCa(certificate);
      case AUTHORITIES -> Certificates.isCa(certificate);
    };
  }

  private static RevocationListScope of(IssuingDistributionPoint point, String where)
      throws PkiException {
    if (point.isIndirectCRL()
        || point.onlyContainsAttributeCerts()
        || point.getOnlySomeReasons() != null) {
      throw new PkiException(
          where
              + ": the revocation list is indirect or for some reasons only, which is not"
              + " supported; use a complete list");
    }
    if (point.onlyContainsUserCerts()) {
      return END_ENTITIES;
    }
    return point.onlyContainsCACerts() ? AUTHORITIES : ALL;
  }
}
