package io.signalbox.it.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The deploy hook {@code config/certbot-hook} as docs/identity.md has certbot run it: with the
 * folder of a renewed certificate in its environment.
 */
final class CertbotHookTest {
  private static final Path HOOK =
      Path.of(System.getProperty("signalbox.docs", "../docs"))
          .resolveSibling("config")
          .resolve("certbot-hook");
  private static final String HOST = "mqtt.example";
  private static final String OTHER = "other.example";

  @TempDir Path folder;
  private OpenSslCa ca;
  private Path lineage;
  private Path served;
  private int generation;

  @BeforeEach
  void firstCertificate() throws IOException {
    ca = OpenSslCa.create(folder, "web");
    Files.createDirectories(folder.resolve("archive"));
    lineage = Files.createDirectories(folder.resolve("live"));
    served = Files.createDirectories(folder.resolve("broker")).resolve("server.pem");
    renew();
  }

  /** As certbot does it: new files in the archive, and links to them. */
  private void renew() throws IOException {
    generation++;
    ca.issueServer("fresh", HOST, "");
    link("fresh.key", "privkey");
    link("fresh.crt", "fullchain");
  }

  private void link(String made, String name) throws IOException {
    Path archived = Path.of("..", "archive", name + generation + ".pem");
    Files.move(folder.resolve(made), lineage.resolve(archived));
    Files.deleteIfExists(lineage.resolve(name + ".pem"));
    Files.createSymbolicLink(lineage.resolve(name + ".pem"), archived);
  }

  private CommandLine.Result hook() throws IOException {
    String owner = Files.getOwner(folder).getName();
    return CommandLine.run(
        List.of("env", "RENEWED_LINEAGE=" + lineage, HOOK.toString(), served.toString(), owner));
  }

  private String sh(BrokerUnderTest broker, Transport transport, String line) {
    return CommandLine.run(
            List.of("sh", "-c", line, "" + endpoint(broker, transport).address().getPort()))
        .expectSuccess()
        .out();
  }

  private String serial(BrokerUnderTest broker, Transport transport, String name) {
    return sh(
        broker,
        transport,
        "openssl s_client < /dev/null 2> /dev/null -connect 127.0.0.1:$0 -servername "
            + name
            + " | openssl x509 -noout -serial");
  }

  @Test
  @Behaviour(265)
  void whatCertbotRenewedIsServedWhileConnectionsStayAndABrokenPairHoldsBackItselfAlone()
      throws Exception {
    hook().expectSuccess();
    ca.issueServer("other", OTHER, "");
    BrokerConfig config =
        BrokerConfig.open()
            .yaml(
                """
                tls:
                  certificate-file: %1$s
                  private-key-file: %1$s
                  more-certificates:
                    - { certificate-file: %2$s/other.crt, private-key-file: %2$s/other.key }
                """
                    .formatted(served, folder));
    try (BrokerUnderTest broker = BrokerUnderTest.start("certbot-hook", config);
        Peer device = peer(broker, Transport.TLS);
        Peer page = peer(broker, Transport.WSS)) {
      device.connect();
      page.connect();
      String before = serial(broker, Transport.TLS, HOST);
      String other = serial(broker, Transport.TLS, OTHER);

      ca.issueServer("half", OTHER, "");
      Files.move( // its key stays the old one
          folder.resolve("half.crt"),
          folder.resolve("other.crt"),
          StandardCopyOption.REPLACE_EXISTING);
      renew();
      hook().expectSuccess();

      String after =
          Eventually.succeeds(
              () -> {
                String now = serial(broker, Transport.TLS, HOST); // looked at every ten seconds
                assertNotEquals(before, now);
                return now;
              });
      assertEquals(after, serial(broker, Transport.WSS, HOST));
      String told = broker.awaitLog("was not reloaded");
      assertTrue(told.contains("other.crt") && told.contains("does not belong to"), told);
      assertEquals(other, serial(broker, Transport.TLS, OTHER));
      assertEquals(
          "signalbox_tls_certificates_stale 1.0\n",
          sh(
              broker,
              Transport.WSS,
              "curl -fsSk https://localhost:$0/metrics | grep ^signalbox_tls_certificates_stale"));
      device.ping();
      page.ping();
    }
  }

  private Peer peer(BrokerUnderTest broker, Transport transport) throws IOException {
    return new Peer(RawClient.open(endpoint(broker, transport), Version.V5), "stays-" + transport);
  }

  private Endpoint endpoint(BrokerUnderTest broker, Transport transport) {
    return broker.endpoint(transport, PemFiles.trusting(ca.certificate()));
  }

  @Test
  void onlyTheOwnerReadsTheCopyAndWhatFailsLeavesItAsItWas() throws IOException {
    hook().expectSuccess();
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(served)));
    String good = Files.readString(served);

    renew();
    Files.delete(lineage.resolve("fullchain.pem"));
    CommandLine.Result failed = hook();
    assertNotEquals(0, failed.exitCode());
    assertTrue(failed.err().contains("fullchain.pem"), failed.err());
    assertEquals(good, Files.readString(served));
    try (var left = Files.list(served.getParent())) {
      assertEquals(List.of(served), left.toList());
    }
  }

  @Test
  void withoutARenewedCertificateItSaysHowItIsUsed() {
    CommandLine.Result result =
        CommandLine.run(
            List.of("env", "-u", "RENEWED_LINEAGE", HOOK.toString(), served.toString(), "nobody"));
    assertEquals(2, result.exitCode());
    assertTrue(result.err().startsWith("usage: RENEWED_LINEAGE="), result.err());
    assertFalse(Files.exists(served));
  }
}
