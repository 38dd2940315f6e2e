package io.signalbox.it.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.Launch;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.Passphrase;
import io.signalbox.pki.Pem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Authorities whose keys are encrypted on the disk, and the experiment with post-quantum ones. */
final class EncryptedAuthorityTest {
  private static final String PASSPHRASE = "correct horse battery staple";
  private static final int NOT_AUTHORIZED = 0x87;

  @TempDir static Path folder;

  private static BrokerUnderTest broker;

  @BeforeAll
  static void start() {
    broker =
        BrokerUnderTest.start(
            "encrypted-authority",
            BrokerConfig.allowingAll()
                .listener(Transport.TLS, false, "required")
                .listener(Transport.WSS, false, "optional")
                .file("ca.passphrase", PASSPHRASE + "\n")
                .yaml(
                    """
                    registry: { ca-passphrase-file: ca.passphrase, experimental-key-types: true }
                    """),
            Launch.DEFAULT); // deriving keys from a passphrase is slow without the compiler
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  /** All in one: a start takes longer than the rest. */
  @Test
  void anEncryptedKeySignsBeforeAndAfterAStart() throws Exception {
    AdminClient admin = AdminClient.administrator(broker);
    admin.put("/issuing-cas/plant", "{}").expect(201);
    admin.put("/issuing-cas/hybrid", "{'alternativeKeyType':'ml-dsa-44'}").expect(201);
    admin.put("/issuing-cas/pure", "{'keyType':'ml-dsa-65'}").expect(201);
    PemFiles.Device first = issued(admin, "plant", "first");
    connect(first);

    Path key = keyFile("plant");
    assertTrue(Files.readString(key).startsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    String open = "openssl pkey -noout -in " + key + " -passin pass:";
    assertEquals(0, sh(open + "'" + PASSPHRASE + "'").exitCode());
    assertNotEquals(0, sh(open + "wrong").exitCode());

    broker.stop();
    aKeyThatDoesNotOpenStopsTheStartAndChangesNothing();
    broker.restart();
    admin = AdminClient.administrator(broker);
    connect(first);
    connect(issued(admin, "plant", "second"));
    itSignsByMlDsa(admin);
    bothKeysOfAHybridAuthorityMustHaveSigned(admin);

    broker.stop();
    Files.move(key, key.resolveSibling("away")); // as the message says
    broker.restart();
    admin = AdminClient.administrator(broker);
    assertEquals("unavailable", admin.get("/issuing-cas/plant").expect(200).get("state"));
    connect(first);
  }

  private static void aKeyThatDoesNotOpenStopsTheStartAndChangesNothing() throws IOException {
    Path passphrase = broker.configFile().resolveSibling("ca.passphrase");
    String config = Files.readString(broker.configFile());
    Map<String, String> before = contents(broker.dataFolder());
    try {
      Files.writeString(passphrase, "Correct Horse Battery Staple\n");
      String wrong = refusedStart();
      assertEquals(
          3, wrong.lines().filter(line -> line.contains("the passphrase is wrong")).count());
      assertTrue(wrong.contains("\"plant\": \"" + keyFile("plant")), wrong);
      Files.writeString(
          broker.configFile(), config.replace("ca-passphrase-file: ca.passphrase, ", ""));
      String missing = refusedStart();
      assertEquals(3, missing.lines().filter(line -> line.contains("is encrypted")).count());
    } finally {
      Files.writeString(broker.configFile(), config);
      Files.writeString(passphrase, PASSPHRASE + "\n");
    }
    assertEquals(before, contents(broker.dataFolder()));
  }

  private static String refusedStart() {
    CommandLine.Result start = broker.refusedStart();
    assertEquals(78, start.exitCode(), start::err);
    assertTrue(start.err().contains("registry.ca-passphrase-file"), start::err);
    assertTrue(start.err().contains("move the key file away"), start::err);
    return start.err();
  }

  /** Without what each process makes for itself. */
  private static Map<String, String> contents(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      Map<String, String> contents = new TreeMap<>();
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = folder.relativize(file).toString();
        if (!name.matches("store/(native/.*|owner.pid|lock.mdb)|pki/verified")) {
          contents.put(name, HexFormat.of().formatHex(Files.readAllBytes(file)));
        }
      }
      return contents;
    }
  }

