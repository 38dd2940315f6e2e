package io.signalbox.it.broker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Ports for what must be told its port before it listens. */
public final class FixedPort {
  /** Below what Linux gives to sockets that ask for any port, so nobody gets it by chance. */
  private static final int FIRST = 12_000;

  private static final int LAST = 32_000;
  private static final int TRIES = 100;

  private FixedPort() {}

  /** A port of the loopback address that was free a moment ago. */
  public static int free() {
    IOException last = null;
    for (int i = 0; i < TRIES; i++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, LAST);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException e) {
        last = e;
      }
    }
    throw new UncheckedIOException(
        "no free port between " + FIRST + " and " + LAST, new IOException(last));
  }
}
