package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Behaviour;
import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.session.ClientConnection;
import java.io.ByteArrayOutputStream;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A handler that stops the reading, in all the ways it may, gets every packet once and in order.
 */
class BackPressureTest {
  /** How a handler stops and starts again. */
  enum Way {
    RETURNS_FALSE,
    SUSPENDS,
    SUSPENDS_AND_RETURNS_FALSE,
    SUSPENDS_TWICE,
    RESUMES_BEFORE_RETURNING_FALSE
  }

  private static final class Pausing extends EchoHandler {
    private final Way way;
    private final AtomicInteger whileStopped;
    private boolean stopped;
    private int count;

    Pausing(ClientConnection connection, Log log, Way way, AtomicInteger whileStopped) {
      super(connection, log);
      this.way = way;
      this.whileStopped = whileStopped;
    }

    @Override
    public boolean onPacket(Packet packet) throws PacketException {
      if (!(packet instanceof Publish publish)) {
        return super.onPacket(packet);
      }
      if (stopped) {
        whileStopped.incrementAndGet();
      }
      onPublish(publish);
      if (++count % 7 != 0) {
        return true;
      }
      stopped = way != Way.RESUMES_BEFORE_RETURNING_FALSE;
      IntConsumer suspend =
          times -> {
            for (int i = 0; i < times; i++) {
              connection.suspendReads();
            }
          };
      return switch (way) {
        case RETURNS_FALSE -> {
          later(1);
          yield false;
        }
        case SUSPENDS -> {
          suspend.accept(1);
          later(1);
          yield true;
        }
        case SUSPENDS_AND_RETURNS_FALSE -> {
          suspend.accept(1);
          later(1);
          yield false;
        }
        case SUSPENDS_TWICE -> {
          suspend.accept(2);
          later(2);
          yield true;
        }
        case RESUMES_BEFORE_RETURNING_FALSE -> {
          suspend.accept(1);
          connection.resumeReads();
          yield false;
        }
      };
    }

