package io.signalbox.pki;

import static io.signalbox.pki.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DevelopmentPkiTest {
  private static final List<String> HOSTS = List.of("localhost", "127.0.0.1", "::1");

  private final MutableClock clock = new MutableClock(TestPki.START);
  private final SecureRandom random = new SecureRandom();

  @TempDir private Path parent;

  @Test
  void makesAHierarchyAtFirstStartAndLoadsItLater() throws Exception {
    DevelopmentPki first = open();
    TlsIdentity server = first.server(HOSTS);
    assertEquals(
        Set.of(
            "root.crt",
            "root.key",
            "issuing.crt",
            "issuing.key",
            "ca.crt",
            "server.crt",
            "server.key"),
        names(folder()));
    DevelopmentPki second = open();
    assertEquals(first.root(), second.root());
    assertEquals(first.issuing().certificate(), second.issuing().certificate());
    assertEquals(server.chain(), second.server(HOSTS).chain());
    assertEquals(List.of(first.root()), Pem.readCertificates(first.trustedCertificatesFile()));
    assertEquals(Set.of("pki"), names(parent), "nothing is left beside the folder");
  }

  @Test
  void keepsKeysToTheOwner() throws Exception {
    open().server(HOSTS);
    assertEquals(
        "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder())));
    for (String key : List.of("root.key", "issuing.key", "server.key")) {
      assertEquals(
          "rw-------",
          PosixFilePermissions.toString(Files.getPosixFilePermissions(folder().resolve(key))),
          key);
    }
  }

  @Test
  void renewsTheServerCertificateWhenTwoThirdsOfItsTimeAreOver() throws PkiException {
    DevelopmentPki pki = open();
    X509Certificate first = pki.server(HOSTS).certificate();
    clock.advance(CertificateProfile.SERVER.validity().multipliedBy(2).dividedBy(3).minusHours(1));
    assertEquals(first, pki.server(HOSTS).certificate());
    clock.advance(Duration.ofHours(2));
    X509Certificate second = pki.server(HOSTS).certificate();
    assertNotEquals(first, second);
    assertEquals(second, open().server(HOSTS).certificate());
  }

  @Test
  void renewsTheServerCertificateWhenAHostNameIsMissing() throws PkiException {
    DevelopmentPki pki = open();
    X509Certificate first = pki.server(HOSTS).certificate();
    assertEquals(
        first,
        pki.server(List.of("LOCALHOST", "0:0:0:0:0:0:0:1")).certificate(),
        "another spelling is the same host");
    X509Certificate second = pki.server(List.of("localhost", "mqtt.example.com")).certificate();
    assertNotEquals(first, second);
    assertEquals(
        List.of("localhost", "mqtt.example.com"), ClientIdentity.namesOf(second).dnsNames());
  }

  @Test
  void renewsTheServerCertificateAfterTheClockJumpedBack() throws PkiException {
    DevelopmentPki pki = open();
    clock.advance(Duration.ofDays(30));
    clock.advance(CertificateProfile.SERVER.validity());
    X509Certificate ahead = pki.server(HOSTS).certificate();
    clock.set(TestPki.START.plus(Duration.ofDays(1)));
    assertNotEquals(ahead, pki.server(HOSTS).certificate());
  }

  @Test
  void saysSoWhenTheClockIsBeforeTheHierarchy() throws PkiException {
    DevelopmentPki pki = open();
    clock.set(TestPki.START.minus(Duration.ofDays(1)));
    assertRefused("set this machine's clock", () -> pki.server(HOSTS));
    assertFalse(Files.exists(folder().resolve("server.key")), "nothing half-written");
  }

  @Test
  void survivesACrashBetweenTheServersKeyAndCertificate() throws Exception {
    DevelopmentPki pki = open();
    pki.server(HOSTS);
    AtomicFile.writeSecret(
        folder().resolve("server.key"),
        Pem.encode(KeyAlgorithm.EC_P256.generate(random).getPrivate()));
    TlsIdentity renewed = open().server(HOSTS);
    assertTrue(
        PrivateKeys.belongTogether(renewed.key(), renewed.certificate().getPublicKey(), random));
    Files.writeString(folder().resolve("server.crt"), "-----BEGIN CERTIFICATE-----\nMII");
    assertNotEquals(renewed.certificate(), open().server(HOSTS).certificate());
  }

  @Test
  void verifiesAFolderOnceAndAgainAfterAnyChange() throws Exception {
    open().server(HOSTS);
    assertFalse(look().isKnown(), "just made, not read yet");
    open().server(HOSTS);
    assertTrue(look().isKnown());
    assertTrue(names(folder()).contains("verified"));
    for (String file :
        List.of("root.crt", "issuing.crt", "issuing.key", "server.crt", "server.key")) {
      String content = Files.readString(folder().resolve(file));
      Files.writeString(folder().resolve(file), content + "\n");
      assertFalse(look().isKnown(), file);
      Files.writeString(folder().resolve(file), content);
      assertTrue(look().isKnown(), file);
    }
    clock.advance(CertificateProfile.SERVER.validity().minusDays(1));
    DevelopmentPki pki = open();
    X509Certificate renewed = pki.server(HOSTS).certificate();
    assertFalse(look().isKnown(), "renewed");
    assertEquals(renewed, pki.server(HOSTS).certificate());
    assertFalse(look().isKnown(), "the others were read before the renewal");
    assertEquals(renewed, open().server(HOSTS).certificate());
    assertTrue(look().isKnown());
  }

  @Test
  void refusesASwappedKeyAndASwappedRootInAFolderThatWasVerified() throws Exception {
    open().server(HOSTS);
    open().server(HOSTS);
    assertTrue(look().isKnown());
    Path key = folder().resolve("issuing.key");
    String good = Files.readString(key);
    AtomicFile.writeSecret(key, Pem.encode(KeyAlgorithm.EC_P256.generate(random).getPrivate()));
    assertRefused("the private key does not belong to the certificate", this::open);
    AtomicFile.writeSecret(key, good);
    DevelopmentPki other = DevelopmentPki.openOrCreate(parent.resolve("other"), clock, random);
    AtomicFile.writePublic(folder().resolve("root.crt"), Pem.encode(List.of(other.root())));
    assertRefused("was not issued by", this::open);
  }

  @Test
  void verifiesNoSignatureOfFilesThatTheNoteKnows() throws Exception {
    open().server(HOSTS);
    AtomicFile.writeSecret(
        folder().resolve("issuing.key"),
        Pem.encode(KeyAlgorithm.EC_P256.generate(random).getPrivate()));
    assertRefused("the private key does not belong to the certificate", this::open);
    AtomicFile.writeSecret(folder().resolve("verified"), look().digest());
    DevelopmentPki pki = open();
    X509Certificate server = pki.server(HOSTS).certificate();
    clock.advance(CertificateProfile.SERVER.validity());
    assertNotEquals(server, pki.server(HOSTS).certificate(), "time is looked at");
  }

  @Test
  void whatElseIsInTheFolderDoesNotMatter() throws Exception {
    open().server(HOSTS);
    open().server(HOSTS);
    Files.createDirectory(folder().resolve("backup.key"));
    Files.createSymbolicLink(folder().resolve("old.crt"), Path.of("nowhere"));
    Files.delete(folder().resolve("root.key")); // moved away, as it may be
    assertTrue(look().isKnown());
    open().server(HOSTS);
  }

  @Test
  void doesWithoutTheNoteOfVerifiedFiles() throws Exception {
    open().server(HOSTS);
    Files.createDirectories(folder().resolve("verified").resolve("in the way"));
    X509Certificate server = open().server(HOSTS).certificate();
    assertEquals(server, open().server(HOSTS).certificate());
    assertFalse(look().isKnown());
  }

  @Test
  void ignoresTheDraftOfACreationThatCrashed() throws Exception {
    Path draft = Files.createDirectory(parent.resolve(".pki.1234.new"));
    Files.writeString(draft.resolve("root.key"), "half");
    open();
    assertTrue(names(folder()).contains("issuing.key"));
  }

  @Test
  void usesAnEmptyFolder() throws Exception {
    Files.createDirectory(folder());
    open();
    assertTrue(names(folder()).contains("issuing.key"));
  }

  @Test
  void refusesAFolderWithSomethingElseInIt() throws Exception {
    Files.createDirectory(folder());
    Files.writeString(folder().resolve("notes.txt"), "mine");
    assertRefused("root.crt", this::open);
    assertEquals(Set.of("notes.txt"), names(folder()));
  }

  @Test
  void neverReplacesADamagedAuthority() throws Exception {
    open();
    Path key = folder().resolve("issuing.key");
    byte[] before = Files.readAllBytes(key);
    Files.write(key, java.util.Arrays.copyOf(before, before.length / 2));
    PkiException e = assertThrows(PkiException.class, this::open);
    assertTrue(
        e.getMessage().contains("issuing.key") && e.getMessage().contains("truncated"),
        e.getMessage());
    Files.write(key, before);
    assertEquals(
        "Signalbox development root",
        open().root().getSubjectX500Principal().getName().substring(3, 29));
  }

  @Test
  void worksWithoutTheRootsKey() throws Exception {
    open();
    Files.delete(folder().resolve("root.key"));
    open().issueDevice("dev-1");
  }

  @Test
  void writesTheTrustFileAgainWhenItIsMissing() throws Exception {
    open();
    Files.delete(folder().resolve("ca.crt"));
    DevelopmentPki again = open();
    assertEquals(List.of(again.root()), Pem.readCertificates(folder().resolve("ca.crt")));
  }

  @Test
  void severalProcessesStartingAtOnceAgree() throws Exception {
    try (var threads = Executors.newFixedThreadPool(6)) {
      Callable<X509Certificate> start =
          () -> DevelopmentPki.openOrCreate(folder(), clock, random).root();
      var results = threads.invokeAll(IntStream.range(0, 6).mapToObj(_ -> start).toList());
      Set<X509Certificate> roots = new java.util.HashSet<>();
      for (var result : results) {
        roots.add(result.get());
      }
      assertEquals(1, roots.size());
    }
    assertEquals(Set.of("pki"), names(parent));
  }

  @Test
  void devicesOfThisHierarchyAreAccepted() throws PkiException {
    DevelopmentPki pki = open();
    var verifier = new CertificateVerifier(List.of(pki.trustedCa("development")));
    TlsIdentity device = pki.issueDevice("dev-1");
    assertInstanceOf(Verification.Accepted.class, verifier.verify(device.chain(), clock.instant()));
    assertInstanceOf(
        Verification.Accepted.class,
        verifier.verify(List.of(device.certificate()), clock.instant()));
    var keys = KeyAlgorithm.ED25519.generate(random);
    var chain =
        pki.signDeviceCsr(
            CertificateSigningRequest.create(keys, SubjectNames.ofCommonName("dev-2"), random));
    assertEquals(keys.getPublic(), chain.getFirst().getPublicKey());
    assertInstanceOf(Verification.Accepted.class, verifier.verify(chain, clock.instant()));
  }

  @Test
  void refusesDeviceIdsThatAreNoFileNames() throws PkiException {
    DevelopmentPki pki = open();
    for (String bad :
        List.of(
            "",
            "..",
            "../x",
            "a/b",
            "a\\b",
            "-rf",
            ".hidden",
            "a b",
            "a\nb",
            "é",
            "x".repeat(65),
            "CN=x,O=y",
            "a:b")) {
      assertRefused("cannot be a device id", () -> pki.issueDevice(bad));
    }
  }

  @Test
  void writesTheFilesOfADeviceOnce() throws Exception {
    DevelopmentPki pki = open();
    Path out = parent.resolve("out");
    DeviceFiles files = DeviceFiles.in(out, "dev-1");
    files.write(pki.issueDevice("dev-1"), pki.root());
    assertEquals(Set.of("dev-1.crt", "dev-1.key", "ca.crt"), names(out));
    assertEquals(
        "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(files.key())));
    assertEquals(
        "dev-1",
        ClientIdentity.of(TlsIdentity.read(files.certificate(), files.key(), random).certificate())
            .commonName());
    assertRefused("exists already", () -> files.write(pki.issueDevice("dev-1"), pki.root()));
    assertThrows(PkiException.class, () -> DeviceFiles.in(out, "CA"));
  }

  @Test
  void writesARequestThatTheHierarchySigns() throws Exception {
    DevelopmentPki pki = open();
    Path out = parent.resolve("device");
    DeviceFiles files = DeviceFiles.in(out, "dev-9");
    files.writeNewRequest("dev-9", KeyAlgorithm.EC_P256, random);
    files.writeCertificate(
        pki.signDeviceCsr(CertificateSigningRequest.read(files.request())), pki.root());
    assertEquals(2, TlsIdentity.read(files.certificate(), files.key(), random).chain().size());
  }

  private VerifiedFolder look() throws PkiException {
    return VerifiedFolder.look(new PkiFolder(folder()));
  }

  private DevelopmentPki open() throws PkiException {
    return DevelopmentPki.openOrCreate(folder(), clock, random);
  }

  private Path folder() {
    return parent.resolve("pki");
  }

  private static Set<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }
}
