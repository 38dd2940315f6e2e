package io.signalbox.it.identity;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.FixedPort;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What bodies of HTTP requests may cost the broker that come from anybody. */
final class RequestBodyTest {
  private static BrokerUnderTest broker;
  private static int plainPort;

  @BeforeAll
  static void startBroker() {
    plainPort = FixedPort.free();
    broker =
        BrokerUnderTest.start(
            "bodies",
            BrokerConfig.allowingAll()
                .listener(Transport.TCP, true, "none")
                .listener(Transport.WSS, true, "none")
                .yaml(
                    """
                    enrolment: { http-port: %d, http-bind: [127.0.0.1] }
                    limits: { http-body-timeout-millis: 500 }
                    """
                        .formatted(plainPort)));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  private static String address(String scheme) {
    return scheme.equals("http")
        ? "http://127.0.0.1:" + plainPort
        : "https://localhost:" + broker.endpoint(Transport.WSS).address().getPort();
  }

  @ParameterizedTest
  @CsvSource({
    "http, /pki/ocsp",
    "https, /pki/ocsp",
    "https, /.well-known/est/simpleenroll",
    "https, /.well-known/est/simplereenroll",
  })
  void aLengthThatNoArrayHasIsRefusedBeforeRoomIsMadeForIt(String scheme, String path)
      throws IOException {
    String curl =
        "curl -sS --cacert \"$0\" -o /dev/null -w '%{http_code}' -X POST"
            + " -H 'Content-Length: 2147483647' -H 'Content-Type: application/pkcs10' "
            + address(scheme)
            + path;
    assertEquals(
        "413",
        CommandLine.run(List.of("sh", "-c", curl, broker.caFile().toString())).out().strip());
    try (Peer peer =
        new Peer(
            RawClient.open(broker.endpoint(Transport.TCP), Version.V5), Clients.unique("body"))) {
      peer.connect();
      peer.ping();
    }
  }

  @ParameterizedTest
  @CsvSource({"/pki/ocsp", "/nothing"})
  void aBodyThatDoesNotComeEndsTheConnection(String path) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), plainPort)) {
      socket.setSoTimeout(Math.toIntExact(RawClient.PATIENCE.toMillis()));
      socket
          .getOutputStream()
          .write(
              ("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n...")
                  .getBytes(US_ASCII));
      while (socket.getInputStream().read() >= 0) {}
    }
  }
}
