package io.signalbox.pki;

import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1IA5String;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;

/**
 * Reads the addresses that a certificate names, in the form of {@link AuthorityUrls}. They come
 * from whoever issued it: fetch from them only for certificates of registered authorities, and
 * never from a private network by accident.
 */
public final class PublishedAddresses {
  private static final int ADDRESSES_MAX = 10;

  private PublishedAddresses() {}

  /** The HTTP addresses in a certificate, at most ten of a kind; others are ignored. */
  public static AuthorityUrls of(X509Certificate certificate) throws PkiException {
    List<String> lists = new ArrayList<>();
    List<String> ocsp = new ArrayList<>();
    List<String> certificates = new ArrayList<>();
    try {
      var holder = Certificates.holder(certificate);
      Extension points = holder.getExtension(Extension.cRLDistributionPoints);
      if (points != null) {
        for (DistributionPoint point :
            CRLDistPoint.getInstance(points.getParsedValue()).getDistributionPoints()) {
          addLists(point, lists);
        }
      }
      Extension access = holder.getExtension(Extension.authorityInfoAccess);
      if (access != null) {
        for (AccessDescription one :
            AuthorityInformationAccess.getInstance(access.getParsedValue())
                .getAccessDescriptions()) {
          boolean isOcsp = one.getAccessMethod().equals(AccessDescription.id_ad_ocsp);
          boolean isIssuer = one.getAccessMethod().equals(AccessDescription.id_ad_caIssuers);
          if (isOcsp || isIssuer) {
            add(one.getAccessLocation(), isOcsp ? ocsp : certificates);
          }
        }
      }
      return new AuthorityUrls(lists, ocsp, certificates);
    } catch (RuntimeException e) {
      throw new PkiException(
          "the certificate " + AuthorityChecks.name(certificate) + " names unreadable addresses",
          e);
    }
  }

  private static void addLists(DistributionPoint point, List<String> lists) {
    var name = point.getDistributionPoint();
    ASN1Encodable names = name == null ? null : name.getName();
    // With a separate issuer or for some reasons only it would not be the authority's complete
    // list.
    if (names instanceof GeneralNames all
        && point.getCRLIssuer() == null
        && point.getReasons() == null) {
      for (GeneralName one : all.getNames()) {
        add(one, lists);
      }
    }
  }

  private static void add(GeneralName name, List<String> urls) {
    if (name.getTagNo() == GeneralName.uniformResourceIdentifier && urls.size() < ADDRESSES_MAX) {
      String url = ASN1IA5String.getInstance(name.getName()).getString();
      if (url.startsWith("http://") || url.startsWith("https://")) {
        urls.add(url);
      }
    }
  }
}
