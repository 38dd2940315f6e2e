package io.signalbox.server.bench.client;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** A TCP connection. */
final class TcpPipe implements Pipe {
  private final SocketChannel channel;

  /**
   * Starts to connect.
   *
   * @param local address to come from, or null for the system's choice
   * @throws ConnectException the address cannot be reached
   */
  TcpPipe(InetSocketAddress remote, @Nullable InetSocketAddress local) throws IOException {
    channel = SocketChannel.open();
    try {
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      if (local != null) {
        channel.bind(local);
      }
      connect(remote);
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private void connect(InetSocketAddress remote) throws IOException {
    try {
      channel.connect(remote);
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  /** Java has no one class for an address that cannot be reached. */
  private static IOException unreachable(IOException e) {
    if (e instanceof ConnectException || e instanceof BindException) {
      return e; // or it is our own that cannot be had
    }
    var unreachable = new ConnectException(e.getMessage());
    unreachable.initCause(e);
    return unreachable;
  }

  SocketChannel channel() {
    return channel;
  }

  /**
   * @throws ConnectException the address cannot be reached
   */
  @Override
  public boolean connect() throws IOException {
    try {
      return channel.finishConnect();
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    return channel.read(into);
  }

  @Override
  public void write(ByteBuffer from) throws IOException {
    channel.write(from);
  }

  @Override
  public boolean flush() {
    return true;
  }

  @Override
  public int interest() {
    return channel.isConnected() ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT;
  }

  @Override
  public void shutdownOutput() throws IOException {
    channel.shutdownOutput();
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException _) {
      // nothing left to do: the descriptor is gone either way
    }
  }
}
