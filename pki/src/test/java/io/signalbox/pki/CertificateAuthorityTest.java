package io.signalbox.pki;

import static io.signalbox.pki.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CertificateAuthorityTest {
  private TestPki pki;

  @BeforeEach
  void makeAuthorities() throws PkiException {
    pki = new TestPki();
  }

  @ParameterizedTest
  @EnumSource(
      value = KeyAlgorithm.class,
      names = {"RSA_4096", "RSA_3072", "ML_DSA_44", "ML_DSA_65"},
      mode = EnumSource.Mode.EXCLUDE)
  void signsWithEveryEstablishedKindOfKey(KeyAlgorithm algorithm) throws Exception {
    TestPki own = new TestPki("algorithms", algorithm);
    TlsIdentity device = own.device("d1");
    device.certificate().verify(own.issuing.certificate().getPublicKey());
    own.issuing.certificate().verify(own.root.certificate().getPublicKey());
  }

  @Test
  void makesAHierarchyOfTheRightShape() {
    X509Certificate root = pki.root.certificate();
    X509Certificate issuing = pki.issuing.certificate();
    assertEquals(1, root.getBasicConstraints());
    assertEquals(0, issuing.getBasicConstraints());
    assertEquals("CN=test issuing", issuing.getSubjectX500Principal().getName());
    assertEquals(root.getSubjectX500Principal(), issuing.getIssuerX500Principal());
    assertTrue(issuing.getKeyUsage()[5] && issuing.getKeyUsage()[6], "signs certificates and CRLs");
    assertTrue(Certificates.isSelfSigned(root));
    assertFalse(Certificates.isSelfSigned(issuing));
  }

  @Test
  void profileDecidesWhatADeviceGets() throws Exception {
    X509Certificate device = pki.device("sensor-1").certificate();
    assertEquals(-1, device.getBasicConstraints());
    assertEquals(List.of(Purpose.CLIENT_AUTH.oid()), device.getExtendedKeyUsage());
    boolean[] usage = device.getKeyUsage();
    assertTrue(usage[0], "digital signature");
    assertFalse(usage[2], "an EC key cannot encipher keys");
    assertFalse(usage[5], "does not sign certificates");
    assertEquals(TestPki.START.minus(Validity.BACKDATED), device.getNotBefore().toInstant());
    assertEquals(
        TestPki.START.plus(CertificateProfile.DEVICE.validity()), device.getNotAfter().toInstant());
  }

  @Test
  void linksKeyIdentifiers() throws Exception {
    X509Certificate device = pki.device("d").certificate();
    byte[] authority = device.getExtensionValue("2.5.29.35");
    byte[] subject = CertificateDraft.keyIdentifier(pki.issuing.certificate());
    assertArrayEquals(
        subject, java.util.Arrays.copyOfRange(authority, authority.length - 20, authority.length));
    assertArrayEquals(
        CertificateDraft.keyIdentifier(device.getPublicKey()),
        CertificateDraft.keyIdentifier(device));
  }

  @Test
  void serialNumbersArePositiveAndFull() {
    Set<BigInteger> seen = new HashSet<>();
    int bits = 0;
    for (int i = 0; i < 200; i++) {
      BigInteger serial = Signing.serialNumber(pki.random);
      assertEquals(1, serial.signum());
      assertTrue(seen.add(serial));
      bits = Math.max(bits, serial.bitLength());
    }
    assertTrue(bits > 120 && bits <= 128, "longest has " + bits + " bits");
  }

  @Test
  void doesNotOutliveItsAuthority() throws PkiException {
    Instant end = pki.issuing.certificate().getNotAfter().toInstant();
    pki.clock.set(end.minus(Duration.ofDays(1)));
    assertEquals(end, pki.device("late").certificate().getNotAfter().toInstant());
  }

  @Test
  void refusesToSignWhenExpiredOrWhenTheClockJumpedBack() {
    pki.clock.set(pki.issuing.certificate().getNotAfter().toInstant());
    assertRefused("expired at", () -> pki.device("d"));
    pki.clock.set(Instant.EPOCH);
    assertRefused("set this machine's clock", () -> pki.device("d"));
  }

  @Test
  void refusesAKeyThatTheProfileDoesNotAllow() {
    KeyPair p384 = KeyAlgorithm.EC_P384.generate(pki.random);
    CertificateProfile only256 =
        CertificateProfile.DEVICE.withKeyAlgorithms(Set.of(KeyAlgorithm.EC_P256));
    assertRefused(
        "the key is EC on the curve 1.3.132.0.34, which the profile \"device\" does not allow; use"
            + " one of ec-p256",
        () -> pki.issuing.issue(p384.getPublic(), SubjectNames.ofCommonName("d"), only256));
  }

  @Test
  void refusesPostQuantumKeysUnlessTheProfileNamesThem() throws PkiException {
    KeyPair keys = KeyAlgorithm.ML_DSA_65.generate(pki.random);
    assertRefused(
        "does not allow",
        () ->
            pki.issuing.issue(
                keys.getPublic(), SubjectNames.ofCommonName("d"), CertificateProfile.DEVICE));
    CertificateProfile experiment =
        CertificateProfile.DEVICE.withKeyAlgorithms(Set.of(KeyAlgorithm.ML_DSA_65));
    X509Certificate certificate =
        pki.issuing.issue(keys.getPublic(), SubjectNames.ofCommonName("d"), experiment);
    assertEquals(KeyAlgorithm.ML_DSA_65, KeyAlgorithm.of(certificate.getPublicKey()).orElseThrow());
    assertThrows(PkiException.class, () -> KeyAlgorithm.parse("ml-dsa-65", false));
    assertEquals(KeyAlgorithm.ML_DSA_65, KeyAlgorithm.parse("ml-dsa-65", true));
  }

  @Test
  void pathLengthLimitsAuthoritiesBelow() {
    assertRefused(
        "has the path length 0",
        () -> pki.issuing.createIssuing("third", KeyAlgorithm.EC_P256, CertificateProfile.ISSUING));
    assertRefused(
        "does not make authorities",
        () -> pki.root.createIssuing("x", KeyAlgorithm.EC_P256, CertificateProfile.DEVICE));
  }

  @Test
  void isPutTogetherFromPartsThatFit() throws PkiException {
    var again =
        CertificateAuthority.of(pki.issuing.key(), pki.issuing.chain(), pki.clock, pki.random);
    assertEquals(pki.issuing.certificate(), again.certificate());
  }

  @Test
  void refusesPartsThatDoNotFit() throws PkiException {
    TestPki other = new TestPki();
    TlsIdentity device = pki.device("d");
    assertRefused(
        "does not belong to the certificate",
        () ->
            CertificateAuthority.of(
                other.issuing.key(), pki.issuing.chain(), pki.clock, pki.random));
    assertRefused(
        "may not sign certificates",
        () -> CertificateAuthority.of(device.key(), device.chain(), pki.clock, pki.random));
    assertRefused(
        "was not issued by",
        () ->
            CertificateAuthority.of(
                pki.issuing.key(),
                List.of(pki.issuing.certificate(), other.root.certificate()),
                pki.clock,
                pki.random));
  }

  @Test
  void serverCertificateHoldsNamesAndAddresses() throws Exception {
    X509Certificate server =
        pki.server("localhost", "127.0.0.1", "::1", "mqtt.example.com").certificate();
    SubjectNames names = ClientIdentity.namesOf(server);
    assertEquals(List.of("localhost", "mqtt.example.com"), names.dnsNames());
    assertEquals(List.of("127.0.0.1", "0:0:0:0:0:0:0:1"), names.ipAddresses());
    assertEquals(List.of(Purpose.SERVER_AUTH.oid()), server.getExtendedKeyUsage());
    assertThrows(PkiException.class, () -> pki.server("bad name"));
    assertThrows(PkiException.class, () -> pki.server("-x"));
  }
}
