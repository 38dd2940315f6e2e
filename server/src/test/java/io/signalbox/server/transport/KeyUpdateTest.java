package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.TlsContexts;
import io.signalbox.server.Behaviour;
import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * TLS 1.3 keys are good for 128 GB in each direction; a broker in a JVM of its own, whose security
 * properties say that they are good for a mebibyte.
 */
class KeyUpdateTest {
  private static final int KEY_BYTES = 1 << 20;
  private static final int MESSAGES = 40_000;

  /** Asks for all messages. */
  private static final byte[] ALL = {};

  /**
   * @param echoed the client sends all of it; else the broker alone sends much, because the
   *     receiver of much asks the sender for new keys too
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @Behaviour(270)
  void newKeysLoseAndDoubleNothing(boolean echoed, @TempDir Path folder) throws Exception {
    Path properties = folder.resolve("key-limits");
    Files.writeString(
        properties, "jdk.tls.keyLimits=AES/GCM/NoPadding KeyUpdate " + KEY_BYTES + "\n");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.security.properties=" + properties,
                "-cp",
                System.getProperty("java.class.path"),
                EchoBroker.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader said = process.inputReader(StandardCharsets.US_ASCII)) {
      InetSocketAddress address =
          new InetSocketAddress(
              InetAddress.getLoopbackAddress(), Integer.parseInt(said.readLine()));
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      for (int i = 0; i < MESSAGES; i++) {
        all.writeBytes(RawClient.publish(payload(i)));
      }
      byte[] sent = all.toByteArray();
      assertTrue(sent.length > 4 * KEY_BYTES);
      try (var client = RawClient.tls(address, trusting(said.readLine()), "TLSv1.3")) {
        client.send(RawClient.connect(0));
        assertArrayEquals(RawClient.CONNACK_V5, client.read(5));
        var failure = new AtomicReference<Exception>();
        Thread sender =
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        client.send(echoed ? sent : RawClient.publish(ALL));
                      } catch (Exception e) {
                        failure.set(e);
                      }
                    });
        assertArrayEquals(sent, client.read(sent.length));
        sender.join();
        assertEquals(null, failure.get());
      }
      process.outputWriter().close();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertEquals(0, process.exitValue());
    } finally {
      process.destroyForcibly();
    }
  }

  private static byte[] payload(int number) {
    return ByteBuffer.allocate(100).putInt(number).array();
  }

  private static SSLContext trusting(String root) throws Exception {
    byte[] bytes = Base64.getDecoder().decode(root);
    var certificate =
        (X509Certificate)
            CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(bytes));
    return TlsContexts.client(List.of(certificate), Optional.empty());
  }

  /** Says its port and the authority to trust, and ends with its input. */
  static final class EchoBroker {
    private EchoBroker() {}

    public static void main(String[] args) throws Exception {
      var log = new EchoHandler.Log();
      try (var broker =
          TestBroker.start(
              c ->
                  new EchoHandler(c, log) {
                    @Override
                    void onPublish(Publish publish) {
                      if (publish.payload().length > 0) {
                        super.onPublish(publish);
                        return;
                      }
                      for (int i = 0; i < MESSAGES; i++) {
                        connection.send(
                            new Publish(
                                publish.topic(),
                                Qos.AT_MOST_ONCE,
                                false,
                                false,
                                0,
                                Properties.NONE,
                                payload(i)));
                      }
                    }
                  },
              ListenerConfig.Type.TLS)) {
        byte[] root = TestBroker.Pki.DEVELOPMENT.root().getEncoded();
        System.out.println(broker.address(ListenerConfig.Type.TLS).getPort());
        System.out.println(Base64.getEncoder().encodeToString(root));
        while (System.in.read() >= 0) {
          // Until whoever started this has done.
        }
      }
    }
  }
}
