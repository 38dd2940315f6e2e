package io.signalbox.server.transport;

import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Disconnect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.PingReq;
import io.signalbox.server.packet.PingResp;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.protocol.ClientHandler;
import io.signalbox.server.protocol.CloseCause;
import io.signalbox.server.session.ClientConnection;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Accepts every CONNECT and sends each PUBLISH back; notes what it was told. */
class EchoHandler implements ClientHandler {
  final ClientConnection connection;
  final Log log;

  /** What the handlers of one test were told, from whatever thread. */
  static final class Log {
    final Queue<Packet> packets = new ConcurrentLinkedQueue<>();
    final Queue<ClientConnection> connections = new ConcurrentLinkedQueue<>();
    final BlockingQueue<PacketException> problems = new LinkedBlockingQueue<>();
    final BlockingQueue<CloseCause> closed = new LinkedBlockingQueue<>();
    final AtomicInteger writable = new AtomicInteger();
    final AtomicInteger keepAliveTimeouts = new AtomicInteger();
    final AtomicInteger connectTimeouts = new AtomicInteger();
  }

  EchoHandler(ClientConnection connection, Log log) {
    this.connection = connection;
    this.log = log;
    log.connections.add(connection);
  }

  @Override
  public boolean onPacket(Packet packet) throws PacketException {
    switch (packet) {
      case Connect connect -> {
        connection.accepted(connect.keepAliveSeconds(), 268_435_460, true);
        connection.send(new ConnAck(false, ReasonCode.SUCCESS, Properties.NONE));
      }
      case Publish publish -> onPublish(publish);
      case PingReq _ -> connection.send(new PingResp());
      case Disconnect _ -> connection.close();
      default -> log.packets.add(packet);
    }
    return true;
  }

  void onPublish(Publish publish) {
    connection.send(publish);
  }

  @Override
  public void onPacketException(PacketException problem) {
    log.problems.add(problem);
    connection.disconnect(problem.reason(), null);
  }

  @Override
  public void onWritable() {
    log.writable.incrementAndGet();
  }

  @Override
  public void onKeepAliveTimeout() {
    log.keepAliveTimeouts.incrementAndGet();
    connection.disconnect(ReasonCode.KEEP_ALIVE_TIMEOUT, null);
  }

  @Override
  public void onConnectTimeout() {
    log.connectTimeouts.incrementAndGet();
    connection.close();
  }

  @Override
  public void onClosed(CloseCause cause) {
    log.closed.add(cause);
  }
}
