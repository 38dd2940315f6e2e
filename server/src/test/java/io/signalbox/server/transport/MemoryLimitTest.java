package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.metrics.Metrics.Turnaway;
import io.signalbox.server.protocol.CloseCause;
import io.signalbox.server.session.ClientConnection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** All buffers together have a bound: what happens at it, and that it ends. */
class MemoryLimitTest {
  private static final ListenerConfig.Type TCP = ListenerConfig.Type.TCP;
  private static final int SLOW_READERS = 6;

  private final EchoHandler.Log log = new EchoHandler.Log();

  private Wire connected(TestBroker broker) throws Exception {
    Wire wire = Wire.open(broker, TCP);
    wire.send(RawClient.connect(0));
    assertArrayEquals(RawClient.CONNACK_V5, wire.read(5));
    return wire;
  }

  @Test
  void fullBuffersRefuseNewcomersAndMakeLargePacketsWait() throws Exception {
    var limits =
        Limits.with(
            l -> {
              l.bufferedBytesMax = 3 << 20;
              l.slowReaderMillis = 60_000;
            });
    try (var broker = TestBroker.start(1, limits, c -> new EchoHandler(c, log), TCP);
        var bystander = connected(broker);
        var large = connected(broker)) {
      List<Wire> slow = new ArrayList<>();
      List<Thread> senders = new ArrayList<>();
      byte[] publish = RawClient.publish(new byte[100_000]);
      for (int i = 0; i < SLOW_READERS; i++) {
        Wire wire = connected(broker);
        slow.add(wire);
        senders.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        for (int j = 0; j < 200; j++) {
                          wire.send(publish); // reads only later
                        }
                      } catch (java.io.IOException e) {
                        throw new java.io.UncheckedIOException(e);
                      }
                    }));
      }
      Await.until(() -> broker.loops.memory().tight());

      awaitThatANewcomerIsTurnedAway(broker);

      // Nobody who is unknown may hold memory now, even with an innocent start of a packet; a known
      // client waits.
      byte[] big = RawClient.publish(new byte[1_000_000]);
      large.send(Arrays.copyOf(big, 300_000));
      Await.until(() -> broker.metrics.readsSuspended.value() > SLOW_READERS);
      byte[] small = RawClient.publish(new byte[3]);
      bystander.send(small);
      assertArrayEquals(small, bystander.read(small.length));
      assertTrue(
          broker.loops.bufferedBytes() <= limits.bufferedBytesMax() + SLOW_READERS * (1L << 20),
          broker.loops.bufferedBytes() + " bytes");

      // All at once: while others hold the memory, nobody's large packet goes on.
      AtomicInteger read = new AtomicInteger();
      for (Wire wire : slow) {
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    for (int j = 0; j < 200; j++) {
                      assertArrayEquals(publish, wire.read(publish.length));
                      read.incrementAndGet();
                    }
                  } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                });
      }
      Await.until(() -> read.get() == SLOW_READERS * 200);
      for (Thread sender : senders) {
        sender.join();
      }
      Await.until(() -> !broker.loops.memory().tight());
      large.send(Arrays.copyOfRange(big, 300_000, big.length));
      assertArrayEquals(big, large.read(big.length));
      try (var newcomer = connected(broker)) {
        newcomer.send(new byte[] {(byte) 0xC0, 0});
        assertEquals(2, newcomer.read(2).length);
      }
      for (Wire wire : slow) {
        wire.hangUp();
      }
    }
  }

  /** At first the sockets may still take a little, and with it the memory is no longer full. */
  private static void awaitThatANewcomerIsTurnedAway(TestBroker broker) throws Exception {
    var turnedAway = broker.metrics.connectionsTurnedAway.of(Turnaway.MEMORY_LIMIT);
    for (int i = 0; i < 1_000 && turnedAway.value() == 0; i++) {
      try (var newcomer = RawClient.plain(broker.address(TCP))) {
        Await.until(() -> turnedAway.value() == 1 || broker.transport.halfOpenConnections() > 0);
        if (turnedAway.value() == 1) {
          byte[] end = newcomer.readToEnd();
          assertTrue(end == null || end.length == 0);
        }
      }
      Await.until(() -> broker.transport.halfOpenConnections() == 0);
    }
    assertEquals(1, turnedAway.value());
  }

  @Test
  void aPacketThatFindsNoMemoryForTooLongIsGivenUp() throws Exception {
    var limits =
        Limits.with(
            l -> {
              l.bufferedBytesMax = 1 << 20;
              l.slowReaderMillis = 500;
            });
    try (var broker = TestBroker.start(1, limits, c -> new EchoHandler(c, log), TCP);
        var large = connected(broker);
        var unknown = Wire.open(broker, TCP)) {
      broker.loops.memory().add(2 << 20);
      large.send(Arrays.copyOf(RawClient.publish(new byte[1_000_000]), 10_000));
      byte[] answer = large.readToEnd();
      assertNotNull(answer);
      assertEquals((byte) 0xE0, answer[0]);
      assertEquals((byte) 0x97, answer[2]);
      assertEquals(CloseCause.BUFFERS_FULL, log.closed.poll(60, TimeUnit.SECONDS));
      byte[] connect = RawClient.connect(0);
      byte[] padded = Arrays.copyOf(connect, 8_000);
      padded[1] = (byte) 0xFF; // Remaining Length of 16,383: not here yet
      padded[2] = 0x7F;
      unknown.send(padded);
      byte[] nothing = unknown.readToEnd();
      assertTrue(nothing == null || nothing.length == 0);
      broker.loops.memory().add(-(2 << 20));
    }
  }

  @Test
  void whileBuffersAreFullAnyUnsentOutputCountsAsCongestion() throws Exception {
    var limits = Limits.with(l -> l.bufferedBytesMax = 1 << 20);
    try (var broker = TestBroker.start(1, limits, c -> new EchoHandler(c, log), TCP);
        var slow = connected(broker);
        var idle = connected(broker)) {
      ClientConnection slowSide = log.connections.remove();
      ClientConnection idleSide = log.connections.remove();
      byte[] publish = RawClient.publish(new byte[50_000]);
      Thread sender =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      while (true) {
                        slow.send(publish);
                      }
                    } catch (java.io.IOException _) {
                      // The test is over.
                    }
                  });
      Await.until(() -> broker.loops.memory().tight());
      boolean slowIs = Loops.call(broker.loops, 0, _ -> slowSide.congested());
      boolean idleIs = Loops.call(broker.loops, 0, _ -> idleSide.congested());
      assertTrue(slowIs);
      assertEquals(false, idleIs);
      idle.send(new byte[] {(byte) 0xC0, 0});
      assertEquals(2, idle.read(2).length);
      slow.hangUp();
      sender.join();
    }
  }
}
