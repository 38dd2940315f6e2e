package io.signalbox.server.transport;

import io.signalbox.server.codec.ByteOutput;
import io.signalbox.server.codec.PacketReader;
import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.eventloop.MemoryShare;
import io.signalbox.server.eventloop.Timer;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.topic.TopicNames;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.xnio.XnioExecutor;
import org.xnio.XnioIoThread;

/**
 * The {@link EventLoop} of one XNIO I/O thread, with the buffers that its connections share.
 *
 * <p>XNIO runs the listeners of the ready sockets and then all queued tasks. The first thing in a
 * pass that wants work at its end queues one task, {@link #endOfPass}: it runs what was handed in
 * on this thread, writes each connection that has output once, and hands the batches for other
 * loops over.
 */
@ConfinedTo("its I/O thread, but for execute, receive and executeExternally")
final class XnioEventLoop implements EventLoop, HandshakeQueue.Loop {
  private static final Logger LOG = System.getLogger(XnioEventLoop.class.getName());

  /**
   * XNIO selects again only when its task queue is empty. Rounds of tasks that bring about the next
   * round for so long let the sockets have their turn.
   */
  private static final long CHAIN_NANOS_MAX = 5_000_000;

  /** Rounds closer together than this had no select with a wait between them. */
  private static final long CHAIN_GAP_NANOS = 20_000;

  private static final int BATCHES_PER_ROUND = 16;

  /** Chunks that go into one write. */
  private static final int GATHER_MAX = 64;

  private static final int MEMORY_CHECK_MILLIS = 100;

  private static final int RECORD_BUFFER_BYTES = 128 * 1024;

  private final IoLoops loops;
  private final XnioIoThread thread;
  private final int index;
  private final TransportLimits limits;

  // Work of this thread.
  private final Runnable pass = this::pass;
  private final Runnable tick = this::tick;
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private final ArrayDeque<Runnable> atEnd = new ArrayDeque<>();
  private boolean passScheduled;
  private boolean inRound;
  private long roundEndNanos;
  private long chainStartNanos;
  private @Nullable ClientSocket[] dirty = new @Nullable ClientSocket[64];
  private int dirtyCount;
  private final int dirtyMax;

  // Crossings.
  private final Queue<Outbox.Batch> inbox = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean inboxScheduled = new AtomicBoolean();
  private final Runnable drainInbox = this::drainInbox;
  private @Nullable Outbox[] outboxes = new @Nullable Outbox[0];
  private int congestedOutboxes;
  private final ArrayDeque<ClientSocket> heldBack = new ArrayDeque<>();
  private final ArrayDeque<ClientSocket> waitingForMemory = new ArrayDeque<>();

  // Time.
  private final TimerWheel wheel;
  private long nowMillis;
  private XnioExecutor.@Nullable Key armed;
  private long armedMillis = Long.MAX_VALUE;

  // Shared by the connections of this loop, each within one call.
  private final byte[] readArray;
  private final ByteBuffer readBuffer;
  private final BufferPool buffers;
  private final OutputChunks.Offer offer = new OutputChunks.Offer(GATHER_MAX);
  private @Nullable ByteBuffer recordBuffer;
  private final ByteOutput packetOutput = new ByteOutput(0);
  private final PacketReader packetReader;
  private final TopicNames topicNames = new TopicNames();
  private final OpenSockets sockets = new OpenSockets();
  private final HttpConnections http = new HttpConnections();

  XnioEventLoop(IoLoops loops, XnioIoThread thread, int index, TransportLimits limits) {
    this.loops = loops;
    this.thread = thread;
    this.index = index;
    this.limits = limits;
    this.dirtyMax = limits.dirtyConnectionsMax();
    this.nowMillis = clock();
    this.wheel = new TimerWheel(nowMillis);
    this.readArray = new byte[limits.readBufferBytes()];
    this.readBuffer = ByteBuffer.wrap(readArray);
    this.buffers = new BufferPool(loops.memory());
    this.packetReader =
        new PacketReader(
            limits.userPropertiesMax(),
            () -> metrics().limitsReached.inc(Metrics.Limit.USER_PROPERTIES, index));
  }

  void connectTo(XnioEventLoop[] all, int entriesMax) {
    outboxes = new @Nullable Outbox[all.length];
    for (int i = 0; i < all.length; i++) {
      outboxes[i] = i == index ? null : new Outbox(this, all[i], entriesMax);
    }
  }

  @Override
  public int index() {
    return index;
  }

