package io.signalbox.server.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.Pem;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.registry.RegistryException.Reason;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What callers see of the registry, over a restart too. */
final class RegistryTest {
  @TempDir Path directory;

  @Test
  void keepsEveryKindOverARestart() throws Exception {
    List<Entry<?>> before = new ArrayList<>();
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      String root = Pem.encode(RegistryFixture.elsewhere().chain());
      fixture.put(Kind.GROUP, "pumps", "{'attributes':{'site':'north'}}");
      fixture.put(
          Kind.DEVICE, "p7", "{'groups':['pumps'],'attributes':{'a':'b'},'clientIdPin':'p7*'}");
      fixture.put(
          Kind.JWT_ISSUER,
          "login",
          "{'issuer':'https://x','audiences':['iot'],'algorithms':['HS256'],"
              + "'hmacSecret':'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='}");
      fixture.put(Kind.TEMPLATE, "t", "{'groups':['pumps'],'ca':'factory','validityHours':24}");
      fixture.put(
          Kind.TRUSTED_CA,
          "elsewhere",
          "{'provisioningTemplate':'t','identityMapping':{'source':'uri','prefix':'spiffe://a/'},"
              + "'certificatePem':'"
              + root.replace("\n", "\\n")
              + "'}");
      fixture.put(Kind.CLAIM_TOKEN, "k", "{'template':'t','secret':'0123456789abcdef01234567'}");
      fixture.put(Kind.USER, "alice@x", "{'password':'correct horse','groups':['staff']}");
      fixture.put(Kind.POLICY, "pump", "{'document':'version: 1'}");
      var attachment = PolicyAttachment.of("api:pump", "device", "p7");
      fixture.registry.put(Kind.ATTACHMENT, attachment.name(), Condition.NONE, _ -> attachment);
      fixture.ensure("p7", "main", "{'csrPem':'" + RegistryFixture.csr("p7") + "'}");
      for (Kind<?> kind : Kind.ALL) {
        assertEquals(1, fixture.registry.count(kind), kind.label());
        before.addAll(fixture.registry.all(kind));
      }
    }
    try (var fixture = RegistryFixture.open(directory)) {
      for (Entry<?> entry : before) {
        if (entry instanceof User user) {
          User again = fixture.registry.find(Kind.USER, user.name());
          assertNotNull(again);
          assertTrue(again.verifier().isOf("correct horse"));
          assertFalse(again.verifier().isOf("correct horse "));
        } else {
          assertEquals(entry, fixture.registry.find(entry.kind(), entry.name()));
        }
      }
      assertEquals(List.of("p7"), List.copyOf(fixture.registry.members("pumps")));
      assertEquals(1, fixture.registry.certificatesOf("p7").size());
      fixture.authorities.signer("factory"); // its key was loaded again
    }
  }

  @Test
  void sharedSecretsOpenOnlyWithTheKeyBesideTheStore() throws Exception {
    String secret = "c2VjcmV0IHRoYXQgc3RhbmRzIG5vd2hlcmUsIG5vIG5vd2hlcmUh";
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.put(
          Kind.JWT_ISSUER,
          "login",
          "{'issuer':'https://x','audiences':['iot'],'algorithms':['HS256'],'hmacSecret':'"
              + secret
              + "'}");
    }
    String store =
        Files.readString(directory.resolve("store/data.mdb"), StandardCharsets.ISO_8859_1);
    assertTrue(store.contains("https://x"), "the entry is in the file");
    assertFalse(store.contains(secret), "its secret is not");
    Path key = directory.resolve("registry.key");
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(key)));
    Files.move(key, directory.resolve("registry.key.away"));
    try (var fixture = RegistryFixture.open(directory)) {
      JwtIssuer login = fixture.registry.find(Kind.JWT_ISSUER, "login");
      assertNotNull(login);
      assertInstanceOf(JwtIssuer.Keys.UnreadableSecret.class, login.keys());
      assertEquals(1, fixture.metrics.registrySecretsUnreadable.value());
      fixture.put( // keeps what does not open
          Kind.JWT_ISSUER,
          "login",
          "{'issuer':'https://x','audiences':['other'],'algorithms':['HS256']}");
    }
    Files.move(directory.resolve("registry.key.away"), key, StandardCopyOption.REPLACE_EXISTING);
    try (var fixture = RegistryFixture.open(directory)) {
      JwtIssuer login = fixture.registry.find(Kind.JWT_ISSUER, "login");
      assertNotNull(login);
      assertEquals(new JwtIssuer.Keys.HmacSecret(secret), login.keys());
    }
  }

  @Test
  void answersTheSamePutWithTheSameRevision() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      Written<Device> first = fixture.put(Kind.DEVICE, "d", "{'displayName':'x'}");
      Written<Device> second = fixture.put(Kind.DEVICE, "d", "{'displayName':'x'}");
      Written<Device> third = fixture.put(Kind.DEVICE, "d", "{'displayName':'y'}");

      assertTrue(first.isCreated());
      assertFalse(second.isChanged());
      assertEquals(first.entry(), second.entry());
      assertTrue(third.entry().stamp().revision() > first.entry().stamp().revision());
      assertEquals(
          first.entry().stamp().createdAtMillis(), third.entry().stamp().createdAtMillis());
    }
  }

  @Test
  void changesOnlyTheRevisionThatTheCallerSaw() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      long seen = fixture.put(Kind.DEVICE, "d", "{}").entry().stamp().revision();
      fixture.put(Kind.DEVICE, "d", "{'enabled':false}");

      for (Condition condition :
          List.of(new Condition(seen, false), new Condition(Condition.ANY, true))) {
        assertEquals(
            Reason.REVISION_CONFLICT,
            assertThrows(
                    RegistryException.class,
                    () -> fixture.put(Kind.DEVICE, "d", condition, "{'displayName':'late'}"))
                .reason());
      }
      assertEquals(
          Reason.REVISION_CONFLICT,
          assertThrows(
                  RegistryException.class,
                  () -> fixture.registry.delete(Kind.DEVICE, "d", new Condition(seen, false)))
              .reason());
      assertFalse(device(fixture).enabled());
    }
  }

  @Test
  void losesNoChangeOfManyWritersAtOnce() throws Exception {
    try (var fixture = RegistryFixture.open(directory);
        var threads = Executors.newFixedThreadPool(8)) {
      fixture.put(Kind.DEVICE, "d", "{}");
      for (int i = 0; i < 16; i++) {
        fixture.put(Kind.GROUP, "g" + i, "{}");
      }
      List<Callable<Written<Device>>> tasks = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        String group = "g" + i;
        tasks.add(
            () ->
                fixture.registry.put(
                    Kind.DEVICE,
                    "d",
                    Condition.NONE,
                    device -> {
                      Device known = Objects.requireNonNull(device);
                      List<String> groups = new ArrayList<>(known.groups());
                      groups.add(group);
                      return known.withGroups(groups);
                    }));
      }
      for (Future<Written<Device>> task : threads.invokeAll(tasks)) {
        task.get();
      }

      assertEquals(16, device(fixture).groups().size());
      assertEquals(List.of("d"), List.copyOf(fixture.registry.members("g3")));
    }
  }

  @Test
  void namesEveryWrongFieldAndStoresNothing() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      RegistryException e =
          assertThrows(
              RegistryException.class,
              () ->
                  fixture.put(
                      Kind.DEVICE,
                      "d",
                      "{'enabled':'yes','groups':['a b','ok','ok'],'attributes':{'x':1,'/':'y'},"
                          + "'colour':'red'}"));

      assertEquals(
          List.of(
              "/attributes/x", "/attributes/~1", "/groups/0", "/groups/2", "/enabled", "/colour"),
          RegistryFixture.pointers(e));
      assertNull(fixture.registry.device("d"));
    }
  }

  @Test
  void refusesAnAuthorityWithAnAddressAtWhichNobodyCouldBeAsked() throws Exception {
    String pem = Pem.encode(RegistryFixture.elsewhere().chain()).replace("\n", "\\n");
    try (var fixture = RegistryFixture.open(directory)) {
      for (String address :
          List.of(
              "http://pki/{ca}.crl",
              "http://pki/<CaName>.crl",
              "http://pki/a|b",
              "http://pki/100%.crl",
              "http://ocsp_ca:2560/",
              "http://me@pki/ca.crl",
              "ftp://pki/ca.crl")) {
        String json =
            "{'certificatePem':'%s','crlUrl':'%s','ocsp':{'url':'%s'}}"
                .formatted(pem, address, address);
        RegistryException e =
            assertThrows(
                RegistryException.class,
                () -> fixture.put(Kind.TRUSTED_CA, "elsewhere", json),
                address);
        assertEquals(List.of("/crlUrl", "/ocsp/url"), RegistryFixture.pointers(e), address);
      }
    }
  }

  @Test
  void refusesATemplateByWhichNoDeviceCouldHaveAnId() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      for (String template : List.of("d", "${nosuch}", "${param.serial}", "${claim}-${serial}")) {
        String json = "{'deviceIdTemplate':'" + template + "'}";
        RegistryException e =
            assertThrows(
                RegistryException.class, () -> fixture.put(Kind.TEMPLATE, "t", json), template);
        assertEquals(List.of("/deviceIdTemplate"), RegistryFixture.pointers(e), template);
      }
      fixture.put(Kind.TEMPLATE, "t", "{'deviceIdTemplate':'${claim}-${id}'}");
      fixture.put(Kind.TEMPLATE, "t", "{'deviceIdTemplate':'${serial}-${fingerprint}'}");
    }
  }

  @Test
  void readsATemplateThatWasStoredWithParameters() throws Exception {
    String row = "{'deviceIdTemplate':'${param.serial}','parameters':['serial'],'groups':[]}";
    Fields in = Fields.ofRow(RegistryFixture.json(row));
    ProvisioningTemplate read = ProvisioningTemplate.read("t", in, null, Stamp.NEW);
    in.end();
    assertTrue(read.deviceId(Map.of("id", "p7")).isEmpty(), "as it always was");
  }

  @Test
  void refusesNamesOfWhatIsNotRegisteredAndKeepsWhatIsNamed() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      RegistryException missing =
          assertThrows(
              RegistryException.class, () -> fixture.put(Kind.DEVICE, "d", "{'groups':['g']}"));
      assertEquals(List.of("/groups/0"), RegistryFixture.pointers(missing));
      fixture.put(Kind.GROUP, "g", "{}");
      fixture.put(Kind.DEVICE, "d", "{'groups':['g']}");

      RegistryException used =
          assertThrows(
              RegistryException.class,
              () -> fixture.registry.delete(Kind.GROUP, "g", Condition.NONE));
      assertEquals(Reason.CONFLICT, used.reason());
      assertTrue(used.getMessage().contains("device \"d\""), used.getMessage());

      fixture.put(Kind.DEVICE, "d", "{'groups':[]}");
      fixture.registry.delete(Kind.GROUP, "g", Condition.NONE);
      assertNull(fixture.registry.find(Kind.GROUP, "g"));
    }
  }

  @Test
  void holdsAsManyAsTheConfigurationAllows() throws Exception {
    try (var fixture = RegistryFixture.open(directory, RegistryFixture.config(2, 1))) {
      fixture.put(Kind.DEVICE, "a", "{}");
      fixture.put(Kind.DEVICE, "b", "{}");

      assertEquals(
          Reason.LIMIT_REACHED,
          assertThrows(RegistryException.class, () -> fixture.put(Kind.DEVICE, "c", "{}"))
              .reason());
      assertEquals(
          List.of("/attributes"),
          RegistryFixture.pointers(
              assertThrows(
                  RegistryException.class,
                  () -> fixture.put(Kind.DEVICE, "a", "{'attributes':{'x':'1','y':'2'}}"))));
      assertEquals(1, fixture.metrics.limitsReached.of(Metrics.Limit.REGISTRY_ENTRIES).value());
    }
  }

  /** The newest may be told by its place. */
  @Test
  void theCertificatesOfADeviceComeOldestFirstAfterARestartToo() throws Exception {
    List<String> names = new ArrayList<>();
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.makeAuthority("factory");
      fixture.put(Kind.DEVICE, "d", "{}");
      do {
        DeviceCertificate made =
            fixture
                .ensure("d", "c" + names.size(), "{'csrPem':'" + RegistryFixture.csr("d") + "'}")
                .entry();
        names.add(made.name());
        while (System.currentTimeMillis() <= made.stamp().createdAtMillis()) {
          Thread.onSpinWait(); // their order is told by the clock
        }
      } while (names.equals(names.stream().sorted().toList()));
      assertEquals(names, certificates(fixture, "d"));
    }
    try (var fixture = RegistryFixture.open(directory)) {
      assertEquals(names, certificates(fixture, "d"));
    }
  }

  private static List<String> certificates(RegistryFixture fixture, String device) {
    return fixture.registry.certificatesOf(device).stream().map(Entry::name).toList();
  }

  /** Whoever hands over many at once waits for none of them in between. */
  @Test
  void whatIsOnItsWayToTheDiskNeedsRoomToo() throws Exception {
    try (var fixture = RegistryFixture.open(directory, RegistryFixture.config(3, 1))) {
      var may = new CountDownLatch(1);
      fixture.registry.onChange(_ -> await(may)); // so that nothing more becomes visible
      var first = begin(fixture, "a");
      var second = begin(fixture, "b");
      var again = begin(fixture, "b"); // which the store will refuse
      try {
        assertFull(() -> begin(fixture, "c"));
      } finally {
        may.countDown();
      }
      assertTrue(first.finish().isCreated());
      assertTrue(second.finish().isCreated());
      assertThrows(RegistryException.class, again::finish);

      fixture.put(Kind.DEVICE, "c", "{}");
      assertFull(() -> fixture.put(Kind.DEVICE, "d", "{}"));
      fixture.registry.delete(Kind.DEVICE, "c", Condition.NONE);
      var edit = Edit.put(Kind.DEVICE, "d", Condition.NONE, _ -> device("d"));
      fixture.registry.writeTogether(List.of(edit), _ -> List.of(), () -> {});
      var tooMany = Edit.put(Kind.DEVICE, "e", Condition.NONE, _ -> device("e"));
      assertFull(() -> fixture.registry.tryTogether(List.of(tooMany)));
      assertFull(() -> fixture.put(Kind.DEVICE, "e", "{}"));
    }
    try (var fixture = RegistryFixture.open(directory, RegistryFixture.config(3, 1))) {
      assertFull(() -> fixture.put(Kind.DEVICE, "e", "{}"));
    }
  }

  private static Registry.Put<Device> begin(RegistryFixture fixture, String id)
      throws RegistryException {
    return fixture.registry.begin(
        Kind.DEVICE, id, new Condition(Condition.ANY, true), _ -> device(id));
  }

  private static Device device(String id) {
    return new Device(id, "", Map.of(), List.of(), true, false, id, Stamp.NEW);
  }

  private static void assertFull(Executable task) {
    assertEquals(Reason.LIMIT_REACHED, assertThrows(RegistryException.class, task).reason());
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void comparesAnIssuerOrAuthorityWithAllThatAreStored() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      for (Kind<?> kind : List.of(Kind.JWT_ISSUER, Kind.TRUSTED_CA)) {
        assertEquals(List.of(0, 1), othersSeen(fixture, kind), kind.label());
      }
    }
  }

  /** How many each of two sees that are put at once. */
  private static <E extends Entry<E>> List<Integer> othersSeen(
      RegistryFixture fixture, Kind<E> kind) throws Exception {
    String json =
        kind == Kind.TRUSTED_CA
            ? "{'certificatePem':'" + Pem.encode(RegistryFixture.elsewhere().chain()) + "'}"
            : "{'issuer':'https://x','audiences':['iot'],'algorithms':['HS256'],"
                + "'hmacSecret':'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='}";
    Fields in = RegistryFixture.fields(json.replace("\n", "\\n"));
    List<Integer> seen = Collections.synchronizedList(new ArrayList<>());
    Registry.Maker<E> second =
        _ -> {
          seen.add(fixture.registry.count(kind));
          return kind.read("second", in.again(), null);
        };
    var other =
        new FutureTask<>(() -> fixture.registry.put(kind, "second", Condition.NONE, second));
    var thread = new Thread(other);
    fixture.registry.put(
        kind,
        "first",
        Condition.NONE,
        _ -> {
          seen.add(fixture.registry.count(kind));
          thread.start();
          while (seen.size() == 1 && thread.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
          }
          return kind.read("first", in.again(), null);
        });
    other.get();
    return seen;
  }

  @Test
  void tellsListenersOfEachChangeBeforeItsCallerIsAnswered() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      List<String> heard = new ArrayList<>();
      fixture.registry.onChange(
          change ->
              heard.add(
                  change.kind().label()
                      + " "
                      + change.name()
                      + (change.before() == null ? " new" : "")
                      + (change.after() == null ? " gone" : "")));
      fixture.put(Kind.DEVICE, "d", "{}");
      fixture.put(Kind.DEVICE, "d", "{}");
      fixture.put(Kind.DEVICE, "d", "{'enabled':false}");
      fixture.registry.delete(Kind.DEVICE, "d", Condition.NONE);

      assertEquals(List.of("device d new", "device d", "device d gone"), heard);
    }
  }

  @Test
  void listsInPagesByNameAndPrefix() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      for (String id : List.of("a1", "a2", "a3", "b1", "b2")) {
        fixture.put(Kind.DEVICE, id, "{}");
      }
      assertEquals(List.of("a1", "a2", "a3"), names(fixture.registry, "", "", 2));
      assertEquals(List.of("a3", "b1", "b2"), names(fixture.registry, "a2", "", 2));
      assertEquals(List.of("a1", "a2", "a3"), names(fixture.registry, "", "a", 5));
      assertEquals(List.of("b2"), names(fixture.registry, "b1", "b", 5));
    }
  }

  private static List<String> names(Registry registry, String after, String prefix, int limit) {
    return registry.page(Kind.DEVICE, after, prefix, _ -> true, limit).stream()
        .map(Device::name)
        .toList();
  }

  @Test
  void countsTheUsesOfAClaimToken() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      String secret = "0123456789abcdef01234567";
      fixture.put(Kind.TEMPLATE, "t", "{}");
      fixture.put(
          Kind.CLAIM_TOKEN,
          "k",
          "{'template':'t','secret':'" + secret + "','maxUses':2,'allowedCidrs':['127.0.0.0/8']}");
      var claims = new Claims(fixture.registry, io.signalbox.server.eventloop.Clocks.system());
      InetAddress here = InetAddress.ofLiteral("127.0.0.1");

      assertEquals(
          Reason.NOT_FOUND,
          assertThrows(RegistryException.class, () -> claims.begin("k", "guess", here)).reason());
      assertEquals(
          Reason.CONFLICT,
          assertThrows(
                  RegistryException.class,
                  () -> claims.begin("k", secret, InetAddress.getByName("10.0.0.1")))
              .reason());
      assertEquals("t", claims.template("k", secret, here).name());
      try (Claims.Use one = claims.begin("k", secret, here)) {
        one.count();
      }
      try (Claims.Use _ = claims.begin("k", secret, here)) {
        RegistryException maybeUsedUp =
            assertThrows(RegistryException.class, () -> claims.begin("k", secret, here));
        assertEquals(Reason.UNAVAILABLE, maybeUsedUp.reason());
      }
      try (Claims.Use other = claims.begin("k", secret, here)) { // nothing came of that one
        other.count();
      }
      RegistryException usedUp =
          assertThrows(RegistryException.class, () -> claims.begin("k", secret, here));
      assertEquals(Reason.CONFLICT, usedUp.reason());
      assertTrue(usedUp.getMessage().contains("2 times"), usedUp.getMessage());
      assertEquals("t", claims.template("k", secret, here).name()); // for what it has made
    }
  }

  @Test
  void usesOfAClaimTokenAreNoChangeOfWhatACallerHasSeen() throws Exception {
    String secret = "0123456789abcdef01234567";
    String content = "{'template':'t','secret':'" + secret + "','maxUses':9,'enabled':";
    long before;
    try (var fixture = RegistryFixture.open(directory)) {
      fixture.put(Kind.TEMPLATE, "t", "{}");
      before = revision(fixture.put(Kind.CLAIM_TOKEN, "k", content + "true}"));
      use(fixture, secret);
    }
    try (var fixture = RegistryFixture.open(directory)) {
      use(fixture, secret);
      long seen = revision(fixture.put(Kind.CLAIM_TOKEN, "k", content + "true}"));
      assertTrue(seen > before, "a use is seen");
      use(fixture, secret);
      Condition unseen = new Condition(before - 1, false);
      assertRaced(fixture, unseen, content + "false}");
      assertFalse(
          fixture
              .put(Kind.CLAIM_TOKEN, "k", new Condition(before, false), content + "false}")
              .entry()
              .enabled());
      for (long earlier : List.of(before, seen)) {
        assertRaced(fixture, new Condition(earlier, false), content + "true}");
      }
    }
  }

  private static long revision(Written<?> written) {
    return written.entry().stamp().revision();
  }

  private static void use(RegistryFixture fixture, String secret) throws Exception {
    var claims = new Claims(fixture.registry, io.signalbox.server.eventloop.Clocks.system());
    try (Claims.Use use = claims.begin("k", secret, InetAddress.ofLiteral("127.0.0.1"))) {
      use.count();
    }
  }

  private static void assertRaced(RegistryFixture fixture, Condition condition, String content) {
    assertEquals(
        Reason.REVISION_CONFLICT,
        assertThrows(
                RegistryException.class,
                () -> fixture.put(Kind.CLAIM_TOKEN, "k", condition, content))
            .reason());
  }

  @Test
  void aClaimTokenInUseIsSwitchedOffAtOnce() throws Exception {
    String secret = "0123456789abcdef01234567";
    try (var fixture = RegistryFixture.open(directory);
        var devices = Executors.newVirtualThreadPerTaskExecutor()) {
      fixture.put(Kind.TEMPLATE, "t", "{}");
      String content = "{'template':'t','maxUses':1000000,'secret':'" + secret + "','enabled':";
      var seen =
          new Condition(revision(fixture.put(Kind.CLAIM_TOKEN, "k", content + "true}")), false);
      var inUse = new CountDownLatch(8);
      List<Future<?>> using = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        using.add(
            devices.submit(
                () -> {
                  while (Objects.requireNonNull(fixture.registry.find(Kind.CLAIM_TOKEN, "k"))
                      .enabled()) {
                    try {
                      use(fixture, secret);
                      inUse.countDown();
                    } catch (RegistryException e) {
                      assertTrue(e.reason() != Reason.NOT_FOUND, e.getMessage());
                    }
                  }
                  return null;
                }));
      }
      inUse.await();

      try {
        fixture.put(Kind.CLAIM_TOKEN, "k", seen, content + "false}");
      } finally {
        fixture.put(Kind.CLAIM_TOKEN, "k", content + "false}");
      }
      for (Future<?> device : using) {
        device.get();
      }
    }
  }

  @Test
  void pinsTheClientIdentifier() throws Exception {
    try (var fixture = RegistryFixture.open(directory)) {
      Device plain = fixture.put(Kind.DEVICE, "d", "{}").entry();
      Device prefix = fixture.put(Kind.DEVICE, "e", "{'clientIdPin':'e:*'}").entry();
      Device any = fixture.put(Kind.DEVICE, "f", "{'clientIdPin':'*'}").entry();

      assertTrue(plain.mayUse("d"));
      assertFalse(plain.mayUse("d1"));
      assertTrue(prefix.mayUse("e:logs"));
      assertFalse(prefix.mayUse("e"));
      assertTrue(any.mayUse("whatever"));
    }
  }

  private static Device device(RegistryFixture fixture) {
    return Objects.requireNonNull(fixture.registry.device("d"));
  }
}
