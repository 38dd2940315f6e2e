package io.signalbox.server.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.AuthorityFiles;
import io.signalbox.pki.CertificateVerifier;
import io.signalbox.pki.Certificates;
import io.signalbox.pki.RevocationCheck;
import io.signalbox.pki.RevocationReason;
import io.signalbox.pki.RevocationStatus;
import io.signalbox.pki.TrustedCa;
import io.signalbox.pki.Verification;
import io.signalbox.server.config.RegistryConfig;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose certificates count because they are issued here. */
final class AuthoritiesTest {
  @TempDir Path directory;

  /** Whoever is told of a change looks once; nobody tells again that a key has been loaded. */
  @Test
  void aNewAuthorityIsTrustedWhenItsChangeIsTold() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      var seen = new AtomicReference<>(Set.<String>of());
      fixture.registry.onChange(_ -> seen.set(Set.copyOf(fixture.authorities.anchors().keySet())));
      fixture.makeAuthority("factory");
      assertEquals(Set.of("factory"), seen.get());
    }
  }

  @Test
  void whatWasIssuedStaysGoodWithoutTheKey() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      IssuingAuthority made =
          Objects.requireNonNull(fixture.registry.find(Kind.ISSUING_CA, "factory"));
      Files.delete(AuthorityFiles.in(directory.resolve("ca"), made.keyFile()).key());
    }
    try (var fixture = RegistryFixture.open(directory)) {
      assertEquals(Set.of("factory"), fixture.authorities.anchors().keySet());
      assertThrows(RegistryException.class, () -> fixture.authorities.signer("factory"));
    }
  }

  @Test
  void certifiesOnlyNamesThatItsConstraintsPermit() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority(
          "narrow",
          "{'nameConstraints':{'permittedDns':['pumps.example'],'permittedIp':['192.0.2.0/24'],"
              + "'excludedDns':['old.pumps.example']}}");
    }
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.put(Kind.DEVICE, "p7.pumps.example", "{}");
      DeviceCertificate good =
          fixture.ensure("p7.pumps.example", "main", csr("p7.pumps.example")).entry();
      assertEquals("narrow", good.ca());
      for (String id : List.of("p7", "p7.old.pumps.example")) {
        fixture.put(Kind.DEVICE, id, "{}");
        RegistryException refused =
            assertThrows(RegistryException.class, () -> fixture.ensure(id, "main", csr(id)));
        assertEquals(List.of("/csrPem"), RegistryFixture.pointers(refused));
        assertTrue(
            refused.problems().getFirst().detail().contains("does not permit a name"),
            refused.problems().toString());
        assertEquals(List.of(), fixture.registry.certificatesOf(id));
      }
    }
  }

  private static String csr(String id) {
    return "{'ca':'narrow','csrPem':'" + RegistryFixture.csr(id) + "'}";
  }

  @Test
  void saysWhichConstraintCannotBeOne() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      RegistryException refused =
          assertThrows(
              RegistryException.class,
              () ->
                  fixture.makeAuthority(
                      "x",
                      "{'nameConstraints':{'permittedDns':['a b'],'excludedIp':['192.0.2.0/33'],"
                          + "'permittedUriHosts':['*.a.example'],'excludedEmails':['@']}}"));
      assertEquals(
          List.of(
              "/nameConstraints/permittedDns/0",
              "/nameConstraints/excludedIp/0",
              "/nameConstraints/permittedUriHosts/0",
              "/nameConstraints/excludedEmails/0"),
          RegistryFixture.pointers(refused));
    }
  }

  @Test
  void constraintsInAnotherOrderAreTheSame() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      String permitted = "'nameConstraints':{'permittedDns':['%s.example','%s.example']}";
      fixture.makeAuthority("narrow", "{" + permitted.formatted("pumps", "fans") + "}");
      AuthorityForm made = narrow(fixture).form();

      fixture.makeAuthority(
          "narrow", "{" + permitted.formatted("fans", "pumps") + ",'enabled':false}");
      assertFalse(narrow(fixture).enabled());
      assertEquals(made, narrow(fixture).form());
      RegistryException refused =
          assertThrows(
              RegistryException.class,
              () ->
                  fixture.makeAuthority(
                      "narrow", "{" + permitted.formatted("fans", "lamps") + "}"));
      assertEquals(RegistryException.Reason.CONFLICT, refused.reason());
    }
  }

  private static IssuingAuthority narrow(RegistryFixture fixture) {
    return Objects.requireNonNull(fixture.registry.find(Kind.ISSUING_CA, "narrow"));
  }

  @Test
  void makesPostQuantumKeysOnlyWhereTheConfigurationAllowsIt() throws Exception {
    String hybrid = "{'alternativeKeyType':'ml-dsa-44'}";
    try (var fixture = RegistryFixture.open(directory)) {
      for (String json : List.of(hybrid, "{'keyType':'ml-dsa-65'}")) {
        RegistryException refused =
            assertThrows(RegistryException.class, () -> fixture.makeAuthority("later", json));
        assertTrue(refused.problems().getFirst().detail().contains("experimental-key-types"));
      }
      assertFalse(Files.exists(directory.resolve("ca")), "no key was made");
    }
    RegistryConfig allowed = RegistryFixture.config(true);
    try (var fixture = RegistryFixture.open(directory, allowed)) {
      fixture.makeAuthority("hybrid", hybrid);
      fixture.makeAuthority("pure", "{'keyType':'ml-dsa-65'}");
    }
    try (var fixture = RegistryFixture.open(directory, allowed)) {
      for (String name : List.of("hybrid", "pure")) {
        assertIssues(fixture, name, name + "-device");
      }
      IssuingAuthority hybridEntry =
          Objects.requireNonNull(fixture.registry.find(Kind.ISSUING_CA, "hybrid"));
      Files.delete(
          AuthorityFiles.in(directory.resolve("ca"), hybridEntry.keyFile()).alternativeKey());
    }
    try (var fixture = RegistryFixture.open(directory, allowed)) {
      // Without its second signature nobody who knows of it would take what it signs.
      assertThrows(RegistryException.class, () -> fixture.authorities.signer("hybrid"));
    }
  }

  @Test
  void anAuthorityThatHasEndedSignsNothingAndSaysSo() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      Clock later = Clock.offset(Clock.systemUTC(), Duration.ofDays(50 * 365));
      Authorities then =
          Authorities.open(
              fixture.registry,
              directory.resolve("ca"),
              later,
              RegistryFixture.RANDOM,
              null,
              Map.of());
      IssuingAuthority entry =
          Objects.requireNonNull(fixture.registry.find(Kind.ISSUING_CA, "factory"));
      assertEquals(Authorities.State.EXPIRED, then.state(entry));
      RegistryException refused =
          assertThrows(RegistryException.class, () -> then.signer("factory"));
      assertEquals(RegistryException.Reason.CONFLICT, refused.reason());
      assertEquals(
          "the issuing CA \"factory\" is expired, so it signs nothing", refused.getMessage());
      assertEquals(Authorities.State.ACTIVE, fixture.authorities.state(entry));
    }
  }

  @Test
  void remembersAsManyRemovedAuthoritiesAsThereMayBeEntries() throws Exception {
    RegistryConfig d = RegistryFixture.config(100, 64);
    var few =
        new RegistryConfig(
            d.required(),
            d.defaultCa(),
            d.certificateValidity(),
            d.caPassphrase(),
            d.experimentalKeyTypes(),
            d.pkcs11(),
            d.devicesMax(),
            d.certificatesMax(),
            d.groupsMax(),
            2,
            d.attributesMax(),
            d.groupsPerEntryMax());
    try (var fixture = RegistryFixture.open(directory, few)) {
      fixture.makeAuthority("root", "{'pathLength':1}");
      for (int i = 0; i < 2; i++) {
        fixture.makeAuthority("factory", "{'parent':'root'}");
        fixture.authorities.delete("factory", Condition.NONE);
      }
      fixture.makeAuthority("factory", "{'parent':'root'}");
      RegistryException refused =
          assertThrows(
              RegistryException.class, () -> fixture.authorities.delete("factory", Condition.NONE));
      assertEquals(RegistryException.Reason.LIMIT_REACHED, refused.reason());
      assertEquals(Set.of("factory", "root"), fixture.authorities.anchors().keySet());
      assertEquals(2, fixture.authorities.withdrawn().size());
    }
  }

  @Test
  void tellsOfTheAuthoritiesThatItHasCertified() throws Exception {
    BigInteger first;
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("root", "{'pathLength':1}");
      fixture.makeAuthority("line", "{'parent':'root'}");
      first = serial(fixture, "line");
      assertStatus(null, fixture, first);
      fixture.makeAuthority("line", "{'parent':'root','enabled':false}");
      assertStatus(RevocationReason.CERTIFICATE_HOLD, fixture, first);
      fixture.makeAuthority("line", "{'parent':'root'}");
      assertStatus(null, fixture, first);
      fixture.authorities.delete("line", Condition.NONE);
      assertStatus(RevocationReason.CESSATION_OF_OPERATION, fixture, first);
      fixture.makeAuthority("line", "{'parent':'root'}");
    }
    try (var fixture = RegistryFixture.open(directory)) {
      assertStatus(RevocationReason.CESSATION_OF_OPERATION, fixture, first);
      assertStatus(null, fixture, serial(fixture, "line"));
      for (String other : List.of("line", "root")) {
        assertInstanceOf(
            RevocationStatus.Unknown.class,
            fixture.authorities.status(authority(fixture, other), serial(fixture, "root")));
      }
    }
  }

  private static IssuingAuthority authority(RegistryFixture fixture, String name) {
    return Objects.requireNonNull(fixture.registry.find(Kind.ISSUING_CA, name));
  }

  private static BigInteger serial(RegistryFixture fixture, String ca) {
    return fixture.authorities.chain(authority(fixture, ca)).getFirst().getSerialNumber();
  }

  /** What the root says of a certificate, if it is asked and in its list; null: that it is good. */
  private static void assertStatus(
      @Nullable RevocationReason reason, RegistryFixture fixture, BigInteger serial)
      throws Exception {
    RevocationStatus status = fixture.authorities.status(authority(fixture, "root"), serial);
    var list =
        (X509CRL)
            CertificateFactory.getInstance("X.509")
                .generateCRL(
                    new ByteArrayInputStream(fixture.authorities.revocationList("root").encoded()));
    X509CRLEntry entry = list.getRevokedCertificate(serial);
    if (reason == null) {
      assertInstanceOf(RevocationStatus.Good.class, status);
      assertNull(entry);
    } else {
      assertEquals(reason, assertInstanceOf(RevocationStatus.Revoked.class, status).reason());
      assertEquals(reason.name(), entry.getRevocationReason().name());
    }
  }

  @Test
  void twoChangesAtOnceMakeNoCircleOfSuccessors() throws Exception {
    try (var fixture = RegistryFixture.open(directory);
        var threads = Executors.newFixedThreadPool(2)) {
      fixture.makeAuthority("a");
      fixture.makeAuthority("b");
      for (int round = 0; round < 10; round++) {
        fixture.makeAuthority("a"); // without a successor
        fixture.makeAuthority("b");
        var together = new CyclicBarrier(2);
        List<Future<Boolean>> both =
            List.of(
                threads.submit(() -> succeeds(fixture, together, "a", "b")),
                threads.submit(() -> succeeds(fixture, together, "b", "a")));
        assertTrue(both.get(0).get() ^ both.get(1).get(), "one of the two is refused");
      }
    }
  }

  private static boolean succeeds(
      RegistryFixture fixture, CyclicBarrier together, String name, String successor)
      throws Exception {
    together.await();
    try {
      fixture.makeAuthority(name, "{'successor':'" + successor + "'}");
      return true;
    } catch (RegistryException e) {
      assertEquals(List.of("/successor"), RegistryFixture.pointers(e));
      return false;
    }
  }

  /** A device's certificate that whoever trusts the authority accepts. */
  private static void assertIssues(RegistryFixture fixture, String ca, String device)
      throws Exception {
    fixture.put(Kind.DEVICE, device, "{}");
    DeviceCertificate made =
        fixture
            .ensure(
                device,
                "main",
                "{'ca':'" + ca + "','csrPem':'" + RegistryFixture.csr(device) + "'}")
            .entry();
    X509Certificate certificate =
        Certificates.parse(
            Objects.requireNonNull(fixture.registry.content(made.name())).der(), device);
    var anchor = Objects.requireNonNull(fixture.authorities.anchors().get(ca));
    var verifier =
        new CertificateVerifier(List.of(new TrustedCa(ca, List.of(anchor), RevocationCheck.NONE)));
    assertInstanceOf(
        Verification.Accepted.class, verifier.verify(List.of(certificate), Instant.now()));
  }
}