  @Override
  public boolean isCurrent() {
    return Thread.currentThread() == thread;
  }

  @Override
  public void execute(Runnable task) {
    if (isCurrent()) {
      tasks.add(task);
      schedulePass();
      return;
    }
    XnioEventLoop from = loops.current();
    Outbox outbox = from == null ? null : from.outboxes[index];
    if (outbox != null) {
      outbox.add(task);
    } else {
      executeExternally(() -> run(task));
    }
  }

  /** From any thread, one crossing a task; the task must not throw. */
  void executeExternally(Runnable task) {
    try {
      thread.execute(task);
    } catch (RejectedExecutionException e) {
      LOG.log(Level.DEBUG, "the I/O threads have ended, a task is not run", e);
    }
  }

  @Override
  public void runAtEndOfPass(Runnable task) {
    atEnd.add(task);
    schedulePass();
  }

  @Override
  public Timer schedule(long delayMillis, Runnable task) {
    nowMillis = clock(); // A stale time would make the timer early.
    TimerWheel.Entry entry = wheel.add(nowMillis + Math.max(0, delayMillis), task);
    if (entry.millis() < armedMillis) {
      arm(entry.millis());
    }
    return entry;
  }

  @Override
  public long nowMillis() {
    return nowMillis;
  }

  @Override
  public boolean congested() {
    return congestedOutboxes > 0;
  }

  /** Called first by every listener that XNIO calls for a ready socket. */
  void enter() {
    long nanos = loops.clocks().nanos();
    nowMillis = millis(nanos);
    chainStartNanos = nanos; // XNIO selected: the chain of rounds is broken.
  }

  /** Runs somebody's task: a throw is logged and counted, and ends nothing. */
  @SuppressWarnings("CatchAndPrintStackTrace")
  void run(Runnable task) {
    try {
      task.run();
    } catch (Throwable t) {
      loops.metrics().loopTaskFailures.inc(index);
      LOG.log(Level.ERROR, "a task failed on I/O thread " + index, t);
    }
  }

  void schedulePass() {
    if (!passScheduled) {
      passScheduled = true;
      queueRound(pass);
    }
  }

