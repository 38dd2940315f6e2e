package io.signalbox.server.transport;

import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.metrics.Metrics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.xnio.OptionMap;
import org.xnio.Options;
import org.xnio.XnioIoThread;
import org.xnio.XnioWorker;

/** The I/O threads of the process: one XNIO worker, one {@link EventLoop} a thread. Any thread. */
public final class IoLoops implements AutoCloseable {
  private static final Logger LOG = System.getLogger(IoLoops.class.getName());
  private static final long STOP_SECONDS_MAX = 5;

  private final XnioWorker worker;
  private final XnioEventLoop[] loops;
  private final Clocks clocks;
  private final long startNanos;
  private final Metrics metrics;
  private final MemoryBudget memory;
  private final FailedAccepts failedAccepts;

  /** Loads XNIO, for whoever will need it soon and has something else to do meanwhile. */
  public static void preload() {
    LOG.log(Level.DEBUG, "the I/O threads are those of XNIO {0}", LoadedXnio.INSTANCE.getName());
  }

  /**
   * Starts the threads.
   *
   * @param ioThreads 1 or more
   * @param workerThreads threads of the pool that blocking HTTP handlers are dispatched to, 1 or
   *     more
   */
  public IoLoops(
      int ioThreads, int workerThreads, TransportLimits limits, Clocks clocks, Metrics metrics) {
    this.clocks = clocks;
    this.startNanos = clocks.nanos();
    this.metrics = metrics;
    this.memory = new MemoryBudget(limits.bufferedBytesMax(), ioThreads);
    OptionMap options =
        OptionMap.builder()
            .set(Options.WORKER_NAME, "signalbox")
            .set(Options.WORKER_IO_THREADS, ioThreads)
            .set(Options.WORKER_TASK_CORE_THREADS, workerThreads)
            .set(Options.WORKER_TASK_MAX_THREADS, workerThreads)
            .set(Options.TCP_NODELAY, true)
            .set(Options.THREAD_DAEMON, true)
            .getMap();
    try {
      worker = LoadedXnio.INSTANCE.createWorker(options);
    } catch (IOException e) {
      throw new UncheckedIOException("the I/O threads cannot be started", e);
    }
    failedAccepts = FailedAccepts.of(worker, clocks, metrics);
    loops = new XnioEventLoop[ioThreads];
    for (int i = 0; i < ioThreads; i++) {
      XnioIoThread thread = worker.getIoThread(i);
      if (thread.getNumber() != i) {
        throw new AssertionError("I/O thread " + i + " calls itself " + thread.getNumber());
      }
      loops[i] = new XnioEventLoop(this, thread, i, limits);
    }
    for (XnioEventLoop loop : loops) {
      loop.connectTo(loops, limits.handoverEntriesMax());
      metrics.bufferedBytes.from(loop.buffers()::held);
    }
  }

  /** In the order of their index. */
  public List<EventLoop> all() {
    return List.of(loops);
  }

  public int count() {
    return loops.length;
  }

  /** The pool for blocking work of HTTP handlers. */
  public XnioWorker worker() {
    return worker;
  }

  /** Bytes in buffers and queues of all clients, in steps of a megabyte a loop. */
  public long bufferedBytes() {
    return memory.used();
  }

  /** Ends the threads; what is still open is closed without a word. Waits a bounded time. */
  @Override
  public void close() {
    worker.shutdownNow();
    try {
      worker.awaitTermination(STOP_SECONDS_MAX, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    failedAccepts.close();
  }

  XnioEventLoop loop(int index) {
    return loops[index];
  }

  /** The loop whose thread calls, null from any other thread. */
  @Nullable XnioEventLoop current() {
    return Thread.currentThread() instanceof XnioIoThread thread
            && thread.getWorker().equals(worker)
            && thread.getNumber() < loops.length
        ? loops[thread.getNumber()]
        : null;
  }

  Clocks clocks() {
    return clocks;
  }

  long startNanos() {
    return startNanos;
  }

  Metrics metrics() {
    return metrics;
  }

  MemoryBudget memory() {
    return memory;
  }
}
