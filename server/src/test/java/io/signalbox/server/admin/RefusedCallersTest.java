package io.signalbox.server.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.Certificates;
import io.signalbox.pki.Pem;
import io.signalbox.server.metrics.Metrics.AuthFailure;
import io.signalbox.server.registry.RegistryFixture;
import io.undertow.Undertow;
import io.undertow.server.BasicSSLSessionInfo;
import io.undertow.server.HttpHandler;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Filter;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What stays of what the API refuses. */
final class RefusedCallersTest {
  private static final String PUT = "PUT /api/v1/devices/p7";

  @TempDir Path directory;

  /** Serves it on a port of its own, while requests are made. */
  private static void serving(HttpHandler handler, Requests requests) throws Exception {
    Undertow server =
        Undertow.builder()
            .setIoThreads(1)
            .setWorkerThreads(1)
            .addHttpListener(0, "127.0.0.1", handler)
            .build();
    server.start();
    var address = (InetSocketAddress) server.getListenerInfo().getFirst().getAddress();
    try (HttpClient client = HttpClient.newHttpClient()) {
      requests.make(
          (request, headers) -> {
            String[] words = request.split(" ");
            var uri = URI.create("http://127.0.0.1:" + address.getPort() + words[1]);
            HttpRequest.Builder sent =
                HttpRequest.newBuilder(uri)
                    .method(
                        words[0],
                        words[0].equals("PUT")
                            ? BodyPublishers.ofString("{}")
                            : BodyPublishers.noBody())
                    .header("Content-Type", "application/json");
            headers.forEach(header -> sent.headers(header.split(": ")));
            return client.send(sent.build(), BodyHandlers.ofString());
          });
    } finally {
      server.stop();
    }
  }

  @FunctionalInterface
  private interface Requests {
    void make(Sender sender) throws Exception;
  }

  @FunctionalInterface
  private interface Sender {
    HttpResponse<String> send(String request, List<String> headers) throws Exception;
  }

  @Test
  void aTokenThatIsNotTheAdministratorsIsCountedAndLoggedWithItsAddress() throws Exception {
    List<LogRecord> said = new CopyOnWriteArrayList<>();
    Logger log = Logger.getLogger(ApiAuthenticator.class.getName());
    Filter before = log.getFilter();
    log.setFilter(said::add);
    String wrong = LocalToken.PREFIX + "A".repeat(43);
    try (AdminApiFixture api = AdminApiFixture.open(directory, null)) {
      serving(
          api.handler(),
          http ->
              assertEquals(
                  401, http.send(PUT, List.of("Authorization: Bearer " + wrong)).statusCode()));
      assertEquals(1, api.metrics.authenticationFailures.of(AuthFailure.ADMIN_TOKEN).value());
      assertEquals(List.of(), api.denied); // anybody could drive other refusals out
      String text = new SimpleFormatter().formatMessage(said.getFirst());
      assertTrue(text.contains("127.0.0.1") && text.contains("admin.token"), text);
      assertTrue(!text.contains(wrong), text);
      assertEquals(1, said.size());
    } finally {
      log.setFilter(before);
    }
  }

  @Test
  void aChangeOfAForeignPageIsWrittenDownWhereItRidesOnACertificate() throws Exception {
    X509Certificate certificate = RegistryFixture.elsewhere().certificate();
    var tls =
        new BasicSSLSessionInfo(
            new byte[] {1}, "TLS_AES_128_GCM_SHA256", Pem.encode(List.of(certificate)));
    List<String> foreign = List.of("Origin: https://evil.example");
    try (AdminApiFixture api = AdminApiFixture.open(directory, null)) {
      serving(api.handler(), http -> assertEquals(403, http.send(PUT, foreign).statusCode()));
      assertEquals(List.of(), api.denied);
      serving(
          exchange -> {
            exchange.getConnection().setSslSessionInfo(tls);
            api.handler().handleRequest(exchange);
          },
          http -> {
            assertEquals(403, http.send("GET /api/v1/devices/p7", foreign).statusCode());
            assertEquals(
                403, http.send("POST /api/v1/policy-tools/authorize", foreign).statusCode());
            assertEquals(List.of(), api.denied); // they change nothing
            assertEquals(403, http.send(PUT, foreign).statusCode());
          });
      assertEquals(
          List.of(
              "certificate:"
                  + Certificates.fingerprint(certificate)
                  + " 127.0.0.1 PUT /devices/p7"),
          api.denied);
    }
  }

  @Test
  void aTrialThatIsRefusedIsNoRefusedChange() throws Exception {
    String rollback = "POST /api/v1/policy-revisions/99/rollback";
    try (AdminApiFixture api = AdminApiFixture.open(directory, null)) {
      var token = List.of("Authorization: Bearer " + LocalToken.read(LocalToken.file(directory)));
      serving(
          api.handler(),
          http -> {
            assertEquals(404, http.send(rollback + "?dryRun=true", token).statusCode());
            String none = http.send("GET /api/v1/audit", token).body();
            assertTrue(!none.contains("rollback"), none);
            assertEquals(404, http.send(rollback, token).statusCode());
            String one = http.send("GET /api/v1/audit", token).body();
            assertTrue(one.contains("/policy-revisions/99/rollback"), one);
          });
    }
  }
}
