package io.signalbox.it.wire;

import static io.signalbox.it.wire.PacketType.CONNACK;
import static io.signalbox.it.wire.PacketType.DISCONNECT;
import static io.signalbox.it.wire.PacketType.PINGRESP;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PacketType.PUBCOMP;
import static io.signalbox.it.wire.PacketType.PUBLISH;
import static io.signalbox.it.wire.PacketType.PUBREC;
import static io.signalbox.it.wire.PacketType.PUBREL;
import static io.signalbox.it.wire.PacketType.SUBACK;
import static io.signalbox.it.wire.PacketType.UNSUBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A client of raw bytes that knows its version and Client Identifier and can do the usual exchanges
 * in one call. It sends nothing by itself: acknowledgements are the test's business.
 */
public final class Peer implements AutoCloseable {
  /**
   * Against another broker a close without a packet is as good as a refusal with a code: the
   * standard recommends the packet and demands the close.
   */
  private static final boolean CODES_DEMANDED = System.getProperty("external.tcp") == null;

  private final RawClient wire;
  private final String clientId;
  private int nextPacketId = 1;

  public Peer(RawClient wire, String clientId) {
    this.wire = wire;
    this.clientId = clientId;
  }

  public String clientId() {
    return clientId;
  }

  public Version version() {
    return wire.version();
  }

  /** The bytes below. */
  public RawClient wire() {
    return wire;
  }

  /** A Packet Identifier this client has not used yet. */
  public int newPacketId() {
    return nextPacketId++;
  }

  /** Clean Start 1; the CONNACK must be 0. */
  public Parsed connect() {
    return connect(connect -> connect);
  }

  /** A CONNECT with changes to the plain one; the CONNACK must be 0. */
  public Parsed connect(UnaryOperator<ConnectBytes> changes) {
    Parsed connAck = tryConnect(changes);
    assertEquals(0, connAck.reasonCode(), connAck::toString);
    return connAck;
  }

  /** A CONNECT whatever its CONNACK says. */
  public Parsed tryConnect(UnaryOperator<ConnectBytes> changes) {
    send(changes.apply(PacketBytes.connect(version()).clientId(clientId)));
    return receive(CONNACK);
  }

  /**
   * Clean Start 0 with a session that outlives the connection; the CONNACK must be 0.
   *
   * @param expirySeconds only for 5.0; in 3.1.1 the session ends by the broker's own limit
   */
  public Parsed resume(long expirySeconds) {
    return connect(connect -> persistent(connect, expirySeconds));
  }

  /** Turns a CONNECT into one with Clean Start 0 and, in 5.0, a Session Expiry Interval. */
  public ConnectBytes persistent(ConnectBytes connect, long expirySeconds) {
    connect.cleanStart(false);
    return version().isV5() ? connect.with(PropertyBytes.sessionExpiry(expirySeconds)) : connect;
  }

  public Peer send(Object... parts) {
    wire.send(parts);
    return this;
  }

  public Parsed receive() {
    return wire.receive();
  }

  public Parsed receive(PacketType type) {
    return wire.receive(type);
  }

  /** The next packet must be a PUBLISH with this payload. */
  public Parsed receivePublish(String payload) {
    Parsed publish = receive(PUBLISH);
    assertEquals(payload, publish.text(), publish::toString);
    return publish;
  }

  /** SUBSCRIBE with one filter, granted; returns the SUBACK. */
  public Parsed subscribe(String filter, int options, byte[]... properties) {
    int packetId = newPacketId();
    send(PacketBytes.subscribe(version(), packetId).filter(filter, options).with(properties));
    Parsed subAck = receive(SUBACK);
    assertEquals(packetId, subAck.packetId());
    assertEquals(1, subAck.reasonCodes().size());
    assertEquals(options & 3, subAck.reasonCode(), subAck::toString);
    return subAck;
  }

  /**
   * Subscribes and shows that no retained message comes for it: a second filter of the same
   * SUBSCRIBE brings one, and the broker answers filter by filter.
   */
  public void subscribeAndGetNothingRetained(String filter, int options) {
    String sentinel = "sentinel/" + clientId + "/" + newPacketId();
    publishRetained(sentinel, 1, "sentinel");
    int packetId = newPacketId();
    send(PacketBytes.subscribe(version(), packetId).filter(filter, options).filter(sentinel, 0));
    assertEquals(packetId, receive(SUBACK).packetId());
    receivePublish("sentinel");
    unsubscribe(sentinel);
    publishRetained(sentinel, 1, "");
  }

  public Parsed unsubscribe(String filter) {
    int packetId = newPacketId();
    send(PacketBytes.unsubscribe(version(), packetId, filter));
    Parsed unsubAck = receive(UNSUBACK);
    assertEquals(packetId, unsubAck.packetId());
    return unsubAck;
  }

