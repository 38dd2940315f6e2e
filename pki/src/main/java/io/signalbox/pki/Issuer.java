package io.signalbox.pki;

import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Optional;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;

/**
 * Who signs: the name and key identifier that go into what is signed, and the key.
 *
 * @param name byte for byte as in the issuer's own certificate, where paths compare it
 * @param alternative signs certificates a second time
 */
record Issuer(
    X500Name name,
    byte[] keyIdentifier,
    PrivateKey key,
    KeyAlgorithm algorithm,
    Optional<AlternativeKey> alternative) {
  static Issuer of(PrivateKey key, KeyAlgorithm algorithm, X509Certificate certificate) {
    X500Name name = X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
    return new Issuer(
        name, CertificateDraft.keyIdentifier(certificate), key, algorithm, Optional.empty());
  }

  Issuer withAlternative(AlternativeKey second) {
    return new Issuer(name, keyIdentifier, key, algorithm, Optional.of(second));
  }

  X509CertificateHolder sign(X509v3CertificateBuilder builder, SecureRandom random) {
    if (alternative.isEmpty()) {
      return builder.build(signer(random));
    }
    AlternativeKey second = alternative.get();
    return builder.build(
        signer(random),
        false,
        Signing.signer(second.keys().getPrivate(), second.algorithm(), random));
  }

  ContentSigner signer(SecureRandom random) {
    return Signing.signer(key, algorithm, random);
  }
}
