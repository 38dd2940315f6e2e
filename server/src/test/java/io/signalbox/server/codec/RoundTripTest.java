package io.signalbox.server.codec;

import static io.signalbox.server.codec.PacketBytes.LIMIT;
import static io.signalbox.server.codec.PacketBytes.connected;
import static io.signalbox.server.codec.PacketBytes.encoded;
import static io.signalbox.server.codec.PacketBytes.fromClient;
import static io.signalbox.server.codec.PacketBytes.fromServer;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.PacketType;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Side;
import io.signalbox.server.topic.TopicNames;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever can be sent comes back the same, in one piece or in many, and garbage does no harm. */
class RoundTripTest {
  private static final long SEED = 20_260_923;

  private static RandomGenerator random(ProtocolVersion version) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(SEED + version.level());
  }

  private static boolean exists(PacketType type, ProtocolVersion version) {
    return type != PacketType.AUTH || version == ProtocolVersion.V5;
  }

  @ParameterizedTest
  @EnumSource
  void everyPacketComesBackTheSame(ProtocolVersion version) throws Exception {
    var packets = new RandomPackets(random(version), version);
    for (PacketType type : PacketType.values()) {
      for (Side sender : Side.values()) {
        if (!type.isSentBy(sender) || !exists(type, version)) {
          continue;
        }
        for (int i = 0; i < 1_000; i++) {
          Packet packet = packets.next(type, sender);
          byte[] bytes = encoded(packet, version);
          Packet decoded =
              sender == Side.CLIENT ? fromClient(version, bytes) : fromServer(version, bytes);
          assertEquals(packet.toString(), decoded.toString());
          assertArrayEquals(bytes, encoded(decoded, version));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void everySplitGivesTheSamePackets(ProtocolVersion version) throws Exception {
    var packets = new RandomPackets(random(version), version);
    var stream = new ByteOutput(0);
    List<String> sent = new ArrayList<>();
    List<PacketType> types = new ArrayList<>(List.of(PacketType.CONNECT));
    for (PacketType type : PacketType.values()) {
      boolean client = type.isSentBy(Side.CLIENT) && type != PacketType.CONNECT;
      types.addAll(client && exists(type, version) ? List.of(type, type) : List.of());
    }
    for (PacketType type : types) {
      Packet packet = packets.next(type, Side.CLIENT);
      while (PacketEncoder.encodedLength(packet, version) > 300) {
        packet = packets.next(type, Side.CLIENT);
      }
      sent.add(packet.toString());
      PacketEncoder.encode(packet, version, stream);
    }
    byte[] bytes = stream.toByteArray();
    for (int step : new int[] {1, 2, 3, 7, 64}) {
      assertEquals(sent, received(bytes, step), "pieces of " + step);
    }
    for (int split = 0; split <= bytes.length; split++) {
      List<String> received = new ArrayList<>();
      var decoder = new PacketDecoder(new PacketReader(), new TopicNames(), LIMIT);
      int consumed = decoder.decode(bytes, 0, split, p -> received.add(p.toString()));
      decoder.decode(bytes, consumed, bytes.length, p -> received.add(p.toString()));
      assertEquals(sent, received, "split at " + split);
    }
  }

  private static List<String> received(byte[] bytes, int step) throws PacketException {
    List<String> received = new ArrayList<>();
    var decoder = new PacketDecoder(new PacketReader(), new TopicNames(), LIMIT);
    int consumed = 0;
    for (int end = step; end < bytes.length + step; end += step) {
      int to = Math.min(end, bytes.length);
      int announced = decoder.bytesNeeded();
      int start = consumed;
      consumed = decoder.decode(bytes, consumed, to, p -> received.add(p.toString()));
      if (announced > 0) {
        assertEquals(start + announced <= to, consumed > start, "comes when announced");
      }
    }
    assertEquals(bytes.length, consumed);
    return received;
  }

  /** A decoder answers anything with packets or a PacketException, and reads no byte beyond. */
  @ParameterizedTest
  @EnumSource
  void damagedPacketsDoNoHarm(ProtocolVersion version) throws Exception {
    RandomGenerator random = random(version);
    var packets = new RandomPackets(random, version);
    int refused = 0;
    for (PacketType type : PacketType.values()) {
      if (!type.isSentBy(Side.CLIENT) || !exists(type, version)) {
        continue;
      }
      for (int i = 0; i < 2_000; i++) {
        byte[] bytes = encoded(packets.next(type, Side.CLIENT), version);
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
          bytes[random.nextInt(Math.min(bytes.length, 200))] = (byte) random.nextInt();
        }
        byte[] padded = Arrays.copyOf(bytes, bytes.length + 8);
        var decoder =
            type == PacketType.CONNECT
                ? new PacketDecoder(new PacketReader(), new TopicNames(), LIMIT)
                : connected(version);
        try {
          int end = decoder.decode(padded, 0, bytes.length, _ -> true);
          assertEquals(true, end >= 0 && end <= bytes.length, "consumed " + end);
        } catch (PacketException e) {
          refused++;
          assertEquals(true, e.reason().isError() && !e.problem().isEmpty());
        }
      }
    }
    assertEquals(true, refused > 5_000, "only " + refused + " of the damaged were refused");
  }
}
