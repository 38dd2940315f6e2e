package io.signalbox.pki.openssl;

import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.interfaces.ECKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.util.Optional;

/** A NIST curve that certificates and key agreement use. */
enum Curve {
  P256("secp256r1", "prime256v1", 32),
  P384("secp384r1", "secp384r1", 48),
  P521("secp521r1", "secp521r1", 66);

  /** Before an uncompressed point (SEC 1, 2.3.3). */
  private static final byte UNCOMPRESSED = 4;

  private final String javaName;
  private final String group;
  private final int fieldBytes;

  @SuppressWarnings(
      "ImmutableEnumChecker") // the JDK does not say so, but it has only final numbers
  private final ECParameterSpec parameters;

  Curve(String javaName, String group, int fieldBytes) {
    this.javaName = javaName;
    this.group = group;
    this.fieldBytes = fieldBytes;
    try {
      AlgorithmParameters named = AlgorithmParameters.getInstance("EC");
      named.init(new ECGenParameterSpec(javaName));
      this.parameters = named.getParameterSpec(ECParameterSpec.class);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK knows " + javaName, e);
    }
  }

  static Optional<Curve> of(ECKey key) {
    return of(key.getParams());
  }

  /** By the curve's own numbers, whatever object holds them. */
  static Optional<Curve> of(ECParameterSpec spec) {
    for (Curve curve : values()) {
      if (curve.is(spec)) {
        return Optional.of(curve);
      }
    }
    return Optional.empty();
  }

  /** By the JDK's name, NIST's or OpenSSL's. */
  static Optional<Curve> of(String name) {
    for (Curve curve : values()) {
      if (name.equalsIgnoreCase(curve.javaName)
          || name.equalsIgnoreCase(curve.group)
          || name.equalsIgnoreCase(
              "NIST P-" + curve.parameters.getCurve().getField().getFieldSize())) {
        return Optional.of(curve);
      }
    }
    return Optional.empty();
  }

  private boolean is(ECParameterSpec spec) {
    return spec == parameters
        || (spec.getCofactor() == parameters.getCofactor()
            && spec.getOrder().equals(parameters.getOrder())
            && spec.getCurve().equals(parameters.getCurve())
            && spec.getGenerator().equals(parameters.getGenerator()));
  }

  /** The JDK's name. */
  String javaName() {
    return javaName;
  }

  /** OpenSSL's name. */
  String group() {
    return group;
  }

  int fieldBytes() {
    return fieldBytes;
  }

  ECParameterSpec parameters() {
    return parameters;
  }

  /** Whether a number can be a private key: 1 to the order less 1. */
  boolean isScalar(BigInteger number) {
    return number.signum() > 0 && number.compareTo(parameters.getOrder()) < 0;
  }

  /** The uncompressed form; whether it is on the curve is for the reader to find out. */
  byte[] encode(ECPoint point) {
    byte[] encoded = new byte[1 + 2 * fieldBytes];
    encoded[0] = UNCOMPRESSED;
    put(point.getAffineX(), encoded, 1);
    put(point.getAffineY(), encoded, 1 + fieldBytes);
    return encoded;
  }

  /** Of the uncompressed form. */
  ECPoint decode(byte[] encoded) {
    return new ECPoint(
        new BigInteger(1, encoded, 1, fieldBytes),
        new BigInteger(1, encoded, 1 + fieldBytes, fieldBytes));
  }

  private void put(BigInteger coordinate, byte[] to, int at) {
    byte[] bytes = coordinate.toByteArray();
    int used = Math.min(bytes.length, fieldBytes);
    System.arraycopy(bytes, bytes.length - used, to, at + fieldBytes - used, used);
  }
}
