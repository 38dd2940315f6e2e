package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Behaviour;
import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.protocol.ClientHandlers;
import io.signalbox.server.protocol.CloseCause;
import io.signalbox.server.session.ClientConnection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every test over every type of listener: what lies below the packets must not show. */
class MqttConnectionTest {
  private final EchoHandler.Log log = new EchoHandler.Log();

  private static byte[] payload(int length) {
    byte[] payload = new byte[length];
    new Random(length).nextBytes(payload);
    return payload;
  }

  private Wire connected(TestBroker broker, ListenerConfig.Type type, int keepAliveSeconds)
      throws IOException {
    Wire wire = Wire.open(broker, type);
    wire.send(RawClient.connect(keepAliveSeconds));
    assertArrayEquals(RawClient.CONNACK_V5, wire.read(5));
    return wire;
  }

  private TestBroker echo(ListenerConfig.Type type) throws IOException {
    return TestBroker.start(c -> new EchoHandler(c, log), type);
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  void echoesPacketsOfAllSizes(ListenerConfig.Type type) throws Exception {
    try (var broker = echo(type);
        var wire = connected(broker, type, 0)) {
      for (int length : new int[] {0, 1, 100, 4_000, 16_370, 16_384, 70_000, 3_000_000}) {
        byte[] publish = RawClient.publish(payload(length));
        wire.send(publish);
        assertArrayEquals(publish, wire.read(publish.length), length + " bytes");
      }
      wire.hangUp();
      assertNotNull(log.closed.poll(60, TimeUnit.SECONDS));
    }
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  void takesBytesOneByOne(ListenerConfig.Type type) throws Exception {
    try (var broker = echo(type);
        var wire = Wire.open(broker, type)) {
      byte[] publish = RawClient.publish(payload(300));
      for (byte[] packet : new byte[][] {RawClient.connect(0), {(byte) 0xC0, 0}, publish}) {
        for (byte octet : packet) {
          wire.send(new byte[] {octet});
        }
      }
      assertArrayEquals(RawClient.CONNACK_V5, wire.read(5));
      assertArrayEquals(new byte[] {(byte) 0xD0, 0}, wire.read(2));
      assertArrayEquals(publish, wire.read(publish.length));
    }
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  @Behaviour(270)
  void takesManyPacketsInPiecesOfAnySize(ListenerConfig.Type type) throws Exception {
    try (var broker = echo(type);
        var wire = connected(broker, type, 0)) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      Random random = new Random(3);
      while (all.size() < 1_500_000) {
        int bound = random.nextInt(20) == 0 ? 150_000 : 300;
        all.writeBytes(RawClient.publish(payload(random.nextInt(bound))));
      }
      byte[] stream = all.toByteArray();
      Thread sender =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      wire.sendInPieces(stream, 20_000);
                    } catch (IOException e) {
                      throw new java.io.UncheckedIOException(e);
                    }
                  });
      assertArrayEquals(stream, wire.read(stream.length));
      sender.join();
    }
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  @Behaviour(307)
  void theReasonReachesAClientThatIsStillSending(ListenerConfig.Type type) throws Exception {
    try (var broker = echo(type);
        var wire = connected(broker, type, 0)) {
      byte[] subscribeWithWrongFlags = {(byte) 0x80, 3, 0, 1, 0};
      byte[] more = new byte[200_000];
      wire.send(subscribeWithWrongFlags, more);
      assertArrayEquals(
          new byte[] {(byte) 0xE0, 2, (byte) 0x81, 0},
          padded(unbroken(wire.readToEnd())),
          "DISCONNECT with Malformed Packet, not a reset");
      assertEquals(ReasonCode.MALFORMED_PACKET, log.problems.remove().reason());
      assertEquals(CloseCause.CLOSED_BY_US, log.closed.poll(60, TimeUnit.SECONDS));
    }
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  @Behaviour(307)
  void theReasonReachesAClientOfWhichNothingMoreIsRead(ListenerConfig.Type type) throws Exception {
    try (var broker =
            TestBroker.start(
                2,
                Limits.with(l -> l.lingerMillis = 70_000), // longer than it is awaited
                c ->
                    new EchoHandler(c, log) {
                      @Override
                      void onPublish(Publish publish) {
                        connection.suspendReads();
                        connection.disconnect(ReasonCode.SESSION_TAKEN_OVER, null);
                      }
                    },
                type);
        var wire = connected(broker, type, 0)) {
      wire.send(RawClient.publish(new byte[1]), new byte[500_000]);
      assertArrayEquals(
          new byte[] {(byte) 0xE0, 2, (byte) 0x8E, 0},
          padded(unbroken(wire.readToEnd())),
          "DISCONNECT with Session taken over, not a reset");
      assertEquals(CloseCause.CLOSED_BY_US, log.closed.poll(60, TimeUnit.SECONDS));
      wire.hangUp();
      Await.until(() -> broker.transport.connections() == 0); // all was read, and then the end
    }
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  void aClientThatDisconnectsStillGetsAllThatWasSentToIt(ListenerConfig.Type type)
      throws Exception {
    byte[] publish = RawClient.publish(payload(1_000_000));
    try (var broker = echo(type);
        var wire = connected(broker, type, 0)) {
      wire.send(publish, new byte[] {(byte) 0xE0, 0});
      assertArrayEquals(publish, unbroken(wire.readToEnd()));
      assertEquals(CloseCause.CLOSED_BY_US, log.closed.poll(20, TimeUnit.SECONDS));
    }
  }

  private static byte[] unbroken(byte @Nullable [] bytes) {
    return Objects.requireNonNull(bytes, "the connection was reset");
  }

  /** DISCONNECT without properties may leave the Property Length out. */
  private static byte[] padded(byte[] disconnect) {
    return disconnect.length == 3 ? new byte[] {disconnect[0], 2, disconnect[2], 0} : disconnect;
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  void refusesAPacketThatIsTooLargeByItsHeader(ListenerConfig.Type type) throws Exception {
    try (var broker = echo(type);
        var wire = connected(broker, type, 0)) {
      wire.send(new byte[] {0x30, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x7F});
      byte[] answer = padded(unbroken(wire.readToEnd()));
      assertArrayEquals(new byte[] {(byte) 0xE0, 2, (byte) 0x95, 0}, answer);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ListenerConfig.Type.class,
      names = {"TCP"})
  void answersAClientThatEndsItsSideAfterItsLastPacket(ListenerConfig.Type type) throws Exception {
    try (var broker = echo(type);
        var wire = Wire.open(broker, type)) {
      byte[] publish = RawClient.publish(payload(100));
      wire.send(RawClient.connect(0), publish);
      wire.raw.socket.shutdownOutput();
      byte[] answers = unbroken(wire.readToEnd());
      assertEquals(5 + publish.length, answers.length);
    }
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  void keepAliveEndsASilentClientAndNotABusyOne(ListenerConfig.Type type) throws Exception {
    try (var broker = echo(type);
        var silent = connected(broker, type, 2);
        var busy = connected(broker, type, 2)) {
      CountDownLatch ended = new CountDownLatch(1);
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  silent.readToEnd();
                } catch (IOException _) {
                  // Ended, one way or the other.
                }
                ended.countDown();
              });
      while (!ended.await(300, TimeUnit.MILLISECONDS)) {
        busy.send(new byte[] {(byte) 0xC0, 0});
        assertArrayEquals(new byte[] {(byte) 0xD0, 0}, busy.read(2));
      }
      assertEquals(1, log.keepAliveTimeouts.get());
      busy.send(new byte[] {(byte) 0xC0, 0});
      assertArrayEquals(new byte[] {(byte) 0xD0, 0}, busy.read(2));
    }
  }

  /** It cannot send PINGREQ in the middle of a packet. */
  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  void keepAliveBearsWithAClientInTheMiddleOfAPacketUntilNothingComes(ListenerConfig.Type type)
      throws Exception {
    try (var broker = echo(type);
        var busy = connected(broker, type, 3);
        var silent = connected(broker, type, 4)) {
      byte[] large = RawClient.publish(new byte[400_000]);
      silent.send(Arrays.copyOf(large, 10_000));
      int at = 0;
      while (log.keepAliveTimeouts.get() == 0) { // after more than the time of the busy one
        busy.send(Arrays.copyOfRange(large, at, at += 1_200));
        busy.raw.socket.setSoTimeout(50);
        assertThrows(SocketTimeoutException.class, busy.raw.in::read);
      }
      busy.raw.socket.setSoTimeout(60_000);
      busy.send(Arrays.copyOfRange(large, at, large.length));
      assertArrayEquals(large, busy.read(large.length));
    }
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  @Behaviour(4)
  void endsAConnectionWithoutConnect(ListenerConfig.Type type) throws Exception {
    var limits = Limits.with(l -> l.connectMillis = 1_500);
    try (var broker = TestBroker.start(2, limits, c -> new EchoHandler(c, log), type);
        var wire = Wire.open(broker, type)) {
      wire.send(new byte[] {0x10});
      assertEquals(0, unbroken(wire.readToEnd()).length);
      assertEquals(1, log.connectTimeouts.get());
      assertEquals(CloseCause.CLOSED_BY_US, log.closed.poll(60, TimeUnit.SECONDS));
    }
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  @Behaviour({134, 135})
  void aSlowReaderTakesBoundedMemoryAndIsClosed(ListenerConfig.Type type) throws Exception {
    var limits = Limits.with(l -> l.slowReaderMillis = 1_500);
    try (var broker = TestBroker.start(1, limits, c -> new EchoHandler(c, log), type);
        var wire = connected(broker, type, 0)) {
      byte[] publish = RawClient.publish(payload(60_000));
      Thread sender =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      while (true) {
                        wire.send(publish); // and never read
                      }
                    } catch (IOException _) {
                      // The broker closed it.
                    }
                  });
      assertEquals(CloseCause.SLOW_READER, log.closed.poll(60, TimeUnit.SECONDS));
      sender.join();
      assertEquals(1, broker.metrics.slowReaders.value());
      assertTrue(broker.metrics.outputCongested.value() >= 1);
      // The mark, one read's worth of answers above it, and steps of a megabyte.
      assertTrue(
          broker.loops.bufferedBytes() <= limits.outputBytesHigh() + (4 << 20),
          broker.loops.bufferedBytes() + " bytes");
    }
  }

  /** All connections have the one thread. */
  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  @Behaviour(136)
  void aReaderThatStopsInMidPacketHoldsNoThread(ListenerConfig.Type type) throws Exception {
    try (var broker =
            TestBroker.start(1, TransportLimits.DEFAULTS, c -> new EchoHandler(c, log), type);
        var stopped = connected(broker, type, 0);
        var other = connected(broker, type, 0)) {
      byte[] publish = RawClient.publish(payload(60_000));
      stopped.send(publish);
      stopped.read(publish.length / 2);
      Thread sender =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      while (true) {
                        stopped.send(publish);
                      }
                    } catch (IOException _) {
                      // The test is over.
                    }
                  });
      Await.until(() -> broker.metrics.outputCongested.value() >= 1);
      other.send(publish);
      assertArrayEquals(publish, other.read(publish.length));
      assertTrue(log.closed.isEmpty());
      stopped.raw.reset(); // to close it in order would wait for the sender
      sender.join();
    }
  }

  /** Whoever only says that a packet is large takes no room for it, and holds up nobody. */
  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  @Behaviour(296)
  void aPacketThatComesLittleByLittleTakesTheRoomOfWhatCame(ListenerConfig.Type type)
      throws Exception {
    try (var broker =
            TestBroker.start(1, TransportLimits.DEFAULTS, c -> new EchoHandler(c, log), type);
        var trickling = connected(broker, type, 0);
        var other = connected(broker, type, 0)) {
      byte[] publish = RawClient.publish(new byte[TestBroker.PACKET_BYTES_MAX - 100]);
      int sent = 0;
      while (sent < 2_000) { // more than fits where packets begin
        int count = sent < 20 ? 1 : 100;
        long before = broker.metrics.bytesReceived.value();
        trickling.send(Arrays.copyOfRange(publish, sent, sent + count));
        Await.until(() -> broker.metrics.bytesReceived.value() > before);
        sent += count;
      }
      long counted = 1 << 20; // in steps of a megabyte, of which one is begun
      assertTrue(
          broker.loops.bufferedBytes() <= counted, () -> broker.loops.bufferedBytes() + " bytes");
      other.send(RawClient.publish(payload(10)));
      other.read(RawClient.publish(payload(10)).length);
      trickling.send(Arrays.copyOfRange(publish, sent, publish.length)); // it was waited for
      assertArrayEquals(publish, trickling.read(publish.length));
    }
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  @Behaviour(134)
  void congestionEndsWhenTheClientReadsAgain(ListenerConfig.Type type) throws Exception {
    try (var broker =
            TestBroker.start(1, TransportLimits.DEFAULTS, c -> new Flood(c, 1_000), type);
        var wire = connected(broker, type, 0)) {
      byte[] publish = RawClient.publish(payload(50_000));
      wire.send(publish);
      for (int i = 0; i < 1_000; i++) {
        assertArrayEquals(publish, wire.read(publish.length));
      }
    }
  }

  /** Most Reason Codes have no return code there (MQTT 3.1.1 section 3.2.2.3). */
  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  void aRefusalThatVersion311HasNoReturnCodeForIsTheEndAlone(ListenerConfig.Type type)
      throws Exception {
    ClientHandlers refusing =
        c ->
            new EchoHandler(c, log) {
              @Override
              public void onPacketException(PacketException problem) {
                connection.refuse(new ConnAck(false, problem.reason(), Properties.NONE));
              }
            };
    byte[] reservedFlag = {0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 4, 1, 0, 0, 0, 0};
    try (var broker = TestBroker.start(refusing, type);
        var wire = Wire.open(broker, type)) {
      wire.send(reservedFlag);
      assertArrayEquals(new byte[0], unbroken(wire.readToEnd()));
      assertEquals(CloseCause.CLOSED_BY_US, log.closed.poll(60, TimeUnit.SECONDS));
      assertEquals(0, broker.metrics.loopTaskFailures.value());
    }
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  void deliveryThatStoppedForWantOfMemoryGoesOnWhenTheClientHasReadAll(ListenerConfig.Type type)
      throws Exception {
    int count = 5_000; // more than the buffers of two sockets
    var floods = new LinkedBlockingQueue<Flood>();
    ClientHandlers handlers =
        c -> {
          var flood = new Flood(c, count);
          floods.add(flood);
          return flood;
        };
    try (var broker = TestBroker.start(1, TransportLimits.DEFAULTS, handlers, type);
        var wire = connected(broker, type, 0)) {
      long more = 1L << 40;
      broker.loops.memory().add(more);
      byte[] publish = RawClient.publish(payload(4_000));
      wire.send(publish);
      assertTrue(floods.remove().waits.await(60, TimeUnit.SECONDS));
      broker.loops.memory().add(-more);
      for (int i = 0; i < count; i++) {
        assertArrayEquals(publish, wire.read(publish.length));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  void aConnectCountsAsMemoryUntilItsClientIsLetInOrHasGone(ListenerConfig.Type type)
      throws Exception {
    var waiting = new LinkedBlockingQueue<ClientConnection>();
    ClientHandlers handlers =
        c ->
            new EchoHandler(c, log) {
              @Override
              public boolean onPacket(Packet packet) {
                waiting.add(connection);
                return false;
              }
            };
    var properties = Properties.builder(); // more than a loop takes of the memory at a time
    for (int i = 0; i < 45; i++) {
      properties.addUserProperty("k", "v".repeat(60_000));
    }
    byte[] connect =
        RawClient.bytes(
            new Connect(ProtocolVersion.V5, "c", true, 0, null, null, null, properties.build()),
            ProtocolVersion.V5);
    try (var broker = TestBroker.start(1, Limits.with(l -> l.lingerMillis = 100), handlers, type);
        var accepted = Wire.open(broker, type)) {
      accepted.send(connect);
      ClientConnection first = waiting.take();
      try (var gone = Wire.open(broker, type)) {
        gone.send(connect);
        waiting.take();
        assertTrue(broker.loops.memory().used() >= 2 * 2_700_000);
        first.loop().execute(() -> first.accepted(0, 1_000, true));
        gone.raw.socket.setSoTimeout(100); // or TLS would wait for an answer when it closes
      }
      Await.until(() -> broker.loops.memory().used() < 2_700_000);
      first.loop().execute(first::close); // nobody reads what its client says
    }
  }

  /** Answers one PUBLISH with many, as many at a time as the connection takes. */
  private static final class Flood extends EchoHandler {
    private final int count;
    final CountDownLatch waits = new CountDownLatch(1);
    private int left;
    private @Nullable Publish publish;

    Flood(ClientConnection connection, int count) {
      super(connection, new Log());
      this.count = count;
    }

    @Override
    void onPublish(Publish toSend) {
      publish = toSend;
      left = count;
      onWritable();
    }

    @Override
    public void onWritable() {
      Publish toSend = publish;
      while (toSend != null && left > 0 && !connection.congested()) {
        left--;
        connection.send(toSend);
      }
      if (left > 0) {
        waits.countDown();
      }
    }
  }

  @Test
  @Behaviour(230)
  void refusesAnyPacketWithTooManyUserProperties() throws Exception {
    Properties.Builder most = Properties.builder();
    for (int i = 0; i < TransportLimits.DEFAULTS.userPropertiesMax(); i++) {
      most.addUserProperty("k", "v");
    }
    Properties tooMany = most.build().withUserProperty("one", "more");
    var topic = new RequestedSubscription("t", SubscriptionOptions.ofQos(Qos.AT_MOST_ONCE));
    ListenerConfig.Type type = ListenerConfig.Type.TCP;
    try (var broker = echo(type);
        var wire = connected(broker, type, 0)) {
      wire.send(bytes(new Subscribe(1, List.of(topic), most.build())));
      wire.send(bytes(new Subscribe(2, List.of(topic), tooMany)));
      byte[] answer = padded(unbroken(wire.readToEnd()));
      assertArrayEquals(new byte[] {(byte) 0xE0, 2, (byte) 0x97, 0}, answer);
      assertEquals(1, log.packets.size());
      assertEquals(1, broker.metrics.limitsReached.of(Metrics.Limit.USER_PROPERTIES).value());
      try (var another = Wire.open(broker, type)) {
        another.send(
            bytes(new Connect(ProtocolVersion.V5, "c", true, 0, null, null, null, tooMany)));
        another.readToEnd();
      }
      log.problems.remove();
      PacketException problem = log.problems.remove();
      assertEquals(ReasonCode.QUOTA_EXCEEDED, problem.reason());
      assertEquals(ProtocolVersion.V5, problem.answerForm(), "so that CONNACK says it");
    }
  }

  private static byte[] bytes(Packet packet) {
    return RawClient.bytes(packet, ProtocolVersion.V5);
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  @Behaviour(301)
  void tellsClientsThatTheServerStops(ListenerConfig.Type type) throws Exception {
    var broker = echo(type);
    try (var wire = connected(broker, type, 0)) {
      Thread stopping = Thread.ofPlatform().start(broker::close);
      byte[] answer = padded(unbroken(wire.readToEnd()));
      assertArrayEquals(new byte[] {(byte) 0xE0, 2, (byte) 0x8B, 0}, answer);
      wire.hangUp();
      stopping.join();
      assertEquals(CloseCause.SERVER_SHUTDOWN, log.closed.poll(60, TimeUnit.SECONDS));
      assertEquals(0, broker.transport.connections());
    }
  }

  @Test
  void aHandlerThatThrowsEndsItsOwnConnectionOnly() throws Exception {
    try (var broker =
            TestBroker.start(
                1,
                TransportLimits.DEFAULTS,
                c ->
                    new EchoHandler(c, log) {
                      @Override
                      void onPublish(Publish publish) {
                        if (publish.payload().length == 13) {
                          throw new IllegalStateException("thrown on purpose by a test");
                        }
                        super.onPublish(publish);
                      }
                    },
                ListenerConfig.Type.TCP);
        var bad = connected(broker, ListenerConfig.Type.TCP, 0);
        var good = connected(broker, ListenerConfig.Type.TCP, 0)) {
      bad.send(RawClient.publish(payload(13)));
      bad.readToEnd();
      assertEquals(CloseCause.INTERNAL_ERROR, log.closed.poll(60, TimeUnit.SECONDS));
      byte[] publish = RawClient.publish(payload(12));
      good.send(publish);
      assertArrayEquals(publish, good.read(publish.length));
    }
  }
}
