package io.signalbox.it.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.identity.OpenSslCa;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import io.signalbox.pki.CertificateAuthority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an authority's OCSP responder says, or does not say, decides about its devices. */
final class OcspTest {
  private static final int NOT_AUTHORIZED = 0x87;
  private static final int ATTEMPTS = 5;
  private static final String FAILED = "signalbox_trust_fetches_failed_total{what=\"ocsp\"}";
  private static final String REFUSED =
      "signalbox_authentication_failures_total{reason=\"certificate_revoked\"}";

  @TempDir static Path folder;

  private static OpenSslCa factory;
  private static OcspResponder responder;
  private static BrokerUnderTest broker;
  private static AdminClient admin;

  @BeforeAll
  static void start() throws IOException {
    factory = OpenSslCa.create(folder, "factory");
    responder = new OcspResponder(factory, folder);
    broker =
        BrokerUnderTest.start(
            "ocsp",
            BrokerConfig.allowingAll()
                .listener(Transport.TLS, false, "required")
                .listener(Transport.WSS, false, "optional")
                .yaml(
                    """
                    tls:
                      trusted-cas:
                        - name: factory
                          file: %s
                          revocation: { ocsp: true, ocsp-url: "%s", ocsp-refresh-seconds: 1 }
                    """
                        .formatted(factory.certificate(), responder.url("/openssl"))));
    admin = AdminClient.administrator(broker);
  }

  @AfterAll
  static void stop() {
    broker.close();
    responder.close();
  }

  @Test
  void whoIsRevokedWhileConnectedIsCutOffEverywhereAndStaysOut() throws Exception {
    PemFiles.Device pump = factory.issue("pump", broker.caFile());
    PemFiles.Device fan = factory.issue("fan", broker.caFile());
    List<Peer> pumps =
        List.of(
            peer(Transport.TLS, Version.V5, pump, "pump-1"),
            peer(Transport.WSS, Version.V5, pump, "pump-2"),
            peer(Transport.TLS, Version.V3, pump, "pump-3"));
    try (Peer other = peer(Transport.TLS, Version.V5, fan, "fan")) {
      factory.revoke("pump");
      pumps.forEach(peer -> peer.expectDisconnect(NOT_AUTHORIZED));
      other.ping();
    } finally {
      pumps.forEach(Peer::close);
    }
    assertTrue(isRefused(pump));
    for (Peer peer : pumps) {
      Eventually.succeeds(
          () -> {
            String told = admin.get("/audit?target=/clients/" + peer.clientId()).text();
            assertTrue(told.contains("\"DISCONNECT\"") && told.contains("revoked"), told);
            return told;
          });
    }
  }

  @Test
  void whoIsOnHoldComesInAgainOnceReleased() throws Exception {
    PemFiles.Device valve = factory.issue("valve", broker.caFile());
    try (Peer peer = peer(Transport.TLS, Version.V5, valve, "valve")) {
      factory.hold("valve");
      peer.expectDisconnect(NOT_AUTHORIZED);
    }
    assertTrue(isRefused(valve));
    factory.release("valve");
    Eventually.succeeds(
        () -> {
          assertFalse(isRefused(valve));
          return valve;
        });
  }

  @Test
  void anUnreadableAnswerIsNoAnswer() throws Exception {
    long failed = admin.metric(FAILED);
    long refused = admin.metric(REFUSED);
    assertEquals(0, answerTo(registered("garbage-soft", "soft", "/garbage")));
    assertEquals(NOT_AUTHORIZED, answerTo(registered("garbage-hard", "hard", "/garbage")));
    assertTrue(admin.metric(FAILED) >= failed + 2);
    assertTrue(admin.metric(REFUSED) > refused);
    broker.awaitLog("of garbage-hard: ");
  }

