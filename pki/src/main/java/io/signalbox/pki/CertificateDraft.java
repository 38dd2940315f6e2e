package io.signalbox.pki;

import java.io.IOException;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Date;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.SubjectAltPublicKeyInfo;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;

/**
 * A certificate about to be signed: every decision is made, this writes it down (RFC 5280 section
 * 4.2).
 *
 * @param algorithm of the certified key
 * @param urls of the issuer
 * @param alternative the second key of an authority
 */
record CertificateDraft(
    SubjectNames names,
    PublicKey key,
    KeyAlgorithm algorithm,
    CertificateProfile profile,
    Validity validity,
    AuthorityUrls urls,
    Optional<AlternativeKey> alternative) {

  CertificateDraft(
      SubjectNames names,
      PublicKey key,
      KeyAlgorithm algorithm,
      CertificateProfile profile,
      Validity validity,
      AuthorityUrls urls) {
    this(names, key, algorithm, profile, validity, urls, Optional.empty());
  }

  X509Certificate sign(Issuer issuer, SecureRandom random) throws SigningException {
    X500Name subject = NameWriter.subject(names);
    var builder =
        new X509v3CertificateBuilder(
            issuer.name(),
            Signing.serialNumber(random),
            Date.from(validity.notBefore()),
            Date.from(validity.notAfter()),
            subject,
            SubjectPublicKeyInfo.getInstance(key.getEncoded()));
    try {
      addExtensions(builder, issuer, subject.getRDNs().length == 0);
      byte[] der = issuer.sign(builder, random).getEncoded();
      return Certificates.parse(der, "the new certificate");
    } catch (SigningException e) {
      throw e;
    } catch (IOException | PkiException e) {
      throw new IllegalStateException("a certificate that was built cannot be encoded", e);
    }
  }

  static byte[] keyIdentifier(PublicKey key) {
    try {
      var info = SubjectPublicKeyInfo.getInstance(key.getEncoded());
      return new JcaX509ExtensionUtils().createSubjectKeyIdentifier(info).getKeyIdentifier();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-1 for key identifiers", e);
    }
  }

  /** The identifier an issuer's certificate gives its key, or the one computed if it has none. */
  static byte[] keyIdentifier(X509Certificate certificate) {
    byte[] extension = certificate.getExtensionValue(Extension.subjectKeyIdentifier.getId());
    return extension == null
        ? keyIdentifier(certificate.getPublicKey())
        : SubjectKeyIdentifier.getInstance(ASN1OctetString.getInstance(extension).getOctets())
            .getKeyIdentifier();
  }

  private void addExtensions(X509v3CertificateBuilder builder, Issuer issuer, boolean subjectEmpty)
      throws IOException {
    builder.addExtension(
        Extension.basicConstraints,
        true,
        profile.isAuthority()
            ? new BasicConstraints(profile.pathLength())
            : new BasicConstraints(false));
    builder.addExtension(Extension.keyUsage, true, KeyUse.extension(profile.keyUses(), algorithm));
    if (!profile.purposes().isEmpty()) {
      builder.addExtension(Extension.extendedKeyUsage, false, purposes(profile.purposes()));
    }
    if (names.hasAlternativeNames()) {
      // Critical if it is the only name (RFC 5280 section 4.2.1.6).
      builder.addExtension(
          Extension.subjectAlternativeName, subjectEmpty, NameWriter.alternatives(names));
    }
    builder.addExtension(
        Extension.subjectKeyIdentifier, false, new SubjectKeyIdentifier(keyIdentifier(key)));
    // Only the key's identifier: naming the issuer's serial number too would break the chain when
    // the authority is renewed.
    builder.addExtension(
        Extension.authorityKeyIdentifier,
        false,
        new AuthorityKeyIdentifier(issuer.keyIdentifier()));
    if (!profile.nameConstraints().isNone()) {
      builder.addExtension(Extension.nameConstraints, true, profile.nameConstraints().toAsn1());
    }
    if (alternative.isPresent()) {
      byte[] second = alternative.get().keys().getPublic().getEncoded();
      builder.addExtension(
          Extension.subjectAltPublicKeyInfo, false, SubjectAltPublicKeyInfo.getInstance(second));
    }
    if (profile.purposes().contains(Purpose.OCSP_SIGNING)) {
      // A responder cannot answer for itself: clients take its short life instead (RFC 6960 section
      // 4.2.2.2.1).
      builder.addExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nocheck, false, DERNull.INSTANCE);
    } else {
      addPublishedAddresses(builder);
    }
  }

  private void addPublishedAddresses(X509v3CertificateBuilder builder) throws IOException {
    if (!urls.revocationLists().isEmpty()) {
      builder.addExtension(Extension.cRLDistributionPoints, false, urls.distributionPoints());
    }
    if (!urls.ocsp().isEmpty() || !urls.certificates().isEmpty()) {
      builder.addExtension(Extension.authorityInfoAccess, false, urls.informationAccess());
    }
  }

  private static ExtendedKeyUsage purposes(Set<Purpose> purposes) {
    return new ExtendedKeyUsage(
        purposes.stream().sorted().map(Purpose::id).toArray(KeyPurposeId[]::new));
  }
}