  /** XNIO selects before it runs what is due later. */
  @Override
  public void afterSockets(Runnable task) {
    try {
      thread.executeAfter(
          () -> {
            nowMillis = clock();
            run(task);
          },
          1,
          TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      LOG.log(Level.DEBUG, "the I/O threads have ended, a task is not run", e);
    }
  }

  private void queueRound(Runnable round) {
    try {
      if (inRound && chainTooLong()) {
        thread.executeAfter(round, 1, TimeUnit.MILLISECONDS);
      } else {
        thread.execute(round);
      }
    } catch (RejectedExecutionException e) {
      LOG.log(Level.DEBUG, "the I/O threads have ended, a round is not run", e);
    }
  }

  private boolean chainTooLong() {
    return loops.clocks().nanos() - chainStartNanos > CHAIN_NANOS_MAX;
  }

  private void beginRound() {
    long nanos = loops.clocks().nanos();
    nowMillis = millis(nanos);
    if (nanos - roundEndNanos > CHAIN_GAP_NANOS) {
      chainStartNanos = nanos;
    }
    inRound = true;
  }

  private void endRound() {
    inRound = false;
    roundEndNanos = loops.clocks().nanos();
  }

  private void pass() {
    PassSelectors.during(this::endOfPass);
  }

  private void endOfPass() {
    beginRound();
    passScheduled = false; // What is added from here on belongs to the next round.
    drain(tasks);
    drain(atEnd);
    flushDirty();
    for (Outbox outbox : outboxes) {
      if (outbox != null) {
        outbox.handOver();
      }
    }
    endRound();
  }

  private void drain(ArrayDeque<Runnable> queue) {
    for (int left = queue.size(); left > 0; left--) {
      run(queue.remove());
    }
  }

  /**
   * The socket has output; it is written at the end of the pass, or now if too many wait already.
   */
  void markDirty(ClientSocket socket) {
    if (dirtyCount == dirtyMax) {
      flushDirty();
    }
    if (dirtyCount == dirty.length) {
      dirty = Arrays.copyOf(dirty, dirtyCount * 2);
    }
    dirty[dirtyCount++] = socket;
    schedulePass();
  }

  private void flushDirty() {
    int count = dirtyCount;
    // A flush calls no handler, so nothing is marked meanwhile.
    for (int i = 0; i < count; i++) {
      ClientSocket socket = dirty[i];
      dirty[i] = null;
      if (socket != null) {
        socket.flush();
      }
    }
    assert dirtyCount == count : "a flush made " + (dirtyCount - count) + " connections dirty";
    dirtyCount = 0;
  }

  void receive(Outbox.Batch batch) {
    inbox.add(batch);
    if (!inboxScheduled.getAndSet(true)) {
      executeExternally(drainInbox);
    }
  }

  private void drainInbox() {
    beginRound();
    if (chainTooLong()) { // A fast sender wakes us again and again.
      queueRound(drainInbox);
      endRound();
      return;
    }
    for (int left = BATCHES_PER_ROUND; left > 0; left--) {
      Outbox.Batch batch = inbox.poll();
      if (batch == null) {
        break;
      }
      batch.run();
    }
    inboxScheduled.set(false);
    if (!inbox.isEmpty() && !inboxScheduled.getAndSet(true)) {
      queueRound(drainInbox);
    }
    endRound();
  }

  void outboxCongested() {
    congestedOutboxes++;
    loops.metrics().loopCongested.inc(index);
  }

  void outboxRelieved() {
    congestedOutboxes--;
    if (congestedOutboxes == 0) {
      for (int left = heldBack.size(); left > 0; left--) {
        heldBack.remove().release(ClientSocket.HOLD_OUTBOX);
      }
    }
  }

  /** The socket reads no further until no queue out of this loop is over its bound. */
  void holdUntilRelieved(ClientSocket socket) {
    socket.hold(ClientSocket.HOLD_OUTBOX);
    heldBack.add(socket);
  }

  /** The socket reads no further until the buffers of all connections have room. */
  void holdUntilMemory(ClientSocket socket) {
    socket.hold(ClientSocket.HOLD_MEMORY);
    if (waitingForMemory.isEmpty()) {
      schedule(MEMORY_CHECK_MILLIS, this::checkMemory);
    }
    waitingForMemory.add(socket);
  }

  private void checkMemory() {
    waitingForMemory.removeIf(socket -> !socket.waitsForMemory());
    if (!waitingForMemory.isEmpty()) {
      schedule(MEMORY_CHECK_MILLIS, this::checkMemory);
    }
  }

  private void tick() {
    armed = null;
    armedMillis = Long.MAX_VALUE;
    nowMillis = clock();
    wheel.advance(nowMillis, this::run);
    long next = wheel.nextMillis();
    if (next != Long.MAX_VALUE && next < armedMillis) {
      arm(next);
    }
  }

  private void arm(long atMillis) {
    if (armed != null) {
      armed.remove();
    }
    armedMillis = atMillis;
    try {
      armed = thread.executeAfter(tick, Math.max(1, atMillis - nowMillis), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      LOG.log(Level.DEBUG, "the I/O threads have ended, a timer is not set", e);
    }
  }

  /** The time as it is at this moment. Any thread. */
  long clock() {
    return millis(loops.clocks().nanos());
  }

  private long millis(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(nanos - loops.startNanos());
  }

  XnioIoThread thread() {
    return thread;
  }

  byte[] readArray() {
    return readArray;
  }

  /** Over {@link #readArray}; its content is gone after the listener returns. */
  ByteBuffer readBuffer() {
    return readBuffer;
  }

  BufferPool buffers() {
    return buffers;
  }

  @Override
  public MemoryShare memory() {
    return buffers;
  }

  /** For the pieces of one write. */
  OutputChunks.Offer offer() {
    return offer;
  }

  /** For the TLS records of one write; made when first needed. */
  ByteBuffer recordBuffer() {
    ByteBuffer buffer = recordBuffer;
    if (buffer == null) {
      buffer = ByteBuffer.allocateDirect(RECORD_BUFFER_BYTES);
      recordBuffer = buffer;
    }
    return buffer;
  }

  /** Set to a chunk's array for the time of one packet. */
  ByteOutput packetOutput() {
    return packetOutput;
  }

  TransportLimits limits() {
    return limits;
  }

  PacketReader packetReader() {
    return packetReader;
  }

  TopicNames topicNames() {
    return topicNames;
  }

  /** Not that of the pass: a message another loop has just taken would seem to expire later. */
  long wallMillis() {
    return loops.clocks().wallMillis();
  }

  OpenSockets sockets() {
    return sockets;
  }

  /** Connections that the HTTP layer has, by what it knows them by. */
  HttpConnections http() {
    return http;
  }

  Metrics metrics() {
    return loops.metrics();
  }
}
