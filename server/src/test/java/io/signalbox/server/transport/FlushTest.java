package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.session.ClientConnection;
import java.io.IOException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who waits until the output of a moment is with the socket. */
class FlushTest {
  /** More than the buffers of two sockets take. */
  private static final int QUEUED_BYTES = 16 << 20;

  private static final int GRACE_MILLIS = 50_000;

  private final AtomicBoolean flushed = new AtomicBoolean();
  private final AtomicInteger feeds = new AtomicInteger();
  private volatile boolean feeding = true;

  /** Always has more for its client than that has read. */
  private final class Feeder extends EchoHandler {
    private long queued;

    Feeder(ClientConnection connection, Log log) {
      super(connection, log);
    }

    @Override
    void onPublish(Publish publish) {
      feed(publish);
    }

    private void feed(Publish publish) {
      while (connection.isOpen() && queued - connection.traffic().bytesSent() < QUEUED_BYTES) {
        connection.send(publish);
        queued += publish.payload().length;
      }
      if (feeds.getAndIncrement() == 0) {
        connection.whenFlushed(GRACE_MILLIS, () -> flushed.set(true));
      }
      if (feeding && connection.isOpen()) {
        connection.loop().execute(() -> feed(publish));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ListenerConfig.Type.class)
  void doesNotWaitForWhatIsQueuedBehind(ListenerConfig.Type type) throws Exception {
    EchoHandler.Log log = new EchoHandler.Log();
    try (var broker = TestBroker.start(c -> new Feeder(c, log), type);
        var wire = Wire.open(broker, type)) {
      wire.send(RawClient.connect(0), RawClient.publish(new byte[10_000]));
      Await.until(() -> feeds.get() > 0);
      var reader =
          Thread.ofVirtual()
              .start(
                  () -> {
                    byte[] some = new byte[64 << 10];
                    try {
                      while (wire.raw.in.readNBytes(some, 0, some.length) > 0) {
                        int before = feeds.get();
                        Await.until(() -> feeds.get() != before || !feeding);
                      }
                    } catch (IOException | TimeoutException _) {
                      // the test is over
                    }
                  });
      Await.until(() -> flushed.get() || log.closed.peek() != null);
      assertTrue(flushed.get() && log.closed.isEmpty());
      feeding = false;
      wire.hangUp();
      reader.join();
    }
  }
}
