package io.signalbox.pki;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1Object;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.RSAPrivateKey;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/**
 * Reads private keys in the forms that tools write, and tells whether a key belongs to a
 * certificate.
 */
final class PrivateKeys {
  private PrivateKeys() {}

  static PrivateKey parse(List<PemBlock> blocks, Optional<Passphrase> passphrase, String where)
      throws PkiException {
    for (PemBlock block : blocks) {
      String place = where + " line " + block.line();
      switch (block.label()) {
        case "PRIVATE KEY" -> {
          return fromPkcs8(block.der(), place);
        }
        case "RSA PRIVATE KEY" -> {
          return fromPkcs8(wrapRsa(block.der(), place), place);
        }
        case "EC PRIVATE KEY" -> {
          return fromPkcs8(wrapEc(block.der(), place), place);
        }
        case "ENCRYPTED PRIVATE KEY" -> {
          Passphrase given =
              passphrase.orElseThrow(
                  () ->
                      new LockedKeyException(
                          place + ": the private key is encrypted; give its passphrase"));
          return EncryptedKeys.decrypt(block.der(), given, place);
        }
        default -> {
          // OpenSSL puts "EC PARAMETERS" before an EC key, and people keep certificate and key in
          // one file.
        }
      }
    }
    throw new PkiException(
        where
            + " holds no private key: expected a block \"PRIVATE KEY\", found \""
            + blocks.getFirst().label()
            + "\"");
  }

  /** Whether blocks of this label belong to a private key, those that are passed over included. */
  static boolean isPartOfKey(String label) {
    return label.endsWith("PRIVATE KEY") || label.equals("EC PARAMETERS");
  }

  static PrivateKey fromPkcs8(byte[] der, String place) throws PkiException {
    try {
      AlgorithmIdentifier identifier = PrivateKeyInfo.getInstance(der).getPrivateKeyAlgorithm();
      String factory =
          PublicKeyInfo.keyFactory(identifier)
              .orElseThrow(
                  () ->
                      new PkiException(
                          place
                              + ": keys of the algorithm "
                              + identifier.getAlgorithm()
                              + " are not supported; use EC P-256"));
      return KeyFactory.getInstance(factory).generatePrivate(new PKCS8EncodedKeySpec(der));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      // The cause is dropped: a provider's message may quote parts of the key.
      throw new PkiException(
          place
              + ": not a readable PKCS#8 private key (truncated, or on an unsupported curve); write"
              + " it again");
    }
  }

  /**
   * Whether the private key is the other half of the public one: a fresh challenge is signed and
   * checked.
   */
  static boolean belongTogether(PrivateKey key, PublicKey publicKey, SecureRandom random) {
    byte[] challenge = new byte[32];
    random.nextBytes(challenge);
    try {
      Signature signature = Signature.getInstance(signatureAlgorithm(publicKey));
      signature.initSign(key, random);
      signature.update(challenge);
      byte[] signed = signature.sign();
      signature.initVerify(publicKey);
      signature.update(challenge);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false; // a key of another kind or size cannot even be tried
    }
  }

  private static String signatureAlgorithm(PublicKey key) {
    // Keys from elsewhere (a server certificate on P-521) may be none that we certify, and still
    // form a pair.
    return KeyAlgorithm.of(key)
        .map(KeyAlgorithm::signatureAlgorithm)
        .orElseGet(
            () ->
                switch (key.getAlgorithm()) {
                  case "RSA" -> "SHA256withRSA";
                  case "EC" -> "SHA256withECDSA";
                  default -> key.getAlgorithm();
                });
  }

  private static byte[] wrapRsa(byte[] der, String place) throws PkiException {
    try {
      return wrap(
          new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
          RSAPrivateKey.getInstance(der));
    } catch (IllegalArgumentException | IOException e) {
      throw new PkiException(place + ": not a readable RSA private key; write it again");
    }
  }

  private static byte[] wrapEc(byte[] der, String place) throws PkiException {
    try {
      ECPrivateKey key = ECPrivateKey.getInstance(der);
      ASN1Object curve = key.getParametersObject();
      if (curve == null) {
        throw new PkiException(
            place
                + ": the EC private key does not name its curve; convert it with: openssl pkcs8"
                + " -topk8 -nocrypt");
      }
      return wrap(new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, curve), key);
    } catch (IllegalArgumentException | IOException e) {
      throw new PkiException(place + ": not a readable EC private key; write it again");
    }
  }

  private static byte[] wrap(AlgorithmIdentifier identifier, ASN1Object key) throws IOException {
    return new PrivateKeyInfo(identifier, key).getEncoded("DER");
  }
}
