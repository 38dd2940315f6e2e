package io.signalbox.it.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.net.httpserver.HttpServer;
import io.jsonwebtoken.Jwts;
import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.Eventually;
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

  /** One that waits for the keys, while there is no room for a second one. */
  private Peer waiting() {
    return Eventually.succeeds(
        () -> { // until both are there before the keys are given up
          Peer first = clients.peer();
          first.send(PacketBytes.connect(Version.V5).clientId(first.clientId()).password(token()));
          Peer second = clients.peer();
          int code = second.tryConnect(connect -> connect.password(token())).reasonCode();
          assertEquals(0x89, code);
          second.expectClosed();
          return first;
        });
  }

  @Test
  @Behaviour(253)
  void oneMoreThanMayWaitIsRefusedAsBusyAndNobodyElseNotices() {
    Peer connected = clients.connected(); // without a credential
    Peer waiting = waiting();
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
