package io.signalbox.server.codec;

import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.PacketType;
import io.signalbox.server.packet.PingReq;
import io.signalbox.server.packet.PingResp;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.Side;
import io.signalbox.server.topic.TopicNames;
import org.jspecify.annotations.Nullable;

/**
 * Cuts one connection's bytes into packets. Confined to the connection's I/O thread; of no use
 * after it has thrown.
 *
 * <p>What the fixed header alone can tell is checked before the body has arrived, so that a peer
 * cannot make us hold bytes that will be refused.
 */
public final class PacketDecoder {
  /** Bytes of the largest packet there can be: a fixed header and the largest Remaining Length. */
  public static final int PACKET_BYTES_MAX = 1 + 4 + VariableByteInteger.LARGEST;

  private static final PingReq PING_REQ = new PingReq();
  private static final PingResp PING_RESP = new PingResp();

  /** Takes the packets of a {@link #decode} call, in order. */
  public interface Sink {
    /**
     * @return false to stop after this packet; the rest stays unread until the next call
     * @throws PacketException when the packet may not come now; it ends the call
     */
    boolean accept(Packet packet) throws PacketException;
  }

  private final PacketReader reader;
  private final TopicNames names;
  private final int packetBytesMax;
  private final Side peer;

  private @Nullable ProtocolVersion version;
  private int bytesNeeded;

  /**
   * A server's decoder: the first packet must be CONNECT, which says the version.
   *
   * @param reader of the connection's I/O thread
   * @param names of the connection's I/O thread
   * @param packetBytesMax 2..{@link #PACKET_BYTES_MAX}; a larger packet is refused by its header
   */
  public PacketDecoder(PacketReader reader, TopicNames names, int packetBytesMax) {
    this(reader, names, packetBytesMax, Side.CLIENT, null);
  }

  private PacketDecoder(
      PacketReader reader,
      TopicNames names,
      int packetBytesMax,
      Side peer,
      @Nullable ProtocolVersion version) {
    this.reader = reader;
    this.names = names;
    this.packetBytesMax = packetBytesMax;
    this.peer = peer;
    this.version = version;
  }

  /**
   * A client's decoder, for the command line and the load generator.
   *
   * @param version that the client's CONNECT says
   */
  public static PacketDecoder ofServerPackets(
      TopicNames names, int packetBytesMax, ProtocolVersion version) {
    return new PacketDecoder(new PacketReader(), names, packetBytesMax, Side.SERVER, version);
  }

  /** The version the peer's CONNECT said; null before a good CONNECT has come. */
  public @Nullable ProtocolVersion version() {
    return version;
  }

  /**
   * Total bytes of the incomplete packet at the index that {@link #decode} returned, or 0 while its
   * fixed header is incomplete too or nothing is left over.
   */
  public int bytesNeeded() {
    return bytesNeeded;
  }

  /**
   * Hands every complete packet to the sink.
   *
   * @param array is not kept, and nothing in a packet refers to it
   * @return index of the first byte not consumed: the start of an incomplete packet, or where the
   *     sink said stop
   * @throws PacketException at the first violation; packets before it have been handed over
   */
  public int decode(byte[] array, int from, int to, Sink sink) throws PacketException {
    bytesNeeded = 0;
    int start = from;
    while (start < to) {
      int firstByte = array[start] & 0xFF;
      PacketType type = checkFirstByte(firstByte);

      int position = start + 1;
      int remainingLength = 0;
      int lastByte = 0x80;
      for (int shift = 0; lastByte >= 0x80; shift += 7) {
        if (shift == 28) {
          throw PacketException.malformed(type + ": remaining length is longer than 4 bytes");
        }
        if (position == to) {
          return start;
        }
        lastByte = array[position++] & 0xFF;
        remainingLength |= (lastByte & 0x7F) << shift;
      }
      boolean overlong = lastByte == 0 && position - start > 2;

      int packetBytes = position - start + remainingLength;
      if (packetBytes > packetBytesMax) {
        throw tooLarge(type, packetBytes, array, position, to);
      }
      checkRemainingLength(type, remainingLength);
      if (overlong && version == ProtocolVersion.V5) {
        throw notShortest(type);
      }
      if (packetBytes > to - start) {
        bytesNeeded = packetBytes;
        return start;
      }
      start += packetBytes;
      Packet packet = decodeBody(type, firstByte, array, position, start);
      if (overlong && type == PacketType.CONNECT && version == ProtocolVersion.V5) {
        throw notShortest(type).answeredAs(ProtocolVersion.V5);
      }
      if (!sink.accept(packet)) {
        return start;
      }
    }
    return start;
  }

