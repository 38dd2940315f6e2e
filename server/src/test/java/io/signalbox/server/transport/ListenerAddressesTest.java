package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.config.ListenerConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which of the addresses it is told a listener binds. */
final class ListenerAddressesTest {
  /** For documentation (RFC 5737), so no machine has it. */
  private static final String NOWHERE = "203.0.113.77";

  private static ListenerConfig listener(int port, String... bind) {
    ListenerConfig d = ListenerConfig.of("tcp", ListenerConfig.Type.TCP, port);
    return new ListenerConfig(
        d.name(),
        d.type(),
        List.of(bind),
        d.port(),
        d.allowAnonymous(),
        d.clientCertificate(),
        d.path(),
        d.allowedOrigins(),
        d.tokenCookie(),
        d.proxyProtocol(),
        d.trustedProxies(),
        d.protocols(),
        d.durability(),
        d.connectionsMax());
  }

  private static List<InetSocketAddress> bound(ListenerConfig listener) throws IOException {
    var log = new EchoHandler.Log();
    try (var broker =
        TestBroker.start(TransportLimits.DEFAULTS, c -> new EchoHandler(c, log), listener)) {
      return broker.transport.bound().stream().map(Transport.Bound::address).toList();
    }
  }

  /** The two of which one is enough. */
  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0 ::", ":: 0.0.0.0", "0.0.0.0 0.0.0.0"})
  void twoWildcardsAreBoundOnce(String bind) throws IOException {
    List<InetSocketAddress> bound = bound(listener(0, bind.split(" ")));
    assertEquals(1, bound.size(), bound::toString);
    assertTrue(bound.getFirst().getAddress().isAnyLocalAddress(), bound::toString);
  }

  /** Such as one of a network that is not up yet, or mistyped. */
  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1 " + NOWHERE, NOWHERE + " 127.0.0.1", NOWHERE})
  void anAddressThatTheMachineLacksKeepsTheBrokerFromStarting(String bind) {
    IOException refused =
        assertThrows(IOException.class, () -> bound(listener(0, bind.split(" "))));
    String why = String.valueOf(refused.getMessage());
    assertTrue(why.startsWith("listener \"tcp\" cannot listen on \"203.0.113.77\" port "), why);
  }

  @Test
  void theDefaultsAreBoundWithOneStackAndWithTwo() throws IOException {
    List<InetSocketAddress> bound = bound(ListenerConfig.of("tcp", ListenerConfig.Type.TCP, 0));
    assertEquals(1, bound.stream().map(InetSocketAddress::getPort).distinct().count());
    assertTrue(bound.getFirst().getAddress().isLoopbackAddress(), bound::toString);
  }

  @Test
  void anAddressInUseKeepsTheBrokerFromStarting() throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      for (ListenerConfig listener :
          Stream.of("127.0.0.1", "127.0.0.1 127.0.0.2", "127.0.0.2 127.0.0.1", "localhost")
              .map(bind -> listener(taken.getLocalPort(), bind.split(" ")))
              .toList()) {
        IOException refused = assertThrows(IOException.class, () -> bound(listener));
        String why = String.valueOf(refused.getMessage());
        assertTrue(why.startsWith("listener \"tcp\" cannot listen on \""), why);
        assertTrue(why.contains("\" port " + taken.getLocalPort() + ": "), why);
      }
    }
  }
}
