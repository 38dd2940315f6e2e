package io.signalbox.pki;

import java.math.BigInteger;
import java.security.SecureRandom;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.OCSPException;
import org.bouncycastle.operator.DigestCalculatorProvider;
import org.jspecify.annotations.Nullable;

/**
 * An authority whose certificates an {@link OcspResponder} answers for, and who signs the answers.
 */
public final class OcspAuthority {
  static final ASN1ObjectIdentifier NONCE = OCSPObjectIdentifiers.id_pkix_ocsp_nonce;

  /**
   * What is known of the certificates of one authority; asked for every certificate in a question,
   * by many threads.
   */
  @FunctionalInterface
  public interface Source {
    /** The status; unknown if the authority never issued a certificate with this number. */
    RevocationStatus status(BigInteger serialNumber);
  }

  private final X509CertificateHolder authority;
  private final @Nullable Issuer signer;
  private final List<X509Certificate> signerCertificates;
  private final Source source;

  private OcspAuthority(
      X509Certificate authority,
      @Nullable Issuer signer,
      List<X509Certificate> signerCertificates,
      Source source) {
    this.authority = Certificates.holder(authority);
    this.signer = signer;
    this.signerCertificates = signerCertificates;
    this.source = source;
  }

  /** The authority signs its answers itself. */
  public static OcspAuthority signingItself(CertificateAuthority authority, Source source) {
    return new OcspAuthority(authority.certificate(), authority.issuer(), List.of(), source);
  }

  /**
   * The authority's key is away for now: whoever asks is told to ask again later.
   *
   * @param authority its own certificate
   */
  public static OcspAuthority withoutKey(X509Certificate authority) {
    return new OcspAuthority(
        authority, null, List.of(), _ -> new RevocationStatus.Unknown("nobody signs an answer"));
  }

  /**
   * Somebody else signs, so that the authority's key can rest.
   *
   * @param responder with a certificate that the authority issued by {@link
   *     CertificateProfile#OCSP_RESPONDER}
   */
  public static OcspAuthority delegatedTo(
      TlsIdentity responder, X509Certificate authority, Source source, SecureRandom random)
      throws PkiException {
    X509Certificate own = responder.certificate();
    if (!isDelegate(own, authority)) {
      throw new PkiException(
          "the certificate "
              + AuthorityChecks.name(own)
              + " was not issued by "
              + AuthorityChecks.name(authority)
              + " for signing OCSP answers; issue one with the profile \"ocsp-responder\"");
    }
    if (!PrivateKeys.belongTogether(responder.key(), own.getPublicKey(), random)) {
      throw new PkiException(
          "the private key does not belong to the OCSP responder's certificate; name the pair made"
              + " together");
    }
    Issuer signer = Issuer.of(responder.key(), AuthorityChecks.requireKnownKey(own), own);
    return new OcspAuthority(authority, signer, List.of(own), source);
  }

  /**
   * Whether the authority itself gave this certificate the right to sign its OCSP answers (RFC 6960
   * section 4.2.2.2).
   */
  static boolean isDelegate(X509Certificate certificate, X509Certificate authority) {
    try {
      List<String> purposes = certificate.getExtendedKeyUsage();
      return purposes != null
          && purposes.contains(Purpose.OCSP_SIGNING.oid())
          && certificate.getIssuerX500Principal().equals(authority.getSubjectX500Principal())
          && Certificates.isSignedBy(certificate, authority);
    } catch (CertificateParsingException e) {
      return false;
    }
  }

  boolean isIssuerOf(CertificateID id, DigestCalculatorProvider digests) {
    try {
      return id.matchesIssuer(authority, digests);
    } catch (OCSPException e) {
      return false; // a digest that nobody here can compute
    }
  }

  RevocationStatus status(BigInteger serialNumber) {
    return source.status(serialNumber);
  }

  /** Null: nobody signs now. */
  @Nullable Issuer signer() {
    return signer;
  }

  X509CertificateHolder[] signerCertificates() {
    return signerCertificates.stream()
        .map(Certificates::holder)
        .toArray(X509CertificateHolder[]::new);
  }
}
