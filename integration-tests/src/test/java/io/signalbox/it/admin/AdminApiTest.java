package io.signalbox.it.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.Transport;
import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.CertificateSigningRequest;
import io.signalbox.pki.Pem;
import io.signalbox.pki.RevocationList;
import io.signalbox.pki.SubjectNames;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The API as its callers see it; the tests share a broker and use names of their own. */
final class AdminApiTest {
  @SuppressWarnings("NullAway.Init") // before the first test
  private static BrokerUnderTest broker;

  @SuppressWarnings("NullAway.Init") // before the first test
  private static AdminClient admin;

  @BeforeAll
  static void start() {
    broker =
        BrokerUnderTest.start(
            "admin",
            BrokerConfig.empty()
                .listener(Transport.TLS, false, "optional")
                .listener(Transport.WSS, false, "optional"));
    admin = AdminClient.administrator(broker);
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  private static AdminClient member(String group) {
    return admin.with(
        admin
            .post("/access-tokens", "{'subject':'x','groups':['" + group + "']}")
            .expect(200)
            .get("token"));
  }

  // ---- who may do what

  @Test
  void letsNobodyInWithoutACredentialNotFromThisMachineEither() throws IOException {
    Path token = broker.dataFolder().resolve("admin.token");
    assertEquals("rw-------", permissions(token));
    for (@Nullable String wrong :
        new @Nullable String[] {null, "guess", "sbadmin_" + "A".repeat(43), "a.b.c"}) {
      for (String path : List.of("/devices", "/openapi.yaml", "/server-info", "/nothing")) {
        admin.with(wrong).get(path).expectProblem(401, "unauthenticated");
      }
      admin.with(wrong).put("/devices/d", "{}").expectProblem(401, "unauthenticated");
    }
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void givesEachRoleItsOwnAndNoMore() {
    String id = Clients.unique("d");
    AdminClient viewer = member("signalbox-viewers");
    AdminClient operator = member("signalbox-operators");
    AdminClient auditor = member("signalbox-auditors");

    viewer.get("/devices").expect(200);
    viewer.put("/devices/" + id, "{}").expectProblem(403, "forbidden");
    viewer.get("/audit").expectProblem(403, "forbidden");
    operator.put("/devices/" + id, "{}").expect(201);
    operator.put("/users/u", "{'password':'long enough'}").expectProblem(403, "forbidden");
    operator.delete("/issuing-cas/dev-ca").expectProblem(403, "forbidden");
    auditor.get("/audit").expect(200);
    auditor.get("/devices").expectProblem(403, "forbidden");
    member("nobody-special").get("/devices").expectProblem(403, "forbidden");
  }

  @Test
  void givesNoRoleAwayThatTheCallerDoesNotHave() {
    AdminClient operator = member("signalbox-operators");
    String id = Clients.unique("d");
    admin.put("/groups/signalbox-admins", "{}");
    admin.put("/devices/" + id, "{'groups':['signalbox-admins']}").expect(201);

    String mine = Clients.unique("d");
    operator
        .put("/devices/" + mine, "{'groups':['signalbox-admins']}")
        .expectProblem(403, "forbidden");
    operator.put("/devices/" + mine, "{}").expect(201);
    operator
        .send("PUT", "/groups/signalbox-admins/members/" + mine, "")
        .expectProblem(403, "forbidden");
    operator
        .put("/devices/" + id + "/certificates/c", csr(id))
        .expectProblem(403, "forbidden"); // it would be an administrator's credential
    operator
        .post("/access-tokens", "{'subject':'x','groups':['signalbox-admins']}")
        .expectProblem(403, "forbidden");
    operator.put("/devices/" + id, "{'enabled':true}").expect(200); // it stays in its groups
  }

  private static String csr(String id) {
    return "{'csrPem':'" + Certificates.csr(id) + "'}";
  }

  @Test
  void takesAClientCertificateWhoseDeviceIsInAGroupUntilItIsDisabled() {
    String id = Clients.unique("ops");
    admin.put("/groups/signalbox-viewers", "{}");
    admin.put("/devices/" + id, "{'groups':['signalbox-viewers']}").expect(201);
    PemFiles.Device device = broker.issueDevice(id);

    AdminClient caller = admin.with(device.tls());
    assertEquals(
        "device:" + id,
        caller
            .get("/server-info")
            .expect(200)
            .json()
            .getAsJsonObject("you")
            .get("actor")
            .getAsString());
    caller.put("/devices/x", "{}").expectProblem(403, "forbidden");

    admin.put("/devices/" + id, "{'enabled':false}").expect(200);
    caller.get("/server-info").expectProblem(401, "unauthenticated");
  }

  @Test
  void servesNoPageOfAnotherOrigin() {
    admin.get("/devices", "Origin", "https://evil.example").expectProblem(403, "cross-site");
    admin.get("/devices", "Sec-Fetch-Site", "cross-site").expectProblem(403, "cross-site");
    admin.get("/devices", "Sec-Fetch-Site", "same-origin").expect(200);
    admin
        .send("PUT", "/devices/d", "{}", "Content-Type", "text/plain")
        .expectProblem(415, "unsupported-media-type");
  }

  // ---- revisions, lists, mistakes

  @Test
  void changesOnlyTheRevisionThatTheCallerSaw() {
    String path = "/devices/" + Clients.unique("d");
    String first = admin.put(path, "{'displayName':'a'}", "If-None-Match", "*").expect(201).etag();
    admin.put(path, "{}", "If-None-Match", "*").expectProblem(412, "revision-conflict");
    String second = admin.put(path, "{'displayName':'b'}", "If-Match", first).expect(200).etag();
    assertNotEquals(first, second);
    admin
        .put(path, "{'displayName':'c'}", "If-Match", first)
        .expectProblem(412, "revision-conflict");
    admin.delete(path, "If-Match", first).expectProblem(412, "revision-conflict");
    assertEquals(second, admin.put(path, "{'displayName':'b'}").expect(200).etag());
    admin.get(path, "If-None-Match", second).expect(304);
    admin.get(path, "If-None-Match", first).expect(200);
    admin.put(path, "{}", "If-Match", "W/x").expectProblem(400, "malformed");
    admin.delete(path, "If-Match", second).expect(204);
    admin.get(path).expectProblem(404, "not-found");
    admin.delete(path).expectProblem(404, "not-found");
  }

  @Test
  void takesBackWhatItGave() {
    String path = "/devices/" + Clients.unique("d");
    String text = admin.put(path, "{'attributes':{'a':'b'}}").expect(201).text();
    AdminClient.Answer again = admin.put(path, text).expect(200);
    assertEquals(text, again.text());
  }

  @Test
  void pagesThroughAListOnce() {
    String prefix = Clients.unique("page-");
    IntStream.range(0, 25)
        .forEach(i -> admin.put("/devices/" + prefix + "-" + i, "{}").expect(201));
    Set<String> seen = new HashSet<>();
    String cursor = "";
    int pages = 0;
    do {
      JsonObject page =
          admin.get("/devices?limit=10&prefix=" + prefix + "-&cursor=" + cursor).expect(200).json();
      for (JsonElement item : page.getAsJsonArray("items")) {
        assertTrue(seen.add(item.getAsJsonObject().get("id").getAsString()));
      }
      cursor = page.has("next") ? page.get("next").getAsString() : "";
      pages++;
    } while (!cursor.isEmpty());
    assertEquals(25, seen.size());
    assertEquals(3, pages);
    admin.get("/devices?limit=0").expectProblem(400, "malformed");
    admin.get("/devices?colour=red").expectProblem(400, "malformed");
  }

  @Test
  void namesWhatIsWrongWithARequest() {
    String path = "/devices/" + Clients.unique("d");
    admin.put(path, "{'enabled':true,'enabled':false}").expectProblem(400, "malformed");
    admin.put(path, "{").expectProblem(400, "malformed");
    admin.put(path, "[]").expectProblem(400, "malformed");
    JsonObject problem = admin.put(path, "{'colour':'red','enabled':1}").expect(422).json();
    assertEquals(2, problem.getAsJsonArray("errors").size());
    admin.put("/devices/a%20b", "{}").expectProblem(422, "invalid");
    admin.put("/devices/%ff", "{}").expectProblem(400, "malformed");
    admin.send("PATCH", path, "{}").expectProblem(405, "method-not-allowed");
    admin.get("/nothing").expectProblem(404, "no-such-operation");
    admin.send("DELETE", path, "{}").expectProblem(400, "malformed");
    admin
        .put(path, "{'displayName':'" + "x".repeat(1 << 20) + "'}")
        .expectProblem(413, "too-large");
    admin.get(path).expectProblem(404, "not-found"); // nothing was half-written
  }

  @Test
  void namesWhatIsWrongWithHeadersPagesAndPlaces() throws IOException {
    String path = "/devices/" + Clients.unique("d");
    for (String type : List.of("text/plain", "application/x-www-form-urlencoded", "text/json")) {
      String detail =
          admin.put(path, "{}", "Content-Type", type).expectProblem(415, "unsupported-media-type");
      assertTrue(detail.contains("application/json"), detail);
    }
    for (String limit : List.of("1000000", "0", "-1", "x", "99999999999999999999")) {
      String detail = admin.get("/devices?limit=" + limit).expectProblem(400, "malformed");
      assertTrue(detail.contains("limit must be a number in 1.."), detail);
    }
    String unknown = admin.get("/devices?colour=red").expectProblem(400, "malformed");
    assertTrue(unknown.contains("colour"), unknown);
    admin.get("/devices?limit=1&limit=2").expectProblem(400, "malformed");
    admin.get("/audit?cursor=nonsense").expectProblem(400, "malformed");
    admin.put(path, "{}", "If-Match", "nonsense").expectProblem(400, "malformed");
    admin.put(path, "{}", "If-Match", "\"1\"").expectProblem(412, "revision-conflict");
    admin.get(path).expectProblem(404, "not-found");

    admin.put(path, "{}", "If-None-Match", "*").expect(201);
    admin.put(path, "{}", "If-None-Match", "*").expectProblem(412, "revision-conflict");
  }

  @Test
  void refusesAnAuthorityThatHasEndedOrIsNoneOrStandsHereAlready() throws Exception {
    String path = "/trusted-cas/" + Clients.unique("ca");
    CertificateAuthority ended =
        Certificates.authority("ended", Instant.now().minus(Duration.ofDays(30 * 365)));
    String detail =
        admin
            .put(path, "{'certificatePem':'" + Certificates.pem(ended) + "'}")
            .expectProblem(422, "invalid");
    assertTrue(detail.contains("ended"), detail);
    CertificateAuthority good = Certificates.authority("good", Instant.now());
    String leaf =
        Certificates.quoted(
            Pem.encode(
                List.of(
                    good.issue(
                        Certificates.keys().getPublic(),
                        SubjectNames.ofCommonName("leaf"),
                        CertificateProfile.DEVICE))));
    admin.put(path, "{'certificatePem':'" + leaf + "'}").expectProblem(422, "invalid");
    admin.put(path, "{'certificatePem':'nonsense'}").expectProblem(422, "invalid");
    admin.get(path).expectProblem(404, "not-found");

    String list =
        Certificates.quoted(
            RevocationList.issue(
                    Certificates.authority("other", Instant.now()),
                    BigInteger.ONE,
                    List.of(),
                    Duration.ofDays(1))
                .toPem());
    String foreign =
        admin
            .put(
                path, "{'certificatePem':'" + Certificates.pem(good) + "','crlPem':'" + list + "'}")
            .expectProblem(422, "invalid");
    assertTrue(foreign.contains("not signed by the authority"), foreign);
    admin.get(path).expectProblem(404, "not-found");

    String once = "{'certificatePem':'" + Certificates.pem(good) + "'}";
    admin.put(path, once).expect(201);
    admin.put(path, once).expect(200);
    String twice = admin.put(path + "-again", once).expectProblem(409, "conflict");
    assertTrue(twice.contains(path.substring(path.lastIndexOf('/') + 1)), twice);
    admin.delete(path).expect(204);
  }

  // ---- certificates

  @Test
  void answersARepeatedRequestWithTheSameCertificate() {
    String id = Clients.unique("d");
    admin.put("/devices/" + id, "{}").expect(201);
    String request = csr(id);
    String path = "/devices/" + id + "/certificates/main";

    String first = admin.put(path, request).expect(201).get("fingerprint");
    assertEquals(first, admin.put(path, request).expect(200).get("fingerprint"));
    admin.put(path, csr(id)).expectProblem(409, "conflict");

    admin.post("/certificates/" + first + "/revoke", "{'reason':'keyCompromise'}").expect(200);
    String revision = admin.post("/certificates/" + first + "/revoke", "{}").expect(200).etag();
    assertEquals(revision, admin.get("/certificates/" + first).expect(200).etag());
    assertEquals("keyCompromise", admin.get("/certificates/" + first).get("revocationReason"));
    admin.put("/certificates/" + first, "{'status':'active'}").expectProblem(409, "conflict");
    admin.put(path, request).expectProblem(409, "conflict");
    String second = admin.put(path, csr(id)).expect(201).get("fingerprint");
    assertNotEquals(first, second);
    assertEquals(
        2, admin.get("/devices/" + id + "/certificates").json().getAsJsonArray("items").size());
    String serial = admin.get("/certificates/" + first).get("serial");
    assertEquals(
        1, admin.get("/certificates?serial=" + serial).json().getAsJsonArray("items").size());
    assertEquals(
        1,
        admin
            .get("/certificates?status=revoked&device=" + id)
            .json()
            .getAsJsonArray("items")
            .size());
  }

  @Test
  void renewsWhatIsDueAndKeepsWhatIsNot() {
    String id = Clients.unique("d");
    admin.put("/devices/" + id, "{}").expect(201);
    String path = "/devices/" + id + "/certificates/main";
    String request = csr(id).replace("}", ",'validityHours':10,'renewBeforeHours':");
    String first = admin.put(path, request + "5}").expect(201).get("fingerprint");
    assertEquals(first, admin.put(path, request + "5}").expect(200).get("fingerprint"));
    assertNotEquals(first, admin.put(path, request + "11}").expect(201).get("fingerprint"));
  }

  @Test
  void sealsAKeyThatItMadeToTheCallersKeyAndKeepsItOtherwise() {
    String id = Clients.unique("d");
    admin.put("/devices/" + id, "{}").expect(201);
    AdminClient.Answer answer =
        admin
            .put(
                "/devices/" + id + "/certificates/main",
                "{'sealToPem':'" + publicKey(Certificates.keys()) + "'}")
            .expect(201);
    assertTrue(answer.get("sealedPrivateKey").startsWith("-----BEGIN CMS-----"));
    assertFalse(answer.text().contains("PRIVATE KEY"));
  }

  @Test
  void refusesBadRequestsAndWritesNothing() throws Exception {
    String id = Clients.unique("d");
    admin.put("/devices/" + id, "{}").expect(201);
    String path = "/devices/" + id + "/certificates/main";

    String good = Certificates.csr(id).replace("\\n", "\n");
    byte[] der = Base64.getMimeDecoder().decode(good.replaceAll("-----[A-Z ]+-----", ""));
    byte[] truncated = Arrays.copyOf(der, der.length - 10);
    byte[] foreign = der.clone();
    foreign[foreign.length - 3] ^= 1; // the signature is no longer the key's
    for (byte[] bad : List.of(truncated, foreign)) {
      String detail =
          admin.put(path, "{'csrPem':'" + pem(bad) + "'}").expectProblem(422, "invalid");
      assertTrue(detail.contains("csrPem"), detail);
    }
    admin.put(path, csr("somebody-else")).expectProblem(422, "invalid");
    admin.put(path, "{'csrPem':'nonsense'}").expectProblem(422, "invalid");
    admin.put(path, "{'csrPem':'" + pem(new byte[100_000]) + "'}").expectProblem(422, "invalid");
    admin
        .put(path, "{'csrPem':'" + pem(new byte[1 << 20]) + "'}") // a SAN of that size, say
        .expectProblem(413, "too-large");
    admin.put(path, csr(id).replace("}", ",'ca':'nobody'}")).expectProblem(422, "invalid");

    KeyPairGenerator p521 = KeyPairGenerator.getInstance("EC");
    p521.initialize(new ECGenParameterSpec("secp521r1"));
    KeyPair wrongCurve = p521.generateKeyPair();
    String unsupported =
        admin
            .put(path, "{'csrPem':'" + opensslRequest("secp521r1", id) + "'}")
            .expectProblem(422, "invalid");
    assertTrue(unsupported.contains("curve") && unsupported.contains("EC P-256"), unsupported);
    CertificateAuthority elsewhere = Certificates.authority("elsewhere", Instant.now());
    String detail =
        admin
            .put(
                path,
                "{'certificatePem':'"
                    + Certificates.pem(elsewhere)
                    + "'}") // an authority's is no device's
            .expectProblem(422, "invalid");
    assertTrue(detail.contains("/trusted-cas"), detail);
    String curve =
        admin
            .put(path, "{'sealToPem':'" + publicKey(wrongCurve) + "'}")
            .expectProblem(422, "invalid");
    assertTrue(curve.contains("sealToPem"), curve);

    CertificateAuthority old =
        Certificates.authority("old", Instant.now().minus(Duration.ofDays(30)));
    String ended =
        Certificates.quoted(
            Pem.encode(
                List.of(
                    old.issue(
                        Certificates.keys().getPublic(),
                        SubjectNames.ofCommonName(id),
                        CertificateProfile.DEVICE))));
    assertTrue(
        admin
            .put(path, "{'certificatePem':'" + ended + "'}")
            .expectProblem(422, "invalid")
            .contains("ended at"));

    assertEquals(
        new JsonArray(),
        admin.get("/devices/" + id + "/certificates").json().getAsJsonArray("items"));
  }

  private static String opensslRequest(String curve, String commonName) {
    String pem =
        CommandLine.run(
                List.of(
                    "sh",
                    "-c",
                    "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:"
                        + curve
                        + " -nodes -keyout /dev/null -subj /CN="
                        + commonName))
            .expectSuccess()
            .out();
    return Certificates.quoted(pem);
  }

  private static String pem(byte[] der) {
    return pem("CERTIFICATE REQUEST", der);
  }

  /** For use inside a JSON text. */
  private static String pem(String label, byte[] der) {
    String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return Certificates.quoted(
        "-----BEGIN " + label + "-----\n" + lines + "\n-----END " + label + "-----\n");
  }

  private static String publicKey(KeyPair keys) {
    return pem("PUBLIC KEY", keys.getPublic().getEncoded());
  }

  @Test
  void waitsForTheOfflineRootAndTakesOnlyWhatItSigned() throws Exception {
    String name = Clients.unique("ca");
    String path = "/issuing-cas/" + name;
    AdminClient.Answer made = admin.put(path, "{'offline':true,'commonName':'Line 1'}").expect(201);
    assertEquals("awaiting-certificate", made.get("state"));
    String id = Clients.unique("d");
    admin.put("/devices/" + id, "{}").expect(201);
    String request = csr(id).replace("}", ",'ca':'" + name + "'}");
    admin.put("/devices/" + id + "/certificates/c", request).expectProblem(409, "conflict");

    CertificateAuthority root = Certificates.authority("root", Instant.now());
    CertificateAuthority expired =
        Certificates.authority("root", Instant.now().minus(Duration.ofDays(30)));
    var csr = CertificateSigningRequest.parsePem(made.get("csrPem"), "the request");
    String late = chain(expired, csr);
    admin.put(path + "/certificate", "{'chainPem':'" + late + "'}").expectProblem(422, "invalid");
    admin
        .put(path + "/certificate", "{'chainPem':'" + Certificates.pem(root) + "'}")
        .expectProblem(422, "invalid"); // not for this key
    assertEquals("awaiting-certificate", admin.get(path).get("state"));

    String chain = chain(root, csr);
    assertEquals(
        "active",
        admin.put(path + "/certificate", "{'chainPem':'" + chain + "'}").expect(200).get("state"));
    admin.put(path + "/certificate", "{'chainPem':'" + chain + "'}").expect(200);
    admin.put("/devices/" + id + "/certificates/c", request).expect(201);
    admin.put(path, "{'keyType':'ec-p384'}").expectProblem(409, "conflict");
    admin.put(path, "{'enabled':false}").expect(200);
    admin.put("/devices/" + id + "/certificates/d", request).expectProblem(409, "conflict");
    admin.delete("/issuing-cas/dev-ca").expectProblem(409, "conflict");
  }

  private static String chain(CertificateAuthority root, CertificateSigningRequest csr)
      throws Exception {
    var certificate =
        root.issue(csr, CertificateProfile.ISSUING.withValidity(Duration.ofHours(20)));
    return Certificates.quoted(Pem.encode(List.of(certificate, root.certificate())));
  }

  // ---- the other kinds

  @Test
  void keepsSecretsToItselfAndOutOfTheAuditLog() throws IOException {
    String name = Clients.unique("n");
    String password = "correct horse " + name;
    String secret = "0123456789abcdef-" + name + "-secret";
    String hmac =
        Base64.getEncoder().encodeToString(("hmac-secret-of-32-bytes-and-" + name).getBytes(UTF_8));
    admin.put("/users/" + name, "{'password':'" + password + "'}").expect(201);
    admin.put("/provisioning-templates/" + name, "{}").expect(201);
    AdminClient.Answer claim =
        admin
            .put("/claim-tokens/" + name, "{'template':'" + name + "','secret':'" + secret + "'}")
            .expect(201);
    AdminClient.Answer issuer =
        admin
            .put(
                "/jwt-issuers/" + name,
                "{'issuer':'https://"
                    + name
                    + "','audiences':['a'],'algorithms':['HS256'],"
                    + "'hmacSecret':'"
                    + hmac
                    + "'}")
            .expect(201);
    String token = admin.post("/access-tokens", "{'subject':'" + name + "'}").get("token");
    assertFalse(claim.text().contains(secret));
    assertFalse(issuer.text().contains(hmac));
    String user = admin.put("/users/" + name, "{'groups':['g']}").expect(200).text();
    assertFalse(user.contains("storedKey"));
    admin.delete("/provisioning-templates/" + name).expectProblem(409, "conflict");

    String audit = auditFiles();
    assertTrue(audit.contains("/users/" + name));
    for (String hidden : List.of(password, secret, hmac, token, "storedKey")) {
      assertFalse(audit.contains(hidden), hidden);
    }
  }

  private static String auditFiles() throws IOException {
    var text = new StringBuilder();
    try (Stream<Path> files = Files.walk(broker.dataFolder().resolve("audit"))) {
      for (Path file : files.toList()) {
        if (Files.isDirectory(file)) {
          assertEquals("rwx------", permissions(file));
        } else {
          assertEquals("rw-------", permissions(file));
          text.append(Files.readString(file));
        }
      }
    }
    return text.toString();
  }

  @Test
  void writesDownWhoChangedWhatFromWhere() {
    String id = Clients.unique("d");
    AdminClient operator = member("signalbox-operators");
    operator.put("/devices/" + id, "{'displayName':'a'}").expect(201);
    operator.put("/devices/" + id, "{'displayName':'a'}").expect(200);
    admin.put("/devices/" + id, "{'displayName':'b'}").expect(200);
    operator.put("/devices/" + id, "{'enabled':'maybe'}").expect(422);
    admin.delete("/devices/" + id).expect(204);

    JsonArray entries =
        admin.get("/audit?target=/devices/" + id).expect(200).json().getAsJsonArray("items");
    List<String> told = new ArrayList<>();
    for (JsonElement item : entries) {
      JsonObject entry = item.getAsJsonObject();
      told.addFirst(
          entry.get("actor").getAsString()
              + " "
              + entry.get("method").getAsString()
              + " "
              + entry.get("status").getAsInt()
              + " "
              + name(entry, "before")
              + ">"
              + name(entry, "after"));
      assertEquals("127.0.0.1", entry.get("remote").getAsString());
    }
    assertEquals(
        List.of(
            "user:x@local PUT 201 ->a",
            "local-administrator PUT 200 a>b",
            "user:x@local PUT 422 ->-",
            "local-administrator DELETE 204 b>-"),
        told);
  }

  /** In the other log: whoever has no role must not drive out who changed what. */
  @Test
  void writesDownWhoWantedToChangeWhatItMayNot() {
    String id = Clients.unique("d");
    AdminClient viewer = member("signalbox-viewers");
    viewer.put("/devices/" + id, "{}").expectProblem(403, "forbidden");
    viewer.delete("/devices/" + id).expectProblem(403, "forbidden");
    viewer.get("/audit").expectProblem(403, "forbidden"); // a question changes nothing
    Eventually.succeeds(
        () -> {
          JsonArray told =
              admin
                  .get("/audit/refusals?target=/devices/" + id)
                  .expect(200)
                  .json()
                  .getAsJsonArray("items");
          assertEquals(
              List.of("DELETE 403 user:x@local 127.0.0.1", "PUT 403 user:x@local 127.0.0.1"),
              told.asList().stream()
                  .map(JsonElement::getAsJsonObject)
                  .map(
                      entry ->
                          "%s %s %s %s"
                              .formatted(
                                  entry.get("method").getAsString(),
                                  entry.get("status").getAsInt(),
                                  entry.get("actor").getAsString(),
                                  entry.get("remote").getAsString()))
                  .toList());
          return told;
        });
    assertEquals(
        0, admin.get("/audit?target=/devices/" + id).json().getAsJsonArray("items").size());
  }

  private static String name(JsonObject entry, String field) {
    return entry.has(field) && entry.get(field).isJsonObject()
        ? entry.getAsJsonObject(field).get("displayName").getAsString()
        : "-";
  }

  @Test
  void movesDevicesInAndOutOfGroups() {
    String group = Clients.unique("g");
    String id = Clients.unique("d");
    admin.put("/devices/" + id, "{'groups':['" + group + "']}").expectProblem(422, "invalid");
    admin.put("/groups/" + group, "{}").expect(201);
    admin.put("/devices/" + id, "{}").expect(201);
    String member = "/groups/" + group + "/members/" + id;
    admin.get(member).expectProblem(404, "not-found");
    admin.send("PUT", member, "", "If-Match", "\"1\"").expectProblem(400, "malformed");
    admin.send("PUT", member, "").expect(200);
    admin.send("PUT", member, "").expect(200);
    admin.put("/devices/" + id, "{'displayName':'x'}").expect(200); // groups stay
    admin.get(member).expect(200);
    assertEquals(
        1, admin.get("/groups/" + group + "/members").json().getAsJsonArray("items").size());
    admin.delete("/groups/" + group).expectProblem(409, "conflict");
    admin.delete(member).expect(204);
    admin.delete("/groups/" + group).expect(204);
  }

  // ---- many

  @Test
  void registersTenThousandDevicesAndIssuesTheirCertificatesInBatches() throws Exception {
    String prefix = Clients.unique("fleet-");
    KeyPair keys = Certificates.keys();
    int devices = 10_000;
    int perRequest = 1_000;
    for (int from = 0; from < devices; from += perRequest) {
      String operations =
          IntStream.range(from, from + perRequest)
              .mapToObj(i -> "{'op':'put','id':'" + prefix + i + "','device':{'displayName':'n'}}")
              .reduce((a, b) -> a + "," + b)
              .orElseThrow();
      JsonObject answer =
          admin.post("/devices/batch", "{'operations':[" + operations + "]}").expect(200).json();
      assertEquals(0, answer.get("failed").getAsInt());
    }
    String operations =
        IntStream.range(0, perRequest)
            .mapToObj(
                i ->
                    "{'device':'"
                        + prefix
                        + i
                        + "','name':'main','certificate':{'csrPem':'"
                        + Certificates.csr(keys, prefix + i)
                        + "'}}")
            .reduce((a, b) -> a + "," + b)
            .orElseThrow();
    String batch = "{'operations':[" + operations + "]}";
    JsonObject first = admin.post("/certificates/batch", batch).expect(200).json();
    JsonObject again = admin.post("/certificates/batch", batch).expect(200).json();
    assertEquals(0, first.get("failed").getAsInt());
    assertEquals(0, again.get("failed").getAsInt());
    assertEquals(fingerprints(first), fingerprints(again));
    assertEquals(perRequest, new HashSet<>(fingerprints(first)).size());

    String ids = "'" + prefix + "7','no-such-device','" + prefix + "9999'";
    String found =
        admin.post("/devices/lookup", "{'ids':[" + ids + "],'certificate':'main'}").text();
    JsonArray items = JsonParser.parseString(found).getAsJsonObject().getAsJsonArray("items");
    assertEquals(2, items.size(), found);
    JsonObject with = items.get(0).getAsJsonObject();
    assertEquals(admin.get("/devices/" + prefix + "7").json(), with.get("device"));
    assertEquals(
        admin.get("/devices/" + prefix + "7/certificates/main").json(), with.get("certificate"));
    JsonObject without = items.get(1).getAsJsonObject();
    assertEquals(admin.get("/devices/" + prefix + "9999").json(), without.get("device"));
    assertFalse(without.has("certificate"), found);
    String tooMany =
        IntStream.range(0, perRequest + 1)
            .mapToObj(i -> "'d" + i + "'")
            .reduce("'d'", (x, y) -> x + "," + y);
    admin.post("/devices/lookup", "{'ids':[" + tooMany + "]}").expectProblem(422, "invalid");

    JsonObject mixed =
        admin
            .post(
                "/devices/batch",
                "{'operations':[{'op':'delete','id':'"
                    + prefix
                    + "0'},"
                    + "{'op':'put','id':'a b','device':{}},"
                    + "{'op':'put','id':'"
                    + prefix
                    + "1','ifMatch':1,'device':{}}]}")
            .expect(200)
            .json();
    List<Integer> status = new ArrayList<>();
    mixed
        .getAsJsonArray("results")
        .forEach(result -> status.add(result.getAsJsonObject().get("status").getAsInt()));
    assertEquals(List.of(204, 422, 412), status);
    assertEquals(
        "revoked", admin.get("/certificates/" + fingerprints(first).getFirst()).get("status"));
  }

  private static List<String> fingerprints(JsonObject answer) {
    List<String> fingerprints = new ArrayList<>();
    for (JsonElement result : answer.getAsJsonArray("results")) {
      fingerprints.add(
          result.getAsJsonObject().getAsJsonObject("certificate").get("fingerprint").getAsString());
    }
    return fingerprints;
  }
}
