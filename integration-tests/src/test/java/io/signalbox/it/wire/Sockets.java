package io.signalbox.it.wire;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;

/** Bare connections that say nothing of their own. */
public final class Sockets {
  private static final Duration A_MOMENT = Duration.ofMillis(1);

  private Sockets() {}

  /**
   * A connection from another address of this machine.
   *
   * @param source such as {@code 127.0.0.2}
   */
  public static Socket open(String source, InetSocketAddress target) throws IOException {
    return new Socket(target.getAddress(), target.getPort(), InetAddress.getByName(source), 0);
  }

  /** Whether the other side has closed it, as far as is known now; a byte of input is lost. */
  public static boolean isEnded(Socket socket) {
    return isEnded(socket, A_MOMENT);
  }

  /** Whether the other side has closed it, or does within that time; a byte of input is lost. */
  public static boolean isEnded(Socket socket, Duration patience) {
    try {
      socket.setSoTimeout(Math.toIntExact(patience.toMillis()));
      return socket.getInputStream().read() < 0;
    } catch (SocketTimeoutException _) {
      return false;
    } catch (IOException _) {
      return true; // reset
    }
  }
}
