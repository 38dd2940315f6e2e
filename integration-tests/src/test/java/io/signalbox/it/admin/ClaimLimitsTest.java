package io.signalbox.it.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.Transport;
import io.signalbox.pki.CertificateSigningRequest;
import io.signalbox.pki.SubjectNames;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** When and from where a claim token is good, at the door where devices enrol. */
final class ClaimLimitsTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String SECRET = "0123456789abcdef01234567";

  private static BrokerUnderTest broker;
  private static AdminClient admin;
  private static HttpClient http;

  @BeforeAll
  static void start() {
    broker =
        BrokerUnderTest.start(
            "claim-limits", BrokerConfig.empty().listener(Transport.WSS, false, "optional"));
    admin = AdminClient.administrator(broker);
    http =
        HttpClient.newBuilder()
            .sslContext(PemFiles.trusting(broker.caFile()))
            .version(HttpClient.Version.HTTP_1_1)
            .build();
    admin.put("/provisioning-templates/line", "{}").expect(201);
  }

  @AfterAll
  static void stop() {
    http.close();
    broker.close();
  }

  private static void token(String name, String limits) {
    admin.put(
        "/claim-tokens/" + name, "{'template':'line','secret':'" + SECRET + "'," + limits + "}");
  }

  private static HttpResponse<String> enrol(String token, String id)
      throws IOException, InterruptedException {
    return enrol(token, request(id));
  }

  private static byte[] request(String id) {
    return CertificateSigningRequest.create(
            Certificates.keys(), SubjectNames.ofCommonName(id), Certificates.RANDOM)
        .encoded();
  }

  private static HttpResponse<String> enrol(String token, byte[] request)
      throws IOException, InterruptedException {
    int port = broker.endpoint(Transport.WSS).address().getPort();
    String basic = Base64.getEncoder().encodeToString((token + ":" + SECRET).getBytes(UTF_8));
    return http.send(
        HttpRequest.newBuilder(
                URI.create("https://127.0.0.1:" + port + "/.well-known/est/simpleenroll"))
            .timeout(PATIENCE)
            .header("Authorization", "Basic " + basic)
            .header("Content-Type", "application/pkcs10")
            .POST(BodyPublishers.ofString(Base64.getMimeEncoder().encodeToString(request)))
            .build(),
        BodyHandlers.ofString());
  }

  private static void assertRefused(String token, String why) throws Exception {
    HttpResponse<String> answer = enrol(token, token);
    assertEquals(403, answer.statusCode(), answer::body);
    assertTrue(answer.body().contains(why), answer::body);
    admin.get("/devices/" + token).expectProblem(404, "not-found");
    assertEquals("0", admin.get("/claim-tokens/" + token).expect(200).get("uses"));
  }

  private static void assertEnrols(String token) throws Exception {
    HttpResponse<String> answer = enrol(token, token);
    assertEquals(200, answer.statusCode(), answer::body);
    admin.get("/devices/" + token).expect(200);
  }

  @Test
  void afterItsEndItEnrolsNobody() throws Exception {
    token("timed", "'maxUses':9,'expiresAt':'" + Instant.now().minusSeconds(1) + "'");
    assertRefused("timed", "it ended at ");
    token("timed", "'maxUses':9,'expiresAt':'" + Instant.now().plusSeconds(3_600) + "'");
    assertEnrols("timed");
  }

  @Test
  void aDeviceWhoseCertificateIsSwitchedOffIsNotItsToTake() throws Exception {
    token("taker", "'maxUses':9");
    assertEquals(200, enrol("taker", "lamp").statusCode());
    String fingerprint =
        admin
            .get("/certificates?device=lamp")
            .expect(200)
            .json()
            .getAsJsonArray("items")
            .get(0)
            .getAsJsonObject()
            .get("fingerprint")
            .getAsString();
    admin.put("/certificates/" + fingerprint, "{'status':'inactive'}").expect(200);
    HttpResponse<String> answer = enrol("taker", "lamp");
    assertEquals(409, answer.statusCode(), answer::body);
    admin.post("/certificates/" + fingerprint + "/revoke", "{}").expect(200);
    assertEquals(200, enrol("taker", "lamp").statusCode());
  }

  @Test
  void theSameRequestAgainGetsTheSameCertificateAndIsNoUse() throws Exception {
    token("once", "'maxUses':1");
    byte[] request = request("once");
    HttpResponse<String> first = enrol("once", request);
    HttpResponse<String> again = enrol("once", request);

    assertEquals(200, first.statusCode(), first::body);
    assertEquals(200, again.statusCode(), again::body);
    assertEquals(first.body(), again.body());
    assertEquals("1", admin.get("/claim-tokens/once").expect(200).get("uses"));
    assertEquals(409, enrol("once", "once").statusCode());
  }

  @Test
  void fromAnotherAddressItEnrolsNobody() throws Exception {
    token("placed", "'maxUses':9,'allowedCidrs':['192.0.2.0/24','2001:db8::/32']");
    assertRefused("placed", "not for the address 127.0.0.1");
    token("placed", "'maxUses':9,'allowedCidrs':['192.0.2.0/24','127.0.0.0/8']");
    assertEnrols("placed");
  }
}
