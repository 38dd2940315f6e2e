package io.signalbox.server.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.Certificates;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.NameConstraints;
import io.signalbox.pki.NamePolicy;
import io.signalbox.pki.Pem;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.RevocationReason;
import io.signalbox.pki.SubjectNames;
import io.signalbox.server.config.AuthConfig;
import io.signalbox.server.config.PolicyConfig;
import io.signalbox.server.config.RegistryConfig;
import io.signalbox.server.config.RegistryConfig.Required;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.config.TlsConfig;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.CertificateFields;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.registry.Authorities;
import io.signalbox.server.registry.AuthorityForm;
import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.CsrRules;
import io.signalbox.server.registry.Device;
import io.signalbox.server.registry.DeviceCertificate;
import io.signalbox.server.registry.Entry;
import io.signalbox.server.registry.Group;
import io.signalbox.server.registry.IdentityMapping;
import io.signalbox.server.registry.Inventory;
import io.signalbox.server.registry.IssuingAuthority;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.ProvisioningTemplate;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.Sealing;
import io.signalbox.server.registry.Stamp;
import io.signalbox.server.registry.StoredPolicy;
import io.signalbox.server.registry.TrustedAuthority;
import io.signalbox.server.store.Store;
import io.signalbox.server.store.StoreLimits;
import io.signalbox.server.trust.Fetcher;
import io.signalbox.server.trust.TrustedAuthorities;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the registry makes of a client whose certificate is good. */
final class RegisteredDevicesTest {
  private static final SecureRandom RANDOM = new SecureRandom();

  @TempDir Path data;

  private final ManualClocks clocks = new ManualClocks();
  private final Metrics metrics = new Metrics(1, "test");
  private final Fetcher fetcher = new Fetcher(metrics);
  private final InlineLoop loop = new InlineLoop();
  private Store store;
  private Registry registry;
  private Inventory inventory;
  private PolicyStore policies;
  private CertificateAuthority factory;
  private RegisteredAuthorities authorities;
  private Provisioning provisioning;
  private AuthenticatorChain chain;

  @BeforeEach
  void open() throws Exception {
    clocks.set(Instant.now());
    open(requiring(Required.NONE));
  }

  private void open(RegistryConfig config) throws Exception {
    store =
        Store.open(
            data.resolve("store"),
            StoreConfig.DEFAULTS,
            StoreLimits.DEFAULTS,
            clocks,
            metrics,
            problem -> {
              throw new AssertionError("the store failed", problem);
            });
    registry = Registry.open(store, config, Sealing.openOrCreate(data, RANDOM), clocks, metrics);
    policies = PolicyStore.open(PolicyConfig.DEFAULTS, registry, metrics, clocks);
    Authorities issuing =
        Authorities.open(registry, data.resolve("ca"), Clock.systemUTC(), RANDOM, null, Map.of());
    inventory = new Inventory(registry, issuing, clocks, RANDOM);
    TrustedAuthorities trusted =
        TrustedAuthorities.load(TlsConfig.DEFAULTS, List.of(), fetcher, clocks);
    factory =
        CertificateAuthority.createRoot(
            "factory", KeyAlgorithm.EC_P256, CertificateProfile.ROOT, Clock.systemUTC(), RANDOM);
    authorities = new RegisteredAuthorities(registry, issuing, trusted);
    provisioning = new Provisioning(registry, inventory, new ApiPolicies(policies, registry));
    chain =
        AuthenticatorChain.of(
            AuthConfig.DEFAULTS,
            data,
            trusted,
            fetcher,
            registry,
            provisioning,
            Runnable::run,
            clocks,
            RANDOM,
            metrics);
  }

  private static RegistryConfig requiring(Required required) {
    return requiring(required, RegistryConfig.DEFAULTS.certificatesMax());
  }

  private static RegistryConfig requiring(Required required, int certificatesMax) {
    RegistryConfig d = RegistryConfig.DEFAULTS;
    return new RegistryConfig(
        required,
        d.defaultCa(),
        d.certificateValidity(),
        d.caPassphrase(),
        d.experimentalKeyTypes(),
        d.pkcs11(),
        d.devicesMax(),
        certificatesMax,
        d.groupsMax(),
        d.othersMax(),
        d.attributesMax(),
        d.groupsPerEntryMax());
  }

  @AfterEach
  void close() {
    store.close();
    fetcher.close();
  }

  private <E extends Entry<E>> void put(Kind<E> kind, E entry) throws Exception {
    registry.put(kind, entry.name(), Condition.NONE, _ -> entry);
  }

