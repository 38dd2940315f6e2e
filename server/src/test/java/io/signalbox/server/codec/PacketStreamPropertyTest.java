package io.signalbox.server.codec;

import static io.signalbox.server.codec.PacketBytes.LIMIT;
import static io.signalbox.server.codec.PacketBytes.encoded;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.PacketType;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Side;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.TopicNames;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Any packets, written one after the other and cut anywhere, are read as the same packets, whose
 * bytes are the same again and as many as announced. A case follows from its number; one that fails
 * is made smaller and told with it. {@code -Dproperty.cases=1000000 -Dproperty.first=1} goes on.
 */
final class PacketStreamPropertyTest {
  private static final int CASES = Integer.getInteger("property.cases", 4_000);
  private static final int FIRST = Integer.getInteger("property.first", 1);

  /**
   * What is sent, and after which bytes it is cut.
   *
   * @param cuts ascending
   */
  private record Case(
      Side sender, ProtocolVersion version, List<Packet> packets, List<Integer> cuts) {

    static Case of(int number) throws InvalidTopicException {
      RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(number);
      Side sender = any(List.of(Side.values()), random);
      ProtocolVersion version = any(List.of(ProtocolVersion.values()), random);
      var some = new RandomPackets(random, version);
      List<Packet> packets = new ArrayList<>();
      if (sender == Side.CLIENT) {
        packets.add(some.next(PacketType.CONNECT, sender));
      }
      int count = 1 + random.nextInt(6);
      while (packets.size() < count) {
        PacketType type = any(List.of(PacketType.values()), random);
        boolean exists = type != PacketType.AUTH || version == ProtocolVersion.V5;
        if (exists && type.isSentBy(sender) && type != PacketType.CONNECT) {
          packets.add(some.next(type, sender));
        }
      }
      int bytes = packets.stream().mapToInt(p -> encoded(p, version).length).sum();
      var cuts = new TreeSet<Integer>();
      for (int i = random.nextInt(12); i > 0; i--) {
        cuts.add(random.nextInt(bytes + 1));
      }
      return new Case(sender, version, packets, List.copyOf(cuts));
    }

    private static <T> T any(List<T> list, RandomGenerator random) {
      return list.get(random.nextInt(list.size()));
    }

    byte[] stream() {
      var stream = new ByteArrayOutputStream();
      packets.forEach(packet -> stream.writeBytes(encoded(packet, version)));
      return stream.toByteArray();
    }

    void check() throws PacketException {
      byte[] stream = stream();
      List<Packet> read = new ArrayList<>();
      PacketDecoder decoder =
          sender == Side.CLIENT
              ? new PacketDecoder(new PacketReader(), new TopicNames(), LIMIT)
              : PacketDecoder.ofServerPackets(new TopicNames(), LIMIT, version);
      int start = 0;
      for (int cut : IntStream.concat(ints(), IntStream.of(stream.length)).toArray()) {
        byte[] seen = Arrays.copyOf(stream, Math.min(cut, stream.length));
        start = decoder.decode(seen, start, seen.length, read::add);
      }
      assertEquals(stream.length, start, "bytes consumed");
      assertEquals(texts(packets), texts(read));
      for (int i = 0; i < read.size(); i++) {
        assertArrayEquals(encoded(packets.get(i), version), encoded(read.get(i), version));
      }
    }

    private IntStream ints() {
      return cuts.stream().mapToInt(Integer::intValue);
    }

    private static List<String> texts(List<Packet> packets) {
      return packets.stream().map(Packet::toString).toList();
    }

    /** Every case that has one thing less. */
    List<Case> smaller() {
      List<Case> all = new ArrayList<>();
      for (int i = 0; i < packets.size(); i++) {
        if (!(packets.get(i) instanceof Connect)) {
          all.add(new Case(sender, version, without(packets, i), cuts));
        }
      }
      for (int i = 0; i < cuts.size(); i++) {
        all.add(new Case(sender, version, packets, without(cuts, i)));
      }
      return all;
    }

    private static <T> List<T> without(List<T> list, int index) {
      List<T> rest = new ArrayList<>(list);
      rest.remove(index);
      return List.copyOf(rest);
    }

    boolean holds() {
      try {
        check();
        return true;
      } catch (PacketException | RuntimeException | AssertionError e) {
        return false;
      }
    }
  }

  @Test
  void whatIsWrittenIsReadHoweverItIsCut() throws Exception {
    for (int number = FIRST; number < FIRST + CASES; number++) {
      Case some = Case.of(number);
      if (!some.holds()) {
        tell(number, smallest(some));
      }
    }
  }

  private static Case smallest(Case failing) {
    Case smallest = failing;
    boolean found = true;
    while (found) {
      List<Case> candidates = smallest.smaller();
      found = false;
      for (Case candidate : candidates) {
        if (!candidate.holds()) {
          smallest = candidate;
          found = true;
          break;
        }
      }
    }
    return smallest;
  }

  private static void tell(int number, Case failing) {
    try {
      failing.check();
    } catch (PacketException | RuntimeException | AssertionError e) {
      fail("case " + number + ", made smaller: " + failing, e);
    }
  }
}
