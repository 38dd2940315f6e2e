package io.signalbox.pki.openssl;

import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serial;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.interfaces.XECPrivateKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPrivateKeySpec;
import java.util.Arrays;
import java.util.Optional;

/** A private key that knows its public one: the JDK's would have to compute it again. */
final class X25519PrivateKey implements XECPrivateKey {
  private static final int BYTES = 32;

  @Serial private static final long serialVersionUID = 1;

  private final transient EllipticCurves.RawPair pair;
  private final transient Provider encoder;

  /**
   * Of a pair.
   *
   * @param encoder the JDK's provider of key factories
   */
  X25519PrivateKey(EllipticCurves.RawPair pair, Provider encoder) {
    this.pair = pair;
    this.encoder = encoder;
  }

  EllipticCurves.RawPair pair() {
    return pair;
  }

  static boolean isOfCurve(AlgorithmParameterSpec parameters) {
    return parameters instanceof NamedParameterSpec named
        && named.getName().equalsIgnoreCase(NamedParameterSpec.X25519.getName());
  }

  /** A coordinate as RFC 7748 writes it: the lowest byte first, without the highest bit. */
  static byte[] bytes(BigInteger coordinate) {
    byte[] bytes = new byte[BYTES];
    byte[] number = coordinate.toByteArray();
    for (int i = 0; i < Math.min(BYTES, number.length); i++) {
      bytes[i] = number[number.length - 1 - i];
    }
    bytes[BYTES - 1] &= 0x7f;
    return bytes;
  }

  /** Of 32 bytes as RFC 7748 writes them. */
  static BigInteger coordinate(byte[] bytes) {
    byte[] number = new byte[BYTES];
    for (int i = 0; i < BYTES; i++) {
      number[i] = bytes[BYTES - 1 - i];
    }
    return new BigInteger(1, number);
  }

  @Override
  public Optional<byte[]> getScalar() {
    return Optional.of(pair.secret().clone());
  }

  @Override
  public AlgorithmParameterSpec getParams() {
    return NamedParameterSpec.X25519;
  }

  @Override
  public String getAlgorithm() {
    return "XDH";
  }

  @Override
  public String getFormat() {
    return "PKCS#8";
  }

  @Override
  public byte[] getEncoded() {
    try {
      return KeyFactory.getInstance("XDH", encoder)
          .generatePrivate(new XECPrivateKeySpec(NamedParameterSpec.X25519, pair.secret()))
          .getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the JDK does not take a key of X25519", e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PrivateKey key
        && java.security.MessageDigest.isEqual(getEncoded(), key.getEncoded());
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(pair.open());
  }

  @Serial
  private void readObject(ObjectInputStream stream) throws InvalidObjectException {
    throw new InvalidObjectException("keys of one handshake are not stored");
  }
}