  private void trustFactory(
      boolean autoRegister, @Nullable String template, IdentityMapping mapping) throws Exception {
    put(
        Kind.TRUSTED_CA,
        trusting("factory-ca", factory, autoRegister, template, null, null, mapping));
    authorities.apply();
  }

  private static TrustedAuthority trusting(
      String name,
      CertificateAuthority authority,
      boolean autoRegister,
      @Nullable String template,
      @Nullable String crlUrl,
      @Nullable String ocspUrl,
      IdentityMapping mapping) {
    return new TrustedAuthority(
        name,
        Pem.encode(authority.chain()),
        true,
        autoRegister,
        template,
        null,
        crlUrl,
        ocspUrl == null ? TrustedAuthority.OcspMode.OFF : TrustedAuthority.OcspMode.HARD,
        ocspUrl,
        mapping,
        Stamp.NEW);
  }

  private static Device device(String id, boolean enabled, boolean pending, String pin) {
    return new Device(
        id, "", Map.of("site", "own"), List.of("pumps"), enabled, pending, pin, Stamp.NEW);
  }

  private void registerPump(boolean enabled, boolean pending, String pin) throws Exception {
    put(Kind.GROUP, new Group("pumps", "", Map.of("site", "group", "team", "blue"), Stamp.NEW));
    put(Kind.DEVICE, device("p7", enabled, pending, pin));
  }

  private List<X509Certificate> certificate(SubjectNames names) throws PkiException {
    var key = KeyAlgorithm.EC_P256.generate(RANDOM).getPublic();
    return List.of(
        factory.issue(key, names, CertificateProfile.DEVICE.withNames(NamePolicy.ANYTHING)));
  }

  private List<X509Certificate> certificate(String id) throws PkiException {
    return certificate(SubjectNames.ofCommonName(id));
  }

  private Authentication ask(String clientId, List<X509Certificate> certificates) {
    List<Authentication> answers = new ArrayList<>();
    chain.authenticate(
        new Connect(ProtocolVersion.V5, clientId, true, 0, null, null, null, Properties.NONE),
        peer(certificates),
        loop,
        answers::add);
    loop.run();
    assertEquals(1, answers.size());
    return answers.getFirst();
  }

  private static Peer peer(List<X509Certificate> certificates) {
    InetAddress local = InetAddress.getLoopbackAddress();
    return new Peer("l", "tls", local, 1, "TLSv1.3", certificates, false, false, null);
  }

  private Principal accepted(String clientId, List<X509Certificate> certificates) {
    return assertInstanceOf(Authentication.Accepted.class, ask(clientId, certificates)).principal();
  }

  private void assertRefused(String part, String clientId, List<X509Certificate> certificates) {
    var rejected = assertInstanceOf(Authentication.Rejected.class, ask(clientId, certificates));
    assertEquals(ReasonCode.NOT_AUTHORIZED, rejected.reason());
    assertTrue(rejected.cause().contains(part), rejected.cause());
  }

  @Test
  void bringsGroupsAndAttributesIntoThePrincipal() throws Exception {
    trustFactory(false, null, IdentityMapping.COMMON_NAME);
    registerPump(true, false, "p7");
    Principal pump = accepted("p7", certificate("p7"));
    assertEquals("device:p7", pump.id());
    assertEquals(List.of("pumps"), pump.groups());
    assertEquals(Map.of("site", "own", "team", "blue"), pump.attributes());
  }

  @Test
  void takesTheIdFromWhereTheAuthorityPutsIt() throws Exception {
    trustFactory(
        false,
        null,
        new IdentityMapping(IdentityMapping.Source.URI, "spiffe://acme.example/pump/", ""));
    var names =
        new SubjectNames(
            "anything",
            List.of(),
            List.of(),
            List.of(),
            List.of("spiffe://acme.example/pump/p7"),
            List.of());
    assertEquals("p7", accepted("x", certificate(names)).deviceId());
    assertRefused("names no device in its URIs", "x", certificate("p8"));
  }

  @Test
  void refusesADeviceThatIsDisabledOrWaitsForApprovalOrUsesAnotherClientIdentifier()
      throws Exception {
    trustFactory(false, null, IdentityMapping.COMMON_NAME);
    var certificate = certificate("p7");
    registerPump(false, false, "p7");
    assertRefused("is disabled", "p7", certificate);
    put(Kind.DEVICE, device("p7", true, true, "p7"));
    assertRefused("waits for approval", "p7", certificate);
    put(Kind.DEVICE, device("p7", true, false, "p7-*"));
    assertRefused("must use the client identifier \"p7-*\"", "p7", certificate);
    accepted("p7-a", certificate);
  }

