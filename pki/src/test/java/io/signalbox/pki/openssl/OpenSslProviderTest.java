package io.signalbox.pki.openssl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import io.signalbox.pki.openssl.OpenSslProvider.UnavailableException;
import java.math.BigInteger;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Security;
import java.security.Signature;
import java.security.SignatureException;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.XECPublicKeySpec;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.crypto.KeyAgreement;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** OpenSSL's curves against the JDK's own, and what neither may accept. */
class OpenSslProviderTest {
  private static final Provider JDK = Security.getProvider("SunEC");
  private static final byte[] MESSAGE = {1, 2, 3};

  private static Provider openSsl;

  @BeforeAll
  static void loadOpenSsl() {
    try {
      openSsl = OpenSslProvider.load();
    } catch (UnavailableException e) {
      abort("no OpenSSL here: " + e.getMessage());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "P256, SHA1withECDSA",
    "P256, SHA256withECDSA",
    "P256, SHA512withECDSA",
    "P384, SHA256withECDSA",
    "P384, SHA384withECDSA",
    "P521, SHA512withECDSA"
  })
  void eachVerifiesWhatTheOtherSigns(Curve curve, String algorithm) throws Exception {
    KeyPair own = pair(curve, openSsl);
    KeyPair others = pair(curve, JDK);
    for (KeyPair keys : new KeyPair[] {own, others}) {
      byte[] openSsls = sign(algorithm, keys.getPrivate(), openSsl);
      assertTrue(verify(algorithm, keys.getPublic(), MESSAGE, openSsls, JDK));
      assertTrue(verify(algorithm, keys.getPublic(), MESSAGE, openSsls, openSsl));
      byte[] javas = sign(algorithm, keys.getPrivate(), JDK);
      assertTrue(verify(algorithm, keys.getPublic(), MESSAGE, javas, openSsl));
    }
  }

  @Test
  void badSignaturesAreRefused() throws Exception {
    KeyPair keys = pair(Curve.P256, JDK);
    String algorithm = "SHA256withECDSA";
    byte[] good = sign(algorithm, keys.getPrivate(), openSsl);
    assertTrue(verify(algorithm, keys.getPublic(), MESSAGE, good, openSsl));
    assertFalse(verify(algorithm, keys.getPublic(), new byte[] {1, 2, 4}, good, openSsl));
    assertFalse(verify(algorithm, keys.getPublic(), new byte[0], good, openSsl));
    PublicKey foreign = pair(Curve.P256, JDK).getPublic();
    assertFalse(verify(algorithm, foreign, MESSAGE, good, openSsl));
    assertFalse(verify("SHA384withECDSA", keys.getPublic(), MESSAGE, good, openSsl));
    for (int bit = 0; bit < good.length * 8; bit++) {
      byte[] changed = good.clone();
      changed[bit / 8] ^= (byte) (1 << (bit % 8));
      assertFalse(verify(algorithm, keys.getPublic(), MESSAGE, changed, openSsl), "bit " + bit);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00",
        "30",
        "3000",
        "3006020100020100", // r and s of zero
        "3006020101020100",
        "3006020100020101",
        "30060201ff0201ff", // negative
        "3080020101020101", // indefinite length
        "300602010102010100" // something behind it
      })
  void whatIsNoSignatureIsRefused(String hex) throws Exception {
    byte[] bytes = HexFormat.of().parseHex(hex);
    PublicKey key = pair(Curve.P256, JDK).getPublic();
    assertFalse(verify("SHA256withECDSA", key, MESSAGE, bytes, openSsl));
    assertFalse(verify("SHA256withECDSA", key, MESSAGE, new byte[100_000], openSsl));
  }

  /** CVE-2022-21449 in the JDK: the order of the curve as r and s. */
  @Test
  void signatureOfTheOrderIsRefused() throws Exception {
    String n = "022100" + HexFormat.of().formatHex(orderBytes());
    byte[] bytes = HexFormat.of().parseHex("3046" + n + n);
    PublicKey key = pair(Curve.P256, JDK).getPublic();
    assertFalse(verify("SHA256withECDSA", key, MESSAGE, bytes, openSsl));
  }

  private static byte[] orderBytes() {
    byte[] signed = Curve.P256.parameters().getOrder().toByteArray();
    return java.util.Arrays.copyOfRange(signed, signed.length - 32, signed.length);
  }

  @ParameterizedTest
  @EnumSource(Curve.class)
  void bothAgreeOnTheSameSecret(Curve curve) throws Exception {
    KeyPair own = pair(curve, openSsl);
    KeyPair others = pair(curve, JDK);
    byte[] secret = agree("ECDH", own.getPrivate(), others.getPublic(), openSsl);
    assertEquals(curve.fieldBytes(), secret.length);
    assertArrayEquals(secret, agree("ECDH", others.getPrivate(), own.getPublic(), JDK));
    assertArrayEquals(secret, agree("ECDH", others.getPrivate(), own.getPublic(), openSsl));
  }

