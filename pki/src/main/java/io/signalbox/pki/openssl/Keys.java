package io.signalbox.pki.openssl;

import java.security.InvalidKeyException;
import java.security.interfaces.ECKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECPoint;

/** What the operations need of the JDK's keys. */
final class Keys {
  private Keys() {}

  static Curve curve(ECKey key) throws InvalidKeyException {
    return Curve.of(key).orElseThrow(() -> new InvalidKeyException("not a curve of this provider"));
  }

  /** The uncompressed point; OpenSSL finds out whether it is on the curve. */
  static byte[] point(Curve curve, ECPublicKey key) throws InvalidKeyException {
    ECPoint point = key.getW();
    if (point.equals(ECPoint.POINT_INFINITY)) {
      throw new InvalidKeyException("the point at infinity is no key");
    }
    return curve.encode(point);
  }
}
