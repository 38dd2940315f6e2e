package io.signalbox.it.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.PacketType;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An administrator takes a right back while its owner is connected, on both listeners: by the API,
 * with curl. OpenSSL reads what is published of it.
 */
final class WithdrawalTest {
  private static final int NOT_AUTHORIZED = 0x87;
  private static final int ADMINISTRATIVE_ACTION = 0x98;

  private static final String CONNECT_POLICY =
      """
      version: 1
      name: connect
      description: Devices may connect under any Client Identifier.
      match: { everyone: true }
      statements:
        - id: connect
          effect: allow
          actions: [connect]
          clientIds: ["*"]
      """;

  private static final String REPORT_POLICY =
      """
      version: 1
      name: report
      description: Devices may report.
      match: { everyone: true }
      statements:
        - { id: report, effect: allow, actions: [publish], topics: ["report"] }
      """;

  private static final String SILENCE_POLICY =
      """
      version: 1
      name: silence
      description: Devices in quarantine may not report.
      match: { group: quarantine }
      statements:
        - { id: silent, effect: deny, actions: [publish], topics: ["report"] }
      """;

  @TempDir static Path folder;

  private static BrokerUnderTest broker;

  private final List<Peer> opened = new ArrayList<>();

  @BeforeAll
  static void startBroker() {
    broker =
        BrokerUnderTest.start(
            "withdrawal",
            BrokerConfig.empty()
                .listener(Transport.TLS, false, "required")
                .listener(Transport.WSS, false, "optional")
                .policy("connect", CONNECT_POLICY)
                .policy("report", REPORT_POLICY)
                .policy("silence", SILENCE_POLICY));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @AfterEach
  void closeAll() {
    opened.forEach(Peer::close);
  }

  private static String https(String path) {
    return "https://localhost:" + broker.endpoint(Transport.WSS).address().getPort() + path;
  }

  private static String sh(String line) {
    List<String> words = new ArrayList<>(List.of("sh", "-c"));
    words.add("cd \"$0\" && CA=\"$1\" && TOKEN=\"$(cat \"$2\")\" && " + line);
    words.add(folder.toString());
    words.add(broker.caFile().toString());
    words.add(broker.dataFolder().resolve("admin.token").toString());
    return CommandLine.run(words).expectSuccess().out();
  }

  private static String api(String method, String path, String body) {
    try {
      Files.writeString(folder.resolve("body.json"), body);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return sh(
        "curl -fsS --cacert $CA -X "
            + method
            + " -H \"Authorization: Bearer $TOKEN\""
            + (body.isEmpty() ? "" : " -H 'Content-Type: application/json' --data @body.json")
            + " "
            + https("/api/v1" + path));
  }

  /** A key by OpenSSL and a certificate by the API. */
  private static PemFiles.Device device(String id) {
    return device(id, "dev-ca");
  }

  private static PemFiles.Device device(String id, String ca) {
    api("PUT", "/devices/" + id, "{\"clientIdPin\":\"*\"}");
    sh("openssl ecparam -name prime256v1 -genkey -noout -out k.sec1");
    sh("openssl pkcs8 -topk8 -nocrypt -in k.sec1 -out " + id + ".key");
    String csr = sh("openssl req -new -key " + id + ".key -subj /CN=" + id);
    String answer =
        api(
            "PUT",
            "/devices/" + id + "/certificates/main",
            "{\"ca\":\"" + ca + "\",\"csrPem\":\"" + csr.replace("\n", "\\n") + "\"}");
    try {
      Files.writeString(folder.resolve(id + ".crt"), text(answer, "chainPem").replace("\\n", "\n"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new PemFiles.Device(
        id, folder.resolve(id + ".crt"), folder.resolve(id + ".key"), broker.caFile());
  }

  /** The text of a member; the answers here hold no quotes inside of them. */
  private static String text(String json, String member) {
    int from = json.indexOf("\"" + member + "\":");
    int start = json.indexOf('"', from + member.length() + 3) + 1;
    return json.substring(start, json.indexOf('"', start));
  }

  private Peer connected(PemFiles.Device device, Transport transport, Version version) {
    var endpoint = broker.endpoint(transport).with(device.tls());
    try {
      Peer peer = new Peer(RawClient.open(endpoint, version), device.id() + opened.size());
      opened.add(peer);
      peer.connect();
      return peer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<Peer> everywhere(PemFiles.Device device) {
    return List.of(
        connected(device, Transport.TLS, Version.V5),
        connected(device, Transport.WSS, Version.V5),
        connected(device, Transport.TLS, Version.V3));
  }

  @Test
  void aRevokedCertificateEndsItsConnectionsAndStandsInTheList() {
    PemFiles.Device pump = device("pump");
    PemFiles.Device other = device("other");
    List<Peer> pumps = everywhere(pump);
    Peer untouched = connected(other, Transport.TLS, Version.V5);

    String fingerprint =
        sh("openssl x509 -in pump.crt -noout -fingerprint -sha256 | cut -d= -f2 | tr -d ':\\n'")
            .toLowerCase(java.util.Locale.ROOT);
    api("POST", "/certificates/" + fingerprint + "/revoke", "{\"reason\":\"keyCompromise\"}");
    pumps.forEach(peer -> peer.expectDisconnect(NOT_AUTHORIZED));
    untouched.ping();
    Eventually.succeeds(
        () -> {
          for (Peer peer : pumps) {
            String entry = api("GET", "/audit?target=/clients/" + peer.clientId(), "");
            assertTrue(entry.contains("\"method\":\"DISCONNECT\""), entry);
            assertTrue(entry.contains("was revoked") && entry.contains("\"status\":135"), entry);
          }
          return pumps;
        });

    sh("curl -fsS --cacert $CA " + https("/pki/dev-ca.crt") + " -o i.der");
    sh("openssl x509 -inform DER -in i.der -out i.pem");
    sh("curl -fsS --cacert $CA " + https("/pki/dev-ca.crl") + " -o dev.crl");
    String serial = sh("openssl x509 -in pump.crt -noout -serial | cut -d= -f2").strip();
    assertTrue(sh("openssl crl -inform DER -in dev.crl -noout -text").contains(serial));
    sh("openssl crl -inform DER -in dev.crl -out crl.pem");
    assertTrue(
        sh("openssl verify -CAfile $CA -untrusted i.pem -crl_check -CRLfile crl.pem other.crt")
            .contains("OK"));
    assertTrue(
        sh("openssl verify -CAfile $CA -untrusted i.pem -crl_check -CRLfile crl.pem pump.crt 2>&1"
                + " || true")
            .contains("certificate revoked"));
  }

  @Test
  void aDisabledDeviceLosesItsConnectionsAndAnEnabledOneConnectsAgain() {
    PemFiles.Device fan = device("fan");
    List<Peer> fans = everywhere(fan);
    api("PUT", "/devices/fan", "{\"clientIdPin\":\"*\",\"enabled\":false}");
    fans.forEach(peer -> peer.expectDisconnect(NOT_AUTHORIZED));
    api("PUT", "/devices/fan", "{\"clientIdPin\":\"*\",\"enabled\":true}");
    connected(fan, Transport.TLS, Version.V5).ping();
  }

  /** Also where its certificate is not in the inventory, so that nothing is revoked with it. */
  @Test
  void aRemovedDeviceLosesItsConnectionsThoughItMayConnectAgain() {
    PemFiles.Device tenant = broker.issueDevice("tenant");
    PemFiles.Device neighbour = broker.issueDevice("neighbour");
    Peer untouched = connected(neighbour, Transport.TLS, Version.V5);
    api("PUT", "/devices/tenant", "{\"clientIdPin\":\"*\"}");
    List<Peer> tenants = everywhere(tenant);
    api("DELETE", "/devices/tenant", "");
    tenants.forEach(peer -> peer.expectDisconnect(NOT_AUTHORIZED));
    untouched.ping();
    connected(tenant, Transport.TLS, Version.V5).ping();
  }

  /** {@code registry.required} is none: who is not registered connects by its certificate alone. */
  @Test
  void aDeviceThatIsFirstRegisteredAsDisabledLosesItsConnections() {
    List<Peer> strangers = everywhere(broker.issueDevice("stranger"));
    api("PUT", "/devices/stranger", "{\"clientIdPin\":\"*\",\"enabled\":false}");
    strangers.forEach(peer -> peer.expectDisconnect(NOT_AUTHORIZED));
  }

  @Test
  void aCertificateThatIsFirstRegisteredAsInactiveEndsItsConnections() throws IOException {
    PemFiles.Device guest = broker.issueDevice("guest");
    List<Peer> guests = everywhere(guest);
    api("PUT", "/devices/guest", "{\"clientIdPin\":\"*\"}");
    guests.forEach(Peer::ping);
    register(guest, "guest", "\"status\":\"inactive\"");
    guests.forEach(peer -> peer.expectDisconnect(NOT_AUTHORIZED));
  }

  @Test
  void aCertificateThatIsRegisteredAsAnotherDevicesEndsItsConnections() throws IOException {
    PemFiles.Device lodger = broker.issueDevice("lodger");
    List<Peer> lodgers = everywhere(lodger);
    api("PUT", "/devices/house", "{\"clientIdPin\":\"*\"}");
    lodgers.forEach(Peer::ping);
    register(lodger, "house", "\"status\":\"active\"");
    lodgers.forEach(peer -> peer.expectDisconnect(NOT_AUTHORIZED));
  }

  private static void register(PemFiles.Device issued, String device, String more)
      throws IOException {
    String chain = Files.readString(issued.certificate());
    String end = "-----END CERTIFICATE-----";
    String own = chain.substring(0, chain.indexOf(end) + end.length()).replace("\n", "\\n");
    api(
        "PUT",
        "/devices/" + device + "/certificates/main",
        "{\"certificatePem\":\"" + own + "\"," + more + "}");
  }

  @Test
  void theGroupsOfAFirstRegistrationReachWhoIsConnected() {
    Peer newcomer = connected(broker.issueDevice("newcomer"), Transport.TLS, Version.V5);
    newcomer.publish("report", 1, "may");
    api("PUT", "/groups/quarantine", "{}");
    api("PUT", "/devices/newcomer", "{\"clientIdPin\":\"*\",\"groups\":[\"quarantine\"]}");
    Eventually.succeeds(
        () -> {
          int packetId = newcomer.newPacketId();
          newcomer.send(newcomer.publish("report").qos(1, packetId).payload("may not"));
          assertEquals(NOT_AUTHORIZED, newcomer.receive(PacketType.PUBACK).reasonCode());
          return newcomer;
        });
  }

  private static OpenSslCa trusted(String name, String commonName) throws IOException {
    OpenSslCa ca = OpenSslCa.create(Files.createDirectory(folder.resolve(name)), commonName);
    String pem = Files.readString(ca.certificate()).replace("\n", "\\n");
    api(
        "PUT",
        "/trusted-cas/" + name,
        "{\"certificatePem\":\"" + pem + "\",\"autoRegister\":true}");
    return ca;
  }

  @Test
  void aRemovedAuthorityTakesItsClientsWithItAlsoWhereAnotherHasItsName() throws IOException {
    OpenSslCa before = trusted("plant-1", "plant");
    OpenSslCa rekeyed = trusted("plant-2", "plant");
    Peer older = eventually(before.issue("older", broker.caFile()));
    Peer newer = eventually(rekeyed.issue("newer", broker.caFile()));
    api("DELETE", "/trusted-cas/plant-2", "");
    newer.expectDisconnect(NOT_AUTHORIZED);
    older.ping();
  }

  @Test
  void aRemovedAuthorityTakesItsClientsWithIt() throws IOException {
    OpenSslCa ca = trusted("foreign", "foreign");
    PemFiles.Device lamp = ca.issue("lamp", broker.caFile());
    Peer connected = eventually(lamp);
    assertTrue(api("GET", "/devices?limit=500", "").contains("\"lamp\""));
    String entry = api("GET", "/audit?actor=device:lamp", "");
    assertTrue(entry.contains("\"method\":\"PROVISION\""), entry);
    assertTrue(entry.contains("\"remote\":\"127.0.0.1\""), entry);
    aQuestionRegistersNobody(ca.issue("torch", broker.caFile()));
    api("DELETE", "/trusted-cas/foreign", "");
    connected.expectDisconnect(NOT_AUTHORIZED);
  }

  /** Devices send the certificate of their authority, as the API gave it to them. */
  @Test
  void anAuthorityWithATrustedOneAboveItTakesItsClientsWithIt() {
    api("PUT", "/issuing-cas/top", "{\"pathLength\":1}");
    for (String name : List.of("line-1", "line-2", "line-3")) {
      api("PUT", "/issuing-cas/" + name, "{\"parent\":\"top\"}");
    }
    Peer ofDisabled = eventually(device("belt-1", "line-1"));
    Peer ofRemoved = eventually(device("belt-2", "line-2"));
    Peer other = eventually(device("belt-3", "line-3"));
    api("PUT", "/issuing-cas/line-1", "{\"enabled\":false}");
    ofDisabled.expectDisconnect(NOT_AUTHORIZED);
    api("DELETE", "/issuing-cas/line-2", "");
    ofRemoved.expectDisconnect(NOT_AUTHORIZED);
    other.ping();
  }

  /** Whoever asks what a certificate may do has not shown that its key is theirs. */
  private static void aQuestionRegistersNobody(PemFiles.Device torch) throws IOException {
    String pem = Files.readString(torch.certificate()).replace("\n", "\\n");
    api(
        "POST",
        "/policy-tools/authorize",
        "{\"action\":\"publish\",\"topic\":\"a\",\"certificatePem\":\"" + pem + "\"}");
    assertFalse(api("GET", "/devices?limit=500", "").contains("\"torch\""));
  }

  /** An authority counts a moment after the API has answered. */
  private Peer eventually(PemFiles.Device device) {
    return Eventually.succeeds(
        () -> {
          var endpoint = broker.endpoint(Transport.TLS).with(device.tls());
          Peer peer = new Peer(RawClient.open(endpoint, Version.V5), device.id());
          opened.add(peer);
          peer.connect();
          return peer;
        });
  }

  @Test
  @Behaviour(302)
  void anAdministratorDisconnectsAClient() {
    PemFiles.Device valve = device("valve");
    Peer peer = connected(valve, Transport.WSS, Version.V5);
    api("POST", "/clients/" + peer.clientId() + "/disconnect", "{\"reason\":\"maintenance\"}");
    peer.expectDisconnect(ADMINISTRATIVE_ACTION);
  }

  @Test
  void aClaimTokenEnrolsOnceAndNoMore() {
    api("PUT", "/provisioning-templates/line1", "{\"groups\":[]}");
    api(
        "PUT",
        "/claim-tokens/batch1",
        "{\"template\":\"line1\",\"secret\":\"0123456789abcdef01234567\",\"maxUses\":1}");
    sh("openssl ecparam -name prime256v1 -genkey -noout -out c.key");
    String post =
        "curl -sS -o est.p7 -w '%{http_code}' --cacert $CA -u batch1:0123456789abcdef01234567"
            + " -H 'Content-Type: application/pkcs10' --data-binary @c.p10 "
            + https("/.well-known/est/simpleenroll");
    sh("openssl req -new -key c.key -subj /CN=claimed1 -outform DER | base64 > c.p10");
    assertEquals("200", sh(post));
    assertTrue(
        sh("tr -d '\\r' < est.p7 | base64 -d | openssl pkcs7 -inform DER -print_certs")
            .contains("claimed1"));
    String entry = api("GET", "/audit?actor=claim-token:batch1", "");
    assertTrue(entry.contains("\"method\":\"ENROL\"") && entry.contains("claimed1"), entry);
    sh("openssl req -new -key c.key -subj /CN=claimed2 -outform DER | base64 > c.p10");
    assertEquals("403", sh(post));
  }

  @Test
  void whoEnrolsHasThePoliciesOfItsTemplateWhenItIsAnswered() {
    api("PUT", "/provisioning-templates/bound", "{\"policies\":[\"bound\"]}");
    api(
        "PUT",
        "/claim-tokens/bound1",
        "{\"template\":\"bound\",\"secret\":\"0123456789abcdef01234567\",\"maxUses\":9}");
    sh("openssl ecparam -name prime256v1 -genkey -noout -out b.key");
    sh("openssl req -new -key b.key -subj /CN=bound1 -outform DER | base64 > b.p10");
    String post =
        "curl -sS -o b.p7 -w '%{http_code}' --cacert $CA -u bound1:0123456789abcdef01234567"
            + " -H 'Content-Type: application/pkcs10' --data-binary @b.p10 "
            + https("/.well-known/est/simpleenroll");
    String get = "curl -sS --cacert $CA -H \"Authorization: Bearer $TOKEN\" ";
    assertEquals("403", sh(post));
    assertTrue(sh("cat b.p7").contains("there is no policy"), "the problem says why");
    assertTrue(sh(get + https("/api/v1/devices/bound1")).contains("not-found"));

    api(
        "PUT",
        "/policies/bound",
        "{\"version\":1,\"name\":\"bound\",\"statements\":[{\"id\":\"send\",\"effect\":\"allow\","
            + "\"actions\":[\"publish\"],\"topics\":[\"bound\"]}]}");
    assertEquals("200", sh(post));
    assertTrue(
        sh(get + https("/api/v1/attachments/api:bound/device/bound1"))
            .contains("\"effective\":true"));
    assertEquals("200", sh(post), "a lost answer costs nothing");
  }

  @Test
  void aTemplateSaysWhichNamesAreCertifiedAndARenewalKeepsThem() {
    api(
        "PUT",
        "/provisioning-templates/named",
        "{\"csrRules\":{\"organizationalUnits\":[\"pumps\"],\"dnsDomains\":[\"pumps.example\"],"
            + "\"uriPrefixes\":[\"spiffe://pumps.example/\"],\"keyTypes\":[\"ec-p256\"]}}");
    api(
        "PUT",
        "/claim-tokens/named1",
        "{\"template\":\"named\",\"secret\":\"0123456789abcdef01234567\",\"maxUses\":9}");
    sh("openssl ecparam -name prime256v1 -genkey -noout -out n.key");
    String post =
        "curl -sS -o n.p7 -w '%{http_code}' --cacert $CA -u named1:0123456789abcdef01234567"
            + " -H 'Content-Type: application/pkcs10' --data-binary @n.p10 "
            + https("/.well-known/est/simpleenroll");
    String base64 = " -outform DER | base64 > n.p10";
    String sans = " -addext subjectAltName=DNS:n1.pumps.example,URI:spiffe://pumps.example/n1";
    sh("openssl req -new -key n.key -subj /CN=n1/OU=fans" + sans + base64);
    assertEquals("400", sh(post));
    assertTrue(sh("cat n.p7").contains("fans"), "the problem names what is not allowed");
    sh("openssl req -new -key n.key -subj /CN=n1 -addext subjectAltName=DNS:fans.example" + base64);
    assertEquals("400", sh(post));
    sh("openssl genrsa -out n.rsa 2048 2>/dev/null");
    sh("openssl req -new -key n.rsa -subj /CN=n1" + base64);
    assertEquals("400", sh(post));
    sh(
        "curl -sS --cacert $CA -H \"Authorization: Bearer $TOKEN\" -o n.json "
            + https("/api/v1/devices/n1"));
    assertTrue(sh("cat n.json").contains("not-found"), "nothing was half made");

    sh("openssl req -new -key n.key -subj /CN=n1/OU=pumps" + sans + base64);
    assertEquals("200", sh(post));
    String counted = sh("curl -fsS --cacert $CA " + https("/metrics") + " | grep enrolments_total");
    assertTrue(counted.matches("(?s).*outcome=\"invalid\"} 3.*.*"), counted);
    assertTrue(counted.matches("(?s).*outcome=\"issued\"} [1-9].*"), counted);
    String print = "openssl x509 -noout -subject -ext subjectAltName -in ";
    String pem = "tr -d '\\r' < n.p7 | base64 -d | openssl pkcs7 -inform DER -print_certs -out ";
    sh(pem + "n.crt");
    String first = sh(print + "n.crt");
    assertTrue(first.contains("n1.pumps.example") && first.contains("pumps.example/n1"), first);

    sh("openssl ecparam -name prime256v1 -genkey -noout -out n2.key");
    sh("openssl req -new -key n2.key -subj /CN=n1/OU=pumps" + sans + base64);
    assertEquals(
        "200",
        sh(
            "curl -sS -o n.p7 -w '%{http_code}' --cacert $CA --cert n.crt --key n.key"
                + " -H 'Content-Type: application/pkcs10' --data-binary @n.p10 "
                + https("/.well-known/est/simplereenroll")));
    sh(pem + "n2.crt");
    assertEquals(first, sh(print + "n2.crt"));
  }

  /** Bytes for printf: CONNECT with the Client Identifier, DISCONNECT. */
  private static String connectAndDisconnect(String id) {
    return "\\020\\%03o\\000\\004MQTT\\005\\002\\000\\074\\000\\000\\%03o%s\\340\\000"
        .formatted(13 + id.length(), id.length(), id);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-tls1_2", "-tls1_3"})
  void aResumedConnectionIsAskedAgain(String version) {
    String id = "resumed" + version.replace("-", "").replace("_", "");
    device(id);
    String client =
        "printf '%s' | openssl s_client -connect localhost:%d -CAfile $CA %s -ign_eof"
                .formatted(
                    connectAndDisconnect(id),
                    broker.endpoint(Transport.TLS).address().getPort(),
                    version)
            + " %s > r.out 2> r.err; grep -a -o -m1 -e '^New, TLS' -e '^Reused, TLS' r.out";
    String full = "-cert %1$s.crt -key %1$s.key -sess_out r.session".formatted(id);
    assertEquals("New, TLS", sh(client.formatted(full)).strip());
    assertEquals("0", connAck());
    assertEquals(
        "Reused, TLS", sh(client.formatted("-sess_in r.session -sess_out r.session")).strip());
    assertEquals("0", connAck());

    String fingerprint =
        sh("openssl x509 -in "
                + id
                + ".crt -noout -fingerprint -sha256 | cut -d= -f2 | tr -d ':\\n'")
            .toLowerCase(java.util.Locale.ROOT);
    api("POST", "/certificates/" + fingerprint + "/revoke", "{}");
    assertEquals("Reused, TLS", sh(client.formatted("-sess_in r.session")).strip());
    String told = sh("grep -a -o 'the certificate of .* was revoked' r.out"); // Reason String
    assertTrue(told.contains(id), told);
  }

  /** The Reason Code of the CONNACK among what s_client wrote: 20, length, 00, code. */
  private static String connAck() {
    String code = "od -An -v -tu1 -w1 r.out | tr -s ' \\n' ' ' | grep -o ' 32 [0-9]* 0 [0-9]* '";
    return sh(code + " | tail -1 | cut -d' ' -f5").strip();
  }

  @Test
  void aSuccessorIssuesInThePlaceOfAnAuthorityWhoseCertificatesStayGood() {
    api("PUT", "/issuing-cas/line", "{}");
    api("PUT", "/devices/rotated", "{\"clientIdPin\":\"*\"}");
    sh("openssl ecparam -name prime256v1 -genkey -noout -out o.sec1");
    sh("openssl pkcs8 -topk8 -nocrypt -in o.sec1 -out rotated.key");
    String csr = sh("openssl req -new -key rotated.key -subj /CN=rotated").replace("\n", "\\n");
    String body = "{\"ca\":\"line\",\"csrPem\":\"" + csr + "\"}";
    String path = "/devices/rotated/certificates/";
    assertEquals("line", text(write("rotated.crt", api("PUT", path + "a", body)), "ca"));
    var old =
        new PemFiles.Device(
            "rotated",
            folder.resolve("rotated.crt"),
            folder.resolve("rotated.key"),
            broker.caFile());
    eventually(old).ping();

    api("PUT", "/issuing-cas/line-2", "{}");
    api("PUT", "/issuing-cas/line", "{\"successor\":\"line-2\"}");
    assertEquals("line-2", text(write("new.crt", api("PUT", path + "b", body)), "ca"));
    var fresh =
        new PemFiles.Device(
            "rotated", folder.resolve("new.crt"), folder.resolve("rotated.key"), broker.caFile());
    eventually(fresh).ping();
    connected(old, Transport.TLS, Version.V5).ping();
    String circle =
        sh(
            "curl -sS --cacert $CA -X PUT -H \"Authorization: Bearer $TOKEN\""
                + " -H 'Content-Type: application/json' --data '{\"successor\":\"line\"}' "
                + https("/api/v1/issuing-cas/line-2"));
    assertTrue(circle.contains("lead back"), circle);
  }

  private static String write(String file, String answer) {
    try {
      Files.writeString(folder.resolve(file), text(answer, "chainPem").replace("\\n", "\n"));
      return answer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void anEnrolmentTokenIsGoodForItsDeviceAlone() {
    api("PUT", "/devices/invited", "{}");
    String token = text(api("POST", "/enrolment-tokens", "{\"device\":\"invited\"}"), "token");
    sh("openssl ecparam -name prime256v1 -genkey -noout -out e.key");
    String post =
        "curl -sS -o e.p7 -w '%{http_code}' --cacert $CA -H 'Authorization: Bearer "
            + token
            + "' -H 'Content-Type: application/pkcs10' --data-binary @e.p10 "
            + https("/.well-known/est/simpleenroll");
    sh("openssl req -new -key e.key -subj /CN=somebody -outform DER | base64 > e.p10");
    assertEquals("403", sh(post));
    sh("openssl req -new -key e.key -subj /CN=invited -outform DER | base64 > e.p10");
    assertEquals("200", sh(post));
  }
}
