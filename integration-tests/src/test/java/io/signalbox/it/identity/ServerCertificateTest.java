package io.signalbox.it.identity;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.FixedPort;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The broker's own certificates as {@code openssl s_client} sees them. */
final class ServerCertificateTest {
  @TempDir static Path folder;

  private static OpenSslCa ca;
  private static int responderPort;
  private static Process responder;
  private static BrokerUnderTest broker;

  @BeforeAll
  static void startResponderAndBroker() throws IOException {
    responderPort = FixedPort.free();
    ca = OpenSslCa.create(folder, "web");
    server("default", "localhost");
    server("other", "other.example");
    responder =
        new ProcessBuilder(
                "openssl",
                "ocsp",
                "-index",
                "index.txt",
                "-port",
                "" + responderPort,
                "-rsigner",
                "ca.crt",
                "-rkey",
                "ca.key",
                "-CA",
                "ca.crt",
                "-ndays",
                "1")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("responder.log").toFile())
            .start();
    broker =
        BrokerUnderTest.start(
            "server-certificates",
            BrokerConfig.open()
                .yaml(
                    """
                    tls:
                      certificate-file: %1$s/default.crt
                      private-key-file: %1$s/default.key
                      more-certificates:
                        - { certificate-file: %1$s/other.crt, private-key-file: %1$s/other.key }
                      ocsp-stapling: true
                    """
                        .formatted(folder)));
    awaitCurves();
  }

  /** All that follows is with the curves that this machine is to have. */
  private static void awaitCurves() {
    sClient(Transport.TLS, "");
    String line = broker.awaitLog("elliptic curves are");
    assertTrue(
        line.contains("those of OpenSSL 3.") || line.contains("(the system has no libcrypto"),
        line);
  }

  @AfterAll
  static void stop() {
    broker.close();
    responder.destroyForcibly();
  }

  /** A server's key and certificate, which names the responder. */
  private static void server(String file, String host) throws IOException {
    ca.issueServer(
        file, host, "authorityInfoAccess=OCSP;URI:http://127.0.0.1:%d\n".formatted(responderPort));
  }

  private static int port(Transport transport) {
    String line = broker.awaitLog("listening name=" + transport.name().toLowerCase(Locale.ROOT));
    return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
  }

  /**
   * @param arguments may go on with a pipe
   */
  private static String sClient(Transport transport, String arguments) {
    String line =
        "cd \"$0\" && openssl s_client < /dev/null 2>&1 -CAfile ca.crt -connect 127.0.0.1:"
            + port(transport)
            + " "
            + arguments;
    return CommandLine.run(List.of("sh", "-c", line, folder.toString())).out();
  }

  private static String serial(String name) {
    String shown = sClient(Transport.TLS, "-servername " + name + " | openssl x509 -noout -serial");
    return shown.strip();
  }

  @Test
  @Behaviour(263)
  void theServerNameChoosesTheCertificate() {
    assertTrue(sClient(Transport.TLS, "-servername other.example").contains("CN = other.example"));
    assertTrue(sClient(Transport.WSS, "-servername other.example").contains("CN = other.example"));
    assertTrue(sClient(Transport.TLS, "-servername unknown.example").contains("CN = localhost"));
    assertTrue(
        sClient(Transport.TLS, "-servername other.example -verify_hostname other.example")
            .contains("Verify return code: 0 (ok)"));
  }

  @Test
  void clientsGetTheRespondersAnswerWithTheCertificate() {
    // The broker's TLS waits some seconds for the responder, then goes on without its answer.
    String seen =
        Eventually.succeeds(
            () -> {
              String shown = sClient(Transport.TLS, "-servername localhost -status");
              assertTrue(shown.contains("OCSP Response Status: successful"), shown);
              return shown;
            });
    assertTrue(seen.contains("Cert Status: good"), seen);
  }

  @Test
  void aReplacedFileIsServedWhileOpenConnectionsStay() throws Exception {
    var endpoint = broker.endpoint(Transport.TLS, PemFiles.trusting(folder.resolve("ca.crt")));
    try (Peer peer = new Peer(RawClient.open(endpoint, Version.V5), "stays")) {
      peer.connect();
      String before = serial("other.example");
      server("other", "other.example");
      Eventually.succeeds(
          () -> {
            String now = serial("other.example"); // files are looked at every ten seconds
            assertTrue(now.startsWith("serial="), now);
            assertNotEquals(before, now);
            return now;
          });
      peer.ping();
    }
  }
}
