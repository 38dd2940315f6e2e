package io.signalbox.pki;

import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;

/**
 * Names of the distribution points of revocation lists, as certificates and lists give them (RFC
 * 5280 sections 4.2.1.13 and 5.2.5).
 */
final class DistributionPoints {
  private DistributionPoints() {}

  /** Where a certificate says that the list is which would name it; empty if it does not say. */
  static Set<GeneralName> of(X509Certificate certificate) throws PkiException {
    try {
      var holder = Certificates.holder(certificate);
      Extension points = holder.getExtension(Extension.cRLDistributionPoints);
      Set<GeneralName> names = new HashSet<>();
      if (points != null) {
        for (DistributionPoint point :
            CRLDistPoint.getInstance(points.getParsedValue()).getDistributionPoints()) {
          names.addAll(names(point, holder.getIssuer()));
        }
      }
      return names;
    } catch (RuntimeException e) {
      throw new PkiException(
          "the certificate "
              + AuthorityChecks.name(certificate)
              + " names unreadable distribution points",
          e);
    }
  }

  private static Set<GeneralName> names(DistributionPoint point, X500Name issuer) {
    DistributionPointName name = point.getDistributionPoint();
    if (name != null) {
      return names(name, issuer);
    }
    GeneralNames lists = point.getCRLIssuer();
    return lists == null ? Set.of() : Set.copyOf(Arrays.asList(lists.getNames()));
  }

  /**
   * The names of one point.
   *
   * @param issuer of the certificate or list, to which a name may be relative
   */
  static Set<GeneralName> names(DistributionPointName name, X500Name issuer) {
    if (name.getType() == DistributionPointName.FULL_NAME) {
      return Set.copyOf(Arrays.asList(GeneralNames.getInstance(name.getName()).getNames()));
    }
    Stream<RDN> relative = Stream.of(RDN.getInstance(name.getName()));
    RDN[] all = Stream.concat(Arrays.stream(issuer.getRDNs()), relative).toArray(RDN[]::new);
    return Set.of(new GeneralName(new X500Name(all)));
  }
}
