package io.signalbox.it.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.broker.TestIssuer;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.Pem;
import io.signalbox.pki.SubjectNames;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What the API has answered counts at once: for whoever connects, and whoever is connected. */
@SuppressWarnings("NullAway.Init") // before all tests
final class InForceTest {
  /** Enough to meet every moment between two looks of the broker at what changed. */
  private static final int ROUNDS = 25;

  private static final int ATTEMPTS = 5;
  private static final int BAD_CREDENTIALS = 0x86;
  private static final int NOT_AUTHORIZED = 0x87;

  @TempDir static Path folder;

  private static BrokerUnderTest broker;
  private static AdminClient admin;

  @BeforeAll
  static void start() {
    broker =
        BrokerUnderTest.start(
            "in-force",
            BrokerConfig.allowingAll()
                .listener(Transport.TCP, false, "none")
                .listener(Transport.TLS, false, "required")
                .listener(Transport.WSS, false, "optional"));
    admin = AdminClient.administrator(broker);
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  @RegisterExtension final Clients clients = new Clients(broker, Transport.TCP, Version.V5);

  @Test
  void anIssuerCountsWhenItsRegistrationIsAnswered() {
    TestIssuer issuer = new TestIssuer("prompt", "narrow");
    String entry =
        "{'issuer':'https://prompt.example','audiences':['iot'],'algorithms':['HS256'],'hmacSecret':'"
            + TestIssuer.secretBase64()
            + "'}";
    for (int round = 0; round < ROUNDS; round++) {
      admin.put("/jwt-issuers/prompt", entry).expect(201);
      assertEquals(0, answerTo(issuer), "registered, round " + round);
      admin.delete("/jwt-issuers/prompt").expect(204);
      assertEquals(BAD_CREDENTIALS, answerTo(issuer), "removed, round " + round);
    }
  }

  private int answerTo(TestIssuer issuer) {
    try (Peer peer = clients.peer()) {
      return peer.tryConnect(c -> c.password(issuer.token("ann"))).reasonCode();
    }
  }

  @Test
  void anAuthorityCountsWhenItsRegistrationIsAnswered() throws Exception {
    CertificateAuthority plant = Certificates.authority("plant", Instant.now());
    SSLContext tls = device(plant, "press").tls(); // one, so that its sessions are resumed
    String entry = "{'certificatePem':'" + Certificates.pem(plant) + "'}";
    for (int round = 0; round < ROUNDS; round++) {
      admin.put("/trusted-cas/plant", entry).expect(201);
      assertTrue(connects(tls), "registered, round " + round);
      admin.delete("/trusted-cas/plant").expect(204);
      assertFalse(connects(tls), "removed, round " + round);
    }
  }

  private static PemFiles.Device device(CertificateAuthority authority, String id)
      throws Exception {
    return device(authority, id, CertificateProfile.DEVICE.validity());
  }

  private static PemFiles.Device device(
      CertificateAuthority authority, String id, Duration validity) throws Exception {
    KeyPair keys = Certificates.keys();
    X509Certificate certificate =
        authority.issue(
            keys.getPublic(),
            SubjectNames.ofCommonName(id),
            CertificateProfile.DEVICE.withValidity(validity));
    Path file = folder.resolve(id + ".crt");
    Files.writeString(file, Pem.encode(List.of(certificate)));
    Path key = folder.resolve(id + ".key");
    String base64 = Base64.getMimeEncoder().encodeToString(keys.getPrivate().getEncoded());
    Files.writeString(
        key, "-----BEGIN PRIVATE KEY-----\n" + base64 + "\n-----END PRIVATE KEY-----\n");
    return new PemFiles.Device(id, file, key, broker.caFile());
  }

  /** Refused is who meets an alert, a closed connection or 0x87 instead of a session. */
  private static boolean connects(SSLContext tls) {
    try (RawClient wire = RawClient.open(broker.endpoint(Transport.TLS).with(tls), Version.V5)) {
      wire.sendIfOpen(PacketBytes.connect(Version.V5).clientId("press"));
      var answer = wire.poll(RawClient.PATIENCE);
      if (answer != null && answer.reasonCode() != 0) {
        assertEquals(NOT_AUTHORIZED, answer.reasonCode());
      }
      return answer != null && answer.reasonCode() == 0;
    } catch (IOException e) {
      return false; // the alert came within the handshake
    }
  }

  @Test
  void theEndOfACertificateEndsItsConnections() throws Exception {
    Instant made = Instant.now(); // the authority's clock stays there
    CertificateAuthority brief = Certificates.authority("brief", made);
    String path = "/trusted-cas/brief";
    admin.put(path, "{'certificatePem':'" + Certificates.pem(brief) + "'}").expect(201);
    for (int seconds = 5; ; seconds *= 3) { // a busy machine may not even connect before the end
      String id = Clients.unique("b");
      Instant end = Instant.now().plusSeconds(seconds);
      SSLContext tls = device(brief, id, Duration.between(made, end)).tls();
      List<Peer> peers = new ArrayList<>();
      try {
        peers.add(connected(tls, Transport.TLS, Version.V5, id));
        peers.add(connected(tls, Transport.WSS, Version.V5, id + "-2"));
        peers.add(connected(tls, Transport.TLS, Version.V3, id + "-3"));
      } catch (IOException | AssertionError e) {
        peers.forEach(Peer::close);
        assertTrue(seconds < 45, "no connection: " + e);
        continue;
      }
      peers.forEach(peer -> peer.expectDisconnect(NOT_AUTHORIZED));
      assertFalse(Instant.now().isBefore(end.minusSeconds(2)), "not before its end");
      peers.forEach(Peer::close);
      awaitEndings(id);
      break;
    }
    admin.delete(path).expect(204);
  }

  /** In the log, and not in the audit log: nobody has changed anything. */
  private static void awaitEndings(String device) {
    String text = " as \"device:" + device + "\" on ";
    Eventually.succeeds(
        () -> {
          List<String> told =
              broker.logFrom(0).stream()
                  .filter(line -> line.contains(text))
                  .filter(line -> line.contains("is disconnected: the certificate expired"))
                  .toList();
          assertEquals(3, told.size(), told::toString);
          return device;
        });
    // What comes later in the log is there: so would be what came before.
    String later = Clients.unique("later");
    admin.put("/devices/" + later, "{}").expect(201);
    String audit = admin.get("/audit?limit=100").expect(200).text();
    assertTrue(audit.contains("/devices/" + later), audit);
    String ended = admin.get("/audit?actor=signalbox&limit=100").expect(200).text();
    assertFalse(ended.contains(device), ended);
  }

  private static Peer connected(SSLContext tls, Transport transport, Version version, String id)
      throws IOException {
    Peer peer = new Peer(RawClient.open(broker.endpoint(transport).with(tls), version), id);
    peer.connect();
    return peer;
  }

  @Test
  void aSilentServerOfRevocationListsDelaysNoOtherRevocation() throws Exception {
    String id = Clients.unique("fan");
    admin.put("/devices/" + id, "{}").expect(201);
    var endpoint = broker.endpoint(Transport.TLS).with(broker.issueDevice(id).tls());
    String pem = Certificates.pem(Certificates.authority("slow", Instant.now()));
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) { // a busy machine may be slow itself
      try (SilentServer silent = new SilentServer();
          Peer fan = new Peer(RawClient.open(endpoint, Version.V5), id)) {
        fan.connect();
        String list = "http://127.0.0.1:" + silent.port() + "/slow.crl";
        admin
            .put("/trusted-cas/slow", "{'certificatePem':'%s','crlUrl':'%s'}".formatted(pem, list))
            .expect(201);
        silent.asked.await();
        admin.put("/devices/" + id, "{'enabled':false}").expect(200);
        fan.expectDisconnect(NOT_AUTHORIZED);
        if (silent.givenUp.getCount() > 0) {
          return;
        }
      } finally {
        admin.delete("/trusted-cas/slow").expect(204);
        admin.put("/devices/" + id, "{}").expect(200);
      }
    }
    fail("a disabled device stayed until the list had been given up");
  }

  /** Takes a connection and never answers. */
  private static final class SilentServer implements AutoCloseable {
    private final ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());

    /** Reached 0 when somebody sent something. */
    final CountDownLatch asked = new CountDownLatch(1);

    /** Reached 0 when they closed the connection. */
    final CountDownLatch givenUp = new CountDownLatch(1);

    SilentServer() throws IOException {
      Thread.ofVirtual().start(this::serve);
    }

    private void serve() {
      try (Socket client = socket.accept()) {
        InputStream in = client.getInputStream();
        while (in.read() >= 0) {
          asked.countDown();
        }
        givenUp.countDown();
      } catch (IOException _) {
        givenUp.countDown();
      }
    }

    int port() {
      return socket.getLocalPort();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