  @Test
  void bothAgreeOnTheSameSecretOfX25519() throws Exception {
    for (int i = 0; i < 50; i++) { // some coordinates have leading zeros
      KeyPair own = KeyPairGenerator.getInstance("X25519", openSsl).generateKeyPair();
      KeyPair others = KeyPairGenerator.getInstance("X25519", JDK).generateKeyPair();
      byte[] secret = agree("X25519", own.getPrivate(), others.getPublic(), openSsl);
      assertArrayEquals(secret, agree("X25519", others.getPrivate(), own.getPublic(), JDK));
      PrivateKey encoded =
          KeyFactory.getInstance("XDH", JDK)
              .generatePrivate(new PKCS8EncodedKeySpec(own.getPrivate().getEncoded()));
      assertEquals(own.getPrivate(), encoded);
      assertArrayEquals(secret, agree("X25519", encoded, others.getPublic(), JDK));
    }
  }

  /** More keys in turns, from more threads, than are kept ready. */
  @ParameterizedTest
  @EnumSource(Curve.class)
  void manyKeysInTurnsSignEachForItself(Curve curve) throws Exception {
    List<KeyPair> pairs = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      pairs.add(pair(curve, openSsl));
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      List<Future<byte[]>> signed = new ArrayList<>();
      for (int round = 0; round < 3; round++) {
        for (KeyPair keys : pairs) {
          signed.add(threads.submit(() -> sign("SHA256withECDSA", keys.getPrivate(), openSsl)));
        }
      }
      for (int i = 0; i < signed.size(); i++) {
        PublicKey key = pairs.get(i % pairs.size()).getPublic();
        assertTrue(verify("SHA256withECDSA", key, MESSAGE, signed.get(i).get(), openSsl));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Curve.class)
  void pointOffTheCurveIsRefused(Curve curve) throws Exception {
    KeyPair keys = pair(curve, JDK);
    ECPoint point = ((ECPublicKey) keys.getPublic()).getW();
    ECPoint off = new ECPoint(point.getAffineX(), point.getAffineY().xor(BigInteger.ONE));
    PublicKey bad =
        KeyFactory.getInstance("EC", JDK)
            .generatePublic(new ECPublicKeySpec(off, curve.parameters()));
    assertThrows(InvalidKeyException.class, () -> agree("ECDH", keys.getPrivate(), bad, openSsl));
    assertThrows(
        SignatureException.class,
        () -> verify("SHA256withECDSA", bad, MESSAGE, new byte[70], openSsl));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void pointOfSmallOrderIsRefused(int u) throws Exception {
    KeyPair own = KeyPairGenerator.getInstance("X25519", openSsl).generateKeyPair();
    PublicKey bad =
        KeyFactory.getInstance("XDH", JDK)
            .generatePublic(new XECPublicKeySpec(NamedParameterSpec.X25519, BigInteger.valueOf(u)));
    assertThrows(InvalidKeyException.class, () -> agree("X25519", own.getPrivate(), bad, openSsl));
  }

  @Test
  void keysOfOtherCurvesAreLeftToTheNextProvider() throws Exception {
    KeyPair p256 = pair(Curve.P256, JDK);
    KeyPair p384 = pair(Curve.P384, JDK);
    assertThrows(
        InvalidKeyException.class,
        () -> agree("ECDH", p256.getPrivate(), p384.getPublic(), openSsl));
    KeyPair x448 = KeyPairGenerator.getInstance("X448", JDK).generateKeyPair();
    KeyAgreement agreement = KeyAgreement.getInstance("XDH", openSsl);
    assertThrows(InvalidKeyException.class, () -> agreement.init(x448.getPrivate()));
    KeyPairGenerator pairs = KeyPairGenerator.getInstance("XDH", openSsl);
    assertThrows(
        InvalidAlgorithmParameterException.class, () -> pairs.initialize(NamedParameterSpec.X448));
    KeyPair rsa = KeyPairGenerator.getInstance("RSA").generateKeyPair();
    Signature signature = Signature.getInstance("SHA256withECDSA", openSsl);
    assertThrows(InvalidKeyException.class, () -> signature.initSign(rsa.getPrivate()));
    assertThrows(InvalidKeyException.class, () -> signature.initVerify(rsa.getPublic()));
  }

  @Test
  void systemWithoutTheLibraryIsToldSo() {
    UnavailableException none =
        assertThrows(
            UnavailableException.class, () -> OpenSslProvider.load("libcrypto-of-nobody.so.3"));
    assertEquals("the system has no libcrypto-of-nobody.so.3", none.getMessage());
    assertInstanceOf(UnsupportedOperationException.class, none.getCause());
  }

  private static KeyPair pair(Curve curve, Provider provider) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", provider);
    generator.initialize(new ECGenParameterSpec(curve.javaName()));
    return generator.generateKeyPair();
  }

  private static byte[] sign(String algorithm, PrivateKey key, Provider provider) throws Exception {
    Signature signature = Signature.getInstance(algorithm, provider);
    signature.initSign(key);
    signature.update(MESSAGE, 0, 2);
    signature.update(MESSAGE[2]);
    return signature.sign();
  }

  private static boolean verify(
      String algorithm, PublicKey key, byte[] message, byte[] signed, Provider provider)
      throws Exception {
    Signature signature = Signature.getInstance(algorithm, provider);
    signature.initVerify(key);
    signature.update(message);
    return signature.verify(signed);
  }

  private static byte[] agree(String algorithm, PrivateKey own, PublicKey peer, Provider provider)
      throws Exception {
    KeyAgreement agreement = KeyAgreement.getInstance(algorithm, provider);
    agreement.init(own);
    agreement.doPhase(peer, true);
    return agreement.generateSecret();
  }
}
