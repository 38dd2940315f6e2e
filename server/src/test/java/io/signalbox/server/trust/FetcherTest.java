package io.signalbox.server.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.metrics.Metrics;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

final class FetcherTest {
  private static final int SECONDS_MAX = 20;

  @Test
  void givesUpTheConnectionOfAServerThatStallsInItsBody() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Fetcher fetcher = new Fetcher(new Metrics(1, "test"), Duration.ofSeconds(2))) {
      server.setSoTimeout(SECONDS_MAX * 1_000); // else a fetch that never came would hang it
      URI address = URI.create("http://127.0.0.1:" + server.getLocalPort() + "/ca.crl");
      CompletableFuture<byte[]> fetched = fetcher.get(Metrics.Fetched.CRL, address, 1_000);
      try (Socket client = server.accept()) {
        client.setSoTimeout(SECONDS_MAX * 1_000);
        var in =
            new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
        while (!in.readLine().isEmpty()) {
          // its headers
        }
        client
            .getOutputStream()
            .write(
                "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it"
                    .getBytes(StandardCharsets.US_ASCII));
        var e =
            assertInstanceOf(
                IOException.class,
                assertThrows(CompletionException.class, fetched::join).getCause());
        String why = String.valueOf(e.getMessage());
        assertTrue(why.endsWith("no complete answer within 4 s"), why);
        assertEquals(-1, endOf(in));
      }
    }
  }

  private static int endOf(BufferedReader in) throws IOException {
    try {
      return in.read();
    } catch (SocketException _) { // closed with bytes unread
      return -1;
    }
  }
}