  private PacketType checkFirstByte(int firstByte) throws PacketException {
    PacketType type = PacketType.ofFirstByte(firstByte);
    if (type == null || (type == PacketType.AUTH && version == ProtocolVersion.V3_1_1)) {
      throw PacketException.malformed("packet type " + (firstByte >> 4) + " is reserved");
    }
    if ((version == null) != (type == PacketType.CONNECT)) {
      throw PacketException.protocolError(
          version == null
              ? type + " before CONNECT" // [MQTT-3.1.0-1]
              : type + " once more on one connection"); // [MQTT-3.1.0-2]
    }
    if (!type.isSentBy(peer)) {
      throw PacketException.protocolError(
          type + " from a " + (peer == Side.CLIENT ? "client" : "server"));
    }
    if (type == PacketType.PUBLISH) {
      PublishCodec.checkFlags(firstByte);
    } else if ((firstByte & 0xF) != type.flags()) {
      throw PacketException.malformed(
          type + ": fixed header flags " + (firstByte & 0xF)); // [MQTT-2.1.3-1]
    }
    return type;
  }

  /** Refuses what no body could make good. */
  private void checkRemainingLength(PacketType type, int remainingLength) throws PacketException {
    boolean v3 = version == ProtocolVersion.V3_1_1;
    int only =
        switch (type) {
          case PINGREQ, PINGRESP -> 0;
          case DISCONNECT -> v3 ? 0 : remainingLength;
          case PUBACK, PUBREC, PUBREL, PUBCOMP, UNSUBACK, CONNACK -> v3 ? 2 : remainingLength;
          case CONNECT, PUBLISH, SUBSCRIBE, SUBACK, UNSUBSCRIBE, AUTH -> remainingLength;
        };
    if (remainingLength != only) {
      throw PacketException.malformed(
          type + ": remaining length " + remainingLength + ", must be " + only);
    }
  }

  private static PacketException notShortest(PacketType type) {
    return PacketException.malformed(
        type + ": remaining length is not in its shortest form"); // [MQTT-1.5.5-1]
  }

  /** Answers an oversized CONNECT in its version if that much of it is there. */
  private PacketException tooLarge(
      PacketType type, int packetBytes, byte[] array, int bodyStart, int to) {
    PacketException tooLarge =
        PacketException.of(
            ReasonCode.PACKET_TOO_LARGE,
            type + " of " + packetBytes + " bytes, at most " + packetBytesMax + " are taken");
    if (type != PacketType.CONNECT) {
      return tooLarge;
    }
    try {
      int end = Math.min(to, bodyStart + packetBytes);
      return tooLarge.answeredAs(
          ConnectCodec.decodeVersion(reader.read(type, array, bodyStart, end)));
    } catch (PacketException _) {
      return tooLarge;
    }
  }

  private Packet decodeBody(PacketType type, int firstByte, byte[] array, int from, int to)
      throws PacketException {
    PacketReader in = reader.read(type, array, from, to);
    ProtocolVersion spoken = version;
    if (spoken == null) {
      var connect = ConnectCodec.decode(in); // nothing else passes checkFirstByte
      version = connect.version();
      return connect;
    }
    return switch (type) {
      case PUBLISH -> PublishCodec.decode(in, array, from, to, firstByte, spoken, peer, names);
      case PUBACK -> AckCodec.decodePubAck(in, spoken, peer);
      case PUBREC -> AckCodec.decodePubRec(in, spoken, peer);
      case PUBREL -> AckCodec.decodePubRel(in, spoken, peer);
      case PUBCOMP -> AckCodec.decodePubComp(in, spoken, peer);
      case SUBSCRIBE -> SubscribeCodec.decode(in, spoken);
      case SUBACK -> SubscribeCodec.decodeAck(in, spoken);
      case UNSUBSCRIBE -> UnsubscribeCodec.decode(in, spoken);
      case UNSUBACK -> UnsubscribeCodec.decodeAck(in, spoken);
      case CONNACK -> ConnAckCodec.decode(in, spoken);
      case PINGREQ -> PING_REQ;
      case PINGRESP -> PING_RESP;
      case DISCONNECT -> DisconnectCodec.decode(in, spoken, peer);
      case AUTH -> AuthCodec.decode(in, peer);
      case CONNECT -> throw new AssertionError("a second CONNECT passed the first byte check");
    };
  }

  /**
   * The reverse of {@link PacketEncoder#encodeForwardedProperties}.
   *
   * @throws PacketException these are not the properties of a PUBLISH
   */
  public static Properties decodeForwardedProperties(byte[] encoded) throws PacketException {
    var in = new PacketReader().read(PacketType.PUBLISH, encoded, 0, encoded.length);
    return PropertiesCodec.decodeValues(in, Property.Place.PUBLISH, Side.SERVER);
  }
}
