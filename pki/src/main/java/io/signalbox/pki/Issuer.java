package io.signalbox.pki;

import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.operator.ContentSigner;

/**
 * Who signs: the name and key identifier that go into what is signed, and the key.
 *
 * @param name byte for byte as in the issuer's own certificate, where paths compare it
 */
record Issuer(X500Name name, byte[] keyIdentifier, PrivateKey key, KeyAlgorithm algorithm) {
  static Issuer of(PrivateKey key, KeyAlgorithm algorithm, X509Certificate certificate) {
    X500Name name = X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
    return new Issuer(name, CertificateDraft.keyIdentifier(certificate), key, algorithm);
  }

  ContentSigner signer(SecureRandom random) {
    return Signing.signer(key, algorithm, random);
  }
}
