package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Random;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientIdentityTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final KeyPair KEYS = KeyAlgorithm.EC_P256.generate(RANDOM);

  @Test
  void readsWhatAnIssuedCertificateSays() throws PkiException {
    TestPki pki = new TestPki();
    SubjectNames names =
        new SubjectNames(
            "dev-1",
            List.of("Plant 4", "Line 2"),
            List.of("dev-1.example.com"),
            List.of(),
            List.of("spiffe://example.com/dev/1"),
            List.of("a@example.com"));
    X509Certificate certificate =
        pki.identity(names, CertificateProfile.DEVICE.withNames(NamePolicy.ANYTHING)).certificate();
    ClientIdentity identity = ClientIdentity.of(certificate);
    assertEquals(names, identity.names());
    assertEquals("dev-1", identity.commonName());
    assertEquals("test issuing", identity.issuerCommonName());
    assertEquals(certificate.getSerialNumber(), new BigInteger(identity.serialHex(), 16));
    assertTrue(identity.fingerprint().matches("[0-9a-f]{64}"));
    assertEquals(certificate.getNotAfter().toInstant(), identity.notAfter());
  }

  @Test
  void readsACertificateWithoutAnyName() throws Exception {
    ClientIdentity identity =
        ClientIdentity.of(certificate(new X500Name(new org.bouncycastle.asn1.x500.RDN[0]), null));
    assertEquals("", identity.commonName());
    assertEquals(List.of(), identity.names().dnsNames());
  }

  @Test
  void refusesAMegabyteOfAlternativeNames() throws Exception {
    GeneralName[] many = new GeneralName[40_000];
    Arrays.fill(many, new GeneralName(GeneralName.dNSName, "a-very-long-name.example.com"));
    assertRefused(
        "more than the limit of 65536", certificate(new X500Name("CN=d"), new GeneralNames(many)));
  }

  @Test
  void refusesMoreAlternativeNamesThanTheLimit() throws Exception {
    GeneralName[] many = new GeneralName[SubjectNames.NAMES_MAX + 1];
    Arrays.fill(many, new GeneralName(GeneralName.dNSName, "a.example.com"));
    assertRefused(
        "101 subject alternative names", certificate(new X500Name("CN=d"), new GeneralNames(many)));
  }

  @Test
  void refusesTwoCommonNamesInOneRdnAndInTwo() throws Exception {
    assertRefused("2 common names", certificate(new X500Name("CN=admin+CN=device"), null));
    assertRefused("2 common names", certificate(new X500Name("CN=admin,CN=device"), null));
  }

  @Test
  void readsAMultiValuedRdn() throws Exception {
    ClientIdentity identity =
        ClientIdentity.of(certificate(new X500Name("OU=Plant+CN=dev-1,O=x"), null));
    assertEquals("dev-1", identity.commonName());
    assertEquals(List.of("Plant"), identity.names().organizationalUnits());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a\nforged log line", "a\u0000b", "a\u202egnp.exe", "a\u200bb", "\u001b[31mred"})
  void refusesInvisibleCharacters(String commonName) throws Exception {
    X500Name subject =
        new X500NameBuilder(BCStyle.INSTANCE)
            .addRDN(BCStyle.CN, new DERUTF8String(commonName))
            .build();
    assertRefused("control or formatting character", certificate(subject, null));
  }

  @Test
  void refusesACommonNameThatIsTooLong() throws Exception {
    X500Name subject =
        new X500NameBuilder(BCStyle.INSTANCE)
            .addRDN(BCStyle.CN, new DERUTF8String("x".repeat(257)))
            .build();
    assertRefused("more than the limit of 256", certificate(subject, null));
  }

  @Test
  void refusesACommonNameThatIsNoText() throws Exception {
    X500Name subject =
        new X500NameBuilder(BCStyle.INSTANCE)
            .addRDN(BCStyle.CN, (ASN1Encodable) DERNull.INSTANCE)
            .build();
    assertRefused("is not a text", certificate(subject, null));
  }

  @Test
  void refusesADnsNameWithSpacesOrControls() throws Exception {
    assertRefused(
        "not printable ASCII",
        certificate(
            new X500Name("CN=d"), new GeneralNames(new GeneralName(GeneralName.dNSName, "a b"))));
  }

  @Test
  void refusesAnExtensionThatIsNoListOfNames() throws Exception {
    assertRefused(
        "names cannot be used",
        certificate(new X500Name("CN=d"), new DEROctetString(new byte[] {1, 2, 3})));
    assertRefused(
        "names cannot be used",
        certificate(new X500Name("CN=d"), new DERSequence(DERNull.INSTANCE)));
  }

  @Test
  void survivesDeepNesting() throws Exception {
    byte[] deep = new byte[40_000];
    for (int i = 0; i + 1 < deep.length; i += 2) {
      deep[i] = 0x30;
      deep[i + 1] = (byte) 0x80; // indefinite length
    }
    X509Certificate certificate;
    try {
      certificate = certificateWithRawAlternatives(deep);
    } catch (java.security.cert.CertificateException e) {
      return; // the JDK refuses it earlier, which is just as good
    }
    assertThrows(PkiException.class, () -> ClientIdentity.of(certificate));
  }

  @Test
  void damagedCertificatesGiveAnIdentityOrAnExplanation() throws Exception {
    byte[] der = Certificates.encoded(new TestPki().server("localhost", "127.0.0.1").certificate());
    Random seeded = new Random(7);
    int read = 0;
    for (int round = 0; round < 5_000; round++) {
      byte[] damaged = der.clone();
      for (int n = seeded.nextInt(4); n >= 0; n--) {
        damaged[seeded.nextInt(damaged.length)] = (byte) seeded.nextInt(256);
      }
      try {
        ClientIdentity.of(Certificates.parse(damaged, "damaged"));
        read++;
      } catch (PkiException e) {
        assertTrue(e.getMessage().length() < 1_000, "a message stays short");
      }
    }
    assertTrue(read > 0 && read < 5_000, "both happen: " + read);
  }

  private static void assertRefused(String part, X509Certificate certificate) {
    Refusals.assertRefused(part, () -> ClientIdentity.of(certificate));
  }

  private static X509Certificate certificate(
      X500Name subject, @org.jspecify.annotations.Nullable ASN1Encodable alternatives)
      throws Exception {
    return certificateWithRawAlternatives(
        subject, alternatives == null ? null : alternatives.toASN1Primitive().getEncoded("DER"));
  }

  private static X509Certificate certificateWithRawAlternatives(byte[] extension) throws Exception {
    return certificateWithRawAlternatives(new X500Name("CN=d"), extension);
  }

  private static X509Certificate certificateWithRawAlternatives(
      X500Name subject, byte @org.jspecify.annotations.Nullable [] extension) throws Exception {
    var builder =
        new JcaX509v3CertificateBuilder(
            new X500Name("CN=somebody"),
            BigInteger.TEN,
            Date.from(TestPki.START),
            Date.from(Instant.parse("2030-01-01T00:00:00Z")),
            subject,
            KEYS.getPublic());
    if (extension != null) {
      builder.addExtension(Extension.subjectAlternativeName, false, extension);
    }
    return new JcaX509CertificateConverter()
        .getCertificate(
            builder.build(Signing.signer(KEYS.getPrivate(), KeyAlgorithm.EC_P256, RANDOM)));
  }
}
