package io.signalbox.pki;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/** The kinds of key that Signalbox makes and certifies; anything else is refused by name. */
public enum KeyAlgorithm {
  EC_P256("ec-p256", "EC", "secp256r1", "SHA256withECDSA"),
  EC_P384("ec-p384", "EC", "secp384r1", "SHA384withECDSA"),
  RSA_2048("rsa-2048", "RSA", "2048", "SHA256withRSA"),
  RSA_3072("rsa-3072", "RSA", "3072", "SHA256withRSA"),
  RSA_4096("rsa-4096", "RSA", "4096", "SHA256withRSA"),
  ED25519("ed25519", "EdDSA", "Ed25519", "Ed25519"),
  /** Post-quantum signatures (FIPS 204), experimental: most TLS libraries cannot read them yet. */
  ML_DSA_44("ml-dsa-44", "ML-DSA", "ML-DSA-44", "ML-DSA-44"),
  /** See {@link #ML_DSA_44}; a larger parameter set. */
  ML_DSA_65("ml-dsa-65", "ML-DSA", "ML-DSA-65", "ML-DSA-65");

  private final String configName;
  private final String family;
  private final String parameterSet;
  private final String signatureAlgorithm;

  KeyAlgorithm(String configName, String family, String parameterSet, String signatureAlgorithm) {
    this.configName = configName;
    this.family = family;
    this.parameterSet = parameterSet;
    this.signatureAlgorithm = signatureAlgorithm;
  }

  /** The name in configuration and messages, such as {@code ec-p256}. */
  public String configName() {
    return configName;
  }

  /** Whether a caller must ask for it explicitly; no default profile allows these. */
  public boolean experimental() {
    return this == ML_DSA_44 || this == ML_DSA_65;
  }

  /** The JCA name of the signature made with such a key. */
  public String signatureAlgorithm() {
    return signatureAlgorithm;
  }

  /** A fresh key pair; RSA takes up to a second, the others well under a millisecond. */
  public KeyPair generate(SecureRandom random) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(family);
      generator.initialize(parameters(), random);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK cannot make keys of type " + configName, e);
    }
  }

  /**
   * The algorithm with this configuration name.
   *
   * @param allowExperimental whether the post-quantum types count as known
   * @throws PkiException if there is none; the message lists the known names
   */
  public static KeyAlgorithm parse(String configName, boolean allowExperimental)
      throws PkiException {
    for (KeyAlgorithm algorithm : values()) {
      if (algorithm.configName.equals(configName)
          && (allowExperimental || !algorithm.experimental())) {
        return algorithm;
      }
    }
    String known =
        Arrays.stream(values())
            .filter(a -> allowExperimental || !a.experimental())
            .map(KeyAlgorithm::configName)
            .collect(Collectors.joining(", "));
    throw new PkiException("unknown key type \"" + configName + "\": use one of " + known);
  }

  /** The algorithm of a key; empty for one that Signalbox does not certify. */
  public static Optional<KeyAlgorithm> of(PublicKey key) {
    return PublicKeyInfo.algorithm(SubjectPublicKeyInfo.getInstance(key.getEncoded()));
  }

  AlgorithmParameterSpec parameters() {
    return switch (family) {
      case "EC" -> new ECGenParameterSpec(parameterSet);
      case "RSA" ->
          new RSAKeyGenParameterSpec(Integer.parseInt(parameterSet), RSAKeyGenParameterSpec.F4);
      default -> new NamedParameterSpec(parameterSet);
    };
  }
}
