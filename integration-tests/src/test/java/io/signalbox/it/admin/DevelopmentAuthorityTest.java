package io.signalbox.it.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.Metrics;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import io.signalbox.pki.CertificateSigningRequest;
import io.signalbox.pki.DevelopmentPki;
import io.signalbox.pki.Pem;
import io.signalbox.pki.SubjectNames;
import io.signalbox.pki.TlsIdentity;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The development PKI's authority, once the broker has a certificate from elsewhere. */
final class DevelopmentAuthorityTest {
  private static final int NOT_AUTHORIZED = 0x87;
  private static final String FAILURES = "signalbox_tls_handshakes_failed_total";

  private static final String PASSWORD = "changeit";

  @TempDir Path folder;

  private Path data;
  private Path webRoot;
  private String tls;
  private PemFiles.Device pump;
  private PemFiles.Device fan;
  private KeyPair fanKeys;

  /**
   * A data directory whose broker has certified two devices: by the command line, which needs no
   * broker, and by the API; and a certificate of somebody else for that broker.
   */
  @BeforeEach
  void certifyTwoDevices() throws Exception {
    data = folder.resolve("data");
    fanKeys = Certificates.keys();
    try (var broker = BrokerUnderTest.startOn("dev-ca-before", BrokerConfig.open(), data)) {
      AdminClient api = AdminClient.administrator(broker);
      pump = issued("pump");
      fan = certified(api, "fan", fanKeys);
      connect(broker, pump, broker.caFile());
      connect(broker, fan, broker.caFile());
      broker.stop();
    }
    var web =
        DevelopmentPki.openOrCreate(folder.resolve("web"), Clock.systemUTC(), Certificates.RANDOM);
    TlsIdentity server = web.server(List.of("localhost", "127.0.0.1"));
    Path file =
        Files.writeString(
            folder.resolve("server.pem"), Pem.encode(server.chain()) + Pem.encode(server.key()));
    webRoot = web.trustedCertificatesFile();
    tls = "tls:\n  certificate-file: %1$s\n  private-key-file: %1$s\n".formatted(file);
  }

  private PemFiles.Device issued(String id) {
    assertEquals("", issue(id).err());
    return device(id, folder.resolve(id + ".crt"), folder.resolve(id + ".key"));
  }

  private CommandLine.Result issue(String id) {
    return CommandLine.signalbox(
            "pki", "issue-device", id, "--data", data.toString(), "--out", folder.toString())
        .expectSuccess();
  }

  private PemFiles.Device certified(AdminClient api, String id, KeyPair keys) throws IOException {
    api.put("/devices/" + id, "{}").expect(201);
    String chain =
        api.put("/devices/" + id + "/certificates/main", csr(id, keys)).expect(201).get("chainPem");
    return device(
        id,
        Files.writeString(folder.resolve(id + ".crt"), chain),
        Files.writeString(folder.resolve(id + ".key"), Pem.encode(keys.getPrivate())));
  }

  private static String csr(String id, KeyPair keys) {
    return "{'csrPem':'" + Certificates.csr(keys, id) + "'}";
  }

  private static PemFiles.Device device(String id, Path certificate, Path key) {
    return new PemFiles.Device(id, certificate, key, certificate);
  }

  private static void connect(BrokerUnderTest broker, PemFiles.Device device, Path trusted)
      throws IOException {
    try (var peer =
        new Peer(
            RawClient.open(broker.endpoint(Transport.TLS, trusting(device, trusted)), Version.V5),
            device.id())) {
      peer.connect();
      peer.ping();
    }
  }

  /** It is the broker that does, for what the certificate is, and no other fault. */
  private static void assertRefuses(BrokerUnderTest broker, PemFiles.Device device, Path trusted)
      throws IOException {
    Metrics before = Metrics.of(broker);
    var endpoint = broker.endpoint(Transport.TLS, trusting(device, trusted));
    try (RawClient wire = RawClient.open(endpoint, Version.V5)) {
      wire.sendIfOpen(PacketBytes.connect(Version.V5).clientId(device.id()));
      Parsed answer = wire.poll(RawClient.PATIENCE);
      assertTrue(answer == null || answer.reasonCode() == NOT_AUTHORIZED, device.id());
    } catch (IOException e) {
      // the alert came within the handshake, or before CONNECT was sent
    }
    Eventually.succeeds(
        () -> {
          assertEquals(1, Metrics.of(broker).since(before, FAILURES), device.id());
          return device;
        });
  }

  private static SSLContext trusting(PemFiles.Device device, Path trusted) {
    return new PemFiles.Device(device.id(), device.certificate(), device.key(), trusted).tls();
  }

  private static AdminClient administrator(BrokerUnderTest broker, Path trusted) {
    return AdminClient.administrator(broker, PemFiles.trusting(trusted));
  }

