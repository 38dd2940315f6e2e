package io.signalbox.server.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.CertificateSigningRequest;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.Pem;
import io.signalbox.pki.Verification;
import io.signalbox.server.config.TlsConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.IssuingAuthority;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.RegistryFixture;
import io.signalbox.server.trust.Fetcher;
import io.signalbox.server.trust.TrustedAuthorities;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whose certificates count while authorities here have others above them, which devices may send.
 */
final class WithdrawnAuthoritiesTest {
  private static final String BELOW_ROOT = "{'parent':'root'}";

  @TempDir Path directory;

  private final Fetcher fetcher = new Fetcher(new Metrics(1, "test"));
  private RegistryFixture fixture;
  private TrustedAuthorities trusted;

  @BeforeEach
  void open() throws Exception {
    fixture = RegistryFixture.open(directory);
    trusted = TrustedAuthorities.load(TlsConfig.DEFAULTS, List.of(), fetcher, Clocks.system());
  }

  @AfterEach
  void close() {
    fixture.close();
    fetcher.close();
  }

  private void makeFactoriesBelowRoot() throws Exception {
    fixture.makeAuthority("root", "{'pathLength':1}");
    fixture.makeAuthority("factory", BELOW_ROOT);
    fixture.makeAuthority("factory-2", BELOW_ROOT);
  }

  /** A device's certificate and all above it, the root too. */
  private List<X509Certificate> device(String ca) throws Exception {
    return device(fixture.authorities.signer(ca));
  }

  private static List<X509Certificate> device(CertificateAuthority by) throws Exception {
    var request = CertificateSigningRequest.parsePem(RegistryFixture.csr("p7"), "a test");
    return by.chainOf(by.issue(request, CertificateProfile.DEVICE));
  }

  private Verification verify(List<X509Certificate> shown) {
    new RegisteredAuthorities(fixture.registry, fixture.authorities, trusted).apply();
    return trusted.verifier().verify(shown, Instant.now());
  }

  private void assertOf(String ca, List<X509Certificate> chain) {
    for (int shown = 1; shown <= chain.size(); shown++) {
      var accepted = assertInstanceOf(Verification.Accepted.class, verify(chain.subList(0, shown)));
      assertEquals(ca, accepted.caName(), shown + " certificates shown");
    }
  }

  private void assertRefused(List<X509Certificate> chain) {
    assertInstanceOf(Verification.Rejected.class, verify(chain.subList(0, 1)));
    for (int shown = 2; shown <= chain.size(); shown++) {
      var rejected = assertInstanceOf(Verification.Rejected.class, verify(chain.subList(0, shown)));
      assertEquals(Verification.Reason.REVOKED, rejected.reason());
    }
  }

  @Test
  void whatADisabledAuthorityIssuedIsRefusedThoughItsRootAndSiblingsAreTrusted() throws Exception {
    makeFactoriesBelowRoot();
    List<X509Certificate> device = device("factory");
    List<X509Certificate> other = device("factory-2");
    assertOf("factory", device);
    fixture.makeAuthority("factory", "{'enabled':false}");
    assertRefused(device);
    assertOf("factory-2", other);
    fixture.makeAuthority("factory", "{'enabled':true}");
    assertOf("factory", device);
  }

  @Test
  void whatARemovedAuthorityIssuedStaysRefusedWhenItIsMadeAnew() throws Exception {
    makeFactoriesBelowRoot();
    List<X509Certificate> device = device("factory");
    fixture.authorities.delete("factory", Condition.NONE);
    assertRefused(device);
    fixture.makeAuthority("factory", BELOW_ROOT);
    fixture.close();
    fixture = RegistryFixture.open(directory);
    assertRefused(device);
    assertOf("factory", device("factory"));
  }

  @Test
  void whomTheRootCertifiesItselfIsOfTheRoot() throws Exception {
    makeFactoriesBelowRoot();
    assertOf("root", device("root"));
  }

  @Test
  void anOfflineAuthorityDoesNotStandForTheRootThatSignedIt() throws Exception {
    var corp =
        CertificateAuthority.createRoot(
            "corp",
            KeyAlgorithm.EC_P256,
            CertificateProfile.ROOT,
            Clock.systemUTC(),
            RegistryFixture.RANDOM);
    fixture.makeAuthority("a-plant", "{'offline':true}");
    IssuingAuthority plant =
        Objects.requireNonNull(fixture.registry.find(Kind.ISSUING_CA, "a-plant"));
    var request =
        CertificateSigningRequest.parsePem(Objects.requireNonNull(plant.csrPem()), "a test");
    fixture.authorities.install(
        "a-plant", Pem.encode(corp.chainOf(corp.issue(request, CertificateProfile.ISSUING))));
    List<X509Certificate> ofCorp = device(corp);
    var nobody = assertInstanceOf(Verification.Rejected.class, verify(ofCorp));
    assertEquals(Verification.Reason.UNKNOWN_CA, nobody.reason());

    fixture.put(
        Kind.TRUSTED_CA,
        "corp",
        "{'certificatePem':'" + Pem.encode(corp.chain()).replace("\n", "\\n") + "'}");
    List<X509Certificate> ofPlant = device("a-plant");
    assertOf("corp", ofCorp);
    assertOf("a-plant", ofPlant);
    fixture.authorities.delete("a-plant", Condition.NONE);
    assertRefused(ofPlant);
    assertOf("corp", ofCorp);
  }
}
