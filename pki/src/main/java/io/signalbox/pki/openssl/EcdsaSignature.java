package io.signalbox.pki.openssl;

import java.security.AlgorithmParameters;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.InvalidParameterException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SignatureException;
import java.security.SignatureSpi;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECParameterSpec;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * ECDSA: the digest is the JDK's, the rest OpenSSL's. Keys of other curves, and such as hide their
 * number (a PKCS#11 token's), are refused as invalid, whereupon the JDK tries its next provider.
 */
final class EcdsaSignature extends SignatureSpi {
  private final EllipticCurves curves;
  private final MessageDigest digest;
  private @Nullable Curve curve;
  private @Nullable ECPrivateKey signer;
  private byte @Nullable [] point;

  /**
   * Signs what has this digest.
   *
   * @param digest the JDK's name
   */
  EcdsaSignature(EllipticCurves curves, String digest) throws NoSuchAlgorithmException {
    this.curves = curves;
    this.digest = MessageDigest.getInstance(digest);
  }

  @Override
  protected void engineInitVerify(PublicKey key) throws InvalidKeyException {
    if (!(key instanceof ECPublicKey open)) {
      throw new InvalidKeyException("not an elliptic curve's public key");
    }
    curve = Keys.curve(open);
    point = Keys.point(curve, open);
    signer = null;
    digest.reset();
  }

  @Override
  protected void engineInitSign(PrivateKey key) throws InvalidKeyException {
    if (!(key instanceof ECPrivateKey secret)) {
      throw new InvalidKeyException("not an elliptic curve's private key");
    }
    curve = Keys.curve(secret);
    signer = secret;
    point = null;
    digest.reset();
  }

  @Override
  protected void engineUpdate(byte b) {
    digest.update(b);
  }

  @Override
  protected void engineUpdate(byte[] bytes, int from, int length) {
    digest.update(bytes, from, length);
  }

  @Override
  protected byte[] engineSign() throws SignatureException {
    if (signer == null) {
      throw new SignatureException("not initialized to sign");
    }
    try {
      return curves.sign(signer, digest.digest());
    } catch (InvalidKeyException e) {
      throw new SignatureException(e);
    }
  }

  @Override
  protected boolean engineVerify(byte[] signature) throws SignatureException {
    if (curve == null || point == null) {
      throw new SignatureException("not initialized to verify");
    }
    try {
      return curves.verify(curve, point, digest.digest(), signature);
    } catch (InvalidKeyException e) {
      throw new SignatureException(e);
    }
  }

  /** Some certificates repeat the key's curve here; nothing else can be set. */
  @Override
  protected void engineSetParameter(@Nullable AlgorithmParameterSpec parameters)
      throws InvalidAlgorithmParameterException {
    if (parameters != null
        && !(parameters instanceof ECParameterSpec spec
            && Curve.of(spec).equals(Optional.ofNullable(curve)))) {
      throw new InvalidAlgorithmParameterException("not the curve of the key");
    }
  }

  @Override
  protected @Nullable AlgorithmParameters engineGetParameters() {
    return null;
  }

  @Override
  @Deprecated
  protected void engineSetParameter(String name, Object value) {
    throw new InvalidParameterException("no parameters by name");
  }

  @Override
  @Deprecated
  protected Object engineGetParameter(String name) {
    throw new InvalidParameterException("no parameters by name");
  }
}
