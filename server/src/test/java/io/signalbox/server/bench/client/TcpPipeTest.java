package io.signalbox.server.bench.client;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

final class TcpPipeTest {

  /** Of which Linux says something else than that nobody listens. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void anAddressThatCannotBeReachedIsAConnectExceptionWhateverTheReason() throws Exception {
    var elsewhere = new InetSocketAddress(InetAddress.ofLiteral("192.0.2.1"), 1);
    var loopback = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);

    var failure = assertThrows(ConnectException.class, () -> new TcpPipe(elsewhere, loopback));

    var told = Explanation.of(failure, Endpoint.parse("mqtts://192.0.2.1"));
    assertTrue(String.valueOf(told.getMessage()).contains("is the broker running"));
    assertTrue(failure.getCause() instanceof IOException, "of another class");
  }
}
