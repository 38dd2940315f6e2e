package io.signalbox.it.wire;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** A TCP connection, with TLS when the endpoint has it. */
public final class SocketWire implements Wire {
  private static final int CONNECT_TIMEOUT_MS = 60_000;

  private final Socket tcp;
  private final Socket stream;

  private SocketWire(Socket tcp, Socket stream) {
    this.tcp = tcp;
    this.stream = stream;
  }

  /**
   * Connects and, for TLS, completes the handshake; with TLS 1.3 a refused certificate shows at the
   * first read only.
   */
  public static SocketWire open(Endpoint endpoint) throws IOException {
    return open(endpoint, 0);
  }

  /**
   * @param receiveBufferBytes what the kernel holds for a client that does not read; 0 for the
   *     system's choice
   */
  static SocketWire open(Endpoint endpoint, int receiveBufferBytes) throws IOException {
    var tcp = new Socket();
    try {
      if (receiveBufferBytes > 0) {
        tcp.setReceiveBufferSize(receiveBufferBytes);
      }
      tcp.setTcpNoDelay(true);
      tcp.connect(endpoint.address(), CONNECT_TIMEOUT_MS);
      return new SocketWire(tcp, secure(tcp, endpoint));
    } catch (IOException | RuntimeException e) {
      tcp.close();
      throw e;
    }
  }

  private static Socket secure(Socket tcp, Endpoint endpoint) throws IOException {
    @Nullable SSLContext context = endpoint.tls();
    if (!endpoint.transport().isTls() || context == null) {
      return tcp;
    }
    String host = endpoint.address().getHostString();
    var tls =
        (SSLSocket)
            context.getSocketFactory().createSocket(tcp, host, endpoint.address().getPort(), true);
    tls.setSoTimeout(CONNECT_TIMEOUT_MS);
    tls.startHandshake();
    return tls;
  }

  /** The TLS session's protocol such as {@code TLSv1.3}; empty without TLS. */
  public String tlsProtocol() {
    return stream instanceof SSLSocket tls ? tls.getSession().getProtocol() : "";
  }

  @Override
  public void write(byte[] bytes) throws IOException {
    stream.getOutputStream().write(bytes);
    stream.getOutputStream().flush();
  }

  @Override
  public int read(byte[] into, Duration timeout) throws IOException {
    stream.setSoTimeout(Math.toIntExact(Math.max(1, timeout.toMillis())));
    return stream.getInputStream().read(into);
  }

  @Override
  public void reset() throws IOException {
    tcp.setSoLinger(true, 0);
    tcp.close();
  }

  /** Ends our direction and keeps reading; without TLS this is a FIN. */
  public void shutdownOutput() throws IOException {
    stream.shutdownOutput();
  }

  /** The TCP connection below TLS is closed at once: no close_notify. */
  @Override
  public void close() throws IOException {
    tcp.close();
  }
}
