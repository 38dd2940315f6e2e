package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.CertificateVerifier;
import io.signalbox.pki.ClientTrust;
import io.signalbox.pki.InMemoryKeyManager;
import io.signalbox.pki.TlsContexts;
import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.metrics.Metrics.Close;
import io.signalbox.server.metrics.Metrics.StepThread;
import io.signalbox.server.metrics.Metrics.Turnaway;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients that come while handshakes keep every thread busy that may compute them. */
class WaitingClientsTest {
  private static final ListenerConfig.Type TLS = ListenerConfig.Type.TLS;
  private static final byte[] HELLO =
      OldTlsTest.clientHello(OldTlsTest.TLS_1_2, HexFormat.of().parseHex(OldTlsTest.GOOD));
  private static final int HANDSHAKE = 22;

  private final EchoHandler.Log log = new EchoHandler.Log();
  private final HeldKeys keys = new HeldKeys();

  /** The server's key is not found before a test says so. */
  private static final class HeldKeys extends X509ExtendedKeyManager {
    private final InMemoryKeyManager keys =
        new InMemoryKeyManager(List.of(TestBroker.Pki.IDENTITY));
    final CountDownLatch found = new CountDownLatch(1);
    final AtomicInteger asked = new AtomicInteger();

    @Override
    public @Nullable String chooseEngineServerAlias(
        String type, Principal[] issuers, SSLEngine engine) {
      asked.incrementAndGet();
      try {
        found.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return keys.chooseEngineServerAlias(type, issuers, engine);
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
      return keys.getCertificateChain(alias);
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
      return keys.getPrivateKey(alias);
    }

    @Override
    public String[] getServerAliases(String type, Principal[] issuers) {
      throw new UnsupportedOperationException();
    }

    @Override
    public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
      throw new UnsupportedOperationException();
    }

    @Override
    public String[] getClientAliases(String type, Principal[] issuers) {
      throw new UnsupportedOperationException();
    }

    @Override
    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
      throw new UnsupportedOperationException();
    }
  }

  @AfterEach
  void find() {
    keys.found.countDown();
  }

  private TestBroker broker(Duration turnWaitMax) throws Exception {
    CertificateVerifier verifier =
        new CertificateVerifier(List.of(TestBroker.Pki.DEVELOPMENT.trustedCa("development")));
    SSLContext context =
        TlsContexts.server(keys, new ClientTrust(() -> verifier, Clock.systemUTC()));
    return TestBroker.startTls(c -> new EchoHandler(c, log), context, turnWaitMax);
  }

  private static RawClient hello(TestBroker broker) throws Exception {
    RawClient client = RawClient.plain(broker.address(TLS));
    client.send(HELLO);
    return client;
  }

  /** One whose step runs, and one whose step waits for the thread. */
  private static List<RawClient> occupy(TestBroker broker) throws Exception {
    RawClient first = hello(broker);
    Await.until(() -> broker.metrics.handshakeSteps.of(StepThread.OWN).value() == 1);
    RawClient second = hello(broker);
    Await.until(() -> broker.metrics.handshakeSteps.of(StepThread.OWN).value() == 2);
    return List.of(first, second);
  }

  private static void awaitWaiting(TestBroker broker, int clients) throws Exception {
    Await.until(() -> broker.metrics.tlsHandshakesWaiting.value() == clients);
  }

  private static void assertServed(RawClient client) throws Exception {
    assertEquals(HANDSHAKE, client.read(1)[0]);
  }

  @Test
  void whoHasLeftIsNotServedWhenItsTurnComes() throws Exception {
    try (var broker = broker(Duration.ofHours(1))) {
      List<RawClient> served = occupy(broker);
      RawClient leaves = hello(broker);
      RawClient resets = hello(broker);
      awaitWaiting(broker, 2);
      leaves.close();
      resets.reset();
      RawClient stays = hello(broker);
      awaitWaiting(broker, 3);

      keys.found.countDown();
      assertServed(stays);
      for (RawClient client : served) {
        assertServed(client);
      }
      assertEquals(3, keys.asked.get(), "handshakes that were computed");
      Await.until(() -> broker.transport.connections() == 3);
      assertEquals(0, broker.metrics.tlsHandshakesFailed.value(), "nobody did anything wrong");
      assertEquals(2, broker.metrics.connectionsClosed.of(Close.PEER_CLOSED).value());
      awaitWaiting(broker, 0);
      stays.close();
      for (RawClient client : served) {
        client.close();
      }
    }
  }

  @Test
  void whoWaitsForTooLongIsTurnedAwayUnserved() throws Exception {
    try (var broker = broker(Duration.ofMillis(100))) {
      List<RawClient> served = occupy(broker);
      try (RawClient waits = hello(broker)) {
        byte[] answer = waits.readToEnd();
        assertTrue(answer == null || answer.length == 0);
      }
      assertEquals(1, broker.metrics.connectionsTurnedAway.of(Turnaway.HANDSHAKE_QUEUE).value());
      assertEquals(0, broker.metrics.tlsHandshakesFailed.value(), "nobody did anything wrong");
      keys.found.countDown();
      for (RawClient client : served) {
        assertServed(client);
        client.close();
      }
      assertEquals(2, keys.asked.get(), "handshakes that were computed");
    }
  }
}
