package io.signalbox.it.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.PacketType;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A foreign authority's devices, revoked by its list: those who are connected lose their connection
 * and nobody of them comes back, not even by a resumed TLS session.
 */
final class RevocationTest {
  private static final int NOT_AUTHORIZED = 0x87;

  @TempDir static Path folder;

  private static OpenSslCa ca;
  private static Path list;

  /** The same name, another key. */
  private static OpenSslCa rekeyed;

  private static Path rekeyedList;
  private static BrokerUnderTest broker;

  private final List<Peer> opened = new ArrayList<>();

  @BeforeAll
  static void startBroker() throws IOException {
    ca = OpenSslCa.create(folder, "factory");
    list = ca.writeList(folder.resolve("factory.crl"));
    rekeyed = OpenSslCa.create(Files.createDirectory(folder.resolve("rekeyed")), "factory");
    rekeyedList = rekeyed.writeList(folder.resolve("rekeyed.crl"));
    broker =
        BrokerUnderTest.start(
            "revocation",
            BrokerConfig.open()
                .yaml(
                    """
                    tls:
                      trusted-cas:
                        - name: factory-ca
                          file: %s
                          revocation: { crl-files: [%s] }
                        - name: rekeyed-ca
                          file: %s
                          revocation: { crl-files: [%s] }
                    """
                        .formatted(ca.certificate(), list, rekeyed.certificate(), rekeyedList)));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @AfterEach
  void closeAll() {
    opened.forEach(Peer::close);
  }

  private Peer peer(Transport transport, Version version, SSLContext tls, String clientId) {
    Endpoint endpoint = broker.endpoint(transport).with(tls);
    try {
      Peer peer = new Peer(RawClient.open(endpoint, version), clientId);
      opened.add(peer);
      return peer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"TLS", "WSS"})
  @Behaviour({260, 261})
  void whoIsRevokedLosesTheConnectionAndCannotComeBack(Transport transport) throws Exception {
    String id = Clients.unique("p");
    PemFiles.Device device = ca.issue(id, broker.caFile());
    PemFiles.Device other = ca.issue(id + "b", broker.caFile());
    SSLContext tls = device.tls(); // one context, so that the second connection resumes
    Peer v5 = peer(transport, Version.V5, tls, id);
    v5.connect();
    Peer v3 = peer(transport, Version.V3, tls, id + "v3");
    v3.connect();
    Peer good = peer(transport, Version.V5, other.tls(), id + "b");
    good.connect();

    ca.revoke(id);
    ca.writeList(list);

    assertEquals(NOT_AUTHORIZED, v5.receive(PacketType.DISCONNECT).reasonCode());
    v5.wire().expectClosed();
    v3.wire().expectClosed(); // 3.1.1 has no DISCONNECT of the server
    assertTrue(
        broker.awaitLog("\"device:" + id + "\" on ").contains("is disconnected"), "no line of it");
    good.ping();

    Peer resumed = null;
    try {
      resumed = peer(transport, Version.V5, tls, id);
    } catch (UncheckedIOException e) {
      // a full handshake is refused before MQTT begins; the handshake of 1.3 ends before the alert
    }
    if (resumed != null) {
      resumed.wire().sendIfOpen(io.signalbox.it.wire.PacketBytes.connect(Version.V5).clientId(id));
      var answer = resumed.wire().poll(RawClient.PATIENCE);
      if (answer != null) {
        assertEquals(NOT_AUTHORIZED, answer.reasonCode());
      }
      resumed.wire().expectClosed();
    }
  }

  @Test
  void whoIsRevokedByTheListOfARekeyedAuthorityLosesTheConnection() throws Exception {
    PemFiles.Device stolen = rekeyed.issue("stolen", broker.caFile());
    PemFiles.Device other = rekeyed.issue("other", broker.caFile());
    Peer v5 = peer(Transport.TLS, Version.V5, stolen.tls(), "stolen");
    v5.connect();
    Peer v3 = peer(Transport.WSS, Version.V3, stolen.tls(), "stolen-v3");
    v3.connect();
    Peer good = peer(Transport.TLS, Version.V5, other.tls(), "other");
    good.connect();

    rekeyed.revoke("stolen");
    rekeyed.writeList(rekeyedList);
    v5.expectDisconnect(NOT_AUTHORIZED);
    v3.expectClosed();
    good.ping();
  }

  @Test
  void whoIsOnHoldComesInAgainOnceANewerListLeavesItOut() throws Exception {
    PemFiles.Device device = ca.issue("held", broker.caFile());
    Peer held = peer(Transport.TLS, Version.V5, device.tls(), "held");
    held.connect();
    ca.hold("held");
    ca.writeList(list);
    held.expectDisconnect(NOT_AUTHORIZED);

    ca.release("held");
    ca.writeList(list);
    Eventually.succeeds(
        () -> {
          peer(Transport.TLS, Version.V5, device.tls(), "held").connect();
          return list;
        });
  }

  @Test
  void opensslReadsTheListThatCountsHere() {
    assertTrue(ca.openssl("crl -in " + list + " -noout -CAfile ca.crt -text").contains("factory"));
  }
}
