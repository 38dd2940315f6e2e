package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.server.Behaviour;
import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.packet.Publish;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ManyConnectionsTest {
  private final EchoHandler.Log log = new EchoHandler.Log();

  /**
   * Some say nothing, some stop in the middle, some reset, some do it right: none leaves a trace.
   */
  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  @Behaviour({295, 299})
  void thousandsComeAndGoInAllWays(ListenerConfig.Type type) throws Exception {
    int count = type.isTls() ? 300 : 2_000;
    AtomicInteger served = new AtomicInteger();
    AtomicInteger toServe = new AtomicInteger();
    try (var broker = TestBroker.start(c -> new EchoHandler(c, log), type)) {
      List<Thread> clients = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int seed = t;
        clients.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      Random random = new Random(seed);
                      for (int i = 0; i < count / 4; i++) {
                        int way = random.nextInt(6);
                        try {
                          if (way >= 2) {
                            toServe.incrementAndGet();
                          }
                          comeAndGo(broker, type, way);
                          if (way >= 2) {
                            served.incrementAndGet();
                          }
                        } catch (IOException e) {
                          // Counted by what is missing.
                        }
                      }
                    }));
      }
      for (Thread client : clients) {
        client.join();
      }
      assertEquals(toServe.get(), served.get());
      Await.until(() -> broker.transport.connections() == 0);
      Await.until(() -> log.closed.size() == log.connections.size());
      assertEquals(0, broker.metrics.loopTaskFailures.value());
      // Awaited: what a client left in the system's queue may be accepted only now.
      Await.until(() -> broker.transport.halfOpenConnections() == 0);
      for (int i = 0; i < broker.loops.count(); i++) {
        int index = i;
        Await.until(() -> ask(broker, index, loop -> loop.buffers().held()) == 0);
        Await.until(() -> ask(broker, index, loop -> (long) loop.sockets().size()) == 0);
        Await.until(() -> ask(broker, index, loop -> (long) loop.http().size()) == 0);
      }
    }
  }

  private static long ask(TestBroker broker, int index, Function<XnioEventLoop, Long> question) {
    try {
      return Loops.call(broker.loops, index, question);
    } catch (Exception e) {
      throw new AssertionError("loop " + index + " does not answer", e);
    }
  }

  private static void comeAndGo(TestBroker broker, ListenerConfig.Type type, int way)
      throws IOException {
    if (way == 0) {
      RawClient silent = RawClient.plain(broker.address(type));
      silent.socket.setSoLinger(true, 0); // a reset
      silent.socket.close();
      return;
    }
    try (var wire = Wire.open(broker, type)) {
      byte[] connect = RawClient.connect(60);
      if (way == 1) {
        wire.send(new byte[] {connect[0], connect[1], 0});
        return;
      }
      wire.send(connect);
      assertArrayEquals(RawClient.CONNACK_V5, wire.read(5));
      byte[] publish = RawClient.publish(new byte[way * 9_000]);
      wire.send(publish);
      switch (way) {
        case 2 -> wire.raw.socket.setSoLinger(!type.isTls(), 0);
        case 3 -> wire.send(new byte[] {(byte) 0xE0, 0});
        default -> assertArrayEquals(publish, wire.read(publish.length));
      }
    }
  }

  @Test
  @Behaviour({295, 311})
  void oneMessageGoesToAThousandConnectionsWithOneWriteEach() throws Exception {
    ListenerConfig.Type type = ListenerConfig.Type.TCP;
    int count = 1_000;
    try (var broker =
        TestBroker.start(
            1,
            TransportLimits.DEFAULTS,
            c ->
                new EchoHandler(c, log) {
                  @Override
                  void onPublish(Publish publish) {
                    log.connections.forEach(to -> to.send(publish));
                  }
                },
            type)) {
      List<Wire> wires = new ArrayList<>();
      try {
        for (int i = 0; i < count; i++) {
          Wire wire = Wire.open(broker, type);
          wires.add(wire);
          wire.send(RawClient.connect(0));
          assertArrayEquals(RawClient.CONNACK_V5, wire.read(5));
        }
        long before = broker.metrics.socketWrites.value();
        byte[] publish = RawClient.publish(new byte[64]);
        byte[] ten = new byte[publish.length * 10];
        for (int i = 0; i < 10; i++) {
          System.arraycopy(publish, 0, ten, i * publish.length, publish.length);
        }
        wires.getFirst().send(ten);
        for (Wire wire : wires) {
          assertArrayEquals(ten, wire.read(ten.length));
        }
        assertEquals(count, broker.metrics.socketWrites.value() - before);
      } finally {
        for (Wire wire : wires) {
          wire.hangUp();
        }
      }
    }
  }

  /** As when a proxy before the broker goes. */
  @Test
  void hundredsThatEndInOnePassLeaveNoTraceAndOthersAreServed() throws Exception {
    ListenerConfig.Type type = ListenerConfig.Type.TCP;
    CountDownLatch allHaveEnded = new CountDownLatch(1);
    try (var broker =
            TestBroker.start(1, TransportLimits.DEFAULTS, c -> new EchoHandler(c, log), type);
        var stays = Wire.open(broker, type)) {
      List<Wire> wires = new ArrayList<>(List.of(stays));
      for (int i = 0; i < 300; i++) {
        wires.add(Wire.open(broker, type));
      }
      for (Wire wire : wires) {
        wire.send(RawClient.connect(60));
        assertArrayEquals(RawClient.CONNACK_V5, wire.read(5));
      }
      wires.removeFirst();
      try {
        broker.loops.loop(0).execute(() -> awaitQuietly(allHaveEnded));
        for (Wire wire : wires) {
          wire.hangUp();
        }
      } finally {
        allHaveEnded.countDown();
      }
      Await.until(() -> broker.transport.connections() == 1);
      Await.until(() -> log.closed.size() == wires.size());
      Await.until(() -> ask(broker, 0, loop -> (long) loop.sockets().size()) == 1);
      byte[] publish = RawClient.publish(new byte[64]);
      stays.send(publish);
      assertArrayEquals(publish, stays.read(publish.length));
      assertEquals(0, broker.metrics.loopTaskFailures.value());
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
