package io.signalbox.pki.openssl;

import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.ProviderException;
import java.security.Security;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.util.List;
import java.util.Map;

/**
 * The JDK's cryptography on elliptic curves by the OpenSSL 3 of the operating system: ECDSA and
 * ECDH on P-256, P-384 and P-521, and X25519. In front of the JDK's own providers it serves all of
 * TLS, certificates and tokens; what it does not know goes on to them.
 */
public final class OpenSslProvider extends Provider {
  /** Under which {@link Security#getProvider} knows it. */
  public static final String NAME = "SignalboxOpenSSL";

  @java.io.Serial private static final long serialVersionUID = 1;

  /** The JDK's provider of elliptic curves. */
  private static final String JDK = "SunEC";

  private final transient LibCrypto library;

  private OpenSslProvider(LibCrypto library, Provider jdk) {
    super(NAME, "1", "elliptic curves by " + library.version());
    this.library = library;
    EllipticCurves curves = new EllipticCurves(library);
    for (var digest : List.of("SHA1", "SHA256", "SHA384", "SHA512")) {
      String name = digest.replace("SHA", "SHA-");
      offer("Signature", digest + "withECDSA", () -> new EcdsaSignature(curves, name));
    }
    offer("KeyAgreement", "ECDH", () -> new Agreement.Ecdh(curves));
    offer("KeyPairGenerator", "EC", () -> new KeyPairs.Ec(curves, jdk));
    for (String name : List.of("XDH", "X25519")) {
      offer("KeyAgreement", name, () -> new Agreement.X25519(curves));
      offer("KeyPairGenerator", name, () -> new KeyPairs.X25519(curves, jdk));
    }
  }

  /**
   * Loads OpenSSL and tries each operation. Takes 0.2 s of CPU the first time.
   *
   * @throws UnavailableException if the system has no OpenSSL 3 that can do this
   */
  public static OpenSslProvider load() throws UnavailableException {
    return load(LibCrypto.LIBRARY);
  }

  static OpenSslProvider load(String library) throws UnavailableException {
    try {
      Provider jdk = Security.getProvider(JDK);
      if (jdk == null) {
        throw new UnavailableException(new ProviderException("the JDK has no provider " + JDK));
      }
      OpenSslProvider provider = new OpenSslProvider(new LibCrypto(library), jdk);
      SelfTest.run(provider, jdk);
      return provider;
    } catch (UnsupportedOperationException
        | IllegalCallerException
        | ProviderException
        | GeneralSecurityException e) {
      throw new UnavailableException(e);
    }
  }

  /** Puts this in front of all providers; handshakes that run go on as they began. */
  public void install() {
    Security.insertProviderAt(this, 1);
  }

  /** As the library names itself, such as "OpenSSL 3.0.13 30 Jan 2024". */
  public String libraryVersion() {
    return library.version();
  }

  /** Why there are no native curves here; the message is for the operator. */
  public static final class UnavailableException extends Exception {
    @java.io.Serial private static final long serialVersionUID = 1;

    UnavailableException(Exception cause) {
      super(cause.getMessage(), cause);
    }
  }

  @FunctionalInterface
  private interface Maker {
    Object make() throws NoSuchAlgorithmException;
  }

  private void offer(String type, String algorithm, Maker maker) {
    putService(new Offer(this, type, algorithm, maker));
  }

  /** A service made by a lambda: no reflection. */
  private static final class Offer extends Service {
    private final Maker maker;

    Offer(Provider provider, String type, String algorithm, Maker maker) {
      super(provider, type, algorithm, OpenSslProvider.class.getName(), List.of(), Map.of());
      this.maker = maker;
    }

    @Override
    public Object newInstance(Object parameter) throws NoSuchAlgorithmException {
      return maker.make();
    }

    /** Without this every token's key would have to be refused by an exception. */
    @Override
    public boolean supportsParameter(Object parameter) {
      if (!(parameter instanceof Key)) {
        return false;
      }
      return switch (getAlgorithm()) {
        case "XDH", "X25519" -> parameter instanceof X25519PrivateKey;
        default -> parameter instanceof ECPrivateKey || parameter instanceof ECPublicKey;
      };
    }
  }
}
