package io.signalbox.it.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.wire.Transport;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** Calls the admin API and holds every answer against the document. */
final class AdminClient {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final HttpClient http;
  private final URI root;
  private final @Nullable String token;
  private final ApiDocument document;

  /** An answer. */
  record Answer(int status, HttpResponse<byte[]> response) {
    String text() {
      return new String(response.body(), UTF_8);
    }

    JsonObject json() {
      return JsonParser.parseString(text()).getAsJsonObject();
    }

    String etag() {
      return response.headers().firstValue("ETag").orElse("");
    }

    /** Fails unless it has this status. */
    Answer expect(int wanted) {
      assertEquals(wanted, status, this::text);
      return this;
    }

    /** Fails unless it is this problem; gives the detail. */
    String expectProblem(int wanted, String type) {
      expect(wanted);
      assertEquals("urn:signalbox:problem:" + type, json().get("type").getAsString());
      return json().get("detail").getAsString();
    }

    String get(String field) {
      return json().get(field).getAsString();
    }
  }

  private AdminClient(HttpClient http, URI root, @Nullable String token, ApiDocument document) {
    this.http = http;
    this.root = root;
    this.token = token;
    this.document = document;
  }

  /** The first administrator. */
  static AdminClient administrator(BrokerUnderTest broker) {
    return administrator(broker, tls(broker));
  }

  /** The same, of a broker whose certificate is from elsewhere. */
  static AdminClient administrator(BrokerUnderTest broker, SSLContext tls) {
    try {
      String token = Files.readString(broker.dataFolder().resolve("admin.token")).strip();
      var undocumented = client(broker, tls, token, ApiDocument.parse("paths: {}"));
      byte[] yaml = undocumented.exchange("GET", "/openapi.yaml", "").body();
      return client(broker, tls, token, ApiDocument.parse(new String(yaml, UTF_8)));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static SSLContext tls(BrokerUnderTest broker) {
    return Objects.requireNonNull(broker.endpoint(Transport.WSS).tls());
  }

  private static AdminClient client(
      BrokerUnderTest broker, SSLContext tls, @Nullable String token, ApiDocument document) {
    int port = broker.endpoint(Transport.WSS).address().getPort();
    return new AdminClient(
        HttpClient.newBuilder().sslContext(tls).version(HttpClient.Version.HTTP_1_1).build(),
        URI.create("https://127.0.0.1:" + port + "/api/v1"),
        token,
        document);
  }

  /** Somebody else; null: without a credential. */
  AdminClient with(@Nullable String other) {
    return new AdminClient(http, root, other, document);
  }

  /** Somebody with a client certificate. */
  AdminClient with(SSLContext certificate) {
    return new AdminClient(
        HttpClient.newBuilder()
            .sslContext(certificate)
            .version(HttpClient.Version.HTTP_1_1)
            .build(),
        root,
        null,
        document);
  }

  Answer get(String path, String... headers) {
    return send("GET", path, "", headers);
  }

  /** Single quotes stand for double ones. */
  Answer put(String path, String json, String... headers) {
    return send("PUT", path, json.replace('\'', '"'), headers);
  }

  Answer post(String path, String json, String... headers) {
    return send("POST", path, json.replace('\'', '"'), headers);
  }

  Answer delete(String path, String... headers) {
    return send("DELETE", path, "", headers);
  }

  Answer send(String method, String path, String body, String... headers) {
    HttpResponse<byte[]> response = exchange(method, path, body, headers);
    var answer = new Answer(response.statusCode(), response);
    document.check(
        method,
        path,
        answer.status(),
        response.headers().firstValue("Content-Type").orElse(""),
        answer.text());
    return answer;
  }

  /** The value of a metric without labels; fails if there is none. */
  long metric(String name) {
    var request = HttpRequest.newBuilder(root.resolve("/metrics")).timeout(PATIENCE).build();
    try {
      return http.send(request, BodyHandlers.ofString())
          .body()
          .lines()
          .filter(line -> line.startsWith(name + " "))
          .mapToLong(line -> (long) Double.parseDouble(line.substring(name.length() + 1)))
          .findFirst()
          .orElseThrow(() -> new AssertionError("there is no metric " + name));
    } catch (IOException e) {
      throw new AssertionError("/metrics", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private HttpResponse<byte[]> exchange(
      String method, String path, String body, String... headers) {
    var request = HttpRequest.newBuilder(URI.create(root + path)).timeout(PATIENCE);
    request.method(
        method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (!body.isEmpty()) {
      request.setHeader("Content-Type", "application/json");
    }
    if (token != null) {
      request.setHeader("Authorization", "Bearer " + token);
    }
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    try {
      return http.send(request.build(), BodyHandlers.ofByteArray());
    } catch (IOException e) {
      throw new AssertionError(method + " " + path, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
