package io.signalbox.it.identity;

import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.connect;
import static io.signalbox.it.wire.PacketBytes.pingReq;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** MQTT through {@code openssl s_client}, which does what Java's client cannot be told to do. */
final class OpenSslClientTest {
  private static final String CONNACK = latin(bytes(0x20, 2, 0, 0));
  private static final String PINGRESP = latin(bytes(0xD0, 0));

  /** One byte, one character. */
  private static String latin(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /** Keys are changed again and again, by both sides, in the middle of a connection. */
  @Test
  @Behaviour({268, 270})
  void keysAreUpdatedAndEarlyDataIsNotOffered(@TempDir Path folder) throws Exception {
    Path messages = folder.resolve("messages");
    int updates = 5;
    try (BrokerUnderTest broker = BrokerUnderTest.start("openssl-client", BrokerConfig.open());
        Client client = new Client(broker, messages)) {
      client.send(connect(Version.V3).clientId("updates").toBytes());
      client.await(CONNACK);
      for (int i = 0; i < updates; i++) {
        client.send("K\n".getBytes(StandardCharsets.US_ASCII)); // and the broker shall do it too
        client.await("KEYUPDATE\n");
        client.send(pingReq());
        client.await(PINGRESP);
      }
      String shown = client.end().replace(CONNACK, "").replace(PINGRESP, "");
      assertTrue(shown.contains("Max Early Data: 0\n"), shown); // of the session ticket
    }
    List<String> lines = Files.readAllLines(messages);
    for (String direction : List.of(">>>", "<<<")) {
      assertEquals(
          updates,
          lines.stream()
              .filter(line -> line.startsWith(direction) && line.endsWith(", KeyUpdate"))
              .count(),
          direction);
    }
  }

  /** The program while it runs; each wait goes on behind what the last one found. */
  private static final class Client implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;

    private final Process process;
    private final Thread reader;
    private final StringBuilder shown = new StringBuilder(); // guarded by itself
    private int seen;

    Client(BrokerUnderTest broker, Path messages) throws IOException {
      process =
          new ProcessBuilder(
                  "openssl",
                  "s_client",
                  "-msg",
                  "-msgfile",
                  messages.toString(),
                  "-tls1_3",
                  "-CAfile",
                  broker.caFile().toString(),
                  "-connect",
                  "127.0.0.1:" + broker.endpoint(Transport.TLS).address().getPort())
              .redirectErrorStream(true)
              .start();
      reader = Thread.ofPlatform().daemon().start(this::read);
    }

    private void read() {
      try (InputStream in = process.getInputStream()) {
        byte[] buffer = new byte[8_192];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          synchronized (shown) {
            shown.append(latin(Arrays.copyOf(buffer, n)));
            shown.notifyAll();
          }
        }
      } catch (IOException e) {
        // The process has ended, and what is waited for will be missing.
      }
    }

    void send(byte[] bytes) throws IOException {
      process.getOutputStream().write(bytes);
      process.getOutputStream().flush();
    }

    void await(String text) throws InterruptedException {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      synchronized (shown) {
        int at = shown.indexOf(text, seen);
        while (at < 0) {
          long millis = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
          if (millis <= 0) {
            throw new AssertionError("no " + text + " in:\n" + shown.substring(seen));
          }
          shown.wait(millis);
          at = shown.indexOf(text, seen);
        }
        seen = at + text.length();
      }
    }

    /** Ends its input, with which it ends, and is all that it has shown. */
    String end() throws IOException, InterruptedException {
      process.getOutputStream().close();
      assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "openssl does not end");
      reader.join();
      return shown.toString();
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }
}
