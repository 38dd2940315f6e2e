package io.signalbox.it.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.FixedPort;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.PacketType;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.NamePolicy;
import io.signalbox.pki.Pem;
import io.signalbox.pki.SubjectNames;
import java.io.IOException;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Devices with certificates of an authority elsewhere, over TLS, as its registration says. */
final class ForeignDeviceTest {
  private static final int NOT_AUTHORIZED = 0x87;

  @TempDir static Path folder;

  private static BrokerUnderTest broker;
  private static AdminClient admin;

  @BeforeAll
  static void start() {
    broker =
        BrokerUnderTest.start(
            "foreign-device",
            BrokerConfig.allowingAll()
                .listener(Transport.TLS, false, "required")
                .listener(Transport.WSS, false, "optional"));
    admin = AdminClient.administrator(broker);
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  @Test
  void itsIdIsReadFromWhereTheRegistrationOfItsAuthoritySays() throws Exception {
    CertificateAuthority plant = Certificates.authority("plant", Instant.now());
    KeyPair keys = Certificates.keys();
    X509Certificate certificate =
        plant.issue(
            keys.getPublic(),
            new SubjectNames(
                "by-name",
                List.of(),
                List.of("by-dns.plant.example", "by-dns.other.example"),
                List.of(),
                List.of("spiffe://plant/pump/by-uri"),
                List.of("by-email@plant.example")),
            CertificateProfile.DEVICE.withNames(NamePolicy.ANYTHING));
    PemFiles.Device device = Certificates.device(folder, "many", certificate, keys, broker);
    assertEquals("by-name", seen(plant, device, "{}"));
    assertEquals("by-dns", seen(plant, device, "{'source':'dns','suffix':'.plant.example'}"));
    assertEquals("by-uri", seen(plant, device, "{'source':'uri','prefix':'spiffe://plant/pump/'}"));
    assertEquals("by-email", seen(plant, device, "{'source':'email','suffix':'@plant.example'}"));
    assertEquals(
        certificate.getSerialNumber().toString(16), seen(plant, device, "{'source':'serial'}"));
    byte[] sha256 = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
    assertEquals(HexFormat.of().formatHex(sha256), seen(plant, device, "{'source':'fingerprint'}"));
  }

  /** As which device the broker knows whoever shows the certificate. */
  private static String seen(CertificateAuthority authority, PemFiles.Device shown, String mapping)
      throws IOException {
    admin.put(
        "/trusted-cas/plant",
        "{'certificatePem':'%s','identityMapping':%s}"
            .formatted(Certificates.pem(authority), mapping));
    var endpoint = broker.endpoint(Transport.TLS).with(shown.tls());
    String clientId = Clients.unique("seen");
    try (Peer peer = new Peer(RawClient.open(endpoint, Version.V5), clientId)) {
      peer.connect();
      return admin.get("/clients/" + clientId).expect(200).get("device");
    }
  }

  @Test
  void whoIsConnectedIsEndedWhenItWouldBeAnotherDevice() throws Exception {
    CertificateAuthority mill = Certificates.authority("mill", Instant.now());
    admin.put("/provisioning-templates/mill", "{'deviceIdTemplate':'${id}'}").expect(201);
    String entry =
        "{'certificatePem':'%s','provisioningTemplate':'mill','identityMapping':{'source':'%%s'}}"
            .formatted(Certificates.pem(mill));
    admin.put("/trusted-cas/mill", entry.formatted("cn")).expect(201);
    PemFiles.Device saw = Certificates.device(folder, "saw", mill, broker);
    var endpoint = broker.endpoint(Transport.TLS).with(saw.tls());
    try (Peer renamed = new Peer(RawClient.open(endpoint, Version.V5), Clients.unique("saw"))) {
      renamed.connect();
      admin.put("/provisioning-templates/mill", "{'deviceIdTemplate':'mill-${id}'}").expect(200);
      renamed.expectDisconnect(NOT_AUTHORIZED);
    }
    try (Peer mapped = new Peer(RawClient.open(endpoint, Version.V5), Clients.unique("saw"))) {
      mapped.connect();
      admin.put("/trusted-cas/mill", entry.formatted("serial")).expect(200);
      mapped.expectDisconnect(NOT_AUTHORIZED);
    }
  }

  /** Longer than anything else here: an end is looked for every ten seconds. */
  @Test
  @Timeout(90)
  void theEndOfItsAuthoritysCertificateEndsIt() throws Exception {
    CertificateAuthority corp = Certificates.authority("corp", Instant.now());
    CertificateAuthority below = Certificates.authority("below", Instant.now());
    X509Certificate ending =
        corp.issue(
            below.certificate().getPublicKey(),
            SubjectNames.ofCommonName("below"),
            CertificateProfile.ISSUING.withValidity(Duration.ofSeconds(25)));
    admin
        .put(
            "/trusted-cas/below",
            "{'certificatePem':'%s'}".formatted(Certificates.quoted(Pem.encode(List.of(ending)))))
        .expect(201);
    PemFiles.Device fuse = Certificates.device(folder, "fuse", below, broker);
    var endpoint = broker.endpoint(Transport.TLS).with(fuse.tls());
    RawClient wire = RawClient.open(endpoint, Version.V5);
    try (Peer peer = new Peer(wire, fuse.id())) {
      peer.connect();
      Parsed packet = wire.poll(Duration.ofSeconds(60));
      assertTrue(packet != null && packet.type() == PacketType.DISCONNECT, "ended");
      assertEquals(NOT_AUTHORIZED, packet.reasonCode());
    }
  }

  @Test
  void aNewOneWaitsForApprovalAndIsInAfterIt() throws Exception {
    CertificateAuthority maker = Certificates.authority("maker", Instant.now());
    admin.put("/provisioning-templates/asked", "{'approval':'manual'}").expect(201);
    admin
        .put(
            "/trusted-cas/maker",
            "{'certificatePem':'%s','autoRegister':true,'provisioningTemplate':'asked'}"
                .formatted(Certificates.pem(maker)))
        .expect(201);
    PemFiles.Device lamp = Certificates.device(folder, "lamp", maker, broker);
    assertEquals(NOT_AUTHORIZED, answerTo(lamp));
    assertEquals(NOT_AUTHORIZED, answerTo(lamp), "another attempt approves nothing");
    var waiting = admin.get("/devices/lamp").expect(200).json();
    assertTrue(waiting.get("pendingApproval").getAsBoolean());
    admin.put("/devices/lamp", "{'pendingApproval':false}").expect(200);
    assertEquals(0, answerTo(lamp));
    assertFalse(admin.get("/devices?pendingApproval=true").expect(200).text().contains("\"lamp\""));
  }

  @Test
  void aResponderThatIsDownRefusesOnlyWhereTheAuthoritySaysSo() throws Exception {
    CertificateAuthority strict = Certificates.authority("strict", Instant.now());
    String entry =
        "{'certificatePem':'%s','ocsp':{'mode':'%%s','url':'http://127.0.0.1:%d/ocsp'}}"
            .formatted(Certificates.pem(strict), FixedPort.free());
    PemFiles.Device valve = Certificates.device(folder, "valve", strict, broker);
    admin.put("/trusted-cas/strict", entry.formatted("soft")).expect(201);
    assertEquals(0, answerTo(valve), "no answer is as good as a good one");
    admin.put("/trusted-cas/strict", entry.formatted("hard")).expect(200);
    assertEquals(NOT_AUTHORIZED, answerTo(valve), "no answer refuses");
    admin.put("/trusted-cas/strict", entry.formatted("off")).expect(200);
    assertEquals(0, answerTo(valve), "nobody is asked");
  }

  /** The Reason Code of the CONNACK, over a new TLS session. */
  private static int answerTo(PemFiles.Device device) throws IOException {
    var endpoint = broker.endpoint(Transport.TLS).with(device.tls());
    try (RawClient wire = RawClient.open(endpoint, Version.V5)) {
      wire.send(PacketBytes.connect(Version.V5).clientId(device.id()));
      return wire.receive().reasonCode();
    }
  }
}
