package io.signalbox.pki;

import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;

/**
 * Where an authority publishes what others need to check its certificates; written into every
 * certificate it issues.
 *
 * @param revocationLists addresses of its current CRL, plain HTTP as usual: the list is signed, and
 *     fetching it over TLS could need it
 * @param ocsp addresses of its OCSP responder
 * @param certificates addresses of its own certificate in DER
 */
public record AuthorityUrls(
    List<String> revocationLists, List<String> ocsp, List<String> certificates) {
  /** Publishes nothing. */
  public static final AuthorityUrls NONE = new AuthorityUrls(List.of(), List.of(), List.of());

  public AuthorityUrls {
    revocationLists = List.copyOf(revocationLists);
    ocsp = List.copyOf(ocsp);
    certificates = List.copyOf(certificates);
  }

  CRLDistPoint distributionPoints() {
    DistributionPoint[] points =
        revocationLists.stream()
            .map(
                url ->
                    new DistributionPoint(
                        new DistributionPointName(new GeneralNames(uri(url))), null, null))
            .toArray(DistributionPoint[]::new);
    return new CRLDistPoint(points);
  }

  AuthorityInformationAccess informationAccess() {
    List<AccessDescription> all = new ArrayList<>();
    ocsp.forEach(url -> all.add(new AccessDescription(AccessDescription.id_ad_ocsp, uri(url))));
    certificates.forEach(
        url -> all.add(new AccessDescription(AccessDescription.id_ad_caIssuers, uri(url))));
    return new AuthorityInformationAccess(all.toArray(AccessDescription[]::new));
  }

  private static GeneralName uri(String url) {
    return new GeneralName(GeneralName.uniformResourceIdentifier, url);
  }
}
