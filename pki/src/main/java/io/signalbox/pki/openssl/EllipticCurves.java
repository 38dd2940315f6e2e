package io.signalbox.pki.openssl;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.security.InvalidKeyException;
import java.security.SignatureException;
import java.security.interfaces.ECPrivateKey;
import java.util.Arrays;

/**
 * The operations on elliptic curves, from bytes to bytes. Each costs 10 to 60 us of CPU (P-256,
 * X25519) and blocks its thread that long. Throws {@link java.security.ProviderException} when the
 * library fails where it must not.
 */
final class EllipticCurves {
  private static final String EC = "EC";
  private static final String X25519 = "X25519";
  private static final int X25519_BYTES = 32;

  /** Of an ECDSA signature in DER on the largest curve, rounded up. */
  private static final int SIGNATURE_BYTES_MAX = 160;

  /**
   * A peer's point was checked to be on its curve when it was read, and the curves have no small
   * subgroups; the library's further check multiplies it by the order, half of what agreeing costs.
   */
  private static final int NO_FURTHER_CHECK = 0;

  private final LibCrypto library;
  private final SigningKeys signingKeys = new SigningKeys(this::lasting);

  EllipticCurves(LibCrypto library) {
    this.library = library;
  }

  /**
   * A fresh key pair.
   *
   * @param secret a curve's: a number, the highest byte first; X25519's as RFC 7748 writes it
   * @param open a curve's: the uncompressed point; X25519's as RFC 7748 writes it
   */
  record RawPair(byte[] secret, byte[] open) {}

  RawPair generate(Curve curve) {
    try (CryptoCall call = new CryptoCall(library)) {
      MemorySegment context = call.context(EC);
      call.require((int) library.keygenInit.invokeExact(context));
      call.require((int) library.setGroupName.invokeExact(context, call.text(curve.group())));
      MemorySegment key = call.generated(context);
      MemorySegment parts = call.parameters(2);
      MemorySegment secret = call.number(parts, 0, "priv", call.room(curve.fieldBytes()));
      MemorySegment open = call.octets(parts, 1, "pub", call.room(1 + 2 * curve.fieldBytes()));
      call.require((int) library.getParams.invokeExact(key, parts));
      return new RawPair(reversed(bytes(secret)), bytes(open));
    } catch (Throwable e) {
      throw LibCrypto.rethrown(e);
    }
  }

  RawPair generateX25519() {
    try (CryptoCall call = new CryptoCall(library)) {
      MemorySegment context = call.context(X25519);
      call.require((int) library.keygenInit.invokeExact(context));
      MemorySegment key = call.generated(context);
      MemorySegment parts = call.parameters(2);
      MemorySegment secret = call.octets(parts, 0, "priv", call.room(X25519_BYTES));
      MemorySegment open = call.octets(parts, 1, "pub", call.room(X25519_BYTES));
      call.require((int) library.getParams.invokeExact(key, parts));
      return new RawPair(bytes(secret), bytes(open));
    } catch (Throwable e) {
      throw LibCrypto.rethrown(e);
    }
  }

  /**
   * The shared secret of ECDH.
   *
   * @param point the peer's, uncompressed
   * @throws InvalidKeyException if it is not on the curve
   */
  byte[] agree(Curve curve, BigInteger secret, byte[] point) throws InvalidKeyException {
    try (CryptoCall call = new CryptoCall(library)) {
      MemorySegment own = privateKey(call, curve, secret);
      return derive(call, own, publicKey(call, curve, point), curve.fieldBytes());
    }
  }

  /**
   * The shared secret of X25519.
   *
   * @param own the own pair as {@link #generateX25519} made it
   * @param open the peer's 32 bytes
   * @throws InvalidKeyException if the peer's key makes no secret (a point of small order)
   */
  byte[] agreeX25519(RawPair own, byte[] open) throws InvalidKeyException {
    try (CryptoCall call = new CryptoCall(library)) {
      MemorySegment ownParts = call.parameters(2);
      call.octets(ownParts, 0, "priv", call.copy(own.secret()));
      call.octets(ownParts, 1, "pub", call.copy(own.open()));
      MemorySegment key = checked(call.key(X25519, CryptoCall.KEY_PAIR, ownParts));
      MemorySegment peerParts = call.parameters(1);
      call.octets(peerParts, 0, "pub", call.copy(open));
      MemorySegment peer = checked(call.key(X25519, CryptoCall.PUBLIC_KEY, peerParts));
      return derive(call, key, peer, X25519_BYTES);
    }
  }

