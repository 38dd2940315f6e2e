package io.signalbox.server.codec;

import static io.signalbox.server.codec.PacketBytes.LIMIT;
import static io.signalbox.server.codec.PacketBytes.encoded;
import static io.signalbox.server.codec.PacketBytes.fromClient;
import static io.signalbox.server.codec.PacketBytes.fromServer;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.topic.TopicNames;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Any stream of bytes is packets and perhaps a PacketException, however it is cut; and each packet,
 * written down again, is read as the same. The first byte says who sends, in which version, and in
 * pieces of which size.
 */
public final class PacketDecoderFuzz {
  private PacketDecoderFuzz() {}

  /** What a stream was taken for. */
  private record Reading(List<Packet> packets, String end) {
    List<String> texts() {
      return packets.stream().map(Packet::toString).toList();
    }
  }

  public static void fuzzerTestOneInput(byte[] data) throws PacketException {
    if (data.length == 0) {
      return;
    }
    boolean client = (data[0] & 1) == 0;
    ProtocolVersion version = (data[0] & 2) == 0 ? ProtocolVersion.V5 : ProtocolVersion.V3_1_1;
    int step = 1 + ((data[0] & 0xFF) >> 2);
    byte[] stream = Arrays.copyOfRange(data, 1, data.length);
    Reading whole = read(client, version, stream, stream.length);
    Reading pieces = read(client, version, stream, step);
    assertEquals(whole.texts(), pieces.texts(), "in pieces of " + step);
    assertEquals(whole.end, pieces.end);
    ProtocolVersion spoken = version;
    for (Packet packet : whole.packets) {
      if (packet instanceof Connect connect) {
        spoken = connect.version();
      }
      byte[] bytes = encoded(packet, spoken); // checks the announced length too
      Packet again = client ? fromClient(spoken, bytes) : fromServer(spoken, bytes);
      assertEquals(packet.toString(), again.toString());
      assertArrayEquals(bytes, encoded(again, spoken));
    }
  }

  private static Reading read(boolean client, ProtocolVersion version, byte[] stream, int step) {
    PacketDecoder decoder =
        client
            ? new PacketDecoder(new PacketReader(), new TopicNames(), LIMIT)
            : PacketDecoder.ofServerPackets(new TopicNames(), LIMIT, version);
    List<Packet> packets = new ArrayList<>();
    int start = 0;
    int available = 0;
    try {
      while (available < stream.length) {
        available = Math.min(available + step, stream.length);
        byte[] window = Arrays.copyOfRange(stream, start, available); // nothing to read beyond
        int consumed = decoder.decode(window, 0, window.length, packets::add);
        assertTrue(consumed >= 0 && consumed <= window.length, "consumed " + consumed);
        start += consumed;
      }
    } catch (PacketException e) {
      assertTrue(e.reason().isError() && !e.problem().isEmpty());
      return new Reading(packets, e.reason() + ": " + e.problem());
    }
    return new Reading(packets, "rest of " + (stream.length - start));
  }
}
