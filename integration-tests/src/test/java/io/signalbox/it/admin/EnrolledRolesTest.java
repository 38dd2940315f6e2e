package io.signalbox.it.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
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
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whoever may make tokens for enrolment gets no role by them that it does not have. */
final class EnrolledRolesTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String SECRET = "0123456789abcdef01234567";

  private static BrokerUnderTest broker;
  private static AdminClient admin;
  private static AdminClient operator;
  private static HttpClient http;

  @BeforeAll
  static void start() {
    broker =
        BrokerUnderTest.start(
            "enrolled-roles", BrokerConfig.empty().listener(Transport.WSS, false, "optional"));
    admin = AdminClient.administrator(broker);
    operator =
        admin.with(
            admin
                .post("/access-tokens", "{'subject':'o','groups':['signalbox-operators']}")
                .expect(200)
                .get("token"));
    http =
        HttpClient.newBuilder()
            .sslContext(PemFiles.trusting(broker.caFile()))
            .version(HttpClient.Version.HTTP_1_1)
            .build();
    for (String group : List.of("admins", "auditors", "operators")) {
      admin.put("/groups/signalbox-" + group, "{}").expect(201);
    }
    admin.put("/provisioning-templates/line", "{}").expect(201);
  }

  @AfterAll
  static void stop() {
    http.close();
    broker.close();
  }

  private static AdminClient.Answer claimToken(AdminClient caller, String name, String template) {
    return caller.put(
        "/claim-tokens/" + name,
        "{'template':'" + template + "','secret':'" + SECRET + "','maxUses':9}");
  }

  private static String invitation(AdminClient caller, String template) {
    return caller
        .post("/enrolment-tokens", "{'template':'" + template + "'}")
        .expect(200)
        .get("token");
  }

  /** With a key of its own. */
  private static HttpResponse<String> enrol(String bearer, String id)
      throws IOException, InterruptedException {
    byte[] request =
        CertificateSigningRequest.create(
                Certificates.keys(), SubjectNames.ofCommonName(id), Certificates.RANDOM)
            .encoded();
    int port = broker.endpoint(Transport.WSS).address().getPort();
    return http.send(
        HttpRequest.newBuilder(
                URI.create("https://127.0.0.1:" + port + "/.well-known/est/simpleenroll"))
            .timeout(PATIENCE)
            .header("Authorization", "Bearer " + bearer)
            .header("Content-Type", "application/pkcs10")
            .POST(
                BodyPublishers.ofString(new String(Base64.getMimeEncoder().encode(request), UTF_8)))
            .build(),
        BodyHandlers.ofString());
  }

  private static void assertRefused(int status, String why, HttpResponse<String> answer) {
    assertEquals(status, answer.statusCode(), answer::body);
    assertTrue(answer.body().contains(why), answer::body);
  }

  private static void assertEnrols(String bearer, String id) throws Exception {
    HttpResponse<String> answer = enrol(bearer, id);
    assertEquals(200, answer.statusCode(), answer::body);
  }

  private static JsonArray certificates(String device) {
    return admin
        .get("/devices/" + device + "/certificates")
        .expect(200)
        .json()
        .getAsJsonArray("items");
  }

  private static void revokeAll(AdminClient caller, String device) {
    for (JsonElement each : certificates(device)) {
      String fingerprint = each.getAsJsonObject().get("fingerprint").getAsString();
      caller.post("/certificates/" + fingerprint + "/revoke", "{}").expect(200);
    }
  }

  @Test
  void aTokenOfATemplateThatGivesARoleIsMadeByThoseWhoHaveIt() throws Exception {
    for (String group : List.of("signalbox-admins", "signalbox-auditors")) {
      String template = "of-" + group;
      admin.put("/provisioning-templates/" + template, "{'groups':['" + group + "']}").expect(201);
      claimToken(operator, "taken-" + group, template).expectProblem(403, "forbidden");
      operator
          .post("/enrolment-tokens", "{'template':'" + template + "'}")
          .expectProblem(403, "forbidden");
      claimToken(admin, "given-" + group, template).expect(201);
      assertEnrols("given-" + group + ":" + SECRET, "given-" + group);
      claimToken(operator, "given-" + group, template).expectProblem(403, "forbidden");
    }
  }

  @Test
  void noTokenIsAWayToADeviceThatHasARole() throws Exception {
    admin.put("/devices/boss", "{'groups':['signalbox-admins']}").expect(201);
    admin
        .put("/devices/boss/certificates/main", "{'csrPem':'" + Certificates.csr("boss") + "'}")
        .expect(201);
    claimToken(operator, "batch", "line").expect(201);
    revokeAll(operator, "boss");

    assertRefused(403, "has a role", enrol(invitation(operator, "line"), "boss"));
    assertRefused(403, "has a role", enrol("batch:" + SECRET, "boss"));
    assertEquals(1, certificates("boss").size());
  }

  @Test
  void anEnrolmentTokenIsNotForAnotherDeviceOfTheSameName() throws Exception {
    admin.put("/devices/heater", "{}").expect(201);
    String token =
        operator.post("/enrolment-tokens", "{'device':'heater'}").expect(200).get("token");
    admin.delete("/devices/heater").expect(204);
    admin.put("/devices/heater", "{}").expect(201);
    assertRefused(403, "that has been removed", enrol(token, "heater"));
    String fresh =
        operator.post("/enrolment-tokens", "{'device':'heater'}").expect(200).get("token");
    assertEnrols(fresh, "heater");
  }

  @Test
  void aDeviceThatWasResetEnrolsAgainOnceItsCertificateIsRevoked() throws Exception {
    claimToken(operator, "pumps", "line").expect(201);
    assertEnrols("pumps:" + SECRET, "pump");
    assertRefused(409, "has a certificate", enrol("pumps:" + SECRET, "pump"));
    revokeAll(operator, "pump");
    assertEnrols("pumps:" + SECRET, "pump");
  }

  @Test
  void aDeviceWithTheRoleThatItsTemplateGivesEnrolsAgainToo() throws Exception {
    admin.put("/provisioning-templates/consoles", "{'groups':['signalbox-operators']}").expect(201);
    claimToken(operator, "consoles", "consoles").expect(201);
    assertEnrols("consoles:" + SECRET, "console");
    revokeAll(operator, "console");
    assertEnrols("consoles:" + SECRET, "console");
  }
}
