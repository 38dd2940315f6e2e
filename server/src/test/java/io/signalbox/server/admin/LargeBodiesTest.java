package io.signalbox.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.undertow.Undertow;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whoever sends too much learns which bound it was, and changes no key that would not help. */
final class LargeBodiesTest {
  private static final int READ_TIMEOUT_MILLIS = 30_000;

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({
    "1024, larger than the 1024 bytes of limits.http-body-bytes-max;",
    "0, larger than the 67108864 bytes that the API takes at most;",
    "1099511627776, larger than the 67108864 bytes that the API takes at most;",
  })
  void theAnswerNamesTheBound(long bodyBytesMax, String bound) throws Exception {
    try (AdminApiFixture api = AdminApiFixture.open(directory, null, bodyBytesMax)) {
      Undertow server =
          Undertow.builder()
              .setIoThreads(1)
              .setWorkerThreads(1)
              .addHttpListener(0, "127.0.0.1", api.handler())
              .build();
      server.start();
      try {
        assertRefused((InetSocketAddress) server.getListenerInfo().getFirst().getAddress(), bound);
      } finally {
        server.stop();
      }
    }
  }

  /** With a body of so many bytes that it is refused before any of it is sent. */
  private void assertRefused(InetSocketAddress address, String bound) throws Exception {
    try (var socket = new Socket(address.getAddress(), address.getPort())) {
      socket.setSoTimeout(READ_TIMEOUT_MILLIS);
      String request =
          """
          PUT /api/v1/devices/p7 HTTP/1.1
          Host: localhost
          Authorization: Bearer %s
          Content-Type: application/json
          Content-Length: 1000000000

          """
              .formatted(LocalToken.read(LocalToken.file(directory)))
              .replace("\n", "\r\n");
      socket.getOutputStream().write(request.getBytes(UTF_8));
      var reader = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
      assertEquals("HTTP/1.1 413 Request Entity Too Large", reader.readLine());
      int length = 0;
      for (String line = reader.readLine(); !line.isEmpty(); line = reader.readLine()) {
        if (line.startsWith("Content-Length: ")) {
          length = Integer.parseInt(line.substring("Content-Length: ".length()));
        }
      }
      char[] body = new char[length];
      for (int read = 0; read < length; ) {
        read += reader.read(body, read, length - read);
      }
      assertTrue(new String(body).contains(bound), new String(body));
    }
  }
}
