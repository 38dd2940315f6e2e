package io.signalbox.it.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.Launch;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.interop.Program;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import io.signalbox.pki.CertificateSigningRequest;
import io.signalbox.pki.OcspQuestion;
import io.signalbox.pki.Pem;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.SubjectNames;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An issuing authority whose key is made in a PKCS#11 token (SoftHSM 2) and stays there. */
final class TokenKeyTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String PIN = "271828";
  private static final String SECRET = "0123456789abcdef01234567";

  /** An OCSP response of nothing but its status (RFC 6960 section 4.2.1). */
  private static final byte[] TRY_LATER = {0x30, 3, 0x0a, 1, 3};

  @TempDir Path folder;

  private Launch launch() throws IOException {
    return Launch.DEFAULT.quick().with("SOFTHSM2_CONF", token().toString());
  }

  private static BrokerConfig config() {
    return BrokerConfig.open()
        .file("token.pin", PIN + "\n")
        .yaml(
            "registry: { pkcs11: { library: " + library() + ", slot: 0, pin-file: token.pin } }\n");
  }

  private static AdminClient withAuthorities(BrokerUnderTest broker) {
    AdminClient api = AdminClient.administrator(broker);
    api.put("/issuing-cas/plant", "{'pathLength':1}").expect(201);
    api.put("/issuing-cas/hsm", "{'keyStore':'token','parent':'plant'}").expect(201);
    return api;
  }

  private void takeTokenAway() throws IOException {
    Files.move(folder.resolve("tokens"), folder.resolve("away"));
  }

  private void bringTokenBack() throws IOException {
    Files.move(folder.resolve("away"), folder.resolve("tokens"));
  }

  @Test
  void whileTheTokenIsAwayWhoeverNeedsItIsToldToComeAgain() throws Exception {
    Launch launch = launch();
    try (var broker = BrokerUnderTest.start("token-away", config(), launch)) {
      AdminClient api = withAuthorities(broker);
      api.put("/devices/pump", "{}").expect(201);
      api.put("/provisioning-templates/line", "{'ca':'hsm'}").expect(201);
      api.put("/claim-tokens/batch", "{'template':'line','secret':'" + SECRET + "'}").expect(201);
      byte[] question = question(api);
      assertFalse(Arrays.equals(TRY_LATER, ask(broker, question)));

      takeTokenAway();
      assertArrayEquals(TRY_LATER, ask(broker, question));
      String why =
          api.put(
                  "/devices/pump/certificates/main",
                  "{'ca':'hsm','csrPem':'" + Certificates.csr(Certificates.keys(), "pump") + "'}")
              .expectProblem(503, "unavailable");
      assertTrue(why.contains("issuing CA \"hsm\""), why);
      assertEquals("unavailable", api.get("/issuing-cas/hsm").expect(200).get("state"));
      assertEquals(1, api.metric("signalbox_issuing_authorities_unavailable"));
      HttpResponse<byte[]> refused = enrol(broker, "lamp", "batch:" + SECRET);
      assertEquals(503, refused.statusCode(), () -> new String(refused.body(), UTF_8));
      assertEquals("0", api.get("/claim-tokens/batch").expect(200).get("uses"));
      api.get("/issuing-cas/hsm/crl").expectProblem(503, "unavailable");
      assertArrayEquals(TRY_LATER, ask(broker, question));
      device(api, broker, "other", "plant");

      broker.stop();
      bringTokenBack();
      broker.restart(launch);
      api = AdminClient.administrator(broker);
      assertEquals(0, api.metric("signalbox_issuing_authorities_unavailable"));
      connect(broker, device(api, broker, "fan", "hsm"));
    }
  }

  @Test
  void aTokenThatWasAwayAtTheStartIsOpenedOnceItIsThere() throws Exception {
    Launch launch = launch();
    try (var broker = BrokerUnderTest.start("token-late", config(), launch)) {
      withAuthorities(broker);
      broker.stop();
      takeTokenAway();
      broker.restart(launch);
      AdminClient api = AdminClient.administrator(broker);
      assertEquals("unavailable", api.get("/issuing-cas/hsm").expect(200).get("state"));

      bringTokenBack();
      Eventually.succeeds(
          () -> {
            assertEquals("active", api.get("/issuing-cas/hsm").expect(200).get("state"));
            return api;
          });
      connect(broker, device(api, broker, "lamp", "hsm"));
    }
  }

  @Test
  void certifiesDevicesWithAKeyOnTheToken() throws Exception {
    Launch launch = launch();
    try (var broker = BrokerUnderTest.start("token", config(), launch)) {
      AdminClient api = withAuthorities(broker);
      assertEquals("token", api.get("/issuing-cas/hsm").expect(200).get("keyStore"));
      String problem =
          api.put("/issuing-cas/alone", "{'keyStore':'token'}").expectProblem(422, "invalid");
      assertTrue(problem.contains("parent, or offline"), problem);
      PemFiles.Device first = device(api, broker, "first", "hsm");

      broker.stop();
      broker.restart(launch);
      connect(broker, first);
      connect(broker, device(AdminClient.administrator(broker), broker, "second", "hsm"));
      try (Stream<Path> keys = Files.list(broker.dataFolder().resolve("ca"))) {
        assertEquals(
            List.of(),
            keys.map(key -> key.getFileName().toString()).filter(n -> n.startsWith("hsm")).toList(),
            "no file has the key");
      }
    }
  }

  private PemFiles.Device device(AdminClient api, BrokerUnderTest broker, String id, String ca)
      throws IOException {
    KeyPair keys = Certificates.keys();
    api.put("/devices/" + id, "{}").expect(201);
    String chain =
        api.put(
                "/devices/" + id + "/certificates/main",
                "{'ca':'" + ca + "','csrPem':'" + Certificates.csr(keys, id) + "'}")
            .expect(201)
            .get("chainPem");
    return new PemFiles.Device(
        id,
        Files.writeString(folder.resolve(id + ".crt"), chain),
        Files.writeString(folder.resolve(id + ".key"), Pem.encode(keys.getPrivate())),
        broker.caFile());
  }

  private static void connect(BrokerUnderTest broker, PemFiles.Device device) throws IOException {
    var endpoint = broker.endpoint(Transport.TLS).with(device.tls());
    try (var peer = new Peer(RawClient.open(endpoint, Version.V5), device.id())) {
      peer.connect();
      peer.ping();
    }
  }

  /** A question about some certificate of the authority. */
  private static byte[] question(AdminClient api) throws PkiException {
    String pem = api.get("/issuing-cas/hsm").expect(200).get("certificatePem");
    X509Certificate issuer = Pem.parseCertificates(pem, "hsm").getFirst();
    return OcspQuestion.of(issuer, issuer).encoded();
  }

  private static byte[] ask(BrokerUnderTest broker, byte[] question) throws Exception {
    return post(broker, "/pki/ocsp", "application/ocsp-request", "", question).body();
  }

  private static HttpResponse<byte[]> enrol(BrokerUnderTest broker, String id, String claim)
      throws Exception {
    byte[] request =
        CertificateSigningRequest.create(
                Certificates.keys(), SubjectNames.ofCommonName(id), Certificates.RANDOM)
            .encoded();
    return post(
        broker,
        "/.well-known/est/simpleenroll",
        "application/pkcs10",
        "Bearer " + claim,
        Base64.getMimeEncoder().encode(request));
  }

  private static HttpResponse<byte[]> post(
      BrokerUnderTest broker, String path, String type, String authorization, byte[] body)
      throws Exception {
    int port = broker.endpoint(Transport.WSS).address().getPort();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + path))
            .timeout(PATIENCE)
            .header("Content-Type", type)
            .POST(BodyPublishers.ofByteArray(body));
    if (!authorization.isEmpty()) {
      request.header("Authorization", authorization);
    }
    try (HttpClient http =
        HttpClient.newBuilder()
            .sslContext(PemFiles.trusting(broker.caFile()))
            .version(HttpClient.Version.HTTP_1_1)
            .build()) {
      return http.send(request.build(), BodyHandlers.ofByteArray());
    }
  }

  /** Makes a token; gives the file that names its folder. */
  private Path token() throws IOException {
    String util = Program.find("softhsm2-util", "softhsm");
    Path configuration = folder.resolve("softhsm2.conf");
    Path tokens = Files.createDirectory(folder.resolve("tokens"));
    Files.writeString(configuration, "directories.tokendir = " + tokens + "\nlog.level = ERROR\n");
    CommandLine.run(
            List.of(
                "env",
                "SOFTHSM2_CONF=" + configuration,
                util,
                "--init-token",
                "--free",
                "--label",
                "plant",
                "--pin",
                PIN,
                "--so-pin",
                "31415926"))
        .expectSuccess();
    return configuration;
  }

  private static Path library() {
    return Program.library(
        "the library of SoftHSM 2",
        "softhsm",
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so");
  }
}
