package io.signalbox.it.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.jsonwebtoken.Jwts;
import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An issuer whose keys do not come, on a broker where one credential may wait for them. */
@EachTransport
final class SlowCredentialsTest {
  private static final String ISSUER = "https://slow.example";

  /** Answers nobody before it is stopped. */
  private static final HttpServer SILENT = silent();

  private static final CountDownLatch STOPPED = new CountDownLatch(1);

  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "slow-credentials",
          BrokerConfig.open()
              .yaml(
                  """
                  limits:
                    connect-timeout-millis: 8000
                  auth:
                    pending-max: 1
                    jwt:
                      issuers:
                        - name: slow
                          issuer: %s
                          audiences: [tests]
                          jwks-url: http://127.0.0.1:%d/keys
                          algorithms: [ES256]
                          jwks-pause-seconds: 1
                  """
                      .formatted(ISSUER, SILENT.getAddress().getPort())));

  @RegisterExtension final Clients clients;

  SlowCredentialsTest(Transport transport) {
    clients = new Clients(BROKER, transport, Version.V5);
  }

  private static HttpServer silent() {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(task -> Thread.ofVirtual().start(task));
      server.createContext(
          "/",
          exchange -> {
            try (exchange) {
              STOPPED.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
      server.start();
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @AfterAll
  static void stop() {
    STOPPED.countDown();
    BROKER.close();
    SILENT.stop(0);
  }

  private static byte[] token() {
    return Jwts.builder()
        .header()
        .keyId("not yet known")
        .and()
        .issuer(ISSUER)
        .subject("ann")
        .audience()
        .add("tests")
        .and()
        .expiration(Date.from(Instant.now().plusSeconds(600)))
        .signWith(Jwts.SIG.ES256.keyPair().build().getPrivate(), Jwts.SIG.ES256)
        .compact()
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** Whether there was no room for another one that would wait. */
  private boolean isRefusedAsBusy() {
    Peer second = clients.peer();
    int code = second.tryConnect(connect -> connect.password(token())).reasonCode();
    second.expectClosed();
    return code == 0x89;
  }

  @Test
  @Behaviour(253)
  void oneMoreThanMayWaitIsRefusedAsBusyAndNobodyElseNotices() {
    Peer connected = clients.connected(); // without a credential
    long deadline = System.nanoTime() + RawClient.PATIENCE.toNanos();
    Peer waiting;
    do { // until both are there before the keys are given up
      assertTrue(System.nanoTime() < deadline, "nobody is refused as busy");
      waiting = clients.peer();
      waiting.send(PacketBytes.connect(Version.V5).clientId(waiting.clientId()).password(token()));
    } while (!isRefusedAsBusy());
    connected.ping();
    clients.connected().publish(clients.topic(), 1, "others work");
    @Nullable Parsed answer = waiting.wire().poll(RawClient.PATIENCE);
    if (answer != null) { // its time to connect was not over before the keys were given up
      assertEquals(0x86, answer.reasonCode());
    }
    waiting.expectClosed();
    connected.ping();
  }
}
