package io.signalbox.pki;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.spec.X509EncodedKeySpec;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.cms.IssuerAndSerialNumber;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAESOAEPparams;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cms.KeyTransRecipientInfoGenerator;
import org.bouncycastle.cms.RecipientInfoGenerator;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientInfoGenerator;
import org.bouncycastle.operator.jcajce.JceAsymmetricKeyWrapper;

/**
 * Who can open what is sealed.
 *
 * @param certificate names the recipient in the message by issuer and serial number; without one
 *     the key's identifier does
 */
record SealRecipient(
    PublicKey key, KeyAlgorithm algorithm, Optional<IssuerAndSerialNumber> certificate) {
  private static final AlgorithmIdentifier SHA_256 =
      new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha256, DERNull.INSTANCE);
  private static final AlgorithmIdentifier OAEP_SHA_256 =
      new AlgorithmIdentifier(
          PKCSObjectIdentifiers.id_RSAES_OAEP,
          new RSAESOAEPparams(
              SHA_256,
              new AlgorithmIdentifier(PKCSObjectIdentifiers.id_mgf1, SHA_256),
              RSAESOAEPparams.DEFAULT_P_SOURCE_ALGORITHM));

  static SealRecipient parse(String pem, String where) throws PkiException {
    List<PemBlock> blocks = PemBlock.parse(pem, where);
    PemBlock block = blocks.getFirst();
    if (blocks.size() == 1 && block.label().equals("CERTIFICATE")) {
      var certificate = Certificates.parse(block.der(), where);
      var holder = Certificates.holder(certificate);
      var name = new IssuerAndSerialNumber(holder.toASN1Structure());
      return of(certificate.getPublicKey(), Optional.of(name), where);
    }
    if (blocks.size() == 1 && block.label().equals("PUBLIC KEY")) {
      return of(publicKey(block.der(), where), Optional.empty(), where);
    }
    throw new PkiException(
        where
            + ": expected one block \"CERTIFICATE\" or \"PUBLIC KEY\", found "
            + blocks.size()
            + " beginning with \""
            + block.label()
            + "\"");
  }

  RecipientInfoGenerator wrapping(SecureRandom random) {
    return switch (algorithm) {
      case EC_P256, EC_P384 -> new EcKeyAgreement(this, random);
      case RSA_2048, RSA_3072, RSA_4096 ->
          certificate.isPresent()
              ? new RsaTransport(certificate.get(), key)
              : new JceKeyTransRecipientInfoGenerator(keyIdentifier(), OAEP_SHA_256, key);
      case ED25519, ML_DSA_44, ML_DSA_65 ->
          throw new IllegalStateException("refused when it was read");
    };
  }

  byte[] keyIdentifier() {
    return CertificateDraft.keyIdentifier(key);
  }

  /**
   * Names the recipient by its certificate; BouncyCastle's own class wants the JDK's certificate
   * for that.
   */
  private static final class RsaTransport extends KeyTransRecipientInfoGenerator {
    RsaTransport(IssuerAndSerialNumber name, PublicKey key) {
      super(name, new JceAsymmetricKeyWrapper(OAEP_SHA_256, key));
    }
  }

  private static SealRecipient of(
      PublicKey key, Optional<IssuerAndSerialNumber> certificate, String where)
      throws PkiException {
    var info = SubjectPublicKeyInfo.getInstance(key.getEncoded());
    KeyAlgorithm algorithm =
        PublicKeyInfo.algorithm(info)
            .filter(SealRecipient::canReceive)
            .orElseThrow(
                () ->
                    new PkiException(
                        where
                            + ": the recipient's key is "
                            + PublicKeyInfo.describe(info)
                            + ", which cannot open a sealed key; use EC P-256 or RSA"));
    return new SealRecipient(key, algorithm, certificate);
  }

  private static boolean canReceive(KeyAlgorithm algorithm) {
    return switch (algorithm) {
      case EC_P256, EC_P384, RSA_2048, RSA_3072, RSA_4096 -> true;
      case ED25519, ML_DSA_44, ML_DSA_65 -> false; // keys that can only sign
    };
  }

  private static PublicKey publicKey(byte[] der, String where) throws PkiException {
    try {
      AlgorithmIdentifier identifier = SubjectPublicKeyInfo.getInstance(der).getAlgorithm();
      String factory =
          PublicKeyInfo.keyFactory(identifier)
              .orElseThrow(
                  () ->
                      new PkiException(
                          where
                              + ": keys of the algorithm "
                              + identifier.getAlgorithm()
                              + " are not supported; use EC P-256 or RSA"));
      return KeyFactory.getInstance(factory).generatePublic(new X509EncodedKeySpec(der));
    } catch (GeneralSecurityException | RuntimeException e) {
      throw new PkiException(
          where
              + ": not a readable public key (truncated, or on an unsupported curve); write it"
              + " again",
          e);
    }
  }
}
