package io.signalbox.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.undertow.Undertow;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The audit log calls a thing by one name, however its address was written. */
final class AuditPathsTest {
  private static final String POLICY =
      """
      {"version":1,"name":"p",
      "statements":[{"id":"a","effect":"allow","actions":["publish"],"topics":["a"]}]}
      """;

  @TempDir Path directory;
  private final HttpClient http = HttpClient.newHttpClient();
  private volatile Runnable inForce = () -> {};
  private AdminApiFixture api;
  private Undertow server;

  @BeforeEach
  void start() throws Exception {
    api = AdminApiFixture.openWithInForce(directory, () -> inForce.run());
    server =
        Undertow.builder()
            .setIoThreads(1)
            .setWorkerThreads(1)
            .addHttpListener(0, "127.0.0.1", api.handler())
            .build();
    server.start();
  }

  @AfterEach
  void stop() throws Exception {
    http.close();
    server.stop();
    api.close();
  }

  private HttpResponse<String> send(String method, String path, String body) throws Exception {
    var address = (InetSocketAddress) server.getListenerInfo().getFirst().getAddress();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + address.getPort() + "/api/v1" + path))
            .header("Authorization", "Bearer " + LocalToken.read(LocalToken.file(directory)))
            .method(method, BodyPublishers.ofString(body));
    if (!body.isEmpty()) {
      request.header("Content-Type", "application/json");
    }
    return http.send(request.build(), BodyHandlers.ofString());
  }

  @Test
  void aChangeIsWrittenDownThoughWhatFollowsItFails() throws Exception {
    inForce =
        () -> {
          throw new IllegalStateException("a test");
        };
    assertEquals(500, send("PUT", "/devices/d", "{}").statusCode());
    String entries = send("GET", "/audit?target=/devices/d", "").body();
    assertTrue(entries.contains("\"after\":{\"id\":\"d\""), entries);
  }

  private List<String> paths(String target) throws Exception {
    return JsonParser.parseString(
            send("GET", "/audit?target=" + URLEncoder.encode(target, UTF_8), "").body())
        .getAsJsonObject()
        .getAsJsonArray("items")
        .asList()
        .stream()
        .map(JsonElement::getAsJsonObject)
        .map(entry -> entry.get("path").getAsString())
        .toList();
  }

  @Test
  void whateverWasPercentEncoded() throws Exception {
    assertEquals(201, send("PUT", "/policies/p", POLICY).statusCode());
    assertEquals(201, send("PUT", "/attachments/api%3Ap/user/a%2Fb", "").statusCode());
    assertEquals(204, send("DELETE", "/attachments/api:p/%75ser/a%2fb", "").statusCode());
    assertEquals(404, send("DELETE", "/attachments/api%3ap/user/a%2Fb", "").statusCode());

    String name = "/attachments/api:p/user/a/b";
    assertEquals(List.of(name, name, name), paths(name));
    assertEquals(3, paths("/attachments/api:p").size());
  }
}
