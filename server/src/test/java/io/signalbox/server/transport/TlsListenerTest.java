package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.DevelopmentPki;
import io.signalbox.pki.InMemoryKeyManager;
import io.signalbox.pki.TlsContexts;
import io.signalbox.server.Behaviour;
import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.config.ListenerConfig.ClientCertificate;
import io.signalbox.server.metrics.Metrics.Close;
import io.signalbox.server.metrics.Metrics.StepThread;
import io.signalbox.server.principal.Peer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TlsListenerTest {
  private static final ListenerConfig.Type TLS = ListenerConfig.Type.TLS;
  private static final ListenerConfig.Type TCP = ListenerConfig.Type.TCP;

  private final EchoHandler.Log log = new EchoHandler.Log();

  private TestBroker broker(ClientCertificate certificate) throws Exception {
    return TestBroker.start(
        TransportLimits.DEFAULTS,
        c -> new EchoHandler(c, log),
        TestBroker.listener(TLS, o -> o.withCertificate(certificate)));
  }

  private static void connect(RawClient client) throws IOException {
    client.send(RawClient.connect(0));
    assertArrayEquals(RawClient.CONNACK_V5, client.read(5));
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  @Behaviour(264)
  void knowsTheClientByItsCertificate(String version) throws Exception {
    try (var broker = broker(ClientCertificate.OPTIONAL);
        var client =
            RawClient.tls(broker.address(TLS), TestBroker.Pki.CLIENT_WITH_CERTIFICATE, version)) {
      connect(client);
      Peer peer = log.connections.remove().peer();
      assertEquals(TestBroker.Pki.DEVICE.certificate(), peer.certificates().getFirst());
      assertEquals(version, peer.tlsVersion());
      assertEquals("tls", peer.transport());
    }
  }

  @Test
  void aClientWithoutACertificateIsTakenWhereItIsOptional() throws Exception {
    try (var broker = broker(ClientCertificate.OPTIONAL);
        var client =
            RawClient.tls(broker.address(TLS), TestBroker.Pki.CLIENT_WITHOUT_CERTIFICATE)) {
      connect(client);
      assertEquals(List.of(), log.connections.remove().peer().certificates());
      assertEquals(1, broker.metrics.tlsHandshakes.value());
    }
  }

  @Test
  @Behaviour(259)
  void aClientWithoutACertificateIsRefusedWhereItIsRequired() throws Exception {
    try (var broker = broker(ClientCertificate.REQUIRED);
        var client =
            RawClient.tls(broker.address(TLS), TestBroker.Pki.CLIENT_WITHOUT_CERTIFICATE)) {
      assertThrows(IOException.class, () -> connect(client));
      Await.until(() -> broker.metrics.tlsHandshakesFailed.value() == 1);
      Await.until(() -> broker.transport.connections() == 0);
      assertTrue(log.connections.isEmpty());
    }
  }

  @Test
  @Behaviour(260)
  void aCertificateOfAnotherAuthorityIsRefused(@TempDir Path folder) throws Exception {
    DevelopmentPki other =
        DevelopmentPki.openOrCreate(folder.resolve("pki"), Clock.systemUTC(), new SecureRandom());
    // A client that shows its certificate whatever authorities the server names.
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(
        new javax.net.ssl.KeyManager[] {
          new InMemoryKeyManager(List.of(other.issueDevice("device-1")))
        },
        new javax.net.ssl.TrustManager[] {new TrustsAll()},
        null);
    try (var broker = broker(ClientCertificate.OPTIONAL);
        var client = RawClient.tls(broker.address(TLS), context)) {
      assertThrows(IOException.class, () -> connect(client));
      Await.until(() -> broker.metrics.tlsHandshakesFailed.value() == 1);
      assertTrue(log.connections.isEmpty());
    }
  }

  private static final class TrustsAll extends javax.net.ssl.X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}

    @Override
    public void checkClientTrusted(
        X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

    @Override
    public void checkServerTrusted(
        X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  @ParameterizedTest
  @CsvSource({"'', ''", "mqtt, mqtt", "'mqtt,http/1.1', mqtt"})
  @Behaviour(271)
  void agreesOnMqttIfTheClientNamesProtocols(String offered, String agreed) throws Exception {
    try (var broker = broker(ClientCertificate.OPTIONAL);
        var client =
            RawClient.tls(broker.address(TLS), TestBroker.Pki.CLIENT_WITHOUT_CERTIFICATE)) {
      offer(client, offered);
      connect(client);
      assertEquals(agreed, ((SSLSocket) client.socket).getApplicationProtocol());
    }
  }

  @Test
  @Behaviour(271)
  void refusesAClientThatSpeaksOnlySomethingElse() throws Exception {
    try (var broker = broker(ClientCertificate.OPTIONAL);
        var client =
            RawClient.tls(broker.address(TLS), TestBroker.Pki.CLIENT_WITHOUT_CERTIFICATE)) {
      offer(client, "h2,http/1.1");
      assertThrows(SSLException.class, () -> connect(client));
    }
  }

  private static void offer(RawClient client, String names) {
    SSLSocket socket = (SSLSocket) client.socket;
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(names.isEmpty() ? new String[0] : names.split(",", -1));
    socket.setSSLParameters(parameters);
  }

  /** One field after the other, so that what is refused is refused for its group alone. */
  @ParameterizedTest
  @CsvSource({"x25519, true", "secp256r1, true", "secp521r1, true", "ffdhe2048, false"})
  void takesEllipticCurvesOnly(String group, boolean taken) throws Exception {
    try (var broker = broker(ClientCertificate.OPTIONAL);
        var client =
            RawClient.tls(broker.address(TLS), TestBroker.Pki.CLIENT_WITHOUT_CERTIFICATE)) {
      SSLSocket socket = (SSLSocket) client.socket;
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setNamedGroups(new String[] {group});
      socket.setSSLParameters(parameters);
      if (taken) {
        connect(client);
      } else {
        assertThrows(SSLException.class, () -> connect(client));
      }
    }
  }

  @Test
  void stepsOfHandshakesMoveToTheIoThreadOnceTheyAreShort() throws Exception {
    try (var broker = broker(ClientCertificate.OPTIONAL)) {
      for (int i = 0; broker.metrics.handshakeSteps.of(StepThread.IO).value() == 0; i++) {
        assertTrue(i < 5_000, "no step of 5,000 handshakes ran on the I/O thread");
        try (var client =
            RawClient.tls(broker.address(TLS), TestBroker.Pki.CLIENT_WITHOUT_CERTIFICATE)) {
          connect(client);
        }
      }
      assertTrue(broker.metrics.handshakeSteps.of(StepThread.OWN).value() > 0);
    }
  }

  @Test
  @Behaviour(268)
  void aResumedConnectionStillHasTheCertificate() throws Exception {
    SSLContext context =
        TlsContexts.client(
            List.of(TestBroker.Pki.DEVELOPMENT.root()), Optional.of(TestBroker.Pki.DEVICE));
    try (var broker = broker(ClientCertificate.OPTIONAL)) {
      long created = 0;
      for (int i = 0; i < 3; i++) {
        try (var client = RawClient.tls(broker.address(TLS), context)) {
          connect(client);
          roundTrip(client);
          long now = ((SSLSocket) client.socket).getSession().getCreationTime();
          if (i > 0) {
            assertEquals(created, now, "resumed");
          }
          created = now;
          assertFalse(log.connections.remove().peer().certificates().isEmpty());
        }
        Await.until(() -> broker.transport.connections() == 0);
      }
    }
  }

  @Test
  @Behaviour(268)
  void aListenerThatAsksForNoCertificateTakesNoneOfAResumedSession() throws Exception {
    SSLContext context =
        TlsContexts.client(
            List.of(TestBroker.Pki.DEVELOPMENT.root()), Optional.of(TestBroker.Pki.DEVICE));
    ListenerConfig.Type wss = ListenerConfig.Type.WSS;
    try (var broker =
            TestBroker.start(
                TransportLimits.DEFAULTS,
                c -> new EchoHandler(c, log),
                TestBroker.listener(TLS, o -> o.withCertificate(ClientCertificate.OPTIONAL)),
                TestBroker.listener(wss, o -> o.withCertificate(ClientCertificate.NONE)));
        var first = RawClient.plain(broker.address(TLS), 1);
        var second = RawClient.plain(broker.address(wss), 1);
        var third = RawClient.plain(broker.address(wss), 1)) {
      RawClient begins = RawClient.tlsOver(first, context);
      connect(begins);
      roundTrip(begins);
      assertFalse(log.connections.remove().peer().certificates().isEmpty());

      RawClient asks = RawClient.tlsOver(second, context);
      Wire.request(asks, "GET /certificate HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertEquals("no", new String(asks.read(2), StandardCharsets.US_ASCII));
      assertEquals(created(begins), created(asks), "resumed");

      RawClient upgrades = RawClient.tlsOver(third, context);
      Wire.upgrade(upgrades, "Sec-WebSocket-Protocol: mqtt\r\n");
      Wire wire = Wire.upgraded(upgrades);
      wire.send(RawClient.connect(0));
      wire.read(5);
      assertEquals(created(begins), created(upgrades), "resumed");
      assertEquals(List.of(), log.connections.remove().peer().certificates());
    }
  }

  private static long created(RawClient client) {
    return ((SSLSocket) client.socket).getSession().getCreationTime();
  }

  /** A round trip, after which the client has seen the session ticket. */
  private static void roundTrip(RawClient client) throws IOException {
    client.send(new byte[] {(byte) 0xC0, 0});
    client.read(2);
  }

  @Test
  @Behaviour(264)
  void aClientCannotRenegotiate() throws Exception {
    try (var broker = broker(ClientCertificate.OPTIONAL);
        var client =
            RawClient.tls(
                broker.address(TLS), TestBroker.Pki.CLIENT_WITHOUT_CERTIFICATE, "TLSv1.2")) {
      connect(client);
      assertThrows(
          IOException.class,
          () -> {
            ((SSLSocket) client.socket).startHandshake();
            roundTrip(client);
          });
    }
  }

  @Test
  @Behaviour(265)
  void newHandshakesUseTheNewContextAndOpenConnectionsStay() throws Exception {
    try (var broker = broker(ClientCertificate.NONE);
        var before =
            RawClient.tls(broker.address(TLS), TestBroker.Pki.CLIENT_WITHOUT_CERTIFICATE)) {
      connect(before);
      var renewed = TestBroker.Pki.DEVELOPMENT.issueDevice("other-name");
      SSLContext context =
          TlsContexts.server(new InMemoryKeyManager(List.of(renewed)), new TrustsAll());
      broker.tls.replace(context);
      SSLContext trusting = SSLContext.getInstance("TLS");
      trusting.init(null, new javax.net.ssl.TrustManager[] {new TrustsAll()}, null);
      try (var after = RawClient.tls(broker.address(TLS), trusting)) {
        connect(after);
        assertEquals(
            renewed.certificate(),
            ((SSLSocket) after.socket).getSession().getPeerCertificates()[0]);
      }
      byte[] publish = RawClient.publish(new byte[10]);
      before.send(publish);
      assertArrayEquals(publish, before.read(publish.length));
    }
  }

  @Test
  @Behaviour(266)
  void garbageAndPlaintextOnTheTlsPortEndOnlyTheirConnection() throws Exception {
    Random random = new Random(5);
    try (var broker = broker(ClientCertificate.OPTIONAL)) {
      List<byte[]> starts = new ArrayList<>();
      starts.add(RawClient.connect(0));
      starts.add("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      starts.add(new byte[] {0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0});
      starts.add(new byte[] {0x16, 3, 1, (byte) 0xFF, (byte) 0xFF, 0, 0});
      for (int i = 0; i < 30; i++) {
        byte[] garbage = new byte[1 + random.nextInt(3_000)];
        random.nextBytes(garbage);
        starts.add(garbage);
      }
      for (byte[] start : starts) {
        try (var client = RawClient.plain(broker.address(TLS))) {
          client.send(start);
          client.socket.shutdownOutput();
          client.readToEnd();
        }
      }
      Await.until(() -> broker.transport.connections() == 0);
      assertTrue(broker.metrics.connectionsClosed.of(Close.HANDSHAKE_FAILED).value() > 0);
      try (var client =
          RawClient.tls(broker.address(TLS), TestBroker.Pki.CLIENT_WITHOUT_CERTIFICATE)) {
        connect(client);
      }
    }
  }

  @Test
  @Behaviour(266)
  void tlsOnThePlainPortIsAProtocolError() throws Exception {
    try (var broker = TestBroker.start(c -> new EchoHandler(c, log), TCP);
        var client =
            RawClient.tls(broker.address(TCP), TestBroker.Pki.CLIENT_WITHOUT_CERTIFICATE)) {
      assertThrows(IOException.class, () -> connect(client));
      assertNotEquals(0, log.problems.size());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 100})
  @Behaviour({5, 267})
  void aHandshakeThatStopsHalfWayTimesOut(int bytes) throws Exception {
    var limits = Limits.with(l -> l.handshakeMillis = 300);
    try (var broker = TestBroker.start(1, limits, c -> new EchoHandler(c, log), TLS);
        var client = RawClient.plain(broker.address(TLS))) {
      byte[] hello = new byte[bytes];
      if (bytes > 0) {
        hello[0] = 0x16;
      }
      if (bytes > 4) {
        hello[1] = 3;
        hello[2] = 1;
        hello[3] = 2;
      }
      client.send(hello);
      client.readToEnd();
      Await.until(() -> broker.transport.connections() == 0);
      assertEquals(1, broker.metrics.connectionsClosed.of(Close.HANDSHAKE_TIMEOUT).value());
      assertEquals(0, broker.transport.halfOpenConnections());
    }
  }
}
