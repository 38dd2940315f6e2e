package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.protocol.CloseCause;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A client that takes no more of what it is sent, and what it sent before it reset. */
class LostOutputTest {
  private static final byte[] DISCONNECT = {(byte) 0xE0, 0};

  private final EchoHandler.Log log = new EchoHandler.Log();

  private CloseCause closed() throws InterruptedException {
    return log.closed.poll(60, TimeUnit.SECONDS);
  }

  /** The client is sent so much more than it reads that it is not read either. */
  private TestBroker flooding(ListenerConfig.Type type, CountDownLatch flooded) throws Exception {
    return TestBroker.start(
        c ->
            new EchoHandler(c, log) {
              @Override
              void onPublish(Publish publish) {
                for (int i = 0; i < TestBroker.LARGE_BYTES; i += publish.payload().length) {
                  connection.send(publish);
                }
                flooded.countDown();
              }
            },
        type);
  }

  private static void connect(Wire wire) throws Exception {
    wire.send(RawClient.connect(0));
    wire.read(RawClient.CONNACK_V5.length);
  }

  private static void assertNothingIsKept(TestBroker broker) throws Exception {
    Await.until(() -> broker.transport.connections() == 0);
    Await.until(() -> broker.metrics.bufferedBytes.value() == 0);
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  void aDisconnectBeforeTheResetOfASlowReaderCounts(ListenerConfig.Type type) throws Exception {
    var flooded = new CountDownLatch(1);
    try (var broker = flooding(type, flooded);
        var wire = Wire.open(broker, type)) {
      connect(wire);
      wire.send(RawClient.publish(new byte[50_000]));
      flooded.await();
      wire.send(DISCONNECT);
      wire.raw.reset();
      assertEquals(CloseCause.CLOSED_BY_US, closed(), "the handler took the DISCONNECT");
      assertNothingIsKept(broker);
    }
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  void aResetWithoutADisconnectIsOne(ListenerConfig.Type type) throws Exception {
    var flooded = new CountDownLatch(1);
    try (var broker = flooding(type, flooded);
        var wire = Wire.open(broker, type)) {
      connect(wire);
      wire.send(RawClient.publish(new byte[50_000]));
      flooded.await();
      wire.raw.reset();
      assertEquals(CloseCause.PEER_RESET, closed());
      assertNothingIsKept(broker);
    }
  }

  /** The handler reads on when its answer is out, as with acknowledgements. */
  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  void aDisconnectBehindAPauseCountsThoughAnAnswerFails(ListenerConfig.Type type) throws Exception {
    var paused = new AtomicBoolean();
    try (var broker =
            TestBroker.start(
                1,
                TransportLimits.DEFAULTS,
                c ->
                    new EchoHandler(c, log) {
                      @Override
                      void onPublish(Publish publish) {
                        connection.suspendReads();
                        paused.set(true);
                      }
                    },
                type);
        var wire = Wire.open(broker, type)) {
      connect(wire);
      wire.send(RawClient.publish(new byte[10]), DISCONNECT);
      Await.until(paused::get);
      wire.raw.reset();
      var client = log.connections.element();
      Loops.call(
          broker.loops,
          0,
          _ -> {
            client.sendPubAck(1, io.signalbox.server.packet.ReasonCode.SUCCESS);
            client.whenFlushed(60_000, client::resumeReads);
            return true;
          });
      assertEquals(CloseCause.CLOSED_BY_US, closed(), "the handler took the DISCONNECT");
      assertNothingIsKept(broker);
    }
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  void aPauseThatDoesNotEndIsBounded(ListenerConfig.Type type) throws Exception {
    var paused = new AtomicBoolean();
    try (var broker =
            TestBroker.start(
                1,
                Limits.with(l -> l.slowReaderMillis = 100),
                c ->
                    new EchoHandler(c, log) {
                      @Override
                      void onPublish(Publish publish) {
                        connection.suspendReads();
                        paused.set(true);
                      }
                    },
                type);
        var wire = Wire.open(broker, type)) {
      connect(wire);
      wire.send(RawClient.publish(new byte[10]), DISCONNECT);
      Await.until(paused::get);
      wire.raw.reset();
      var client = log.connections.element();
      Loops.call(
          broker.loops,
          0,
          _ -> {
            client.sendPubAck(1, io.signalbox.server.packet.ReasonCode.SUCCESS);
            return true;
          });
      assertEquals(CloseCause.PEER_RESET, closed());
      assertNothingIsKept(broker);
    }
  }
}
