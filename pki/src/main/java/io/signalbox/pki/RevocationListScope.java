package io.signalbox.pki;

import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.Set;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;

/**
 * Which certificates a revocation list speaks of. A list with a scope we do not understand would
 * look complete and is refused.
 *
 * @param points the names of the distribution point that the list is for, such as its address; none
 *     if it is for every one
 */
record RevocationListScope(Holders holders, Set<GeneralName> points) {
  /** Whose certificates. */
  enum Holders {
    ALL,
    END_ENTITIES,
    AUTHORITIES
  }

  private static final RevocationListScope COMPLETE =
      new RevocationListScope(Holders.ALL, Set.of());

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
      return COMPLETE;
    }
    try {
      return of(
          IssuingDistributionPoint.getInstance(ASN1OctetString.getInstance(extension).getOctets()),
          X500Name.getInstance(crl.getIssuerX500Principal().getEncoded()),
          where);
    } catch (RuntimeException e) {
      throw new PkiException(
          where
              + ": the revocation list has an unreadable issuing distribution point; fetch it"
              + " again",
          e);
    }
  }

  /**
   * Whether the list would name the certificate if it were revoked (RFC 5280 section 6.3.3 (b)(2)).
   * A certificate that names no distribution point is covered by the list of any: an authority that
   * splits its list must say in each certificate which part is meant.
   */
  boolean covers(X509Certificate certificate) {
    return isOfHolders(certificate) && (points.isEmpty() || isOfPoints(certificate));
  }

  private boolean isOfHolders(X509Certificate certificate) {
    return switch (holders) {
      case ALL -> true;
      case END_ENTITIES -> !Certificates.isCa(certificate);
      case AUTHORITIES -> Certificates.isCa(certificate);
    };
  }

  private boolean isOfPoints(X509Certificate certificate) {
    try {
      Set<GeneralName> named = DistributionPoints.of(certificate);
      return named.isEmpty() || named.stream().anyMatch(points::contains);
    } catch (PkiException e) {
      return false; // which list would name it cannot be told
    }
  }

  private static RevocationListScope of(
      IssuingDistributionPoint point, X500Name issuer, String where) throws PkiException {
    if (point.isIndirectCRL()
        || point.onlyContainsAttributeCerts()
        || point.getOnlySomeReasons() != null) {
      throw new PkiException(
          where
              + ": the revocation list is indirect or for some reasons only, which is not"
              + " supported; use a complete list");
    }
    DistributionPointName name = point.getDistributionPoint();
    return new RevocationListScope(
        holders(point), name == null ? Set.of() : DistributionPoints.names(name, issuer));
  }

  private static Holders holders(IssuingDistributionPoint point) {
    if (point.onlyContainsUserCerts()) {
      return Holders.END_ENTITIES;
    }
    return point.onlyContainsCACerts() ? Holders.AUTHORITIES : Holders.ALL;
  }
}