  @Test
  void aMuteResponderDelaysItsOwnDevicesAlone() throws Exception {
    PemFiles.Device soft = registered("mute-soft", "soft", "/mute");
    PemFiles.Device hard = registered("mute-hard", "hard", "/mute");
    PemFiles.Device own = broker.issueDevice("own");
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) { // a busy machine may be slow itself
      long failed = admin.metric(FAILED);
      int before = responder.ignored.get();
      try (RawClient first = connecting(soft);
          RawClient second = connecting(hard)) {
        Eventually.succeeds(
            () -> {
              assertEquals(before + 2, responder.ignored.get());
              return before;
            });
        peer(Transport.TLS, Version.V5, own, "own-" + attempt).close();
        Parsed early = second.poll(Duration.ofMillis(1));
        if (early == null) {
          assertEquals(0, first.receive().reasonCode(), "no answer is as good as a good one");
          assertEquals(NOT_AUTHORIZED, second.receive().reasonCode(), "no answer refuses");
          assertTrue(admin.metric(FAILED) >= failed + 2);
          return;
        }
      }
    }
    fail("a device of another authority came in only after the responder had been given up");
  }

  /** Whoever had the name of an authority before it must not decide about its devices. */
  @Test
  void anAuthorityWithANewKeyAndTheOldNameIsAskedItself() throws Exception {
    Path renewed = Files.createDirectory(folder.resolve("renewed"));
    OpenSslCa present = OpenSslCa.create(renewed, "line");
    OpenSslCa former = OpenSslCa.create(Files.createDirectory(folder.resolve("former")), "line");
    try (var answering = new OcspResponder(present, renewed)) {
      trust("a-former", Files.readString(former.certificate()), "hard", responder.url("/garbage"));
      trust(
          "b-present", Files.readString(present.certificate()), "hard", answering.url("/openssl"));
      assertEquals(0, answerTo(present.issue("press", broker.caFile())));
      assertEquals(NOT_AUTHORIZED, answerTo(former.issue("drill", broker.caFile())));
    }
  }

  private static PemFiles.Device registered(String name, String mode, String path)
      throws Exception {
    CertificateAuthority authority = Certificates.authority(name, Instant.now());
    trust(name, Certificates.pem(authority), mode, responder.url(path));
    return Certificates.device(folder, name + "-device", authority, broker);
  }

  private static void trust(String name, String pem, String mode, String url) {
    admin
        .put(
            "/trusted-cas/" + name,
            "{'certificatePem':'%s','ocsp':{'mode':'%s','url':'%s'}}"
                .formatted(Certificates.quoted(pem), mode, url))
        .expect(201);
  }

  private static Peer peer(
      Transport transport, Version version, PemFiles.Device device, String clientId)
      throws IOException {
    var endpoint = broker.endpoint(transport).with(device.tls());
    Peer peer = new Peer(RawClient.open(endpoint, version), clientId);
    peer.connect();
    return peer;
  }

  /** One that has sent CONNECT. */
  private static RawClient connecting(PemFiles.Device device) throws IOException {
    var endpoint = broker.endpoint(Transport.TLS).with(device.tls());
    RawClient wire = RawClient.open(endpoint, Version.V5);
    wire.send(PacketBytes.connect(Version.V5).clientId(device.id()));
    return wire;
  }

  private static int answerTo(PemFiles.Device device) throws IOException {
    try (RawClient wire = connecting(device)) {
      return wire.receive().reasonCode();
    }
  }

  /** By an alert in the handshake, which the client may see late, or 0x87. */
  private static boolean isRefused(PemFiles.Device device) {
    var endpoint = broker.endpoint(Transport.TLS).with(device.tls());
    try (RawClient wire = RawClient.open(endpoint, Version.V5)) {
      wire.sendIfOpen(PacketBytes.connect(Version.V5).clientId(device.id()));
      Parsed answer = wire.poll(RawClient.PATIENCE);
      return answer == null || answer.reasonCode() == NOT_AUTHORIZED;
    } catch (IOException e) {
      return true;
    }
  }
}
