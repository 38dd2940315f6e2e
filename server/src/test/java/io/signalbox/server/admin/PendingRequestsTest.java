package io.signalbox.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.metrics.Metrics.Limit;
import io.undertow.Undertow;
import io.undertow.server.handlers.HttpContinueReadHandler;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How many requests of the API may be under way or wait. */
final class PendingRequestsTest {
  private static final int READ_TIMEOUT_MILLIS = 30_000;

  @TempDir Path directory;

  @Test
  void oneMoreThanMayWaitIsToldToComeBackUntilAnotherHasEnded() throws Exception {
    try (AdminApiFixture api = AdminApiFixture.openWithPendingRequestsMax(directory, 1)) {
      Undertow server =
          Undertow.builder()
              .setIoThreads(1)
              .setWorkerThreads(1)
              .addHttpListener(0, "127.0.0.1", new HttpContinueReadHandler(api.handler()))
              .build();
      server.start();
      var address = (InetSocketAddress) server.getListenerInfo().getFirst().getAddress();
      String token = LocalToken.read(LocalToken.file(directory));
      try (var served = new Client(address, token);
          var waiting = new Client(address, token);
          var third = new Client(address, token)) {
        served.beginPut("p1");
        waiting.beginPut("p2");
        String refused = third.put("p3");
        assertTrue(refused.startsWith("HTTP/1.1 503 "), refused);
        assertTrue(refused.contains("\nRetry-After: 1\n"), refused);
        assertEquals(1, api.metrics.limitsReached.of(Limit.ADMIN_REQUESTS).value());

        String done = served.endPut();
        assertTrue(done.startsWith("HTTP/1.1 201 "), done);
        String taken = putOnceThereIsRoom(address, token);
        assertTrue(taken.startsWith("HTTP/1.1 201 "), taken);
        assertFalse(taken.contains("Retry-After"), taken);
      } finally {
        server.stop();
      }
    }
  }

  /** The place of a request is free a moment after its answer. */
  private static String putOnceThereIsRoom(InetSocketAddress address, String token)
      throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (true) {
      try (var again = new Client(address, token)) {
        String answer = again.put("p3");
        if (!answer.startsWith("HTTP/1.1 503 ") || System.nanoTime() > deadline) {
          return answer;
        }
      }
    }
  }

  /** One connection, which is told when its request is admitted. */
  private static final class Client implements AutoCloseable {
    private final Socket socket;
    private final BufferedReader reader;
    private final String token;

    Client(InetSocketAddress address, String token) throws IOException {
      socket = new Socket(address.getAddress(), address.getPort());
      socket.setSoTimeout(READ_TIMEOUT_MILLIS);
      reader = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
      this.token = token;
    }

    private void send(String text) throws IOException {
      socket.getOutputStream().write(text.replace("\n", "\r\n").getBytes(UTF_8));
    }

    private String head(String device, String more) {
      return """
      PUT /api/v1/devices/%s HTTP/1.1
      Host: localhost
      Authorization: Bearer %s
      Content-Type: application/json
      Content-Length: 2
      %s
      """
          .formatted(device, token, more);
    }

    /** Returns when the broker waits for the body, and so has taken it in. */
    void beginPut(String device) throws IOException {
      send(head(device, "Expect: 100-continue\n"));
      String answer = answer();
      assertTrue(answer.startsWith("HTTP/1.1 100 "), answer);
    }

    String endPut() throws IOException {
      send("{}");
      return answer();
    }

    String put(String device) throws IOException {
      send(head(device, "") + "{}");
      return answer();
    }

    /** Status line and headers. */
    private String answer() throws IOException {
      var text = new StringBuilder();
      for (String line = reader.readLine();
          line != null && !line.isEmpty();
          line = reader.readLine()) {
        text.append(line).append('\n');
      }
      return text.toString();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
