package io.signalbox.server.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.signalbox.server.config.AdminConfig;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.Principal;
import io.undertow.Undertow;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Speaks HTTP over a bare socket, because clients do not let a test choose the header Host. */
final class AdminHandlerTest {
  private static final String MQTT_PATH = "/ws/\"a\"&<b>";

  private final Metrics metrics = new Metrics(1, "test");
  private final List<String> tokensSeen = new ArrayList<>();

  /** For what somebody else's server has not told yet. */
  private final BlockingQueue<Consumer<Optional<Principal>>> waiting = new LinkedBlockingQueue<>();

  private Optional<String> obstacle = Optional.empty();
  private InetSocketAddress source = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
  private Undertow server;

  private record Answer(int status, Map<String, String> headers, String body) {
    /** Empty if there is none. */
    String header(String name) {
      return headers.getOrDefault(name, "");
    }

    JsonObject json() {
      return JsonParser.parseString(body).getAsJsonObject();
    }
  }

  @BeforeEach
  void start() {
    server = serve(config(true, true, Set.of("operators")));
  }

  @AfterEach
  void stop() {
    server.stop();
  }

  private static AdminConfig config(
      boolean page, boolean metricsFromLoopback, Set<String> metricsGroups) {
    AdminConfig d = AdminConfig.DEFAULTS;
    return new AdminConfig(
        page,
        metricsFromLoopback,
        metricsGroups,
        d.roles(),
        d.localToken(),
        d.threads(),
        d.pendingRequestsMax(),
        d.batchOperationsMax(),
        d.auditFileBytesMax(),
        d.auditFilesMax());
  }

  private Undertow serve(AdminConfig config) {
    HttpHandler handler =
        new AdminHandler(
            config,
            MQTT_PATH,
            metrics,
            (_, token, _, _, _, answer) -> answered(token, answer),
            HttpServerExchange::endExchange,
            () -> obstacle);
    Undertow undertow =
        Undertow.builder()
            .addHttpListener(0, "127.0.0.1")
            .setIoThreads(1)
            .setWorkerThreads(1)
            .setHandler(
                exchange -> {
                  if (exchange.isInIoThread()) {
                    exchange.setSourceAddress(source);
                  }
                  handler.handleRequest(exchange);
                })
            .build();
    undertow.start();
    return undertow;
  }

  private boolean answered(@Nullable String token, Consumer<Optional<Principal>> answer) {
    Optional<Principal> found = principal(token);
    if ("one too many".equals(token)) {
      return false;
    }
    if ("slow".equals(token)) {
      waiting.add(answer);
    } else {
      answer.accept(found);
    }
    return true;
  }

  private Optional<Principal> principal(@Nullable String token) {
    tokensSeen.add(String.valueOf(token));
    return token == null || token.equals("bad")
        ? Optional.empty()
        : Optional.of(
            new Principal(
                "user:" + token,
                AuthMethod.JWT,
                null,
                token,
                List.of(token),
                Map.of(),
                null,
                null));
  }

  private Answer get(String path, String... headers) throws IOException {
    return request("GET", path, "localhost", headers);
  }