  @Test
  void registersADeviceAndItsCertificateWhenItFirstConnects() throws Exception {
    put(Kind.GROUP, new Group("new", "", Map.of(), Stamp.NEW));
    put(
        Kind.TEMPLATE,
        new ProvisioningTemplate(
            "jit",
            "",
            "pump-${id}",
            List.of("new"),
            Map.of("made", "jit"),
            List.of(),
            "*",
            true,
            null,
            0,
            CsrRules.ID_ONLY,
            true,
            Stamp.NEW));
    trustFactory(true, "jit", IdentityMapping.COMMON_NAME);
    var certificate = certificate("9");
    assertRefused("waits for approval", "any", certificate);
    assertRefused("waits for approval", "any", certificate);
    Device made = registry.device("pump-9");
    assertTrue(made != null && made.pendingApproval());
    assertEquals(1, registry.certificatesOf("pump-9").size());

    put(
        Kind.DEVICE,
        new Device("pump-9", "", made.attributes(), made.groups(), true, false, "*", made.stamp()));
    Principal pump = accepted("any", certificate);
    assertEquals("device:pump-9", pump.id());
    assertEquals(List.of("new"), pump.groups());
  }

  @Test
  void aDeviceWhoseCertificateFindsNoRoomIsWrittenDown() throws Exception {
    store.close();
    open(requiring(Required.NONE, 1));
    List<String> written = new ArrayList<>();
    provisioning.writtenDownBy(
        new ProvisioningAudit() {
          @Override
          public @Nullable String obstacle() {
            return null;
          }

          @Override
          public void registered(
              DeviceCertificate certificate, @Nullable InetAddress from, boolean isNewDevice) {
            written.add(certificate.device() + " with its certificate");
          }

          @Override
          public void registeredAlone(String device, @Nullable InetAddress from, String why) {
            assertEquals(InetAddress.getLoopbackAddress(), from);
            assertTrue(why.contains("as many as the configuration allows"), why);
            written.add(device);
          }
        });
    trustFactory(true, null, IdentityMapping.COMMON_NAME);
    accepted("p1", certificate("p1"));
    assertRefused("cannot be registered", "p2", certificate("p2"));
    assertTrue(registry.device("p2") != null);
    accepted("p2", certificate("p2"));
    assertEquals(List.of("p1 with its certificate", "p2"), written);
  }

