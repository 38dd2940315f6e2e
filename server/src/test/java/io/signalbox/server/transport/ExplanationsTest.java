package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.signalbox.server.Spec;
import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.packet.Auth;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Disconnect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.PubAck;
import io.signalbox.server.packet.PubComp;
import io.signalbox.server.packet.PubRec;
import io.signalbox.server.packet.PubRel;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.SubAck;
import io.signalbox.server.packet.UnsubAck;
import io.signalbox.server.session.ClientConnection;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reason Strings and User Properties of packets that have them, whatever sends them. */
final class ExplanationsTest {
  private static final Properties WHY = Properties.NONE.with(Property.REASON_STRING, "why");
  private static final Properties USER = Properties.NONE.withUserProperty("k", "v");

  static Stream<Function<Properties, Packet>> packets() {
    ReasonCode no = ReasonCode.NOT_AUTHORIZED;
    ReasonCode unknown = ReasonCode.PACKET_IDENTIFIER_NOT_FOUND;
    return Stream.of(
        with -> new ConnAck(false, no, with),
        with -> new PubAck(1, no, with),
        with -> new PubRec(1, no, with),
        with -> new PubRel(1, unknown, with),
        with -> new PubComp(1, unknown, with),
        with -> new SubAck(1, List.of(no), with),
        with -> new UnsubAck(1, List.of(no), with),
        with -> new Auth(ReasonCode.CONTINUE_AUTHENTICATION, with),
        with -> new Disconnect(no, with));
  }

  @ParameterizedTest
  @MethodSource("packets")
  @Spec({
    "MQTT-3.2.2-19", "MQTT-3.2.2-20", "MQTT-3.4.2-2", "MQTT-3.4.2-3", "MQTT-3.5.2-2",
    "MQTT-3.5.2-3", "MQTT-3.6.2-2", "MQTT-3.6.2-3", "MQTT-3.7.2-2", "MQTT-3.7.2-3",
    "MQTT-3.9.2-1", "MQTT-3.9.2-2", "MQTT-3.11.2-1", "MQTT-3.11.2-2", "MQTT-3.14.2-3",
    "MQTT-3.14.2-4", "MQTT-3.15.2-2", "MQTT-3.15.2-3"
  })
  void areLeftOutWhereThePacketWouldBeLargerThanItsClientTakes(Function<Properties, Packet> make)
      throws Exception {
    for (Properties explanation : List.of(WHY, USER)) {
      byte[] explained = RawClient.bytes(make.apply(explanation), ProtocolVersion.V5);
      byte[] bare = RawClient.bytes(make.apply(Properties.NONE), ProtocolVersion.V5);
      assertSends(explained, make.apply(explanation), explained.length);
      assertSends(bare, make.apply(explanation), explained.length - 1);
    }
  }

  private static void assertSends(byte[] expected, Packet packet, int packetBytesMax)
      throws Exception {
    try (var broker =
            TestBroker.start(c -> new Answer(c, packet, packetBytesMax), ListenerConfig.Type.TCP);
        var wire = Wire.open(broker, ListenerConfig.Type.TCP)) {
      wire.send(RawClient.connect(0));
      assertArrayEquals(expected, wire.readToEnd(), packet::toString);
    }
  }

  /** Answers CONNECT with one packet, and ends. */
  private static final class Answer extends EchoHandler {
    private final Packet packet;
    private final int packetBytesMax;

    Answer(ClientConnection connection, Packet packet, int packetBytesMax) {
      super(connection, new Log());
      this.packet = packet;
      this.packetBytesMax = packetBytesMax;
    }

    @Override
    public boolean onPacket(Packet received) throws PacketException {
      if (received instanceof Connect) {
        connection.accepted(0, packetBytesMax, true);
        connection.send(packet);
        connection.close();
      }
      return true;
    }
  }
}