  private byte[] derive(CryptoCall call, MemorySegment own, MemorySegment peer, int bytes)
      throws InvalidKeyException {
    MemorySegment context = call.context(own);
    MemorySegment secret = call.room(bytes);
    MemorySegment length = call.length(bytes);
    try {
      call.require((int) library.deriveInit.invokeExact(context));
      if ((int) library.deriveSetPeer.invokeExact(context, peer, NO_FURTHER_CHECK) != 1
          || (int) library.derive.invokeExact(context, secret, length) != 1
          || length.get(JAVA_LONG, 0) != bytes) {
        throw new InvalidKeyException("no secret with this key: " + library.lastError());
      }
    } catch (InvalidKeyException e) {
      throw e;
    } catch (Throwable e) {
      throw LibCrypto.rethrown(e);
    }
    return bytes(secret);
  }

  /**
   * Signs with ECDSA, in DER.
   *
   * @param digest of what is signed; the library cuts it to the size of the curve
   */
  byte[] sign(ECPrivateKey key, byte[] digest) throws InvalidKeyException, SignatureException {
    MemorySegment handle = signingKeys.of(key);
    try (CryptoCall call = new CryptoCall(library)) {
      MemorySegment context = call.context(handle);
      MemorySegment signature = call.room(SIGNATURE_BYTES_MAX);
      MemorySegment length = call.length(SIGNATURE_BYTES_MAX);
      call.require((int) library.signInit.invokeExact(context));
      if ((int)
              library.sign.invokeExact(
                  context, signature, length, call.copy(digest), (long) digest.length)
          != 1) {
        throw new SignatureException(library.lastError());
      }
      return bytes(signature.asSlice(0, length.get(JAVA_LONG, 0)));
    } catch (InvalidKeyException | SignatureException e) {
      throw e;
    } catch (Throwable e) {
      throw LibCrypto.rethrown(e);
    }
  }

  private MemorySegment lasting(ECPrivateKey key) throws InvalidKeyException {
    try (CryptoCall call = new CryptoCall(library)) {
      return call.lasting(privateKey(call, Keys.curve(key), key.getS()));
    }
  }

  /**
   * Whether an ECDSA signature in DER is right; one that is no DER is not.
   *
   * @param point the signer's, uncompressed
   * @throws InvalidKeyException if the point is not on the curve
   */
  boolean verify(Curve curve, byte[] point, byte[] digest, byte[] signature)
      throws InvalidKeyException {
    if (signature.length > SIGNATURE_BYTES_MAX) {
      return false;
    }
    try (CryptoCall call = new CryptoCall(library)) {
      MemorySegment context = call.context(publicKey(call, curve, point));
      call.require((int) library.verifyInit.invokeExact(context));
      int rc =
          (int)
              library.verify.invokeExact(
                  context,
                  call.copy(signature),
                  (long) signature.length,
                  call.copy(digest),
                  (long) digest.length);
      if (rc != 1) {
        library.lastError();
      }
      return rc == 1;
    } catch (InvalidKeyException e) {
      throw e;
    } catch (Throwable e) {
      throw LibCrypto.rethrown(e);
    }
  }

  private MemorySegment privateKey(CryptoCall call, Curve curve, BigInteger secret)
      throws InvalidKeyException {
    if (!curve.isScalar(secret)) {
      throw new InvalidKeyException("not a private key of " + curve.javaName());
    }
    byte[] number = Arrays.copyOf(reversed(secret.toByteArray()), curve.fieldBytes());
    MemorySegment parts = call.parameters(2);
    call.text(parts, 0, "group", curve.group());
    call.number(parts, 1, "priv", call.copy(number));
    Arrays.fill(number, (byte) 0);
    return checked(call.key(EC, CryptoCall.KEY_PAIR, parts));
  }

  private MemorySegment publicKey(CryptoCall call, Curve curve, byte[] point)
      throws InvalidKeyException {
    MemorySegment parts = call.parameters(2);
    call.text(parts, 0, "group", curve.group());
    call.octets(parts, 1, "pub", call.copy(point));
    return checked(call.key(EC, CryptoCall.PUBLIC_KEY, parts));
  }

  private MemorySegment checked(MemorySegment key) throws InvalidKeyException {
    if (key.address() == 0) {
      throw new InvalidKeyException("refused key: " + library.lastError());
    }
    return key;
  }

  private static byte[] bytes(MemorySegment segment) {
    return segment.toArray(JAVA_BYTE);
  }

  /** In place. */
  private static byte[] reversed(byte[] bytes) {
    for (int i = 0, j = bytes.length - 1; i < j; i++, j--) {
      byte left = bytes[i];
      bytes[i] = bytes[j];
      bytes[j] = left;
    }
    return bytes;
  }
}