  @Test
  void aDeviceThatFirstConnectsTwiceAtOnceIsLetInTwiceAndRegisteredOnce() throws Exception {
    trustFactory(true, null, IdentityMapping.COMMON_NAME);
    var mayRegister = new CyclicBarrier(2);
    var registered = new ConcurrentLinkedQueue<String>();
    provisioning.writtenDownBy(
        new ProvisioningAudit() {
          @Override
          public @Nullable String obstacle() {
            return null;
          }

          @Override
          public void registered(
              DeviceCertificate certificate, @Nullable InetAddress from, boolean isNewDevice) {
            registered.add(certificate.device());
          }

          @Override
          public void registeredAlone(String device, @Nullable InetAddress from, String why) {
            throw new AssertionError(why);
          }
        });
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      for (int i = 0; i < 5; i++) {
        var certificate = certificate("twin-" + i);
        Callable<Optional<Principal>> connects =
            () -> {
              mayRegister.await(30, TimeUnit.SECONDS);
              return identified(certificate);
            };
        for (var twin : threads.invokeAll(List.of(connects, connects))) {
          assertEquals("device:twin-" + i, twin.get().orElseThrow().id());
        }
        assertEquals(i + 1, registered.size());
      }
    }
  }

  /** Proving its policies may take minutes. */
  @Test
  void nobodyWaitsForLongWhileADeviceIsBeingRegistered() throws Exception {
    trustFactory(true, null, IdentityMapping.COMMON_NAME);
    var begun = new CountDownLatch(1);
    var mayEnd = new CountDownLatch(1);
    provisioning.writtenDownBy(
        new ProvisioningAudit() {
          @Override
          public @Nullable String obstacle() {
            begun.countDown();
            try {
              return mayEnd.await(60, TimeUnit.SECONDS) ? null : "the test does not go on";
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          }

          @Override
          public void registered(
              DeviceCertificate certificate, @Nullable InetAddress from, boolean isNewDevice) {}

          @Override
          public void registeredAlone(String device, @Nullable InetAddress from, String why) {
            throw new AssertionError(why);
          }
        });
    var certificate = certificate("slow");
    try (ExecutorService threads = Executors.newFixedThreadPool(1)) {
      var first = threads.submit(() -> identified(certificate));
      assertTrue(begun.await(60, TimeUnit.SECONDS));
      assertEquals(Optional.empty(), identified(certificate));
      assertFalse(first.isDone());
      mayEnd.countDown();
      assertEquals("device:slow", first.get(60, TimeUnit.SECONDS).orElseThrow().id());
    }
    assertEquals("device:slow", identified(certificate).orElseThrow().id());
  }

  private Optional<Principal> identified(List<X509Certificate> certificate) throws Exception {
    var answer = new CompletableFuture<Optional<Principal>>();
    chain.identify(
        certificate,
        null,
        InetAddress.getLoopbackAddress(),
        "GET /",
        Runnable::run,
        answer::complete);
    return answer.get(30, TimeUnit.SECONDS);
  }

  @Test
  void aDeviceKeepsItsIdWhenItsAuthorityRegistersNoOthersAnyMore() throws Exception {
    put(
        Kind.TEMPLATE,
        new ProvisioningTemplate(
            "acme",
            "",
            "acme-${id}",
            List.of(),
            Map.of(),
            List.of(),
            "*",
            false,
            null,
            0,
            CsrRules.ID_ONLY,
            true,
            Stamp.NEW));
    trustFactory(true, "acme", IdentityMapping.COMMON_NAME);
    accepted("c", certificate("p7"));
    assertTrue(registry.device("acme-p7") != null);
    trustFactory(false, "acme", IdentityMapping.COMMON_NAME);
    assertEquals("acme-p7", accepted("c", certificate("p7")).deviceId(), "renewed");
    assertEquals("acme-p8", accepted("c", certificate("p8")).deviceId(), "not registered");
    assertTrue(registry.device("acme-p8") == null);
  }

  @Test
  void registersEachCertificateOfAKnownDeviceWhereThatIsRequired() throws Exception {
    store.close();
    open(requiring(Required.CERTIFICATE));
    trustFactory(true, null, IdentityMapping.COMMON_NAME);
    for (int i = 1; i < 3; i++) {
      var certificate = certificate("p7");
      accepted("p7", certificate);
      accepted("p7", certificate);
      assertEquals(i, registry.certificatesOf("p7").size());
      String fingerprint = Certificates.fingerprint(certificate.getFirst());
      assertTrue(registry.certificate(fingerprint) != null);
      inventory.revoke(fingerprint, RevocationReason.KEY_COMPROMISE, Condition.NONE);
      assertRefused("revoked", "p7", certificate);
    }
    trustFactory(false, null, IdentityMapping.COMMON_NAME);
    assertRefused("is not registered", "p7", certificate("p7"));
  }

  @Test
  void aDeviceHasThePoliciesOfItsTemplateWhenItFirstConnectsOrIsNotRegistered() throws Exception {
    put(
        Kind.TEMPLATE,
        new ProvisioningTemplate(
            "jit",
            "",
            "${id}",
            List.of(),
            Map.of(),
            List.of("shipped:devices", "pump"),
            null,
            false,
            null,
            0,
            CsrRules.ID_ONLY,
            true,
            Stamp.NEW));
    trustFactory(true, "jit", IdentityMapping.COMMON_NAME);
    var certificate = certificate("9");
    assertRefused("there is no policy \"api:pump\"", "9", certificate);
    assertTrue(registry.device("9") == null, "nothing was half made");
    assertEquals(List.of(), policies.bundle().attachments());

    var api = new ApiPolicies(policies, registry);
    String pump = "version: 1\nname: pump\nstatements:\n";
    api.put(
        "pump",
        Condition.NONE,
        StoredPolicy.Format.YAML,
        pump + "  - { id: send, effect: allow, actions: [publish], topics: [pump] }\n",
        "a test");
    accepted("9", certificate);
    accepted("9", certificate);
    assertEquals(
        Set.of("api:pump/device/9", "shipped:devices/device/9"),
        registry.all(Kind.ATTACHMENT).stream()
            .map(PolicyAttachment::name)
            .collect(Collectors.toSet()));
    assertEquals(2, policies.bundle().attachments().size(), "in force at once");
    long put = api.revision().number();
    assertEquals(2, put, "a device that came is no revision");
    assertEquals(
        put,
        PolicyStore.open(PolicyConfig.DEFAULTS, registry, metrics, clocks).revision().number(),
        "nor is a start after it");

    assertThrows(
        RegistryException.class, () -> api.rollback(1, Condition.ANY, "a test"), "still in use");
    assertEquals(2, registry.count(Kind.ATTACHMENT));
  }

  @Test
  void aRevocationIsSeenByThoseWhoComeAndThoseWhoAreThere() throws Exception {
    trustFactory(true, null, IdentityMapping.COMMON_NAME);
    var certificate = certificate("p7");
    Principal pump = accepted("p7", certificate);
    assertTrue(chain.problem(pump, peer(certificate), "p7").isEmpty());

    inventory.revoke(
        Certificates.fingerprint(certificate.getFirst()),
        RevocationReason.KEY_COMPROMISE,
        Condition.NONE);
    assertTrue(chain.problem(pump, peer(certificate), "p7").isPresent());
    assertRefused("revoked", "p7", certificate);
  }

  /** As stores of earlier versions have them. */
  @Test
  void anAddressThatIsNoneCostsItsOwnAuthorityAndNoOther() throws Exception {
    put(Kind.TRUSTED_CA, elsewhere("lists", "http://pki/{ca}.crl", null));
    put(Kind.TRUSTED_CA, elsewhere("responder", null, "http://ocsp_ca:2560/"));
    trustFactory(false, null, IdentityMapping.COMMON_NAME);
    assertEquals("p7", accepted("p7", certificate("p7")).deviceId());
  }

  /** As damage to the store may leave them. */
  @Test
  void anEntryThatCannotBeReadOrHasTheNameOfAnotherCostsItselfAlone() throws Exception {
    put(Kind.TRUSTED_CA, trusting("rubbish", "no certificate"));
    put(Kind.TRUSTED_CA, trusting("device", Pem.encode(certificate("p7"))));
    put(Kind.ISSUING_CA, issuing("rubbish-too", "no certificate"));
    put(Kind.ISSUING_CA, issuing("factory-ca", Pem.encode(factory.chain())));
    trustFactory(false, null, IdentityMapping.COMMON_NAME);
    assertEquals("p7", accepted("p7", certificate("p7")).deviceId());
  }

  private static IssuingAuthority issuing(String name, String chainPem) {
    var form =
        new AuthorityForm(name, "ec-p256", null, false, null, false, 24, 0, NameConstraints.NONE);
    return new IssuingAuthority(name, form, true, null, name + ".key", chainPem, null, Stamp.NEW);
  }

  private static TrustedAuthority trusting(String name, String certificatePem) {
    return new TrustedAuthority(
        name,
        certificatePem,
        true,
        false,
        null,
        null,
        null,
        TrustedAuthority.OcspMode.OFF,
        null,
        IdentityMapping.COMMON_NAME,
        Stamp.NEW);
  }

  private static TrustedAuthority elsewhere(
      String name, @Nullable String crlUrl, @Nullable String ocspUrl) throws PkiException {
    CertificateAuthority authority =
        CertificateAuthority.createRoot(
            name, KeyAlgorithm.EC_P256, CertificateProfile.ROOT, Clock.systemUTC(), RANDOM);
    return trusting(name, authority, false, null, crlUrl, ocspUrl, IdentityMapping.COMMON_NAME);
  }

  @Test
  void aRemovedAuthorityTakesItsClientsWithIt() throws Exception {
    trustFactory(false, null, IdentityMapping.COMMON_NAME);
    var certificate = certificate("p7");
    Principal pump = accepted("p7", certificate);
    registry.delete(Kind.TRUSTED_CA, "factory-ca", Condition.NONE);
    authorities.apply();
    assertTrue(
        chain
            .problem(pump, peer(certificate), "p7")
            .orElseThrow()
            .contains("not a registered authority"));
    assertRefused("not a registered authority", "p7", certificate);
  }

  /** Policies may ask for the authority: what is bound to the one must not go on by the other. */
  @Test
  void aRemovedAuthorityTakesItsClientsWithItThoughAnotherHasItsKey() throws Exception {
    CertificateAuthority corp =
        CertificateAuthority.createRoot(
            "corp", KeyAlgorithm.EC_P256, CertificateProfile.ROOT, Clock.systemUTC(), RANDOM);
    X509Certificate renewed =
        corp.issue(
            factory.certificate().getPublicKey(),
            SubjectNames.ofCommonName("factory"),
            CertificateProfile.ISSUING);
    trustFactory(false, null, IdentityMapping.COMMON_NAME);
    var certificate = certificate("p7");
    Principal pump = accepted("p7", certificate);
    for (String name : List.of("a-factory-ca", "z-factory-ca")) {
      put(Kind.TRUSTED_CA, trusting(name, Pem.encode(List.of(renewed))));
    }
    authorities.apply();
    assertEquals(Optional.empty(), chain.problem(pump, peer(certificate), "p7"));

    registry.delete(Kind.TRUSTED_CA, "factory-ca", Condition.NONE);
    authorities.apply();
    String problem = chain.problem(pump, peer(certificate), "p7").orElseThrow();
    assertTrue(problem.contains("of the authority \"factory-ca\""), problem);
    assertEquals("a-factory-ca", certificateOf(accepted("p7", certificate)).ca());
  }

  @Test
  void aRenewedCertificateOfAnAuthorityKeepsItsClientsWhenTheOneBeforeEnds() throws Exception {
    CertificateAuthority corp =
        CertificateAuthority.createRoot(
            "corp", KeyAlgorithm.EC_P256, CertificateProfile.ROOT, Clock.systemUTC(), RANDOM);
    X509Certificate ending =
        corp.issue(
            factory.certificate().getPublicKey(),
            SubjectNames.ofCommonName("factory"),
            CertificateProfile.ISSUING.withValidity(Duration.ofHours(1)));
    var certificate = certificate("p7");
    put(Kind.TRUSTED_CA, trusting("factory-ca", Pem.encode(List.of(ending))));
    authorities.apply();
    Principal pump = accepted("p7", certificate);
    clocks.advance(Duration.ofHours(2));
    assertProblem("expired", pump, certificate);
    put(
        Kind.TRUSTED_CA,
        trusting("factory-ca", Pem.encode(List.of(ending, factory.certificate()))));
    authorities.apply();
    assertEquals(Optional.empty(), chain.problem(pump, peer(certificate), "p7"));
  }

  private static CertificateFields certificateOf(Principal principal) {
    return Objects.requireNonNull(principal.certificate());
  }

  @Test
  void anotherMappingOrTemplateEndsWhoWouldBeAnotherDevice() throws Exception {
    trustFactory(false, null, IdentityMapping.COMMON_NAME);
    var names =
        new SubjectNames(
            "p7", List.of(), List.of("p7.factory"), List.of(), List.of("urn:pump:p8"), List.of());
    var certificate = certificate(names);
    Principal pump = accepted("p7", certificate);
    trustFactory(false, null, new IdentityMapping(IdentityMapping.Source.DNS, "", ".factory"));
    assertEquals(Optional.empty(), chain.problem(pump, peer(certificate), "p7"), "the same");

    trustFactory(false, null, new IdentityMapping(IdentityMapping.Source.URI, "urn:pump:", ""));
    assertProblem("is of the device \"p8\" now", pump, certificate);
    trustFactory(false, null, new IdentityMapping(IdentityMapping.Source.EMAIL, "", ""));
    assertProblem("names no device in its email addresses", pump, certificate);

    put(Kind.TEMPLATE, naming("named", "${id}"));
    trustFactory(false, "named", IdentityMapping.COMMON_NAME);
    assertEquals(Optional.empty(), chain.problem(pump, peer(certificate), "p7"), "the same");
    put(Kind.TEMPLATE, naming("named", "pump-${id}"));
    assertProblem("is of the device \"pump-p7\" now", pump, certificate);
  }

  private void assertProblem(String part, Principal principal, List<X509Certificate> certificates) {
    String problem = chain.problem(principal, peer(certificates), "p7").orElseThrow();
    assertTrue(problem.contains(part), problem);
  }

  private static ProvisioningTemplate naming(String name, String deviceIdTemplate) {
    return new ProvisioningTemplate(
        name,
        "",
        deviceIdTemplate,
        List.of(),
        Map.of(),
        List.of(),
        "*",
        false,
        null,
        0,
        CsrRules.ID_ONLY,
        true,
        Stamp.NEW);
  }

  @Test
  void anotherGroupIsSeenInThePrincipalOfWhoIsThere() throws Exception {
    trustFactory(false, null, IdentityMapping.COMMON_NAME);
    registerPump(true, false, "p7");
    Principal pump = accepted("p7", certificate("p7"));
    Device now = registry.device("p7");
    assertTrue(now != null);
    put(Kind.DEVICE, now.withGroups(List.of()));
    assertEquals(List.of(), chain.refreshed(pump).groups());
  }
}