  public PublishBytes publish(String topic) {
    return PacketBytes.publish(version(), topic);
  }

  /** Publishes with the whole exchange of its QoS; every code must be a success. */
  public void publish(String topic, int qos, String payload, byte[]... properties) {
    publish(topic, qos, publish -> publish.payload(payload).with(properties));
  }

  /** Like {@link #publish(String, int, String, byte[]...)} with RETAIN 1. */
  public void publishRetained(String topic, int qos, String payload, byte[]... properties) {
    publish(topic, qos, publish -> publish.retain().payload(payload).with(properties));
  }

  /** Publishes with changes to the plain packet and the whole exchange of the QoS. */
  public void publish(String topic, int qos, UnaryOperator<PublishBytes> changes) {
    int packetId = qos == 0 ? 0 : newPacketId();
    send(changes.apply(publish(topic).qos(qos, packetId)));
    if (qos == 1) {
      expectAck(PUBACK, packetId);
    } else if (qos == 2) {
      expectAck(PUBREC, packetId);
      send(PacketBytes.pubRel(packetId));
      expectAck(PUBCOMP, packetId);
    }
  }

  /** An acknowledgement of that packet with a success code. */
  public Parsed expectAck(PacketType type, int packetId) {
    Parsed ack = receive(type);
    assertEquals(packetId, ack.packetId(), ack::toString);
    if (ack.reasonCode() >= 0x80) {
      throw new AssertionError("not acknowledged: " + ack);
    }
    return ack;
  }

  /** Completes the receiver's side of the PUBLISH's QoS. */
  public void acknowledge(Parsed publish) {
    int packetId = publish.packetId();
    if (publish.qos() == 1) {
      send(PacketBytes.pubAck(packetId));
    } else if (publish.qos() == 2) {
      send(PacketBytes.pubRec(packetId));
      expectAck(PUBREL, packetId);
      send(PacketBytes.pubComp(packetId));
    }
  }

  /**
   * A PINGREQ that is answered next: everything sent before has been taken, and what the broker had
   * for this connection has come. What it reads from its disk, such as a queue, may still follow:
   * {@link #expectNothingQueued}.
   */
  public void ping() {
    send(PacketBytes.pingReq());
    receive(PINGRESP);
  }

  /**
   * Shows that nothing waits for this resumed session: a message that is published now comes next.
   *
   * @param topic one that it subscribes to
   */
  public void expectNothingQueued(Peer publisher, String topic) {
    String last = "last of " + clientId;
    publisher.publish(topic, 1, last);
    acknowledge(receivePublish(last));
  }

  /** Ends with DISCONNECT and waits until the broker has closed. */
  public void disconnect() {
    send(PacketBytes.disconnect());
    wire.expectClosed();
  }

  /**
   * In 5.0 a DISCONNECT with one of these codes, then the end; in 3.1.1 just the end. More than one
   * code where the standard leaves the choice.
   */
  public void expectDisconnect(int... reasonCodes) {
    expectCodeThenClosed(DISCONNECT, reasonCodes);
  }

  /**
   * Like {@link #expectDisconnect} while the CONNECT is not accepted: CONNACK with a code in 5.0,
   * then the end.
   */
  public void expectRefused(int... reasonCodes) {
    expectCodeThenClosed(CONNACK, reasonCodes);
  }

  private void expectCodeThenClosed(PacketType type, int... reasonCodes) {
    if (version().isV5()) {
      @Nullable Parsed packet = wire.poll(RawClient.PATIENCE);
      if (packet == null && wire.hasEnded() && !CODES_DEMANDED) {
        return;
      }
      if (packet == null || packet.type() != type) {
        throw new AssertionError(
            "expected " + type + ", got " + (packet == null ? "nothing or the end" : packet));
      }
      expectOneOf(reasonCodes, packet);
    }
    wire.expectClosed();
  }

  /** CONNACK with the code of this client's version, then the end. */
  public void expectConnAck(int code3, int code5) {
    expectOneOf(new int[] {version().isV5() ? code5 : code3}, receive(CONNACK));
    wire.expectClosed();
  }

  private static void expectOneOf(int[] reasonCodes, Parsed packet) {
    if (IntStream.of(reasonCodes).noneMatch(code -> code == packet.reasonCode())) {
      String wanted =
          IntStream.of(reasonCodes)
              .mapToObj(Integer::toHexString)
              .collect(Collectors.joining(" or "));
      throw new AssertionError(
          "expected code "
              + wanted
              + ", got "
              + Integer.toHexString(packet.reasonCode())
              + ": "
              + packet);
    }
  }

  public void expectClosed() {
    wire.expectClosed();
  }

  /** Drops the connection without DISCONNECT. */
  @Override
  public void close() {
    wire.close();
  }
}
