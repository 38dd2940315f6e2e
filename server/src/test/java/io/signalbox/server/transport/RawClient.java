package io.signalbox.server.transport;

import io.signalbox.server.codec.ByteOutput;
import io.signalbox.server.codec.PacketEncoder;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.TopicName;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** A blocking socket, plain or TLS, with bytes in and bytes out; gives up waiting after 60 s. */
final class RawClient implements AutoCloseable {
  static final byte[] CONNACK_V5 = {0x20, 3, 0, 0, 0};

  final Socket socket;

  /** That below TLS; the same without. */
  private final Socket tcp;

  final InputStream in;
  final OutputStream out;

  private RawClient(Socket socket) throws IOException {
    this(socket, socket);
  }

  private RawClient(Socket socket, Socket tcp) throws IOException {
    this.socket = socket;
    this.tcp = tcp;
    socket.setSoTimeout(60_000);
    socket.setTcpNoDelay(true);
    this.in = socket.getInputStream();
    this.out = socket.getOutputStream();
  }

  static RawClient plain(InetSocketAddress address) throws IOException {
    return new RawClient(new Socket(address.getAddress(), address.getPort()));
  }

  /** TLS over it resumes the session of whatever has this port for it. */
  static RawClient plain(InetSocketAddress address, int supposedPort) throws IOException {
    return new RawClient(
        new Socket(address.getAddress(), address.getPort()) {
          @Override
          public int getPort() {
            return supposedPort;
          }
        });
  }

  static RawClient tls(InetSocketAddress address, SSLContext context, String... protocols)
      throws IOException {
    Socket tcp = new Socket(address.getAddress(), address.getPort());
    SSLSocket socket =
        (SSLSocket)
            context
                .getSocketFactory()
                .createSocket(tcp, address.getHostString(), address.getPort(), true);
    if (protocols.length > 0) {
      socket.setEnabledProtocols(protocols);
    }
    return new RawClient(socket, tcp);
  }

  /** TLS inside a connection that is open already. */
  static RawClient tlsOver(RawClient plain, SSLContext context) throws IOException {
    return new RawClient(
        context
            .getSocketFactory()
            .createSocket(plain.socket, "localhost", plain.socket.getPort(), true));
  }

  static byte[] bytes(Packet packet, ProtocolVersion version) {
    var output = new ByteOutput(64);
    PacketEncoder.encode(packet, version, output);
    return output.toByteArray();
  }

  static byte[] connect(int keepAliveSeconds) {
    return bytes(
        new Connect(
            ProtocolVersion.V5, "c", true, keepAliveSeconds, null, null, null, Properties.NONE),
        ProtocolVersion.V5);
  }

  static byte[] publish(byte[] payload) {
    return bytes(
        new Publish(topic(), Qos.AT_MOST_ONCE, false, false, 0, Properties.NONE, payload),
        ProtocolVersion.V5);
  }

  static TopicName topic() {
    try {
      return TopicName.of("t");
    } catch (InvalidTopicException e) {
      throw new AssertionError(e);
    }
  }

  void send(byte[]... pieces) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] piece : pieces) {
      all.writeBytes(piece);
    }
    out.write(all.toByteArray());
    out.flush();
  }

  byte[] read(int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw new IOException("ended after " + bytes.length + " of " + count + " bytes");
    }
    return bytes;
  }

  /** All that comes before the peer ends; null if it was a reset. */
  byte @Nullable [] readToEnd() throws IOException {
    try {
      return in.readAllBytes();
    } catch (java.net.SocketException e) {
      return null;
    }
  }

  /** The client's connection breaks. */
  void reset() throws IOException {
    tcp.setSoLinger(true, 0);
    tcp.close();
  }

  /** The client goes away. */
  void hangUp() throws IOException {
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
