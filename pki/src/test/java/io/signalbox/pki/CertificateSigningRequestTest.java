package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.security.KeyPair;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;
import org.junit.jupiter.api.Test;

class CertificateSigningRequestTest {
  private final SecureRandom random = new SecureRandom();
  private final KeyPair keys = KeyAlgorithm.EC_P256.generate(random);

  @Test
  void carriesKeyAndNamesToTheAuthority() throws PkiException {
    SubjectNames names =
        new SubjectNames(
            "dev-7",
            List.of("Plant 4"),
            List.of("dev-7.example.com"),
            List.of("192.0.2.1"),
            List.of("spiffe://example.com/dev/7"),
            List.of("ops@example.com"));
    String pem = CertificateSigningRequest.create(keys, names, random).toPem();
    CertificateSigningRequest read = CertificateSigningRequest.parsePem(pem, "dev-7.csr");
    assertEquals(names, read.names());
    assertEquals(keys.getPublic(), read.publicKey());
  }

  /** Tools put an organization and a country into every request. */
  @Test
  void leavesOutWhatIdentifiesNobodyHere() throws Exception {
    var extensions = new ExtensionsGenerator();
    extensions.addExtension(
        Extension.subjectAlternativeName,
        false,
        new GeneralNames(new GeneralName(new X500Name("CN=elsewhere"))));
    byte[] der =
        new PKCS10CertificationRequestBuilder(
                new X500Name("C=DE,O=Acme,SERIALNUMBER=7,CN=dev-7"),
                SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()))
            .addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate())
            .build(Signing.signer(keys.getPrivate(), KeyAlgorithm.EC_P256, random))
            .getEncoded();
    var issued = new TestPki().issuing.issue(assertParses(der), CertificateProfile.DEVICE);
    assertEquals("CN=dev-7", issued.getSubjectX500Principal().getName());
    assertNull(issued.getSubjectAlternativeNames());
  }

  @Test
  void authorityRefusesNamesTheProfileDoesNotAllow() throws PkiException {
    TestPki pki = new TestPki();
    var names =
        new SubjectNames(
            "dev-7", List.of(), List.of("www.example.com"), List.of(), List.of(), List.of());
    var request = CertificateSigningRequest.create(keys, names, random);
    Refusals.assertRefused(
        "the DNS name \"www.example.com\" is not allowed",
        () -> pki.issuing.issue(request, CertificateProfile.DEVICE));
  }

  @Test
  void refusesARequestSignedWithAForeignKey() throws Exception {
    KeyPair foreign = KeyAlgorithm.EC_P256.generate(random);
    byte[] der = build(keys.getPublic(), foreign);
    assertRefused("was not signed by the key it is for", der);
  }

  @Test
  void refusesAChangedRequest() {
    byte[] der =
        CertificateSigningRequest.create(keys, SubjectNames.ofCommonName("device-one"), random)
            .encoded();
    int at = new String(der, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("device-one");
    der[at] = 'D';
    assertRefused("was changed since", der);
  }

  @Test
  void namesTheWrongCurve() throws Exception {
    // secp256k1, which the JDK cannot even read: a key with the right shape under another curve's
    // identifier.
    var p256 = SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded());
    var k256 =
        new SubjectPublicKeyInfo(
            new AlgorithmIdentifier(
                X9ObjectIdentifiers.id_ecPublicKey, new ASN1ObjectIdentifier("1.3.132.0.10")),
            p256.getPublicKeyData().getBytes());
    byte[] der =
        new PKCS10CertificationRequestBuilder(new X500Name("CN=d"), k256)
            .build(Signing.signer(keys.getPrivate(), KeyAlgorithm.EC_P256, random))
            .getEncoded();
    assertRefused("the key is EC on the curve 1.3.132.0.10, which is not supported", der);
  }

  @Test
  void refusesWeakRsa() throws Exception {
    var generator = java.security.KeyPairGenerator.getInstance("RSA");
    generator.initialize(1024);
    KeyPair weak = generator.generateKeyPair();
    assertRefused("RSA with 1024 bits", build(weak.getPublic(), weak));
  }

  @Test
  void acceptsOtherSoundSignaturesAndRefusesSha1() throws Exception {
    KeyPair rsa = KeyAlgorithm.RSA_2048.generate(random);
    var builder =
        new PKCS10CertificationRequestBuilder(
            new X500Name("CN=d"), SubjectPublicKeyInfo.getInstance(rsa.getPublic().getEncoded()));
    var pss = new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1);
    for (var signer :
        List.of(
            new JcaContentSignerBuilder("SHA512withRSA").build(rsa.getPrivate()),
            new JcaContentSignerBuilder("RSASSA-PSS", pss).build(rsa.getPrivate()))) {
      assertEquals("d", assertParses(builder.build(signer).getEncoded()).names().commonName());
    }
    byte[] sha1 =
        builder
            .build(new JcaContentSignerBuilder("SHA1withRSA").build(rsa.getPrivate()))
            .getEncoded();
    assertRefused("which is not supported; use SHA-256", sha1);
  }

  @Test
  void refusesTruncatedAndOversizedAndTrailingBytes() {
    byte[] der =
        CertificateSigningRequest.create(keys, SubjectNames.ofCommonName("d"), random).encoded();
    for (int length = 0; length < der.length; length++) {
      byte[] cut = Arrays.copyOf(der, length);
      assertThrows(
          PkiException.class,
          () -> CertificateSigningRequest.parse(cut, "request"),
          "cut at " + length);
    }
    assertRefused("more than the limit of 65536", new byte[1 << 20]);
    assertRefused("not a usable signing request", Arrays.copyOf(der, der.length + 1));
  }

  @Test
  void refusesManyAlternativeNames() {
    List<String> many =
        java.util.stream.IntStream.range(0, 100).mapToObj(i -> "h" + i + ".example.com").toList();
    var allowed = new SubjectNames("d", List.of(), many, List.of(), List.of(), List.of());
    byte[] der = CertificateSigningRequest.create(keys, allowed, random).encoded();
    assertEquals(100, assertParses(der).names().dnsNames().size());
    List<String> tooMany = new java.util.ArrayList<>(many);
    tooMany.add("one.example.com");
    assertThrows(
        IllegalArgumentException.class,
        () -> new SubjectNames("d", List.of(), tooMany, List.of(), List.of(), List.of()));
  }

  @Test
  void damagedRequestsAreRefusedAndNothingElseHappens() {
    byte[] der =
        CertificateSigningRequest.create(keys, SubjectNames.ofCommonName("device"), random)
            .encoded();
    Random seeded = new Random(20260301);
    for (int round = 0; round < 2_000; round++) {
      byte[] damaged = der.clone();
      for (int n = seeded.nextInt(3); n >= 0; n--) {
        damaged[seeded.nextInt(damaged.length)] ^= (byte) (1 << seeded.nextInt(8));
      }
      if (!Arrays.equals(damaged, der)) {
        // A changed signature of the same length may only be refused; any other exception would
        // fail the test.
        assertThrows(PkiException.class, () -> CertificateSigningRequest.parse(damaged, "request"));
      }
    }
  }

  private CertificateSigningRequest assertParses(byte[] der) {
    return org.junit.jupiter.api.Assertions.assertDoesNotThrow(
        () -> CertificateSigningRequest.parse(der, "request"));
  }

  private byte[] build(PublicKey key, KeyPair signer) throws Exception {
    KeyAlgorithm algorithm = KeyAlgorithm.of(signer.getPublic()).orElse(KeyAlgorithm.RSA_2048);
    return new PKCS10CertificationRequestBuilder(
            new X500Name("CN=d"), SubjectPublicKeyInfo.getInstance(key.getEncoded()))
        .build(Signing.signer(signer.getPrivate(), algorithm, random))
        .getEncoded();
  }

  private static void assertRefused(String part, byte[] der) {
    Refusals.assertRefused(part, () -> CertificateSigningRequest.parse(der, "request"));
  }
}
