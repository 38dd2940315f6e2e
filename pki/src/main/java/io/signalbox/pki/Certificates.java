package io.signalbox.pki;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;

/** Small questions about one certificate. */
public final class Certificates {
  /**
   * Real certificates have 0.5 to 6 KB; a larger one is refused before anything reads its insides.
   */
  public static final int CERTIFICATE_BYTES_MAX = 64 * 1024;

  private Certificates() {}

  /**
   * Reads one certificate.
   *
   * @param der exactly one certificate of at most {@link #CERTIFICATE_BYTES_MAX} bytes
   * @param where the origin, for messages
   */
  public static X509Certificate parse(byte[] der, String where) throws PkiException {
    if (der.length > CERTIFICATE_BYTES_MAX) {
      throw new PkiException(
          where
              + ": the certificate has "
              + der.length
              + " bytes, more than the limit of "
              + CERTIFICATE_BYTES_MAX);
    }
    try {
      var input = new ByteArrayInputStream(der);
      var certificate =
          (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(input);
      if (certificate == null || input.available() > 0) {
        throw new PkiException(
            where
                + ": "
                + input.available()
                + " bytes follow the certificate; give one certificate");
      }
      return certificate;
    } catch (CertificateException | RuntimeException e) {
      throw new PkiException(
          where + ": not a readable X.509 certificate (truncated or damaged); copy it again", e);
    }
  }

  /**
   * The serial number in lower-case hexadecimal, without leading zeros or sign: the form used in
   * the registry and in logs.
   */
  public static String serialHex(X509Certificate certificate) {
    return certificate.getSerialNumber().toString(16);
  }

  /** SHA-256 over the whole certificate in lower-case hexadecimal, 64 characters. */
  public static String fingerprint(X509Certificate certificate) {
    return HexFormat.of().formatHex(sha256(encoded(certificate)));
  }

  /**
   * SHA-256 over the public key's DER form in lower-case hexadecimal, 64 characters: the same for
   * all certificates of an authority, whoever signed them.
   */
  public static String keyFingerprint(X509Certificate certificate) {
    return HexFormat.of().formatHex(sha256(certificate.getPublicKey().getEncoded()));
  }

  /** Whether the issuer and subject are the same name and the certificate's own key signed it. */
  public static boolean isSelfSigned(X509Certificate certificate) {
    return certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())
        && isSignedBy(certificate, certificate);
  }

  /**
   * Whether an authority's key issued a certificate that it is known to be good of: told by the key
   * identifiers, and by the signature only where those are different, as an authority whose
   * certificate was made anew may have another one.
   */
  public static boolean isOfKey(X509Certificate certificate, X509Certificate authority) {
    byte[] extension = certificate.getExtensionValue(Extension.authorityKeyIdentifier.getId());
    byte[] named =
        extension == null
            ? null
            : AuthorityKeyIdentifier.getInstance(ASN1OctetString.getInstance(extension).getOctets())
                .getKeyIdentifierOctets();
    return Arrays.equals(named, CertificateDraft.keyIdentifier(authority))
        || isSignedBy(certificate, authority);
  }

  /** Whether it may sign others by its basic constraints (RFC 5280 section 4.2.1.9). */
  public static boolean isCa(X509Certificate certificate) {
    return certificate.getBasicConstraints() >= 0;
  }

  /**
   * Whether the issuer's key made the certificate's signature; names and validity are not looked
   * at.
   */
  static boolean isSignedBy(X509Certificate certificate, X509Certificate issuer) {
    try {
      certificate.verify(issuer.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  static byte[] encoded(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a certificate that was read cannot be written", e);
    }
  }

  /** BouncyCastle's view of the certificate. */
  static X509CertificateHolder holder(X509Certificate certificate) {
    try {
      return new JcaX509CertificateHolder(certificate);
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a certificate that was read cannot be written", e);
    }
  }

  static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
