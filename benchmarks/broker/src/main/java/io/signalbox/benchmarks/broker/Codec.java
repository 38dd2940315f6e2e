package io.signalbox.benchmarks.broker;

import io.signalbox.server.codec.ByteOutput;
import io.signalbox.server.codec.PacketDecoder;
import io.signalbox.server.codec.PacketEncoder;
import io.signalbox.server.codec.PacketReader;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.topic.TopicNames;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** Decoder and encoder: bursts of packets of one kind; the figures are for one packet. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class Codec {
  private static final int BURST = 100;
  private static final int[] NO_IDENTIFIERS = {};
  private static final byte[] NO_PROPERTIES = {};

  /** A burst, as packets and as bytes. */
  @State(Scope.Thread)
  public static class Burst {
    /** What it is of. */
    @Param public Packets kind;

    private final Packet[] packets = new Packet[BURST];
    private byte[] bytes;
    private final ByteOutput output = new ByteOutput(1 << 16);
    private final TopicNames names = new TopicNames();
    private PacketDecoder decoder;
    private byte[] connect;

    /** Encodes. */
    @Setup
    public void prepare() throws PacketException {
      for (int i = 0; i < BURST; i++) {
        packets[i] = kind.packet(i);
        PacketEncoder.encode(packets[i], ProtocolVersion.V5, output);
      }
      bytes = output.toByteArray();
      output.clear();
      PacketEncoder.encode(Packets.connect(), ProtocolVersion.V5, output);
      connect = output.toByteArray();
      decoder = new PacketDecoder(new PacketReader(), names, PacketDecoder.PACKET_BYTES_MAX);
      decode(decoder, connect, null);
    }
  }

  private static void decode(PacketDecoder decoder, byte[] bytes, Blackhole into)
      throws PacketException {
    int end =
        decoder.decode(
            bytes,
            0,
            bytes.length,
            packet -> {
              if (into != null) {
                into.consume(packet);
              }
              return true;
            });
    if (end != bytes.length) {
      throw new IllegalStateException("decoded " + end + " of " + bytes.length + " bytes");
    }
  }

  @Benchmark
  @OperationsPerInvocation(BURST)
  public void decode(Burst burst, Blackhole into) throws PacketException {
    decode(burst.decoder, burst.bytes, into);
  }

  @Benchmark
  @OperationsPerInvocation(BURST)
  public int encode(Burst burst) {
    burst.output.clear();
    for (Packet packet : burst.packets) {
      PacketEncoder.encode(packet, ProtocolVersion.V5, burst.output);
    }
    return burst.output.position;
  }

  /** What does not depend on the burst: the first packet, and the way a PUBLISH really leaves. */
  @State(Scope.Thread)
  public static class Alone {
    private final ByteOutput output = new ByteOutput(1 << 16);
    private final TopicNames names = new TopicNames();
    private final byte[] payload = new byte[Packets.PAYLOAD_BYTES];
    private byte[] connect;

    /** Encodes. */
    @Setup
    public void prepare() {
      Connect packet = Packets.connect();
      PacketEncoder.encode(packet, ProtocolVersion.V5, output);
      connect = output.toByteArray();
    }
  }

  /** CONNECT, with the decoder of the connection. */
  @Benchmark
  public void decodeConnect(Alone alone, Blackhole into) throws PacketException {
    decode(
        new PacketDecoder(new PacketReader(), alone.names, PacketDecoder.PACKET_BYTES_MAX),
        alone.connect,
        into);
  }

  /** A QoS 1 PUBLISH to a subscriber, without a packet object. */
  @Benchmark
  @OperationsPerInvocation(BURST)
  public int encodeDelivery(Alone alone) {
    ByteOutput out = alone.output;
    out.clear();
    for (int i = 0; i < BURST; i++) {
      int length =
          PacketEncoder.publishLength(
              ProtocolVersion.V5,
              Packets.TOPIC,
              false,
              Qos.AT_LEAST_ONCE,
              NO_PROPERTIES,
              -1,
              0,
              NO_IDENTIFIERS,
              alone.payload.length);
      PacketEncoder.encodePublish(
          ProtocolVersion.V5,
          out,
          length,
          Packets.TOPIC,
          false,
          Qos.AT_LEAST_ONCE,
          false,
          false,
          1 + i,
          NO_PROPERTIES,
          -1,
          0,
          NO_IDENTIFIERS,
          alone.payload);
    }
    return out.position;
  }
}
