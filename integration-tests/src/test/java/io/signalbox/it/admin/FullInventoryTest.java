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
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.Test;

/** What a device leaves behind for whose certificate there is no room. */
final class FullInventoryTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String SECRET = "0123456789abcdef01234567";

  private static int enrol(HttpClient http, int port, String id)
      throws IOException, InterruptedException {
    byte[] request =
        CertificateSigningRequest.create(
                Certificates.keys(), SubjectNames.ofCommonName(id), Certificates.RANDOM)
            .encoded();
    return http.send(
            HttpRequest.newBuilder(
                    URI.create("https://127.0.0.1:" + port + "/.well-known/est/simpleenroll"))
                .timeout(PATIENCE)
                .header("Authorization", "Bearer batch:" + SECRET)
                .header("Content-Type", "application/pkcs10")
                .POST(
                    BodyPublishers.ofString(
                        new String(Base64.getMimeEncoder().encode(request), UTF_8)))
                .build(),
            BodyHandlers.discarding())
        .statusCode();
  }

  @Test
  void theAuditLogHasADeviceThatEnrolledInVain() throws Exception {
    BrokerConfig config =
        BrokerConfig.empty()
            .listener(Transport.WSS, false, "optional")
            .yaml("registry: { certificates-max: 1 }\n");
    try (BrokerUnderTest broker = BrokerUnderTest.start("full-inventory", config);
        HttpClient http =
            HttpClient.newBuilder()
                .sslContext(PemFiles.trusting(broker.caFile()))
                .version(HttpClient.Version.HTTP_1_1)
                .build()) {
      int port = broker.endpoint(Transport.WSS).address().getPort();
      AdminClient admin = AdminClient.administrator(broker);
      admin.put("/provisioning-templates/line", "{}").expect(201);
      admin
          .put("/claim-tokens/batch", "{'template':'line','secret':'" + SECRET + "','maxUses':9}")
          .expect(201);
      assertEquals(200, enrol(http, port, "first"));
      assertEquals(503, enrol(http, port, "second"));

      admin.get("/devices/second").expect(200);
      var entries = admin.get("/audit?target=/devices/second").json().getAsJsonArray("items");
      assertEquals(1, entries.size(), entries::toString);
      var entry = entries.get(0).getAsJsonObject();
      assertEquals("ENROL", entry.get("method").getAsString());
      assertEquals("claim-token:batch", entry.get("actor").getAsString());
      assertEquals("127.0.0.1", entry.get("remote").getAsString());
      String detail = entry.get("detail").getAsString();
      assertTrue(detail.startsWith("device:second: registered without a certificate: "), detail);
    }
  }
}