  @Test
  void whatItHasCertifiedIsRefusedAndEverybodyIsToldWhy() throws Exception {
    BrokerConfig config = BrokerConfig.open().yaml(tls);
    try (var broker = BrokerUnderTest.startOn("dev-ca-out", config, data)) {
      String warning = broker.awaitLog("tls.trust-development-ca");
      assertTrue(warning.contains("WARNING") || warning.contains("WARN"), warning);
      assertTrue(warning.contains(" 1 active"), warning);
      for (PemFiles.Device device : List.of(pump, fan)) {
        assertRefuses(broker, device, webRoot);
      }

      CommandLine.Result more = issue("lamp");
      assertTrue(more.err().contains("tls.trust-development-ca"), more.err());
      AdminClient api = administrator(broker, webRoot);
      api.put("/devices/lamp", "{}").expect(201);
      String why =
          api.put("/devices/lamp/certificates/main", csr("lamp", Certificates.keys()))
              .expectProblem(409, "conflict");
      assertTrue(why.contains("tls.trust-development-ca"), why);
      assertEquals(0, api.metric("signalbox_issuing_authorities_unavailable"));
    }
  }

  @Test
  void itStaysInUseWhereTheConfigurationSaysSo() throws Exception {
    BrokerConfig config = BrokerConfig.open().yaml(tls + "  trust-development-ca: true\n");
    try (var broker = BrokerUnderTest.startOn("dev-ca-kept", config, data)) {
      connect(broker, pump, webRoot);
      connect(broker, fan, webRoot);
      connect(broker, issued("lamp"), webRoot);
      AdminClient api = administrator(broker, webRoot);
      connect(broker, certified(api, "hose", Certificates.keys()), webRoot);
      assertEquals(200, renew(broker));

      api.put("/issuing-cas/plant", "{}").expect(201);
      setSuccessor(broker, "plant");
      assertEquals(200, renew(broker));
      String renewed = api.get("/devices/fan/certificates").expect(200).text();
      assertTrue(renewed.contains("\"ca\":\"plant\""), renewed);
    }
  }

  @Test
  void whereItsRootIsTrustedByAnotherNameWhatHasAChainIsAcceptedWithoutAWarning() throws Exception {
    Path root = data.resolve("pki").resolve("ca.crt");
    BrokerConfig config =
        BrokerConfig.open().yaml(tls + "  trusted-cas: [{ name: plant, file: " + root + " }]\n");
    try (var broker = BrokerUnderTest.startOn("dev-ca-trusted", config, data)) {
      connect(broker, pump, webRoot);
      connect(broker, fan, webRoot);
      connect(broker, issued("lamp"), webRoot);
    }
  }

  private void setSuccessor(BrokerUnderTest broker, String name) {
    CommandLine.Result set =
        CommandLine.signalbox(
            "ca",
            "set",
            "dev-ca",
            "--set",
            "successor=" + name,
            "--data",
            data.toString(),
            "--cafile",
            webRoot.toString(),
            "--server",
            "https://localhost:" + broker.endpoint(Transport.WSS).address().getPort());
    set.expectSuccess();
  }

  private int renew(BrokerUnderTest broker) throws Exception {
    byte[] request =
        CertificateSigningRequest.create(
                fanKeys, SubjectNames.ofCommonName("fan"), Certificates.RANDOM)
            .encoded();
    int port = broker.endpoint(Transport.WSS).address().getPort();
    try (HttpClient http =
        HttpClient.newBuilder()
            .sslContext(trusting(fan, webRoot))
            .version(HttpClient.Version.HTTP_1_1)
            .build()) {
      return http.send(
              HttpRequest.newBuilder(
                      URI.create("https://127.0.0.1:" + port + "/.well-known/est/simplereenroll"))
                  .timeout(Duration.ofMinutes(2))
                  .header("Content-Type", "application/pkcs10")
                  .POST(BodyPublishers.ofByteArray(Base64.getMimeEncoder().encode(request)))
                  .build(),
              BodyHandlers.ofString())
          .statusCode();
    }
  }

  @Test
  void commandsOnThatMachineTakeTheCertificateThatJavaTrustsOrSayWhatToGive() throws Exception {
    BrokerConfig config = BrokerConfig.open().yaml(tls);
    try (var broker = BrokerUnderTest.startOn("dev-ca-commands", config, data)) {
      CommandLine.Result unknown = list(broker, List.of());
      assertEquals(6, unknown.exitCode(), unknown.err());
      assertTrue(unknown.err().contains("a name that its certificate has"), unknown.err());

      Path store = folder.resolve("trusted.p12");
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry("web", Pem.readCertificates(webRoot).getFirst());
      try (var out = Files.newOutputStream(store)) {
        trusted.store(out, PASSWORD.toCharArray());
      }
      list(
              broker,
              List.of(
                  "-Djavax.net.ssl.trustStore=" + store,
                  "-Djavax.net.ssl.trustStorePassword=" + PASSWORD))
          .expectSuccess();
    }
  }

  private CommandLine.Result list(BrokerUnderTest broker, List<String> jvmOptions) {
    int port = broker.endpoint(Transport.WSS).address().getPort();
    return CommandLine.signalbox(
        jvmOptions,
        "device",
        "list",
        "--data",
        data.toString(),
        "--server",
        "https://localhost:" + port);
  }
}