    private void later(int times) {
      Runnable resume =
          () -> {
            if (times == 2) {
              connection.resumeReads();
            }
            stopped = false;
            connection.resumeReads();
          };
      if (count % 210 == 0) {
        connection.loop().schedule(10, resume); // long enough for input to pile up
      } else if (count % 2 == 0) {
        connection.loop().execute(resume);
      } else {
        connection.loop().runAtEndOfPass(resume);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void everyPacketComesOnceAndInOrder(Way way) throws Exception {
    for (ListenerConfig.Type type : ListenerConfig.Type.values()) {
      AtomicInteger whileStopped = new AtomicInteger();
      EchoHandler.Log log = new EchoHandler.Log();
      try (var broker = TestBroker.start(c -> new Pausing(c, log, way, whileStopped), type);
          var wire = Wire.open(broker, type)) {
        wire.send(RawClient.connect(0));
        wire.read(5);
        Random random = new Random(23);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < 1_500; i++) {
          byte[] payload = new byte[random.nextInt(random.nextInt(30) == 0 ? 9_000 : 60)];
          random.nextBytes(payload);
          all.writeBytes(RawClient.publish(payload));
        }
        byte[] stream = all.toByteArray();
        wire.sendInPieces(stream, 4_000);
        assertArrayEquals(stream, wire.read(stream.length), type.toString());
        assertEquals(0, whileStopped.get(), type.toString());
      }
    }
  }

  @Test
  void aConnectThatIsBeingLookedAtIsNone() throws Exception {
    EchoHandler.Log log = new EchoHandler.Log();
    ListenerConfig.Type type = ListenerConfig.Type.TCP;
    try (var broker =
            TestBroker.start(
                c ->
                    new EchoHandler(c, log) {
                      @Override
                      public boolean onPacket(Packet packet) throws PacketException {
                        connection.suspendReads();
                        boolean more = super.onPacket(packet);
                        connection.resumeReads();
                        return more;
                      }
                    },
                type);
        var wire = Wire.open(broker, type)) {
      wire.send(RawClient.connect(0));
      wire.read(5);
      assertEquals(0, broker.metrics.readsSuspended.value());
      wire.send(new byte[] {(byte) 0xC0, 0});
      wire.read(2);
      assertEquals(1, broker.metrics.readsSuspended.value());
    }
  }

  @Test
  @Behaviour({117, 296})
  void aHeldConnectionTakesNoMoreThanTheSystemsBuffers() throws Exception {
    EchoHandler.Log log = new EchoHandler.Log();
    ListenerConfig.Type type = ListenerConfig.Type.TCP;
    try (var broker =
            TestBroker.start(
                c ->
                    new EchoHandler(c, log) {
                      @Override
                      void onPublish(Publish publish) {
                        connection.suspendReads();
                      }
                    },
                type);
        var wire = Wire.open(broker, type)) {
      wire.send(RawClient.connect(0));
      wire.read(5);
      Thread sender =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      while (true) {
                        wire.send(RawClient.publish(new byte[50_000]));
                      }
                    } catch (java.io.IOException _) {
                      // The test is over.
                    }
                  });
      Await.until(() -> broker.metrics.readsSuspended.value() == 1);
      long received = broker.metrics.bytesReceived.value();
      assertTrue(broker.loops.bufferedBytes() <= 2 << 20);
      wire.hangUp();
      sender.join();
      assertEquals(received, broker.metrics.bytesReceived.value());
    }
  }

  @Test
  void aClientIsNotTimedOutWhileWeDoNotRead() throws Exception {
    EchoHandler.Log log = new EchoHandler.Log();
    ListenerConfig.Type type = ListenerConfig.Type.TCP;
    try (var broker =
            TestBroker.start(
                1,
                TransportLimits.DEFAULTS,
                c ->
                    new EchoHandler(c, log) {
                      @Override
                      void onPublish(Publish publish) {
                        connection.suspendReads();
                        // Longer than one and a half times the keep alive of a second.
                        connection.loop().schedule(2_200, connection::resumeReads);
                      }
                    },
                type);
        var wire = Wire.open(broker, type)) {
      wire.send(RawClient.connect(1), RawClient.publish(new byte[1]), new byte[] {(byte) 0xC0, 0});
      wire.read(5);
      assertArrayEquals(new byte[] {(byte) 0xD0, 0}, wire.read(2));
      assertEquals(0, log.keepAliveTimeouts.get());
      assertFalse(log.connections.isEmpty());
    }
  }

  @Test
  void aFullWayToAnotherLoopStopsTheReadingUntilItIsFree() throws Exception {
    ListenerConfig.Type type = ListenerConfig.Type.TCP;
    int entriesMax = 2_000;
    AtomicInteger taken = new AtomicInteger();
    AtomicReference<IoLoops> loops = new AtomicReference<>();
    try (var broker =
            TestBroker.start(
                2,
                Limits.with(l -> l.handoverEntriesMax = entriesMax),
                c ->
                    new EchoHandler(c, new EchoHandler.Log()) {
                      @Override
                      void onPublish(Publish publish) {
                        int other = 1 - connection.loop().index();
                        loops.get().loop(other).execute(taken::incrementAndGet);
                      }
                    },
                type);
        var wire = Wire.open(broker, type)) {
      loops.set(broker.loops);
      wire.send(RawClient.connect(0));
      wire.read(5);
      var busy = new java.util.concurrent.CountDownLatch(1);
      int own = 0;
      for (int i = 0; i < 2; i++) {
        if (Loops.call(broker.loops, i, loop -> loop.sockets().size()) == 1) {
          own = i;
        }
      }
      broker
          .loops
          .loop(1 - own)
          .execute(
              () -> {
                try {
                  busy.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      int count = 100_000;
      for (int i = 0; i < count; i++) {
        all.writeBytes(RawClient.publish(new byte[20]));
      }
      Thread sender =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      wire.send(all.toByteArray());
                    } catch (java.io.IOException e) {
                      throw new java.io.UncheckedIOException(e);
                    }
                  });
      Await.until(() -> broker.metrics.loopCongested.value() == 1);
      Await.until(() -> broker.metrics.readsSuspended.value() >= 1);
      assertEquals(0, taken.get());
      // What one turn of reading may hold, on top of the bound.
      assertTrue(
          broker.metrics.packetsReceived.of(3).value() <= entriesMax + 4 * 65_536 / 25,
          broker.metrics.packetsReceived.of(3).value() + " packets");
      busy.countDown();
      Await.until(() -> taken.get() == count);
      sender.join();
    }
  }
}