  private static Path keyFile(String authority) throws IOException {
    try (Stream<Path> files = Files.list(broker.dataFolder().resolve("ca"))) {
      return files
          .filter(
              file -> {
                String name = file.getFileName().toString();
                return name.startsWith(authority)
                    && name.endsWith(".key")
                    && !name.endsWith(".alternative.key");
              })
          .findFirst()
          .orElseThrow(() -> new AssertionError("no key of " + authority));
    }
  }

  /** The JDK's own ML-DSA says that the signature is good; OpenSSL 3.0 has none. */
  private static void itSignsByMlDsa(AdminClient admin) throws Exception {
    PemFiles.Device device = issued(admin, "pure", "quantum");
    List<X509Certificate> chain = Pem.readCertificates(device.certificate());
    X509Certificate authority =
        Pem.parseCertificates(
                admin.get("/issuing-cas/pure").expect(200).get("certificatePem"), "pure")
            .getFirst();
    assertEquals("ML-DSA-65", chain.getFirst().getSigAlgName());
    chain.getFirst().verify(authority.getPublicKey());
    connect(device);
  }

  private static void bothKeysOfAHybridAuthorityMustHaveSigned(AdminClient admin) throws Exception {
    PemFiles.Device twice = issued(admin, "hybrid", "twice");
    connect(twice);
    String pem = admin.get("/issuing-cas/hybrid").expect(200).get("certificatePem");
    Path ca = Files.writeString(folder.resolve("hybrid.pem"), pem);
    assertEquals( // OpenSSL sees an ordinary certificate
        0, sh("openssl verify -CAfile " + ca + " " + twice.certificate()).exitCode());

    PrivateKey stolen =
        Pem.readPrivateKey(keyFile("hybrid"), Optional.of(Passphrase.of(PASSPHRASE)));
    X509Certificate certificate = Pem.readCertificates(ca).getFirst();
    CertificateAuthority forger =
        CertificateAuthority.of(
            stolen, List.of(certificate), Clock.systemUTC(), Certificates.RANDOM);
    PemFiles.Device once = Certificates.device(folder, "once", forger, broker);
    assertEquals(0, sh("openssl verify -CAfile " + ca + " " + once.certificate()).exitCode());
    assertFalse(connects(once), "the ordinary key alone certifies nobody");
  }

  private static CommandLine.Result sh(String line) {
    return CommandLine.run(List.of("sh", "-c", line));
  }

  private static PemFiles.Device issued(AdminClient admin, String authority, String id)
      throws IOException {
    KeyPair keys = Certificates.keys();
    admin.put("/devices/" + id, "{}").expect(201);
    String body = "{'ca':'" + authority + "','csrPem':'" + Certificates.csr(keys, id) + "'}";
    String chain =
        admin.put("/devices/" + id + "/certificates/main", body).expect(201).get("chainPem");
    return new PemFiles.Device(
        id,
        Files.writeString(folder.resolve(id + ".crt"), chain),
        Files.writeString(folder.resolve(id + ".key"), Pem.encode(keys.getPrivate())),
        broker.caFile());
  }

  private static void connect(PemFiles.Device device) throws IOException {
    var endpoint = broker.endpoint(Transport.TLS).with(device.tls());
    try (var peer = new Peer(RawClient.open(endpoint, Version.V5), device.id())) {
      peer.connect();
      peer.ping();
    }
  }

  /** Refused is who meets an alert, a closed connection or 0x87 instead of a session. */
  private static boolean connects(PemFiles.Device device) {
    var endpoint = broker.endpoint(Transport.TLS).with(device.tls());
    try (RawClient wire = RawClient.open(endpoint, Version.V5)) {
      wire.sendIfOpen(PacketBytes.connect(Version.V5).clientId(device.id()));
      var answer = wire.poll(RawClient.PATIENCE);
      if (answer != null && answer.reasonCode() != 0) {
        assertEquals(NOT_AUTHORIZED, answer.reasonCode());
      }
      return answer != null && answer.reasonCode() == 0;
    } catch (IOException e) {
      return false; // the alert came within the handshake
    }
  }
}