  private Answer request(String method, String path, String host, String... headers)
      throws IOException {
    InetSocketAddress address =
        (InetSocketAddress) server.getListenerInfo().getFirst().getAddress();
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      socket.setSoTimeout(60_000);
      StringBuilder text = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: " + host);
      for (String header : headers) {
        text.append("\r\n").append(header);
      }
      text.append("\r\nConnection: close\r\n\r\n");
      socket.getOutputStream().write(text.toString().getBytes(StandardCharsets.UTF_8));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int end = answer.indexOf("\r\n\r\n");
      Map<String, String> fields = new TreeMap<>();
      String[] lines = answer.substring(0, end).split("\r\n");
      for (int i = 1; i < lines.length; i++) {
        String[] field = lines[i].split(": ", 2);
        fields.put(field[0].toLowerCase(Locale.ROOT), field[1]);
      }
      return new Answer(
          Integer.parseInt(lines[0].split(" ")[1]), fields, answer.substring(end + 4));
    }
  }

  @Test
  void healthTellsWhatIsWrong() throws Exception {
    assertEquals("{\"status\":\"ok\"}\n", get("/health/live").body);
    assertEquals(200, get("/health/ready").status);
    obstacle = Optional.of("the store is full");
    assertEquals(200, get("/health/live").status);
    Answer answer = get("/health/ready");
    assertEquals(503, answer.status);
    assertEquals("application/problem+json", answer.header("content-type"));
    assertEquals("the store is full", answer.json().get("detail").getAsString());
    assertEquals("Service Unavailable", answer.json().get("title").getAsString());
    assertEquals(503, answer.json().get("status").getAsInt());
  }

  @Test
  void metricsAreTextForPrometheus() throws Exception {
    metrics.malformedPackets.inc();
    Answer answer = get("/metrics");
    assertEquals(200, answer.status);
    assertTrue(answer.header("content-type").startsWith("text/plain; version=0.0.4"));
    assertTrue(answer.body.contains("\nsignalbox_malformed_packets_total 1.0\n"), answer.body);
  }

  @Test
  void whoWaitsForASlowServerKeepsNobodyElseWaiting() throws Exception {
    source = new InetSocketAddress(InetAddress.ofLiteral("192.0.2.1"), 1);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Answer> slow = threads.submit(() -> get("/metrics", "Authorization: Bearer slow"));
      Consumer<Optional<Principal>> answer = waiting.take();
      assertEquals(200, get("/metrics", "Authorization: Bearer operators").status());
      assertEquals(503, get("/metrics", "Authorization: Bearer one too many").status());
      answer.accept(principal("operators"));
      assertEquals(200, slow.get().status());
    }
  }

  @Test
  void aGuessEndsItsConnectionWhichIsCounted() throws Exception {
    source = new InetSocketAddress(InetAddress.ofLiteral("192.0.2.1"), 1);
    InetSocketAddress address =
        (InetSocketAddress) server.getListenerInfo().getFirst().getAddress();
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      socket.setSoTimeout(60_000);
      String guess = "GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer bad\r\n\r\n";
      socket.getOutputStream().write(guess.repeat(2).getBytes(StandardCharsets.UTF_8));
      String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(all.startsWith("HTTP/1.1 401 "), all);
      assertEquals(1, tokensSeen.size());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/health/live", "/health/ready", "/metrics"})
  void otherMachinesNeedAnOperator(String path) throws Exception {
    source = new InetSocketAddress(InetAddress.getByName("192.0.2.7"), 1);
    Answer none = get(path);
    assertEquals(401, none.status);
    assertEquals("Bearer", none.header("www-authenticate"));
    assertEquals(401, get(path, "Authorization: Bearer bad").status);
    assertEquals(401, get(path, "Authorization: Basic b3BlcmF0b3JzOng=").status);
    assertEquals(403, get(path, "Authorization: Bearer browsers").status);
    assertEquals(200, get(path, "authorization: bearer operators").status);
    assertEquals(List.of("null", "bad", "null", "browsers", "operators"), tokensSeen);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "X-Forwarded-For: 127.0.0.1",
        "Forwarded: for=127.0.0.1",
        "Via: 1.1 proxy",
        "X-Real-IP: 127.0.0.1",
        "X-Forwarded-Proto: https"
      })
  void whatAProxyOnThisMachinePassesOnIsNotFromThisMachine(String header) throws Exception {
    assertEquals(401, get("/metrics", header).status);
  }

  /** What nginx passes on that was told nothing but where the broker is. */
  @ParameterizedTest
  @ValueSource(strings = {"/health/live", "/health/ready", "/metrics"})
  void whereLoopbackMayBeAProxyItNeedsAnOperatorToo(String path) throws Exception {
    server.stop();
    server = serve(config(true, false, Set.of("operators")));
    assertEquals(401, request("GET", path, "127.0.0.1:8443").status);
    assertEquals(401, get(path).status);
    assertEquals(200, get(path, "Authorization: Bearer operators").status);
  }

  @Test
  void aNameOfAStrangerThatPointsHereIsNotThisMachine() throws Exception {
    assertEquals(401, request("GET", "/metrics", "evil.example").status);
    assertEquals(401, request("GET", "/metrics", "localhost.evil.example:8443").status);
    assertEquals(200, request("GET", "/metrics", "127.0.0.1:8443").status);
    assertEquals(200, request("GET", "/metrics", "[::1]:8443").status);
  }

  @Test
  void everyAnswerCarriesTheSecurityHeaders() throws Exception {
    for (String path : List.of("/", "/health/live", "/metrics", "/nothing")) {
      Answer answer = get(path);
      String policy = answer.header("content-security-policy");
      assertTrue(policy.contains("default-src 'none'"), policy);
      assertTrue(policy.contains("connect-src 'self' ws://localhost wss://localhost;"), policy);
      assertEquals("nosniff", answer.header("x-content-type-options"));
      assertEquals("no-referrer", answer.header("referrer-policy"));
      assertEquals("same-origin", answer.header("cross-origin-opener-policy"));
    }
  }

  @Test
  void theHostOfARequestCannotWidenThePolicy() throws Exception {
    Answer answer = request("GET", "/", "a;script-src *");
    assertFalse(answer.header("content-security-policy").contains("*"));
  }

  @Test
  void thePageIsThereOrTheAnswerSaysWhyNot() throws Exception {
    boolean built = getClass().getResource("/io/signalbox/server/page/index.html") != null;
    Answer answer = get("/");
    if (built) {
      assertEquals(200, answer.status);
      assertEquals("text/html; charset=utf-8", answer.header("content-type"));
      assertEquals("no-cache", answer.header("cache-control"));
      assertEquals(304, get("/", "If-None-Match: " + answer.header("etag")).status);
      assertTrue(
          answer.body.contains(" data-mqtt-path=\"/ws/&quot;a&quot;&amp;&lt;b>\""), answer.body);
      assertEquals("text/javascript; charset=utf-8", get("/page.js").header("content-type"));
    } else {
      assertEquals(404, answer.status);
      assertTrue(answer.body.contains("without Node.js 20"), answer.body);
    }
  }

  @Test
  void aBrokerWithoutPageHasNothingThere() throws Exception {
    server.stop();
    server = serve(config(false, true, Set.of()));
    assertEquals(404, get("/").status);
    assertEquals("nothing is here", get("/").json().get("detail").getAsString());
    assertEquals(200, get("/health/live").status);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/index.html",
        "/../config/signalbox.yaml",
        "/%2e%2e/x",
        "/page/../page.js",
        "//",
        "/META-INF/MANIFEST.MF",
        "/metrics/",
        "/health"
      })
  void nothingElseCanBeReached(String path) throws Exception {
    Answer answer = get(path);
    assertEquals(404, answer.status);
    assertEquals("nothing is here", answer.json().get("detail").getAsString());
  }

  @Test
  void onlyReadingIsAnswered() throws Exception {
    for (String method : List.of("POST", "PUT", "DELETE", "OPTIONS", "TRACE")) {
      Answer answer = request(method, "/metrics", "localhost");
      assertEquals(405, answer.status);
      assertEquals("GET, HEAD", answer.header("allow"));
    }
    assertEquals("", request("HEAD", "/health/live", "localhost").body);
  }
}
