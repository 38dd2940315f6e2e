package io.signalbox.server.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.CertificateVerifier;
import io.signalbox.pki.Certificates;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.Pem;
import io.signalbox.pki.RevocationCheck;
import io.signalbox.pki.RevocationReason;
import io.signalbox.pki.SubjectNames;
import io.signalbox.pki.TrustedCa;
import io.signalbox.pki.Verification;
import io.signalbox.server.registry.RegistryException.Reason;
import java.io.Closeable;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is issued, found again, and refused. */
final class InventoryTest {
  @TempDir Path directory;

  @Test
  void issuesWhatItsAuthorityVouchesFor() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.put(Kind.DEVICE, "d", "{}");
      DeviceCertificate issued =
          fixture.ensure("d", "main", "{'csrPem':'" + RegistryFixture.csr("d") + "'}").entry();
      X509Certificate certificate =
          Certificates.parse(
              Objects.requireNonNull(fixture.registry.content(issued.name())).der(), "inventory");

      var verifier =
          new CertificateVerifier(
              List.of(
                  new TrustedCa(
                      "factory",
                      List.of(Objects.requireNonNull(fixture.authorities.anchors().get("factory"))),
                      RevocationCheck.NONE)));
      assertTrue(
          verifier.verify(List.of(certificate), Instant.now()) instanceof Verification.Accepted);
      assertEquals("factory", issued.ca());
      assertEquals(List.of(issued), fixture.registry.certificatesWithSerial(issued.serial()));
    }
  }

  @Test
  void revokesForGoodAndListsItForEverybody() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.put(Kind.DEVICE, "d", "{}");
      DeviceCertificate issued =
          fixture.ensure("d", "main", "{'csrPem':'" + RegistryFixture.csr("d") + "'}").entry();
      assertFalse(fixture.registry.isRefused(issued.name()));

      fixture.inventory.revoke(issued.name(), RevocationReason.KEY_COMPROMISE, Condition.NONE);

      assertTrue(fixture.registry.isRefused(issued.name()));
      var entry =
          fixture.authorities.revocationList("factory").find(new BigInteger(issued.serial(), 16));
      assertEquals(RevocationReason.KEY_COMPROMISE, entry.orElseThrow().reason());
      assertEquals(
          Reason.CONFLICT,
          assertThrows(
                  RegistryException.class,
                  () -> fixture.inventory.setActive(issued.name(), true, Condition.NONE))
              .reason());
      assertEquals(
          Reason.CONFLICT,
          assertThrows(RegistryException.class, () -> fixture.inventory.requireEnded(issued.name()))
              .reason());
    }
  }

  @Test
  void issuesBesideAGoodCertificateThatARequestNames() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.makeAuthority("factory-2");
      fixture.put(Kind.DEVICE, "d", "{}");
      String csr = "{'csrPem':'" + RegistryFixture.csr("d") + "','ca':";
      DeviceCertificate first = fixture.ensure("d", "main", csr + "'factory'}").entry();
      RegistryException refused =
          assertThrows(
              RegistryException.class, () -> fixture.ensure("d", "main", csr + "'factory-2'}"));
      assertEquals(Reason.CONFLICT, refused.reason());

      String request = csr + "'factory-2','replaces':'" + first.name() + "'}";
      Written<DeviceCertificate> second = fixture.ensure("d", "main", request);

      assertTrue(second.isCreated());
      assertEquals("factory-2", second.entry().ca());
      assertFalse(fixture.registry.isRefused(first.name()));
      assertEquals(second.entry(), fixture.ensure("d", "main", request).entry());
      assertThrows(
          RegistryException.class,
          () -> fixture.ensure("d", "main", request.replace("factory-2", "factory")));
    }
  }

  @Test
  void theNewestIsTheLastOneThatWasMadeWhateverTheClockSays() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.put(Kind.DEVICE, "d", "{}");
      fixture.aheadMillis = 3_600_000;
      DeviceCertificate first =
          fixture.ensure("d", "main", "{'csrPem':'" + RegistryFixture.csr("d") + "'}").entry();
      fixture.aheadMillis = 0;
      String another =
          "{'csrPem':'" + RegistryFixture.csr("d") + "','replaces':'" + first.name() + "'}";

      DeviceCertificate second = fixture.ensure("d", "main", another).entry();

      assertNotEquals(first, second);
      assertEquals(second, fixture.inventory.newest("d", "main"));
      assertEquals(second, fixture.ensure("d", "main", another).entry());
    }
  }

  @Test
  void neverCertifiesAKeyOfTheDeviceThatWasRevokedAsCompromised() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.put(Kind.DEVICE, "d", "{}");
      String request = "{'csrPem':'" + RegistryFixture.csr("d") + "'}";
      DeviceCertificate leaked = fixture.ensure("d", "main", request).entry();
      fixture.inventory.revoke(leaked.name(), RevocationReason.SUPERSEDED, Condition.NONE);
      DeviceCertificate again = fixture.ensure("d", "main", request).entry();

      fixture.inventory.revoke(again.name(), RevocationReason.KEY_COMPROMISE, Condition.NONE);

      for (String label : List.of("main", "other")) {
        RegistryException refused =
            assertThrows(RegistryException.class, () -> fixture.ensure("d", label, request));
        assertEquals(Reason.CONFLICT, refused.reason());
        assertTrue(refused.getMessage().contains(again.name()), refused::getMessage);
      }
      fixture.ensure("d", "main", "{'csrPem':'" + RegistryFixture.csr("d") + "'}");
    }
  }

  @Test
  void aKeyThatIsFoundCompromisedWhileItIsCertifiedAnewGetsNothing() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.put(Kind.DEVICE, "d", "{}");
      String request = "{'csrPem':'" + RegistryFixture.csr("d") + "'}";
      DeviceCertificate first = fixture.ensure("d", "main", request).entry();
      fixture.inventory.revoke(first.name(), RevocationReason.SUPERSEDED, Condition.NONE);
      CertificateRequest wanted =
          CertificateRequest.read(RegistryFixture.fields(request.replace("\n", "\\n")));
      try (Inventory.Prepared prepared = fixture.inventory.prepare("d", "other", wanted, false)) {
        DeviceCertificate compromised =
            fixture
                .inventory
                .revoke(first.name(), RevocationReason.KEY_COMPROMISE, Condition.NONE)
                .entry();
        assertEquals(
            RevocationReason.KEY_COMPROMISE,
            Objects.requireNonNull(compromised.revoked()).reason());
        try (Closeable _ = fixture.registry.writing()) {
          assertThrows(RegistryException.class, prepared::begin);
        }
      }
    }
  }

  @Test
  void tellsARequestFromOneOfAnotherAuthorityAndAnotherValidity() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory-1");
      fixture.makeAuthority("factory-12");
      fixture.put(Kind.DEVICE, "d", "{}");
      String csr = "{'csrPem':'" + RegistryFixture.csr("d") + "','ca':";
      fixture.ensure("d", "main", csr + "'factory-1','validityHours':24}");
      RegistryException refused =
          assertThrows(
              RegistryException.class,
              () -> fixture.ensure("d", "main", csr + "'factory-12','validityHours':4}"));
      assertEquals(Reason.CONFLICT, refused.reason());
    }
  }

  @Test
  void issuesAnewWhenAnotherAuthorityHasTheNameOfTheOneBefore() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("root", "{'pathLength':1}");
      fixture.makeAuthority("factory", "{'parent':'root'}");
      fixture.put(Kind.DEVICE, "d", "{}");
      String request = "{'csrPem':'" + RegistryFixture.csr("d") + "'}";
      DeviceCertificate first = fixture.ensure("d", "main", request).entry();
      assertEquals(first, fixture.ensure("d", "main", request).entry());
      assertEquals(2, chain(fixture, first).size());

      fixture.authorities.delete("factory", Condition.NONE);
      assertEquals(1, chain(fixture, first).size());
      fixture.makeAuthority("factory", "{'parent':'root'}");
      assertEquals(1, chain(fixture, first).size(), "put together by name");
      Written<DeviceCertificate> second = fixture.ensure("d", "main", request);
      assertTrue(second.isCreated());
      assertEquals(2, chain(fixture, second.entry()).size());
      assertEquals(second.entry(), fixture.ensure("d", "main", request).entry());
    }
  }

  private static List<X509Certificate> chain(RegistryFixture fixture, DeviceCertificate of)
      throws Exception {
    byte[] der = Objects.requireNonNull(fixture.registry.content(of.name())).der();
    return Pem.parseCertificates(
        fixture.authorities.presentedChain(of, Certificates.parse(der, "inventory")), "chain");
  }

  @Test
  void revokesTheCertificatesOfADeviceThatGoes() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.put(Kind.DEVICE, "d", "{}");
      DeviceCertificate issued =
          fixture.ensure("d", "main", "{'csrPem':'" + RegistryFixture.csr("d") + "'}").entry();
      fixture.inventory.deleteDevice(
          "d", Condition.NONE, _ -> fixture.registry.delete(Kind.DEVICE, "d", Condition.NONE));

      assertNull(fixture.registry.device("d"));
      assertTrue(fixture.registry.isRefused(issued.name()));
    }
  }

  @Test
  void registersACertificateMadeElsewhereOnce() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.put(Kind.DEVICE, "d", "{}");
      fixture.put(Kind.DEVICE, "e", "{}");
      var authority = RegistryFixture.elsewhere();
      String pem =
          Pem.encode(
              List.of(
                  authority.issue(
                      KeyAlgorithm.EC_P256.generate(RegistryFixture.RANDOM).getPublic(),
                      SubjectNames.ofCommonName("d"),
                      CertificateProfile.DEVICE)));
      String request = "{'certificatePem':'" + pem + "'}";
      Written<DeviceCertificate> first = fixture.ensure("d", "own", request);
      Written<DeviceCertificate> again = fixture.ensure("d", "own", request);

      assertTrue(first.isCreated());
      assertFalse(again.isChanged());
      assertEquals(
          Reason.CONFLICT,
          assertThrows(RegistryException.class, () -> fixture.ensure("e", "own", request))
              .reason());
      fixture.inventory.revoke(first.entry().name(), RevocationReason.UNSPECIFIED, Condition.NONE);
      assertEquals(
          Reason.CONFLICT,
          assertThrows(RegistryException.class, () -> fixture.ensure("d", "own", request))
              .reason());
    }
  }

  @Test
  void leavesNoKeyThatOthersMayRead() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.authorities.delete("factory", Condition.NONE);
      try (Stream<Path> files = Files.list(directory.resolve("ca"))) {
        List<Path> keys = files.filter(file -> file.toString().contains(".key")).toList();
        assertEquals(1, keys.size());
        assertTrue(keys.getFirst().toString().endsWith(".removed"));
        assertEquals(
            "rw-------",
            PosixFilePermissions.toString(Files.getPosixFilePermissions(keys.getFirst())));
      }
      assertEquals(
          Reason.INVALID,
          assertThrows(RegistryException.class, () -> fixture.authorities.signer("factory"))
              .reason());
    }
  }
}
