package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.xnio.XnioIoThread;
import org.xnio.XnioWorker;
import org.xnio.channels.StreamSourceChannel;
import org.xnio.conduits.StreamSinkConduit;
import org.xnio.conduits.WriteReadyHandler;

class CorkedSinkTest {
  /** A socket that takes no more than it is told to. */
  private static final class Narrow implements StreamSinkConduit {
    int room;

    @Override
    public int write(ByteBuffer src) {
      int taken = Math.min(room, src.remaining());
      src.position(src.position() + taken);
      room -= taken;
      return taken;
    }

    @Override
    public boolean flush() {
      return true;
    }

    private static AssertionError unasked() {
      return new AssertionError("a corked sink does not ask for it");
    }

    @Override
    public long write(ByteBuffer[] srcs, int offs, int len) {
      throw unasked();
    }

    @Override
    public long transferFrom(java.nio.channels.FileChannel src, long position, long count) {
      throw unasked();
    }

    @Override
    public long transferFrom(StreamSourceChannel source, long count, ByteBuffer throughBuffer) {
      throw unasked();
    }

    @Override
    public int writeFinal(ByteBuffer src) {
      throw unasked();
    }

    @Override
    public long writeFinal(ByteBuffer[] srcs, int offset, int length) {
      throw unasked();
    }

    @Override
    public void terminateWrites() {
      throw unasked();
    }

    @Override
    public boolean isWriteShutdown() {
      return false;
    }

    @Override
    public void resumeWrites() {
      throw unasked();
    }

    @Override
    public void suspendWrites() {
      throw unasked();
    }

    @Override
    public void wakeupWrites() {
      throw unasked();
    }

    @Override
    public boolean isWriteResumed() {
      return false;
    }

    @Override
    public void awaitWritable() {
      throw unasked();
    }

    @Override
    public void awaitWritable(long time, java.util.concurrent.TimeUnit timeUnit) {
      throw unasked();
    }

    @Override
    public XnioIoThread getWriteThread() {
      throw unasked();
    }

    @Override
    public void setWriteReadyHandler(WriteReadyHandler handler) {
      throw unasked();
    }

    @Override
    public void truncateWrites() {
      throw unasked();
    }

    @Override
    public XnioWorker getWorker() {
      throw unasked();
    }
  }

  private interface Step {
    void run() throws IOException;
  }

  private static long millis(IoLoops loops, CorkedSink sink, Step step) throws Exception {
    return Loops.call(
        loops,
        0,
        loop -> {
          try {
            step.run();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
          return sink.progressMillis();
        });
  }

  /** What the TLS layer is told in the end is not for it to see: it is told that nothing went. */
  @Test
  void eachPartThatTheSocketTakesIsProgress() throws Exception {
    EchoHandler.Log log = new EchoHandler.Log();
    try (var broker =
        TestBroker.start(
            c -> new EchoHandler(c, log), io.signalbox.server.config.ListenerConfig.Type.TCP)) {
      Narrow socket = new Narrow();
      CorkedSink sink = Loops.call(broker.loops, 0, loop -> new CorkedSink(socket, loop));
      ByteBuffer record = ByteBuffer.allocate(1_000);
      socket.room = 100;
      long began =
          millis(
              broker.loops,
              sink,
              () -> {
                sink.cork();
                assertEquals(1_000, sink.write(record));
                sink.uncork();
              });
      for (int i = 0; i < 3; i++) {
        long before = began;
        Await.until(() -> now(broker.loops) > before);
        long stuck =
            millis(broker.loops, sink, () -> assertEquals(0, sink.write(ByteBuffer.allocate(1))));
        assertEquals(before, stuck, "the socket took nothing");
        socket.room = 100;
        began =
            millis(broker.loops, sink, () -> assertEquals(0, sink.write(ByteBuffer.allocate(1))));
        assertTrue(began > before, "the socket took a part");
      }
      Loops.call(
          broker.loops,
          0,
          _ -> {
            sink.drop();
            return true;
          });
    }
  }

  private static long now(IoLoops loops) {
    try {
      return Loops.call(
          loops,
          0,
          loop -> {
            loop.schedule(0, () -> {}); // which looks at the clock
            return loop.nowMillis();
          });
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
