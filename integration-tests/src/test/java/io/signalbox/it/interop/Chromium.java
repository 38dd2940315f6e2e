package io.signalbox.it.interop;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A headless Chromium with one page, driven by the DevTools protocol. One thread at a time. */
final class Chromium implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Process process;
  private final WebSocket devTools;
  private final Answers answers = new Answers();
  private final AtomicInteger numbers = new AtomicInteger();

  private Chromium(Process process, Path profile) throws Exception {
    this.process = process;
    HttpClient http = HttpClient.newHttpClient();
    String port = awaitPort(profile);
    HttpResponse<String> pages =
        http.send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/json/list")).build(),
            HttpResponse.BodyHandlers.ofString());
    String address = "";
    for (JsonElement page : JsonParser.parseString(pages.body()).getAsJsonArray()) {
      if (page.getAsJsonObject().get("type").getAsString().equals("page")) {
        address = page.getAsJsonObject().get("webSocketDebuggerUrl").getAsString();
      }
    }
    this.devTools =
        http.newWebSocketBuilder()
            .buildAsync(URI.create(address), answers)
            .get(60, TimeUnit.SECONDS);
  }

  /**
   * Starts it on an empty profile. It finds {@code broker.example} on this machine.
   *
   * @param trustedKey base64 of the SHA-256 of the server's SubjectPublicKeyInfo, accepted whoever
   *     signed it
   */
  static Chromium start(String executable, Path profile, String trustedKey) throws Exception {
    Process process =
        new ProcessBuilder(
                List.of(
                    executable,
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    "--user-data-dir=" + profile,
                    "--remote-debugging-port=0",
                    "--ignore-certificate-errors-spki-list=" + trustedKey,
                    "--host-resolver-rules=MAP broker.example 127.0.0.1",
                    "about:blank"))
            .redirectErrorStream(true)
            .redirectOutput(profile.resolve("chromium.log").toFile())
            .start();
    try {
      return new Chromium(process, profile);
    } catch (Exception | AssertionError e) {
      process.destroyForcibly();
      throw e;
    }
  }

  /** Chromium writes the port it chose into its profile. */
  private String awaitPort(Path profile) throws IOException, InterruptedException {
    Path file = profile.resolve("DevToolsActivePort");
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline && process.isAlive()) {
      if (Files.exists(file)) {
        List<String> lines = Files.readAllLines(file);
        if (lines.size() >= 2) {
          return lines.getFirst();
        }
      }
      process.waitFor(50, TimeUnit.MILLISECONDS); // returns early only when it has died
    }
    throw new AssertionError(
        "chromium did not start:\n" + Files.readString(profile.resolve("chromium.log")));
  }

  private JsonObject call(String method, JsonObject parameters) throws Exception {
    int id = numbers.incrementAndGet();
    JsonObject message = new JsonObject();
    message.addProperty("id", id);
    message.addProperty("method", method);
    message.add("params", parameters);
    CompletableFuture<JsonObject> answer = answers.expect(id);
    devTools.sendText(message.toString(), true).get(60, TimeUnit.SECONDS);
    JsonObject result = answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    if (result.has("error")) {
      throw new AssertionError(method + ": " + result.get("error"));
    }
    return result.getAsJsonObject("result");
  }

  void open(String url) throws Exception {
    JsonObject parameters = new JsonObject();
    parameters.addProperty("url", url);
    JsonObject result = call("Page.navigate", parameters);
    if (result.has("errorText")) {
      throw new AssertionError("cannot open " + url + ": " + result.get("errorText"));
    }
  }

  /** Makes the window that large, in CSS pixels. */
  void resize(int width, int height) throws Exception {
    JsonObject parameters = new JsonObject();
    parameters.addProperty("width", width);
    parameters.addProperty("height", height);
    parameters.addProperty("deviceScaleFactor", 1);
    parameters.addProperty("mobile", false);
    call("Emulation.setDeviceMetricsOverride", parameters);
  }

  /** Has the page believe that it is used by a finger, on a telephone. */
  void touch() throws Exception {
    JsonObject parameters = new JsonObject();
    parameters.addProperty("width", 390);
    parameters.addProperty("height", 844);
    parameters.addProperty("deviceScaleFactor", 3);
    parameters.addProperty("mobile", true);
    call("Emulation.setDeviceMetricsOverride", parameters);
    JsonObject touch = new JsonObject();
    touch.addProperty("enabled", true);
    call("Emulation.setTouchEmulationEnabled", touch);
  }

  /** Has the page believe that its user prefers this: {@code light} or {@code dark}. */
  void preferColorScheme(String scheme) throws Exception {
    JsonObject feature = new JsonObject();
    feature.addProperty("name", "prefers-color-scheme");
    feature.addProperty("value", scheme);
    JsonArray features = new JsonArray();
    features.add(feature);
    JsonObject parameters = new JsonObject();
    parameters.add("features", features);
    call("Emulation.setEmulatedMedia", parameters);
  }

  /** The value of a JavaScript expression as text; a promise is awaited. */
  String evaluate(String expression) throws Exception {
    JsonObject parameters = new JsonObject();
    parameters.addProperty("expression", expression);
    parameters.addProperty("returnByValue", true);
    parameters.addProperty("awaitPromise", true);
    JsonObject result = call("Runtime.evaluate", parameters);
    if (result.has("exceptionDetails")) {
      throw new AssertionError(expression + ": " + result.get("exceptionDetails"));
    }
    @Nullable JsonElement value = result.getAsJsonObject("result").get("value");
    return value == null || value.isJsonNull() ? "" : value.getAsString();
  }

  /** Waits in the page, frame by frame, until the expression is true. */
  void await(String condition) throws Exception {
    String waiting =
        "new Promise((resolve, reject) => { const end = Date.now() + 30000; const look = () => {"
            + " let good = false; try { good = ("
            + condition
            + ") } catch (e) {}"
            + " if (good) resolve('yes'); else if (Date.now() > end) reject(new Error('never: '"
            + " + document.body.innerText)); else setTimeout(look, 20); }; look(); })";
    evaluate(waiting);
  }

  @Override
  public void close() {
    devTools.abort();
    // They write into the profile for a moment longer than the browser lives.
    List<ProcessHandle> helpers = process.descendants().toList();
    process.destroy();
    try {
      process.onExit().get(60, TimeUnit.SECONDS);
      for (ProcessHandle helper : helpers) {
        boolean _ = helper.destroyForcibly();
        ProcessHandle _ = helper.onExit().get(60, TimeUnit.SECONDS);
      }
    } catch (TimeoutException e) {
      process.destroyForcibly().onExit().join();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Takes answers on the HTTP client's thread and gives them to whoever asked. */
  private static final class Answers implements WebSocket.Listener {
    private final Map<Integer, CompletableFuture<JsonObject>> expected = new ConcurrentHashMap<>();
    private final StringBuilder text = new StringBuilder();

    CompletableFuture<JsonObject> expect(int id) {
      CompletableFuture<JsonObject> answer = new CompletableFuture<>();
      expected.put(id, answer);
      return answer;
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        JsonObject message = JsonParser.parseString(text.toString()).getAsJsonObject();
        text.setLength(0);
        if (message.has("id")) {
          @Nullable CompletableFuture<JsonObject> answer =
              expected.remove(message.get("id").getAsInt());
          if (answer != null) {
            answer.complete(message);
          }
        }
      }
      socket.request(1);
      return null;
    }
  }

  /** For a failed test: what the browser printed. */
  static String log(Path profile) throws IOException {
    return Files.readString(profile.resolve("chromium.log"), StandardCharsets.UTF_8);
  }
}
