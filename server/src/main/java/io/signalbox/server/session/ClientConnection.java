package io.signalbox.server.session;

import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.routing.Message;
import org.jspecify.annotations.Nullable;

/**
 * The socket side of one client, as sessions and packet handlers see it. Implemented by the
 * transport; one of the two inversions of the house, so that a session never knows a socket. Every
 * method is called on {@link #loop()}.
 */
public interface ClientConnection {
  EventLoop loop();

  Peer peer();

  /** Of the CONNECT packet; {@link ProtocolVersion#V5} before one was read. */
  ProtocolVersion version();

  /** What went over it so far. */
  Traffic traffic();

  /** False from the moment its end was begun, by either side. */
  boolean isOpen();

  /**
   * Puts a packet into the output, which is written at the end of the pass. A Reason String and
   * User Properties that would not fit the client's Maximum Packet Size are left out.
   *
   * @return false if the packet does not fit at all: it was dropped and counted
   */
  boolean send(Packet packet);

  /**
   * Puts a PUBLISH into the output.
   *
   * @param packetId 1..65,535, 0 for QoS 0
   * @param topicAlias 0: none
   * @param topicOmitted whether the alias stands for the topic
   * @return false if it is larger than the client's Maximum Packet Size [MQTT-3.1.2-24], or the
   *     connection is closed: nothing was sent or counted
   */
  boolean sendPublish(
      Message message,
      Qos qos,
      boolean retain,
      boolean dup,
      int packetId,
      int[] subscriptionIdentifiers,
      int topicAlias,
      boolean topicOmitted);

  void sendPubAck(int packetId, ReasonCode reason);

  void sendPubRec(int packetId, ReasonCode reason);

  void sendPubRel(int packetId, ReasonCode reason);

  void sendPubComp(int packetId, ReasonCode reason);

  /**
   * Whether the output is over its high mark: QoS 0 is dropped, QoS 1 and 2 wait until the
   * handler's {@code onWritable}.
   */
  boolean congested();

  /**
   * Runs a task once all that was put into the output so far has been handed to the socket, or the
   * connection is closed. A peer that takes longer than the grace is cut off, and does not get the
   * rest.
   */
  void whenFlushed(long graceMillis, Runnable task);

  /** Stops reading; calls nest with {@link #resumeReads}. */
  void suspendReads();

  void resumeReads();

  /**
   * The CONNECT was accepted: the connect timeout ends, keep alive begins.
   *
   * @param keepAliveSeconds 0: none; else the connection ends after one and a half times of it
   *     without a packet [MQTT-3.1.2-22]
   * @param clientPacketBytesMax the client's Maximum Packet Size
   * @param problemInformation whether Reason Strings and User Properties may stand in other packets
   *     than PUBLISH, CONNACK and DISCONNECT [MQTT-3.1.2-29]
   */
  void accepted(int keepAliveSeconds, int clientPacketBytesMax, boolean problemInformation);

  /**
   * Ends the connection: DISCONNECT with the reason in MQTT 5.0, then the output is flushed and the
   * socket closed. Idempotent.
   *
   * @param reasonString for the client's developer; null: none
   */
  void disconnect(ReasonCode reason, @Nullable String reasonString);

  /**
   * What its client showed to prove who it is was not taken, which counts against its address.
   *
   * @param isGuess whether it may have been tried out, which counts for longer
   */
  void credentialRefused(boolean isGuess);

  /** Answers CONNECT with an error, flushes and closes. */
  void refuse(ConnAck packet);

  /** Flushes and closes without a packet of ours. */
  void close();
}
