package io.signalbox.pki.openssl;

import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.Key;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.XECPublicKey;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Arrays;
import javax.crypto.KeyAgreementSpi;
import javax.crypto.SecretKey;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * ECDH and X25519 of two parties. Keys of other curves are refused as invalid, whereupon the JDK
 * tries its next provider.
 */
abstract sealed class Agreement extends KeyAgreementSpi {
  /** What TLS asks for by name; others want bytes. */
  private static final String TLS_SECRET = "TlsPremasterSecret";

  private byte @Nullable [] secret;

  abstract void own(Key key) throws InvalidKeyException;

  abstract byte[] with(Key peer) throws InvalidKeyException;

  @Override
  protected final void engineInit(Key key, @Nullable SecureRandom random)
      throws InvalidKeyException {
    own(key);
    secret = null;
  }

  @Override
  protected final void engineInit(
      Key key, @Nullable AlgorithmParameterSpec parameters, @Nullable SecureRandom random)
      throws InvalidKeyException, InvalidAlgorithmParameterException {
    if (parameters != null) {
      throw new InvalidAlgorithmParameterException("takes no parameters");
    }
    engineInit(key, random);
  }

  @Override
  protected final @Nullable Key engineDoPhase(Key peer, boolean last) throws InvalidKeyException {
    if (!last) {
      throw new IllegalStateException("an agreement of two has one phase");
    }
    secret = with(peer);
    return null;
  }

  @Override
  protected final byte[] engineGenerateSecret() {
    byte[] agreed = secret;
    if (agreed == null) {
      throw new IllegalStateException("nothing has been agreed");
    }
    secret = null;
    return agreed;
  }

  @Override
  protected final int engineGenerateSecret(byte[] to, int at) throws ShortBufferException {
    if (secret != null && to.length - at < secret.length) {
      throw new ShortBufferException("the secret has " + secret.length + " bytes");
    }
    byte[] agreed = engineGenerateSecret();
    System.arraycopy(agreed, 0, to, at, agreed.length);
    Arrays.fill(agreed, (byte) 0);
    return agreed.length;
  }

  @Override
  protected final SecretKey engineGenerateSecret(String algorithm) throws NoSuchAlgorithmException {
    if (!algorithm.equals(TLS_SECRET)) {
      throw new NoSuchAlgorithmException("only " + TLS_SECRET + ", not " + algorithm);
    }
    byte[] agreed = engineGenerateSecret();
    SecretKey key = new SecretKeySpec(agreed, algorithm);
    Arrays.fill(agreed, (byte) 0);
    return key;
  }

  /** On a NIST curve. */
  static final class Ecdh extends Agreement {
    private final EllipticCurves curves;
    private @Nullable ECPrivateKey own;

    Ecdh(EllipticCurves curves) {
      this.curves = curves;
    }

    @Override
    void own(Key key) throws InvalidKeyException {
      if (!(key instanceof ECPrivateKey secret)) {
        throw new InvalidKeyException("not an elliptic curve's private key");
      }
      Keys.curve(secret);
      own = secret;
    }

    @Override
    byte[] with(Key peer) throws InvalidKeyException {
      if (own == null) {
        throw new IllegalStateException("no own key yet");
      }
      Curve curve = Keys.curve(own);
      if (!(peer instanceof ECPublicKey open) || Keys.curve(open) != curve) {
        throw new InvalidKeyException("not a public key of the same curve");
      }
      return curves.agree(curve, own.getS(), Keys.point(curve, open));
    }
  }

  /** On Curve25519. */
  static final class X25519 extends Agreement {
    private final EllipticCurves curves;
    private EllipticCurves.@Nullable RawPair own;

    X25519(EllipticCurves curves) {
      this.curves = curves;
    }

    /** Takes only pairs that were made here: an agreement wants both halves of the own one. */
    @Override
    void own(Key key) throws InvalidKeyException {
      if (!(key instanceof X25519PrivateKey secret)) {
        throw new InvalidKeyException("not a private key of this provider");
      }
      own = secret.pair();
    }

    @Override
    byte[] with(Key peer) throws InvalidKeyException {
      if (own == null) {
        throw new IllegalStateException("no own key yet");
      }
      if (!(peer instanceof XECPublicKey open) || !X25519PrivateKey.isOfCurve(open.getParams())) {
        throw new InvalidKeyException("not a public key of X25519");
      }
      return curves.agreeX25519(own, X25519PrivateKey.bytes(open.getU()));
    }
  }
}
