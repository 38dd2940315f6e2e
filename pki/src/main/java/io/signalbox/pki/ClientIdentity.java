package io.signalbox.pki;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.jspecify.annotations.Nullable;

/**
 * What a certificate says about its holder, read once and within bounds. It says nothing about
 * whether to believe it: see {@link CertificateVerifier}.
 *
 * @param names common name, organizational units and alternative names
 * @param subject the whole subject as RFC 2253 writes it, for people
 * @param issuerCommonName empty when the issuer has none
 * @param serialHex lower-case hexadecimal without leading zeros
 * @param fingerprint SHA-256 of the certificate, 64 lower-case hexadecimal digits
 * @param notAfter the first instant at which the certificate is no longer valid
 */
public record ClientIdentity(
    SubjectNames names,
    String subject,
    String issuerCommonName,
    String serialHex,
    String fingerprint,
    Instant notBefore,
    Instant notAfter) {

  /**
   * Reads a certificate that may come from anybody.
   *
   * @throws PkiException if it is too large, has too many or unreadable names, or two common names
   */
  public static ClientIdentity of(X509Certificate certificate) throws PkiException {
    return new ClientIdentity(
        namesOf(certificate),
        certificate.getSubjectX500Principal().getName(),
        namesOf(certificate.getIssuerX500Principal()).commonName(),
        Certificates.serialHex(certificate),
        Certificates.fingerprint(certificate),
        certificate.getNotBefore().toInstant(),
        certificate.getNotAfter().toInstant());
  }

  /** The common name; empty when there is none. */
  public String commonName() {
    return names.commonName();
  }

  static SubjectNames namesOf(X509Certificate certificate) throws PkiException {
    int size = Certificates.encoded(certificate).length;
    if (size > Certificates.CERTIFICATE_BYTES_MAX) {
      throw new PkiException(
          "the certificate has "
              + size
              + " bytes, more than the limit of "
              + Certificates.CERTIFICATE_BYTES_MAX);
    }
    byte[] extension = certificate.getExtensionValue(Extension.subjectAlternativeName.getId());
    return read(certificate.getSubjectX500Principal(), extension);
  }

  private static SubjectNames namesOf(X500Principal principal) throws PkiException {
    return read(principal, null);
  }

  private static SubjectNames read(X500Principal principal, byte @Nullable [] extension)
      throws PkiException {
    try {
      GeneralName[] alternatives =
          extension == null
              ? new GeneralName[0]
              : NameReader.alternatives(
                  ASN1Primitive.fromByteArray(ASN1OctetString.getInstance(extension).getOctets()));
      return NameReader.read(X500Name.getInstance(principal.getEncoded()), alternatives);
    } catch (IOException | RuntimeException e) {
      String detail = e.getMessage() == null ? "unreadable structure" : e.getMessage();
      throw new PkiException("the certificate's names cannot be used: " + detail, e);
    }
  }
}
