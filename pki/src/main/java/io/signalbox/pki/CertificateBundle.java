package io.signalbox.pki;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.CMSAbsentContent;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.util.CollectionStore;

/**
 * Certificates in a PKCS#7 message that holds nothing else ("certs-only", RFC 5652 section 5.2):
 * how EST hands them out.
 */
public final class CertificateBundle {
  private static final int BUNDLE_BYTES_MAX = 1 << 20;
  private static final int CERTIFICATES_MAX = 50;

  private CertificateBundle() {}

  /** DER of a message with these certificates. */
  public static byte[] encode(List<X509Certificate> certificates) {
    var generator = new CMSSignedDataGenerator();
    try {
      generator.addCertificates(
          new CollectionStore<>(certificates.stream().map(Certificates::holder).toList()));
      return generator.generate(new CMSAbsentContent(), false).getEncoded();
    } catch (CMSException | IOException e) {
      throw new IllegalStateException("a certificate bundle cannot be encoded", e);
    }
  }

  /**
   * The certificates of a message, in no particular order: the format is a set.
   *
   * @param where the origin, for messages
   */
  public static List<X509Certificate> parse(byte[] der, String where) throws PkiException {
    if (der.length > BUNDLE_BYTES_MAX) {
      throw new PkiException(
          where
              + ": the bundle has "
              + der.length
              + " bytes, more than the limit of "
              + BUNDLE_BYTES_MAX);
    }
    List<X509Certificate> certificates = new ArrayList<>();
    try {
      for (X509CertificateHolder holder :
          new CMSSignedData(der).getCertificates().getMatches(null)) {
        if (certificates.size() == CERTIFICATES_MAX) {
          throw new PkiException(
              where + ": the bundle has more than " + CERTIFICATES_MAX + " certificates");
        }
        certificates.add(Certificates.parse(holder.getEncoded(), where));
      }
    } catch (CMSException | IOException | RuntimeException e) {
      throw new PkiException(
          where + ": not a readable certificate bundle (PKCS#7, truncated or damaged)", e);
    }
    return List.copyOf(certificates);
  }
}
