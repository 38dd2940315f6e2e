package io.signalbox.pki.openssl;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidParameterException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGeneratorSpi;
import java.security.Provider;
import java.security.ProviderException;
import java.security.SecureRandom;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPublicKeySpec;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes key pairs with OpenSSL's own random numbers (seeded by the system), whatever source of them
 * the caller brings. Other curves are refused, whereupon the JDK tries its next provider.
 */
abstract sealed class KeyPairs extends KeyPairGeneratorSpi {
  final EllipticCurves curves;

  /** The JDK's provider of key factories. */
  final Provider jdk;

  private KeyPairs(EllipticCurves curves, Provider jdk) {
    this.curves = curves;
    this.jdk = jdk;
  }

  /** Pairs of NIST curves, P-384 unless told otherwise (as the JDK); the keys are the JDK's. */
  static final class Ec extends KeyPairs {
    private Curve curve = Curve.P384;

    Ec(EllipticCurves curves, Provider jdk) {
      super(curves, jdk);
    }

    @Override
    public void initialize(int bits, @Nullable SecureRandom random) {
      curve =
          switch (bits) {
            case 256 -> Curve.P256;
            case 384 -> Curve.P384;
            case 521 -> Curve.P521;
            default -> throw new InvalidParameterException("no curve of " + bits + " bits here");
          };
    }

    @Override
    public void initialize(AlgorithmParameterSpec parameters, @Nullable SecureRandom random)
        throws InvalidAlgorithmParameterException {
      Optional<Curve> known =
          switch (parameters) {
            case ECGenParameterSpec named -> Curve.of(named.getName());
            case ECParameterSpec spec -> Curve.of(spec);
            default -> Optional.empty();
          };
      curve =
          known.orElseThrow(
              () -> new InvalidAlgorithmParameterException("not a curve of this provider"));
    }

    @Override
    public KeyPair generateKeyPair() {
      EllipticCurves.RawPair pair = curves.generate(curve);
      try {
        KeyFactory factory = KeyFactory.getInstance("EC", jdk);
        return new KeyPair(
            factory.generatePublic(
                new ECPublicKeySpec(curve.decode(pair.open()), curve.parameters())),
            factory.generatePrivate(
                new ECPrivateKeySpec(new BigInteger(1, pair.secret()), curve.parameters())));
      } catch (GeneralSecurityException e) {
        throw new ProviderException("the JDK does not take the key that OpenSSL made", e);
      } finally {
        Arrays.fill(pair.secret(), (byte) 0);
      }
    }
  }

  /** Pairs of X25519; the public key is the JDK's. */
  static final class X25519 extends KeyPairs {
    private static final int BITS = 255;

    X25519(EllipticCurves curves, Provider jdk) {
      super(curves, jdk);
    }

    @Override
    public void initialize(int bits, @Nullable SecureRandom random) {
      if (bits != BITS) {
        throw new InvalidParameterException("X25519 has " + BITS + " bits");
      }
    }

    @Override
    public void initialize(AlgorithmParameterSpec parameters, @Nullable SecureRandom random)
        throws InvalidAlgorithmParameterException {
      if (!X25519PrivateKey.isOfCurve(parameters)) {
        throw new InvalidAlgorithmParameterException("not X25519");
      }
    }

    @Override
    public KeyPair generateKeyPair() {
      EllipticCurves.RawPair pair = curves.generateX25519();
      try {
        return new KeyPair(
            KeyFactory.getInstance("XDH", jdk)
                .generatePublic(
                    new XECPublicKeySpec(
                        NamedParameterSpec.X25519, X25519PrivateKey.coordinate(pair.open()))),
            new X25519PrivateKey(pair, jdk));
      } catch (GeneralSecurityException e) {
        throw new ProviderException("the JDK does not take the key that OpenSSL made", e);
      }
    }
  }
}
