package io.signalbox.pki;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.spec.X509EncodedKeySpec;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.SubjectAltPublicKeyInfo;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.CertException;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;

/**
 * Checks the second signatures of a path (see {@link AlternativeKey}). An issuer that has a second
 * key of a kind known here must have used it: otherwise leaving the signature out would be the
 * attack.
 */
final class AlternativeSignatures {
  private AlternativeSignatures() {}

  /** The first certificate of the path whose second signature is missing or bad. */
  static Optional<X509Certificate> firstBad(List<X509Certificate> path) {
    for (int i = 0; i < path.size() - 1; i++) {
      Optional<PublicKey> key = key(path.get(i + 1));
      if (key.isPresent() && !isSignedBy(path.get(i), key.get())) {
        return Optional.of(path.get(i));
      }
    }
    return Optional.empty();
  }

  /** The second key of a certificate; empty if it has none, or one of another kind than ML-DSA. */
  static Optional<PublicKey> key(X509Certificate certificate) {
    if (certificate.getExtensionValue(Extension.subjectAltPublicKeyInfo.getId()) == null) {
      return Optional.empty(); // nearly always
    }
    try {
      Extension extension =
          Certificates.holder(certificate).getExtension(Extension.subjectAltPublicKeyInfo);
      byte[] encoded = SubjectAltPublicKeyInfo.getInstance(extension.getParsedValue()).getEncoded();
      if (PublicKeyInfo.algorithm(SubjectPublicKeyInfo.getInstance(encoded))
          .filter(KeyAlgorithm::experimental)
          .isEmpty()) {
        return Optional.empty();
      }
      return Optional.of(
          KeyFactory.getInstance("ML-DSA").generatePublic(new X509EncodedKeySpec(encoded)));
    } catch (GeneralSecurityException | IOException | RuntimeException e) {
      return Optional.empty(); // a key that nobody can use cannot have signed
    }
  }

  private static boolean isSignedBy(X509Certificate certificate, PublicKey key) {
    var holder = Certificates.holder(certificate);
    if (holder.getExtension(Extension.altSignatureValue) == null) {
      return false;
    }
    try {
      return holder.isAlternativeSignatureValid(new JcaContentVerifierProviderBuilder().build(key));
    } catch (CertException | OperatorCreationException | RuntimeException e) {
      return false;
    }
  }
}
