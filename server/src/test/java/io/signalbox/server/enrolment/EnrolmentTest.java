package io.signalbox.server.enrolment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.CertificateSigningRequest;
import io.signalbox.pki.Certificates;
import io.signalbox.pki.ClientIdentity;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.RevocationReason;
import io.signalbox.pki.SubjectNames;
import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.auth.EnrolmentTokens.Invitation;
import io.signalbox.server.auth.PolicyStore;
import io.signalbox.server.auth.Provisioning;
import io.signalbox.server.config.AdminConfig;
import io.signalbox.server.config.PolicyConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.CertificateFields;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.registry.Claims;
import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.RegistryFixture;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class EnrolmentTest {
  private static final String SECRET = "0123456789abcdef01234567";

  private static final Applicant.Claimant CLAIMANT =
      new Applicant.Claimant("batch", SECRET, InetAddress.getLoopbackAddress());

  private static final int CERTIFICATES_PER_DAY_MAX = 8;

  private final Metrics metrics = new Metrics(1, "test");

  @TempDir Path directory;

  /** A request with a key of its own, as it is sent. */
  private static byte[] request(String device) {
    return request(device, KeyAlgorithm.EC_P256.generate(RegistryFixture.RANDOM));
  }

  private static byte[] request(String device, KeyPair keys) {
    byte[] der =
        CertificateSigningRequest.create(
                keys, SubjectNames.ofCommonName(device), RegistryFixture.RANDOM)
            .encoded();
    return Base64.getMimeEncoder().encode(der);
  }

  private static Clocks ahead(Duration offset) {
    return new Clocks() {
      @Override
      public long wallMillis() {
        return Clocks.system().wallMillis() + offset.toMillis();
      }

      @Override
      public long nanos() {
        return Clocks.system().nanos();
      }
    };
  }

  private Enrolment enrolment(RegistryFixture fixture) throws Exception {
    return enrolment(fixture, Clocks.system());
  }

  private Enrolment enrolment(RegistryFixture fixture, Clocks clocks) throws Exception {
    return new Enrolment(
        fixture.registry,
        fixture.authorities,
        fixture.inventory,
        new Claims(fixture.registry, Clocks.system()),
        new Provisioning(
            fixture.registry,
            fixture.inventory,
            new ApiPolicies(
                PolicyStore.open(PolicyConfig.DEFAULTS, fixture.registry, metrics, Clocks.system()),
                fixture.registry)),
        AdminConfig.DEFAULTS.roles(),
        CERTIFICATES_PER_DAY_MAX,
        clocks,
        metrics);
  }

  /** An authority, a template, and a claim token that is good once. */
  private static void claimGoodOnce(RegistryFixture fixture, String template) throws Exception {
    fixture.makeAuthority("factory");
    fixture.put(Kind.TEMPLATE, "line", template);
    fixture.put(
        Kind.CLAIM_TOKEN, "batch", "{'template':'line','secret':'" + SECRET + "','maxUses':1}");
  }

  private static int uses(RegistryFixture fixture) {
    return Objects.requireNonNull(fixture.registry.find(Kind.CLAIM_TOKEN, "batch")).uses();
  }

  private static void assertRefused(int status, Enrolment enrolment, byte[] request) {
    var refused =
        Assertions.assertThrows(
            EnrolmentException.class, () -> enrolment.enrol(request, CLAIMANT, null));
    assertEquals(status, refused.status(), refused::getMessage);
  }

  @Test
  void whoseAnswerWasLostGetsItAgainByTheSameRequest() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      claimGoodOnce(fixture, "{}");
      Enrolment enrolment = enrolment(fixture);
      byte[] request = request("pump");
      Enrolment.Issued first = enrolment.enrol(request, CLAIMANT, null);
      Enrolment.Issued again = enrolment.enrol(request, CLAIMANT, null);

      assertTrue(first.isNew() && first.isNewDevice());
      assertFalse(again.isNew() || again.isNewDevice());
      assertEquals(first.certificate(), again.certificate());
      assertEquals(1, uses(fixture));
    }
  }

  @Test
  void whoSignsTheSameRequestAnewGetsTheSameCertificate() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      claimGoodOnce(fixture, "{}");
      Enrolment enrolment = enrolment(fixture);
      KeyPair keys = KeyAlgorithm.EC_P256.generate(RegistryFixture.RANDOM);
      byte[] request = request("pump", keys);
      byte[] signedAnew = request("pump", keys);
      assertFalse(Arrays.equals(request, signedAnew));

      X509Certificate first = enrolment.enrol(request, CLAIMANT, null).certificate();
      assertEquals(first, enrolment.enrol(signedAnew, CLAIMANT, null).certificate());
      assertEquals(1, uses(fixture));
    }
  }

  @Test
  void whoseAuthorityWasReplacedEnrolsAgainWithItsKey() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      claimGoodOnce(fixture, "{}");
      fixture.put(Kind.CLAIM_TOKEN, "batch", "{'template':'line','maxUses':9}");
      Enrolment enrolment = enrolment(fixture);
      KeyPair keys = KeyAlgorithm.EC_P256.generate(RegistryFixture.RANDOM);
      X509Certificate first = enrolment.enrol(request("pump", keys), CLAIMANT, null).certificate();
      fixture.authorities.delete("factory", Condition.NONE);
      fixture.makeAuthority("factory");

      assertRefused(StatusCodes.CONFLICT, enrolment, request("pump"));
      Enrolment.Issued second = enrolment.enrol(request("pump", keys), CLAIMANT, null);
      assertTrue(second.isNew());
      assertNotEquals(first, second.certificate());
      fixture.inventory.setActive(Certificates.fingerprint(first), false, Condition.NONE);
      fixture.inventory.revoke(second.entry().name(), RevocationReason.UNSPECIFIED, Condition.NONE);
      assertRefused(StatusCodes.CONFLICT, enrolment, request("pump", keys));
    }
  }

  @Test
  void theSameRequestTwiceAtOnceUsesTheClaimOnce() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      claimGoodOnce(fixture, "{}");
      Enrolment enrolment = enrolment(fixture);
      byte[] request = request("pump");
      Callable<X509Certificate> enrol =
          () -> enrolment.enrol(request, CLAIMANT, null).certificate();
      try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<X509Certificate>> all = threads.invokeAll(Collections.nCopies(8, enrol));
        for (Future<X509Certificate> one : all) {
          assertEquals(all.getFirst().get(), one.get());
        }
      }
      assertEquals(1, uses(fixture));
    }
  }

  private static Path copied(Path from, Path to) {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path one : all.toList()) {
        Files.copy(one, to.resolve(from.relativize(one).toString()));
      }
      return to;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The store's thread tells of each change once it is on disk, and goes on only then. */
  @Test
  void aCrashCostsNoUseWhereverItComes() throws Exception {
    Path data = Files.createDirectory(directory.resolve("data"));
    List<Path> crashed = new ArrayList<>();
    byte[] request = request("pump");
    try (var fixture = RegistryFixture.open(data)) {
      claimGoodOnce(fixture, "{}");
      Enrolment enrolment = enrolment(fixture);
      fixture.registry.onChange(
          _ -> crashed.add(copied(data, directory.resolve("crashed-" + crashed.size()))));
      enrolment.enrol(request, CLAIMANT, null);
    }
    assertEquals(3, crashed.size(), "device, use, certificate");
    for (Path each : crashed) {
      try (var fixture = RegistryFixture.open(each)) {
        enrolment(fixture).enrol(request, CLAIMANT, null);
        assertEquals(1, uses(fixture), each::toString);
        assertEquals(1, fixture.registry.certificatesOf("pump").size(), each::toString);
      }
    }
  }

  /** Comes again as long as others may be using the token up. */
  private static boolean enrols(Enrolment enrolment, byte[] request) throws Exception {
    while (true) {
      try {
        return enrolment.enrol(request, CLAIMANT, null).isNew();
      } catch (EnrolmentException e) {
        if (e.status() != StatusCodes.SERVICE_UNAVAILABLE) {
          assertEquals(StatusCodes.FORBIDDEN, e.status(), e::getMessage);
          return false;
        }
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void manyAtOnceGetAsManyCertificatesAsTheClaimHasUsesAndMakeNoMoreDevices() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      claimGoodOnce(fixture, "{}");
      fixture.put(Kind.CLAIM_TOKEN, "batch", "{'template':'line','maxUses':3}");
      Enrolment enrolment = enrolment(fixture);
      try (var threads = Executors.newFixedThreadPool(4)) {
        List<Future<Boolean>> all = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
          byte[] request = request("pump" + i);
          all.add(threads.submit(() -> enrols(enrolment, request)));
        }
        int made = 0;
        for (Future<Boolean> one : all) {
          made += one.get() ? 1 : 0;
        }
        assertEquals(3, made);
      }
      assertEquals(3, uses(fixture));
      assertEquals(3, fixture.registry.count(Kind.DEVICE));
      assertEquals(3, fixture.registry.count(Kind.CERTIFICATE));
    }
  }

  @Test
  void whatTheTemplateRefusesCostsNoUse() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      claimGoodOnce(fixture, "{'csrRules':{'keyTypes':['rsa-3072']}}");
      Enrolment enrolment = enrolment(fixture);
      assertRefused(StatusCodes.BAD_REQUEST, enrolment, request("pump"));
      assertEquals(0, uses(fixture));

      fixture.put(Kind.TEMPLATE, "line", "{'deviceIdTemplate':'${claim}-${id}'}");
      assertRefused(StatusCodes.FORBIDDEN, enrolment, request("pump"));
      assertEquals(0, uses(fixture));

      fixture.put(Kind.TEMPLATE, "line", "{'enabled':false}");
      assertRefused(StatusCodes.FORBIDDEN, enrolment, request("pump"));
      assertEquals(0, uses(fixture));
    }
  }

  @Test
  void whatNoAuthoritySignsCostsNoUseAndMakesNoDevice() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      claimGoodOnce(fixture, "{}");
      Enrolment enrolment = enrolment(fixture);
      for (String id : List.of("pump", "fan")) {
        Assertions.assertThrows(
            EnrolmentException.class, () -> enrolment.enrol(request(id), CLAIMANT, "nosuch"));
        assertNull(fixture.registry.device(id));
      }
      assertEquals(0, uses(fixture));
    }
  }

  private static Applicant.Holder holder(String device, String ca, X509Certificate certificate)
      throws Exception {
    ClientIdentity identity = ClientIdentity.of(certificate);
    var fields =
        new CertificateFields(
            ca,
            device,
            identity.serialHex(),
            identity.fingerprint(),
            identity.issuerCommonName(),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            identity.notAfter().toEpochMilli(),
            null);
    return new Applicant.Holder(
        new Principal(
            "device:" + device,
            AuthMethod.CERTIFICATE,
            device,
            null,
            List.of(),
            Map.of(),
            fields,
            null),
        certificate);
  }

  private static Applicant.Invited invited(String device, String tokenId) {
    return invited(device, tokenId, null);
  }

  private static Applicant.Invited invited(
      String device, String tokenId, @Nullable Long createdAtMillis) {
    return new Applicant.Invited(new Invitation.OfDevice(device, tokenId, createdAtMillis));
  }

  private static void assertForbidden(Executable asked) {
    var refused = Assertions.assertThrows(EnrolmentException.class, asked);
    assertEquals(StatusCodes.FORBIDDEN, refused.status(), refused::getMessage);
    assertTrue(String.valueOf(refused.getMessage()).contains("gateways"), refused::getMessage);
  }

  @Test
  void whoHasACertificateOfAnAuthorityGetsOnesOfThatOneOnly() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      for (String ca : List.of("factory", "pumps", "gateways")) {
        fixture.makeAuthority(ca);
      }
      fixture.put(Kind.TEMPLATE, "line", "{'ca':'pumps'}");
      fixture.put(
          Kind.CLAIM_TOKEN, "batch", "{'template':'line','secret':'" + SECRET + "','maxUses':9}");
      Enrolment enrolment = enrolment(fixture);
      Enrolment.Issued first = enrolment.enrol(request("p7"), CLAIMANT, null);
      Applicant.Holder holder = holder("p7", "pumps", first.certificate());

      assertForbidden(() -> enrolment.renew(request("p7"), holder, "gateways"));
      assertForbidden(() -> enrolment.enrol(request("p7"), holder, "gateways"));
      assertEquals(1, fixture.registry.certificatesOf("p7").size());
      assertEquals("pumps", enrolment.renew(request("p7"), holder, null).entry().ca());
      assertEquals("pumps", enrolment.enrol(request("p7"), holder, "pumps").entry().ca());

      fixture.makeAuthority("pumps-2");
      fixture.makeAuthority("pumps", "{'successor':'pumps-2'}");
      assertEquals("pumps-2", enrolment.enrol(request("p7"), holder, null).entry().ca());
      assertEquals("pumps-2", enrolment.renew(request("p7"), holder, "pumps-2").entry().ca());
    }
  }

  /** The configuration got the name later; what the authority here issues under it is refused. */
  @Test
  void whoHasACertificateOfAConfiguredAuthorityGetsNoneOfOneHereOfItsName() throws Exception {
    X509Certificate own;
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.makeAuthority("gateways");
      own = Objects.requireNonNull(fixture.authorities.anchors().get("gateways"));
    }
    CertificateAuthority elsewhere = RegistryFixture.elsewhere();
    X509Certificate certificate =
        elsewhere.issue(
            KeyAlgorithm.EC_P256.generate(RegistryFixture.RANDOM).getPublic(),
            SubjectNames.ofCommonName("p7"),
            CertificateProfile.DEVICE);
    Applicant.Holder holder = holder("p7", "gateways", certificate);
    try (var fixture =
        RegistryFixture.open(directory, Map.of("gateways", List.of(elsewhere.certificate())))) {
      assertEquals("factory", enrolment(fixture).enrol(request("p7"), holder, null).entry().ca());
    }
    try (var fixture = RegistryFixture.open(directory, Map.of("gateways", List.of(own)))) {
      assertEquals("gateways", enrolment(fixture).enrol(request("p7"), holder, null).entry().ca());
    }
  }

  /** Its request has the same bytes each time: signatures by RSA are always the same. */
  @ParameterizedTest
  @ValueSource(strings = {"{}", "{'validityHours':24}"})
  void whoKeepsItsRsaKeyGetsANewCertificateByEachRenewal(String template) throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      claimGoodOnce(fixture, template);
      Enrolment enrolment = enrolment(fixture);
      KeyPair keys = KeyAlgorithm.RSA_2048.generate(RegistryFixture.RANDOM);
      byte[] request = request("p7", keys);
      assertArrayEquals(request, request("p7", keys));
      X509Certificate first = enrolment.enrol(request, CLAIMANT, null).certificate();

      Applicant.Holder before = holder("p7", "factory", first);
      X509Certificate second = enrolment.renew(request, before, null).certificate();
      assertNotEquals(first, second);
      assertEquals(second, enrolment.renew(request, before, null).certificate());

      Applicant.Holder after = holder("p7", "factory", second);
      X509Certificate third = enrolment.renew(request, after, null).certificate();
      assertEquals(3, Set.of(first, second, third).size());
      assertEquals(third, enrolment.renew(request, after, null).certificate());
    }
  }

  @Test
  void anEnrolmentTokenEndsWithTheDeviceOrTemplateThatItWasMadeFor() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      long ofDevice = fixture.put(Kind.DEVICE, "p7", "{}").entry().stamp().createdAtMillis();
      long ofTemplate = fixture.put(Kind.TEMPLATE, "line", "{}").entry().stamp().createdAtMillis();
      Enrolment enrolment = enrolment(fixture);
      for (long apart : new long[] {-1, 1}) { // whatever the clock was then
        for (Executable asked :
            List.<Executable>of(
                () -> enrolment.enrol(request("p7"), invited("p7", "t", ofDevice + apart), null),
                () -> enrolment.enrol(request("p8"), invitedBy("line", ofTemplate + apart), null),
                () -> enrolment.enrol(request("p9"), invited("p9", "t", ofDevice), null))) {
          var refused = Assertions.assertThrows(EnrolmentException.class, asked);
          assertEquals(StatusCodes.FORBIDDEN, refused.status(), refused::getMessage);
          assertTrue(String.valueOf(refused.getMessage()).contains("that has been removed"));
        }
      }
      assertEquals(0, fixture.registry.certificatesOf("p7").size());
      assertNull(fixture.registry.device("p8"));
      assertTrue(enrolment.enrol(request("p7"), invited("p7", "t", ofDevice), null).isNew());
      assertTrue(enrolment.enrol(request("p8"), invitedBy("line", ofTemplate), null).isNew());
    }
  }

  /** Between the look at its token and its certificate, for which a clock is asked. */
  @Test
  void aDeviceThatIsReplacedMeanwhileGetsNothingByTheTokenOfTheFirst() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      long first = fixture.put(Kind.DEVICE, "p7", "{}").entry().stamp().createdAtMillis();
      Clocks replacing =
          new Clocks() {
            @Override
            public long wallMillis() {
              try {
                fixture.registry.delete(Kind.DEVICE, "p7", Condition.NONE);
                while (System.currentTimeMillis() <= first) {
                  Thread.onSpinWait();
                }
                fixture.put(Kind.DEVICE, "p7", "{}");
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
              return Clocks.system().wallMillis();
            }

            @Override
            public long nanos() {
              return Clocks.system().nanos();
            }
          };
      var refused =
          Assertions.assertThrows(
              EnrolmentException.class,
              () ->
                  enrolment(fixture, replacing)
                      .enrol(request("p7"), invited("p7", "t", first), null));
      assertEquals(StatusCodes.FORBIDDEN, refused.status(), refused::getMessage);
      assertNotEquals(
          first, Objects.requireNonNull(fixture.registry.device("p7")).stamp().createdAtMillis());
      assertEquals(0, fixture.registry.certificatesOf("p7").size());
    }
  }

  @Test
  void anEnrolmentTokenOfAVersionThatSaidNoMoreThanTheNameIsGoodForTheName() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.put(Kind.DEVICE, "p7", "{}");
      fixture.put(Kind.TEMPLATE, "line", "{}");
      Enrolment enrolment = enrolment(fixture);
      assertTrue(enrolment.enrol(request("p7"), invited("p7", "t"), null).isNew());
      assertTrue(enrolment.enrol(request("p8"), invitedBy("line", null), null).isNew());
    }
  }

  private static Applicant.Invited invitedBy(String template, @Nullable Long createdAtMillis) {
    return new Applicant.Invited(new Invitation.OfTemplate(template, createdAtMillis));
  }

  /** Its request is the one of its first certificate, byte for byte. */
  @ParameterizedTest
  @ValueSource(strings = {"{}", "{'validityHours':24}", "{'ca':'pumps'}"})
  void whoKeepsItsRsaKeyBeginsAnewByEachEnrolmentToken(String template) throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("pumps");
      claimGoodOnce(fixture, template);
      Enrolment enrolment = enrolment(fixture);
      byte[] request = request("p7", KeyAlgorithm.RSA_2048.generate(RegistryFixture.RANDOM));
      X509Certificate first = enrolment.enrol(request, CLAIMANT, null).certificate();

      Applicant.Invited invited = invited("p7", "token-1");
      Enrolment.Issued second = enrolment.enrol(request, invited, null);
      assertNotEquals(first, second.certificate());
      assertEquals(0, second.entry().validityHours());
      assertEquals(fixture.registry.config().defaultCa(), second.entry().ca());
      assertEquals(second.certificate(), enrolment.enrol(request, invited, null).certificate());

      Enrolment.Issued third = enrolment.enrol(request, invited("p7", "token-2"), null);
      assertTrue(third.isNew());
    }
  }

  @Test
  void whatADeviceGetsByItsCertificateIsBoundAsThatOneWas() throws Exception {
    X509Certificate own;
    try (var fixture = RegistryFixture.open(directory)) {
      claimGoodOnce(fixture, "{'validityHours':24,'csrRules':{'keyTypes':['ec-p256']}}");
      own = enrolment(fixture).enrol(request("p7"), CLAIMANT, null).certificate();
    }
    KeyPair otherType = KeyAlgorithm.EC_P384.generate(RegistryFixture.RANDOM);
    for (int generation = 1; generation < 3; generation++) {
      try (var fixture = RegistryFixture.open(directory)) {
        Enrolment enrolment = enrolment(fixture);
        Applicant.Holder holder = holder("p7", "factory", own);
        own = enrolment.renew(request("p7"), holder, null).certificate();
        assertEndsWithin(Duration.ofHours(24), own);
        assertEndsWithin(
            Duration.ofHours(24), enrolment.enrol(request("p7"), holder, null).certificate());
        for (Executable asked :
            List.<Executable>of(
                () -> enrolment.renew(request("p7", otherType), holder, null),
                () -> enrolment.enrol(request("p7", otherType), holder, null))) {
          var refused = Assertions.assertThrows(EnrolmentException.class, asked);
          assertEquals(StatusCodes.BAD_REQUEST, refused.status(), refused::getMessage);
        }
      }
    }
  }

  private static void assertEndsWithin(Duration length, X509Certificate certificate) {
    Instant end = certificate.getNotAfter().toInstant();
    assertFalse(end.isAfter(Instant.now().plus(length)), end::toString);
  }

  @Test
  void aDeviceDoesNotFillTheInventory() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      claimGoodOnce(fixture, "{}");
      Enrolment enrolment = enrolment(fixture);
      X509Certificate own = enrolment.enrol(request("p7"), CLAIMANT, null).certificate();
      Applicant.Holder holder = holder("p7", "factory", own);
      for (int made = 2; made < CERTIFICATES_PER_DAY_MAX; made++) {
        enrolment.renew(request("p7"), holder, null);
      }
      byte[] last = request("p7");
      X509Certificate issued = enrolment.enrol(last, holder, null).certificate();
      var invited = invited("p7", "token-1");
      for (Executable asked :
          List.<Executable>of(
              () -> enrolment.renew(request("p7"), holder, null),
              () -> enrolment.enrol(request("p7"), holder, null),
              () -> enrolment.enrol(request("p7"), invited, null))) {
        var refused = Assertions.assertThrows(EnrolmentException.class, asked);
        assertEquals(StatusCodes.TOO_MANY_REQUESTS, refused.status(), refused::getMessage);
      }
      assertEquals(3, metrics.limitsReached.of(Metrics.Limit.CERTIFICATES_PER_DEVICE).value());
      assertEquals(issued, enrolment.enrol(last, holder, null).certificate());
      assertEquals(
          CERTIFICATES_PER_DAY_MAX, fixture.registry.certificatesOf("p7").size(), "no more");
      enrolment.renew(request("p8"), holder("p8", "elsewhere", foreign("p8")), null);
    }
  }

  /** Its certificates of the day before count no more, nor do those of a clock that was ahead. */
  @ParameterizedTest
  @ValueSource(longs = {25, -25})
  void aDeviceGoesOnToRenewOnAnotherDay(long hours) throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      claimGoodOnce(fixture, "{}");
      Enrolment today = enrolment(fixture);
      X509Certificate own = today.enrol(request("p7"), CLAIMANT, null).certificate();
      Applicant.Holder holder = holder("p7", "factory", own);
      for (int made = 1; made < CERTIFICATES_PER_DAY_MAX; made++) {
        today.renew(request("p7"), holder, null);
      }
      Enrolment anotherDay = enrolment(fixture, ahead(Duration.ofHours(hours)));
      assertTrue(anotherDay.renew(request("p7"), holder, null).isNew());
    }
  }

  @Test
  void whoseDeviceWasRemovedMeanwhileGetsNothingAndDoesNotBringItBack() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      claimGoodOnce(fixture, "{}");
      Enrolment enrolment = enrolment(fixture);
      Applicant.Holder holder =
          holder("p7", "factory", enrolment.enrol(request("p7"), CLAIMANT, null).certificate());
      fixture.inventory.deleteDevice(
          "p7", Condition.NONE, _ -> fixture.registry.delete(Kind.DEVICE, "p7", Condition.NONE));

      for (Executable asked :
          List.<Executable>of(
              () -> enrolment.renew(request("p7"), holder, null),
              () -> enrolment.enrol(request("p7"), holder, null))) {
        var refused = Assertions.assertThrows(EnrolmentException.class, asked);
        assertEquals(StatusCodes.UNAUTHORIZED, refused.status(), refused::getMessage);
        assertNull(fixture.registry.device("p7"));
      }
    }
  }

  /** Its connections are looked at when it is registered. */
  @Test
  void whoIsRegisteredByARenewalMayGoOnUnderItsClientIdentifiers() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.put(Kind.DEVICE, "p8", "{'clientIdPin':'p8-*'}");
      Enrolment enrolment = enrolment(fixture);
      for (String id : List.of("p7", "p8")) {
        Applicant.Holder holder = holder(id, "elsewhere", foreign(id));
        enrolment.renew(request(id), holder, null);
      }
      assertEquals("*", Objects.requireNonNull(fixture.registry.device("p7")).clientIdPin());
      assertEquals("p8-*", Objects.requireNonNull(fixture.registry.device("p8")).clientIdPin());
    }
  }

  @Test
  void whoComesFromElsewhereOrWithATokenChoosesNoAuthority() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      claimGoodOnce(fixture, "{}");
      fixture.makeAuthority("gateways");
      Enrolment enrolment = enrolment(fixture);
      assertForbidden(() -> enrolment.enrol(request("p7"), CLAIMANT, "gateways"));
      assertNull(fixture.registry.device("p7"));
      assertEquals(0, uses(fixture));

      Enrolment.Issued first = enrolment.enrol(request("p7"), CLAIMANT, "factory");
      var invited = invited("p7", "token-1");
      assertForbidden(() -> enrolment.enrol(request("p7"), invited, "gateways"));
      assertEquals("factory", enrolment.enrol(request("p7"), invited, null).entry().ca());

      X509Certificate foreign = foreign("p8");
      Applicant.Holder other = holder("p8", "elsewhere", foreign);
      assertForbidden(() -> enrolment.enrol(request("p8"), other, "gateways"));
      assertEquals("factory", enrolment.renew(request("p8"), other, null).entry().ca());
      Applicant.Holder unlisted = holder("p8", "gateways", foreign);
      assertEquals("gateways", enrolment.renew(request("p8"), unlisted, null).entry().ca());
      assertEquals("factory", first.entry().ca());
    }
  }

  private static X509Certificate foreign(String device) throws Exception {
    return CertificateAuthority.createRoot(
            "Elsewhere",
            KeyAlgorithm.EC_P256,
            CertificateProfile.ROOT,
            Clock.systemUTC(),
            RegistryFixture.RANDOM)
        .issue(
            KeyAlgorithm.EC_P256.generate(RegistryFixture.RANDOM).getPublic(),
            SubjectNames.ofCommonName(device),
            CertificateProfile.DEVICE);
  }

  /** Which the audit log is to have, though nobody gets anything. */
  @Test
  void aRefusalNamesTheDeviceThatWasRegisteredBeforeIt() throws Exception {
    try (var fixture = RegistryFixture.open(directory, 1)) {
      claimGoodOnce(fixture, "{}");
      fixture.put(Kind.CLAIM_TOKEN, "batch", "{'template':'line','maxUses':9}");
      Enrolment enrolment = enrolment(fixture);
      enrolment.enrol(request("p1"), CLAIMANT, null);

      Applicant.Holder holder = holder("p3", "elsewhere", foreign("p3"));
      assertLeaves("p2", () -> enrolment.enrol(request("p2"), CLAIMANT, null));
      assertLeaves(null, () -> enrolment.enrol(request("p2"), CLAIMANT, null));
      assertLeaves("p3", () -> enrolment.renew(request("p3"), holder, null));
      assertLeaves(null, () -> enrolment.renew(request("p3"), holder, null));
      for (String id : List.of("p2", "p3")) {
        assertEquals(id, Objects.requireNonNull(fixture.registry.device(id)).name());
      }
    }
  }

  /** Between the device and its certificate, for which a clock is asked. */
  @Test
  void anInterruptNamesTheDeviceThatWasRegisteredBeforeIt() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      claimGoodOnce(fixture, "{}");
      Clocks interrupting =
          new Clocks() {
            @Override
            public long wallMillis() {
              Thread.currentThread().interrupt();
              return Clocks.system().wallMillis();
            }

            @Override
            public long nanos() {
              return Clocks.system().nanos();
            }
          };
      Enrolment enrolment = enrolment(fixture, interrupting);
      var refused =
          Assertions.assertThrows(
              EnrolmentException.class,
              () -> enrolment.enrol(request("p1"), invitedBy("line", null), null));
      assertTrue(refused.isInterrupt());
      assertEquals("p1", refused.newDevice());
      assertEquals("p1", Objects.requireNonNull(fixture.registry.device("p1")).name());
    } finally {
      boolean _ = Thread.interrupted();
    }
  }

  private static void assertLeaves(@Nullable String device, Executable asked) {
    var refused = Assertions.assertThrows(EnrolmentException.class, asked);
    assertEquals(StatusCodes.SERVICE_UNAVAILABLE, refused.status(), refused::getMessage);
    assertEquals(device, refused.newDevice());
  }

  @Test
  void anotherKeyForTheNameOfADeviceIsRefusedAndCostsNoUse() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      claimGoodOnce(fixture, "{}");
      Enrolment enrolment = enrolment(fixture);
      enrolment.enrol(request("pump"), CLAIMANT, null);
      fixture.put(Kind.CLAIM_TOKEN, "batch", "{'template':'line','maxUses':5}");

      assertRefused(StatusCodes.CONFLICT, enrolment, request("pump"));
      assertEquals(1, uses(fixture));
    }
  }

  @Test
  void aUseIsGivenBackWhenNothingCanBeIssued() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      claimGoodOnce(fixture, "{'ca':'factory'}");
      Enrolment enrolment = enrolment(fixture);
      fixture.put(Kind.ISSUING_CA, "factory", "{'enabled':false}");
      assertRefused(StatusCodes.FORBIDDEN, enrolment, request("pump"));
      assertEquals(0, uses(fixture));
    }
  }

  @Test
  void whoDoesNotKnowTheSecretLearnsNothingOfADevice() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      claimGoodOnce(fixture, "{}");
      Enrolment enrolment = enrolment(fixture);
      byte[] request = request("pump");
      enrolment.enrol(request, CLAIMANT, null);
      var guess = new Applicant.Claimant("batch", "x", InetAddress.getLoopbackAddress());
      for (byte[] one : List.of(request, request("pump"))) {
        var refused =
            Assertions.assertThrows(
                EnrolmentException.class, () -> enrolment.enrol(one, guess, null));
        assertEquals(StatusCodes.UNAUTHORIZED, refused.status());
      }
    }
  }

  @Test
  void ofTwoStrangersWhoWantOneNameAtTheSameTimeOneGetsIt() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.put(Kind.TEMPLATE, "line", "{}");
      fixture.put(
          Kind.CLAIM_TOKEN, "batch", "{'template':'line','secret':'" + SECRET + "','maxUses':9}");
      Enrolment enrolment = enrolment(fixture);
      byte[] other = request("pump");
      var outcome = new CompletableFuture<X509Certificate>();
      Thread second =
          Thread.ofPlatform()
              .unstarted(
                  () -> {
                    try {
                      outcome.complete(enrolment.enrol(other, CLAIMANT, null).certificate());
                    } catch (Exception e) {
                      outcome.completeExceptionally(e);
                    }
                  });
      fixture.registry.onChange(
          change -> { // the first one has used its claim: the other comes as far as it can
            if (change.kind().equals(Kind.CLAIM_TOKEN) && second.getState() == Thread.State.NEW) {
              second.start();
              while (second.isAlive()
                  && second.getState() != Thread.State.BLOCKED
                  && second.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
              }
            }
          });

      X509Certificate issued = enrolment.enrol(request("pump"), CLAIMANT, null).certificate();

      assertEquals("CN=pump", issued.getSubjectX500Principal().getName());
      var refused = Assertions.assertThrows(CompletionException.class, outcome::join);
      var cause = assertInstanceOf(EnrolmentException.class, refused.getCause());
      assertEquals(StatusCodes.CONFLICT, cause.status());
      assertEquals(1, fixture.registry.certificatesOf("pump").size());
    }
  }
}
