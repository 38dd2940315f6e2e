package io.signalbox.pki;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.cms.KeyAgreeRecipientIdentifier;
import org.bouncycastle.asn1.cms.KeyAgreeRecipientInfo;
import org.bouncycastle.asn1.cms.OriginatorIdentifierOrKey;
import org.bouncycastle.asn1.cms.OriginatorPublicKey;
import org.bouncycastle.asn1.cms.RecipientEncryptedKey;
import org.bouncycastle.asn1.cms.RecipientInfo;
import org.bouncycastle.asn1.cms.RecipientKeyIdentifier;
import org.bouncycastle.asn1.cms.ecc.ECCCMSSharedInfo;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.RecipientInfoGenerator;
import org.bouncycastle.operator.GenericKey;

/**
 * Wraps a content key for an EC key by ephemeral ECDH, the X9.63 derivation with SHA-256 and
 * AES-256 key wrap (RFC 5753 section 3.1). BouncyCastle's own generator needs key agreement
 * algorithms that only its provider has; the parts are all in the JDK.
 */
record EcKeyAgreement(SealRecipient recipient, SecureRandom random)
    implements RecipientInfoGenerator {
  private static final AlgorithmIdentifier WRAP =
      new AlgorithmIdentifier(NISTObjectIdentifiers.id_aes256_wrap);
  private static final byte[] WRAP_KEY_BITS = {0, 0, 1, 0}; // 256, as the derivation wants it
  private static final byte[] FIRST_ROUND = {
    0, 0, 0, 1
  }; // one round of SHA-256 gives the whole wrapping key

  @Override
  public RecipientInfo generate(GenericKey contentKey) throws CMSException {
    KeyPair ephemeral = recipient.algorithm().generate(random);
    try {
      byte[] wrapped = wrap(key(contentKey), ephemeral);
      var publicKey = SubjectPublicKeyInfo.getInstance(ephemeral.getPublic().getEncoded());
      var originator =
          new OriginatorPublicKey(
              publicKey.getAlgorithm(), publicKey.getPublicKeyData().getBytes());
      var scheme =
          new AlgorithmIdentifier(SECObjectIdentifiers.dhSinglePass_stdDH_sha256kdf_scheme, WRAP);
      var encryptedKey = new RecipientEncryptedKey(identifier(), new DEROctetString(wrapped));
      return new RecipientInfo(
          new KeyAgreeRecipientInfo(
              new OriginatorIdentifierOrKey(originator),
              null,
              scheme,
              new DERSequence(encryptedKey)));
    } catch (GeneralSecurityException | IOException e) {
      throw new CMSException("cannot wrap a key for the recipient", e);
    }
  }

  /** BouncyCastle holds it in one form for plain ciphers and in another for authenticated ones. */
  private static Key key(GenericKey contentKey) {
    return contentKey.getRepresentation() instanceof Key key
        ? key
        : new SecretKeySpec((byte[]) contentKey.getRepresentation(), "AES");
  }

  private byte[] wrap(Key contentKey, KeyPair ephemeral)
      throws GeneralSecurityException, IOException {
    KeyAgreement agreement = KeyAgreement.getInstance("ECDH");
    agreement.init(ephemeral.getPrivate(), random);
    agreement.doPhase(recipient.key(), true);
    byte[] secret = agreement.generateSecret();
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    digest.update(secret);
    digest.update(FIRST_ROUND);
    byte[] wrappingKey = digest.digest(new ECCCMSSharedInfo(WRAP, WRAP_KEY_BITS).getEncoded("DER"));
    try {
      Cipher cipher = Cipher.getInstance("AES/KW/NoPadding");
      cipher.init(Cipher.WRAP_MODE, new SecretKeySpec(wrappingKey, "AES"));
      return cipher.wrap(contentKey);
    } finally {
      Arrays.fill(secret, (byte) 0);
      Arrays.fill(wrappingKey, (byte) 0);
    }
  }

  private KeyAgreeRecipientIdentifier identifier() {
    return recipient
        .certificate()
        .map(KeyAgreeRecipientIdentifier::new)
        .orElseGet(
            () ->
                new KeyAgreeRecipientIdentifier(
                    new RecipientKeyIdentifier(recipient.keyIdentifier())));
  }
}
