package io.signalbox.server.protocol;

import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;

/** What the transport calls for one connection; all methods on the connection's I/O thread. */
public interface ClientHandler {
  /**
   * @return false: decode nothing more until the connection's {@code resumeReads()}
   * @throws PacketException the peer broke the protocol; the transport hands it to {@link
   *     #onPacketException}
   */
  boolean onPacket(Packet packet) throws PacketException;

  /** Answers in the form of the client's version and closes. */
  void onPacketException(PacketException problem);

  /** The output fell below its low mark after it was congested. */
  void onWritable();

  void onKeepAliveTimeout();

  void onConnectTimeout();

  /** Called once, whoever ended the connection. */
  void onClosed(CloseCause cause);
}
