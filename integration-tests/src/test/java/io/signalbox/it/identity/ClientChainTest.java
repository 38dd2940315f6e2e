package io.signalbox.it.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How many certificates a device may show: its own and those of authorities below the trusted. */
final class ClientChainTest {
  /** What the JDK's server takes, its {@code jdk.tls.server.maxInboundCertificateChainLength}. */
  private static final int CERTIFICATES_MAX = 8;

  @TempDir static Path folder;

  private static OpenSslCa ca;
  private static BrokerUnderTest broker;

  @RegisterExtension final Clients clients = new Clients(broker(), Transport.TLS, Version.V5);

  private static BrokerUnderTest broker() {
    return broker;
  }

  @BeforeAll
  static void startBroker() {
    ca = OpenSslCa.create(folder, "root");
    broker =
        BrokerUnderTest.start(
            "client-chain",
            BrokerConfig.open()
                .yaml(
                    """
                    tls:
                      trusted-cas:
                        - { name: root-ca, file: %s }
                    """
                        .formatted(ca.certificate())));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  /**
   * A device whose certificate and its authorities are so many; they have one key, which nobody
   * minds here.
   */
  private static PemFiles.Device device(String id, int certificates) throws IOException {
    String issuer = "ca";
    var chain = new StringBuilder();
    for (int i = 1; i <= certificates; i++) {
      boolean isDevice = i == certificates;
      String name = isDevice ? id : id + "-above-" + i;
      ca.openssl(
          "req -x509 -new -key ca.key -days 30 -config ca.cnf -CAkey ca.key -CA %s.crt -extensions %s -subj /CN=%s -out %s.crt"
              .formatted(issuer, isDevice ? "device" : "authority", name, name));
      chain.insert(0, Files.readString(folder.resolve(name + ".crt")));
      issuer = name;
    }
    Path file = Files.writeString(folder.resolve(id + ".chain"), chain);
    return new PemFiles.Device(id, file, folder.resolve("ca.key"), broker.caFile());
  }

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"TLS", "WSS"})
  @Behaviour(272)
  void takesALongChainAndRefusesTheHandshakeOfATooLongOne(Transport transport) throws Exception {
    for (int certificates : new int[] {5, CERTIFICATES_MAX}) {
      PemFiles.Device good = device(Clients.unique("chain"), certificates);
      try (Peer peer = new Peer(open(transport, good), good.id())) {
        assertEquals(
            0, peer.tryConnect(connect -> connect).reasonCode(), certificates + " of them");
      }
    }
    PemFiles.Device bad = device(Clients.unique("chain"), CERTIFICATES_MAX + 1);
    assertThrows(
        IOException.class,
        () -> {
          try (RawClient wire = open(transport, bad)) { // TLS 1.3: the alert comes behind it
            wire.sendIfOpen(PacketBytes.connect(Version.V5).clientId(bad.id()));
            wire.expectClosed();
            throw new IOException("closed");
          }
        });
  }

  private static RawClient open(Transport transport, PemFiles.Device device) throws IOException {
    return RawClient.open(broker.endpoint(transport).with(device.tls()), Version.V5);
  }
}
