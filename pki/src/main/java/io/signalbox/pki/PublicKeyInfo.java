package io.signalbox.pki;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/**
 * Recognises a public key from its encoding, before any provider touches it: an unsupported curve
 * gets a name instead of a provider's exception, and a huge RSA key or exponent is refused before a
 * signature check spends time on it.
 */
final class PublicKeyInfo {
  /**
   * An exponent of thousands of bits makes one verification take seconds; real ones are 3 or 65537.
   */
  private static final int RSA_EXPONENT_BITS_MAX = 64;

  private static final Map<ASN1ObjectIdentifier, KeyAlgorithm> WITHOUT_PARAMETERS =
      Map.of(
          EdECObjectIdentifiers.id_Ed25519, KeyAlgorithm.ED25519,
          NISTObjectIdentifiers.id_ml_dsa_44, KeyAlgorithm.ML_DSA_44,
          NISTObjectIdentifiers.id_ml_dsa_65, KeyAlgorithm.ML_DSA_65);

  private static final Map<ASN1ObjectIdentifier, String> FAMILIES =
      Map.of(
          X9ObjectIdentifiers.id_ecPublicKey, "EC",
          PKCSObjectIdentifiers.rsaEncryption, "RSA",
          EdECObjectIdentifiers.id_Ed25519, "Ed25519",
          NISTObjectIdentifiers.id_ml_dsa_44, "ML-DSA",
          NISTObjectIdentifiers.id_ml_dsa_65, "ML-DSA");

  private PublicKeyInfo() {}

  /** The JCA key factory for keys of this identifier; empty if Signalbox knows none. */
  static Optional<String> keyFactory(AlgorithmIdentifier identifier) {
    return Optional.ofNullable(FAMILIES.get(identifier.getAlgorithm()));
  }

  /** The identifier of an algorithm that has no parameters. */
  static ASN1ObjectIdentifier identifier(KeyAlgorithm algorithm) {
    return WITHOUT_PARAMETERS.entrySet().stream()
        .filter(entry -> entry.getValue() == algorithm)
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException(algorithm.configName() + " has parameters"));
  }

  static Optional<KeyAlgorithm> algorithm(SubjectPublicKeyInfo info) {
    ASN1ObjectIdentifier oid = info.getAlgorithm().getAlgorithm();
    if (oid.equals(X9ObjectIdentifiers.id_ecPublicKey)) {
      ASN1Encodable curve = info.getAlgorithm().getParameters();
      if (SECObjectIdentifiers.secp256r1.equals(curve)) {
        return Optional.of(KeyAlgorithm.EC_P256);
      }
      return SECObjectIdentifiers.secp384r1.equals(curve)
          ? Optional.of(KeyAlgorithm.EC_P384)
          : Optional.empty();
    }
    if (oid.equals(PKCSObjectIdentifiers.rsaEncryption)) {
      return rsaKey(info).flatMap(PublicKeyInfo::rsaAlgorithm);
    }
    return Optional.ofNullable(WITHOUT_PARAMETERS.get(oid));
  }

  /**
   * What the key is, for a message: {@code RSA with 1024 bits}, {@code EC on the curve
   * 1.3.132.0.10}.
   */
  static String describe(SubjectPublicKeyInfo info) {
    ASN1ObjectIdentifier oid = info.getAlgorithm().getAlgorithm();
    if (oid.equals(X9ObjectIdentifiers.id_ecPublicKey)) {
      return info.getAlgorithm().getParameters() instanceof ASN1ObjectIdentifier curve
          ? "EC on the curve " + curve.getId()
          : "EC with explicit curve parameters";
    }
    if (oid.equals(PKCSObjectIdentifiers.rsaEncryption)) {
      return rsaKey(info)
          .map(
              key ->
                  "RSA with "
                      + key.getModulus().bitLength()
                      + " bits and an exponent of "
                      + key.getPublicExponent().bitLength()
                      + " bits")
          .orElse("RSA with an unreadable modulus");
    }
    return "of the algorithm " + oid.getId();
  }

  private static Optional<RSAPublicKey> rsaKey(SubjectPublicKeyInfo info) {
    try {
      return Optional.of(RSAPublicKey.getInstance(info.parsePublicKey()));
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Optional<KeyAlgorithm> rsaAlgorithm(RSAPublicKey key) {
    if (key.getPublicExponent().bitLength() > RSA_EXPONENT_BITS_MAX
        || key.getPublicExponent().signum() <= 0) {
      return Optional.empty();
    }
    return switch (key.getModulus().bitLength()) {
      case 2048 -> Optional.of(KeyAlgorithm.RSA_2048);
      case 3072 -> Optional.of(KeyAlgorithm.RSA_3072);
      case 4096 -> Optional.of(KeyAlgorithm.RSA_4096);
      default -> Optional.empty();
    };
  }
}
