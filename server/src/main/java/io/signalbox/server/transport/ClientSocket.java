package io.signalbox.server.transport;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.Timer;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.protocol.CloseCause;
import io.signalbox.server.routing.LargePayload;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import org.jspecify.annotations.Nullable;
import org.xnio.ChannelListener;
import org.xnio.StreamConnection;
import org.xnio.conduits.ConduitStreamSinkChannel;
import org.xnio.conduits.ConduitStreamSourceChannel;

/**
 * Bytes in and out of one connection: reads into the buffer of its loop, keeps what is incomplete,
 * gathers output in chunks, writes them once a pass, stops reading when told to, and closes so that
 * the peer sees our last packet.
 */
@ConfinedTo("I/O thread")
final class ClientSocket implements WebSocketDecoder.Events, ChannelListener<Channel> {
  /** The owner wants no more packets for now. */
  static final int HOLD_OWNER = 1;

  /** The peer does not take what we send it, so it gets to ask for nothing more. */
  static final int HOLD_OUTPUT = 2;

  /** Another loop does not keep up with what this one hands it. */
  static final int HOLD_OUTBOX = 4;

  /** The buffers of all connections are full and this one's packet is incomplete. */
  static final int HOLD_MEMORY = 8;

  private static final Logger LOG = System.getLogger(ClientSocket.class.getName());

  /** Full read buffers taken from one socket before the others have their turn. */
  private static final int READS_PER_TURN = 4;

  /** One TLS record. */
  private static final int RECORD_BYTES = 16 * 1024;

  /** Offered to a socket at once, which without TLS is copied for each system call. */
  private static final int WRITE_BYTES_MAX = 256 * 1024;

  /**
   * Output that is written at once instead of at the end of the pass, so that a burst is not
   * mistaken for a slow reader.
   */
  private static final int EARLY_FLUSH_BYTES = 256 * 1024;

  /** Input thrown away while we wait for the peer to close. */
  private static final int DRAIN_BYTES_MAX = 1 << 20;

  private enum State {
    OPEN,
    /** No more packets; what is queued goes out. */
    FLUSHING,
    /**
     * Our side is shut down; input is thrown away until the peer closes, so that no reset overtakes
     * our last packet.
     */
    DRAINING,
    CLOSED
  }

  private final StreamConnection connection;
  private final ConduitStreamSourceChannel source;
  private final ConduitStreamSinkChannel sink;
  private final @Nullable CorkedSink cork;
  private final XnioEventLoop loop;
  private final SocketOwner owner;
  private final @Nullable WebSocketDecoder webSocket;

  private State state = State.OPEN;
  private boolean closedTold;
  private @Nullable Timer lingerTimer;

  /** Where {@link OpenSockets} keeps this connection. */
  int place;

  // Input.
  private final CarryBuffer carry;

  /** Of the packet whose start is in the carry buffer; 0: unknown yet. */
  private int carriedPacketBytes;

  /** The carry buffer holds whatever came after a hold, not just one incomplete packet. */
  private boolean backlog;

  /** Of a Close frame that came behind the backlog; 0: none came. */
  private int unansweredCloseCode;

  private int holds;
  private long memoryHeldMillis;
  private boolean peerEnded;
  private boolean peerLeaves;
  private int drained;
  private long bytesReceived;
  private long bytesSent;

  private final OutputChunks output;

  private boolean dirty;
  private boolean blocked;
  private boolean writesResumed;
  private boolean congested;

  /** The peer takes nothing any more: what is written is dropped. */
  private boolean outputLost;

  private long progressMillis;
  private long congestedMillis;
  private @Nullable Timer slowTimer;

  /** Null: nobody waits. */
  private @Nullable FlushWaits flushWaits;

  /**
   * @param cork under the TLS layer of {@code connection}; null without TLS
   */
  ClientSocket(
      StreamConnection connection,
      @Nullable CorkedSink cork,
      XnioEventLoop loop,
      boolean webSocket,
      SocketOwner owner) {
    this.connection = connection;
    this.source = connection.getSourceChannel();
    this.sink = connection.getSinkChannel();
    this.cork = cork;
    this.loop = loop;
    this.owner = owner;
    this.webSocket =
        webSocket ? new WebSocketDecoder(loop.limits().webSocketFrameBytesMax()) : null;
    this.carry = new CarryBuffer(loop.buffers());
    this.output = new OutputChunks(loop.buffers(), webSocket);
    if (cork != null) {
      cork.hideLoss();
    }
  }

  long bytesReceived() {
    return bytesReceived;
  }

  long bytesSent() {
    return bytesSent;
  }

  void start() {
    loop.sockets().add(this);
    source.setReadListener(this);
    sink.setWriteListener(this);
    connection.setCloseListener(this);
    // Bytes may wait in the TLS layer or stand behind the upgrade request, where no selector sees
    // them.
    source.wakeupReads();
  }

  /**
   * The source can be read, the sink can be written, or the connection has ended: one listener for
   * all three is less for each connection to keep.
   */
  @Override
  public void handleEvent(Channel channel) {
    // Reads and writes may close: XNIO does when both sides have ended.
    if (channel == source) {
      PassSelectors.during(this::readable);
    } else if (channel == sink) {
      PassSelectors.during(this::writeReady);
    } else {
      closeNow(CloseCause.PEER_RESET);
    }
  }

  boolean isOpen() {
    return state == State.OPEN;
  }

  // ---------------------------------------------------------------- input

  private void readable() {
    loop.enter();
    if (holds != 0 && state == State.OPEN) {
      return; // A wake-up that was on its way when we stopped reading.
    }
    try {
      if (cork == null) {
        read();
      } else {
        // While it is resumed, the TLS layer calls once more after each read that gave something,
        // for a read that gives nothing; resumed afterwards, it calls if it still holds data.
        source.suspendReads();
        read();
        boolean readsOn = state == State.DRAINING || (state == State.OPEN && holds == 0);
        if (readsOn && !peerEnded) {
          source.resumeReads();
        }
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "read failed", e);
      closeNow(CloseCause.PEER_RESET);
    } catch (Throwable t) { // XNIO would swallow it.
      fault(t);
    }
  }

  private void read() throws IOException {
    ByteBuffer buffer = loop.readBuffer();
    int enough = cork == null ? buffer.capacity() : RECORD_BYTES;
    for (int turn = 0; turn < READS_PER_TURN && state != State.CLOSED; turn++) {
      buffer.clear();
      int count = source.read(buffer);
      if (count == 0) {
        // The TLS layer says 0 when it has to send a key update after the record it gave.
        count = buffer.position();
      }
      if (count == 0) {
        return;
      }
      if (count < 0) {
        inputEnded();
        return;
      }
      if (state != State.OPEN) {
        discard(count);
      } else {
        bytesRead(loop.readArray(), count);
      }
      // The selector, or the TLS layer, calls again if there is more: asking costs less than a read
      // that returns nothing.
      if (count < enough || holds != 0) {
        return;
      }
    }
  }

  private void bytesRead(byte[] array, int count) {
    if (webSocket == null) {
      payload(array, 0, count);
    } else {
      try {
        webSocket.decode(array, 0, count, this);
      } catch (WebSocketException e) {
        LOG.log(Level.DEBUG, "WebSocket rules broken: {0}", e.getMessage());
        loop.metrics().webSocketBadFrames.inc(e.problem(), loop.index());
        endWithFrame(e.closeCode(), CloseCause.PEER_CLOSED);
      }
    }
    if (loop.congested() && state == State.OPEN) {
      loop.holdUntilRelieved(this);
    }
  }

  /** The next bytes of the packet stream. */
  @Override
  public void payload(byte[] array, int from, int to) {
    if (state != State.OPEN) {
      return;
    }
    bytesReceived += to - from;
    loop.metrics().bytesReceived.add(loop.index(), to - from);
    if (holds != 0 || backlog) {
      backlog = true;
      carry(array, from, to, 0);
      return;
    }
    int at = carry.isEmpty() ? from : completeCarried(array, from, to);
    while (at < to && state == State.OPEN && holds == 0) {
      int end = owner.received(array, at, to);
      if (!owner.stopped()) {
        if (end < to && state == State.OPEN) {
          carriedPacketBytes = owner.bytesNeeded();
          carry(array, end, to, carriedPacketBytes);
        }
        return;
      }
      at = end;
    }
    if (at < to && state == State.OPEN) {
      backlog = true;
      carry(array, at, to, 0);
    }
  }

  /**
   * Moves as many bytes as the packet in the carry buffer lacks, and decodes it when it is
   * complete: a byte is moved at most once.
   *
   * @return index of the first byte not taken
   */
  private int completeCarried(byte[] array, int from, int to) {
    int at = from;
    while (at < to && !carry.isEmpty() && state == State.OPEN && holds == 0) {
      if (carriedPacketBytes
          == 0) { // Not even the Remaining Length is there: one byte at a time, at most four.
        carry(array, at, at + 1, 0);
        boolean lengthComplete = array[at] >= 0 || carry.size() == 5;
        at++;
        if (!lengthComplete) {
          continue;
        }
      } else {
        int count = Math.min(carriedPacketBytes - carry.size(), to - at);
        carry(array, at, at + count, carriedPacketBytes);
        at += count;
        if (carry.size() < carriedPacketBytes) {
          return at;
        }
      }
      if (state == State.OPEN) {
        decodeCarried();
      }
    }
    return at;
  }

  /** Decodes what the carry buffer holds, as far as it goes. */
  private void decodeCarried() {
    byte[] array = carry.array();
    int to = carry.end();
    int at = carry.start();
    backlog = false;
    while (at < to) {
      int end = owner.received(array, at, to);
      boolean stopped = owner.stopped();
      carry.consumedTo(end);
      if (state != State.OPEN) {
        return;
      }
      if (!stopped) {
        carriedPacketBytes = end < to ? owner.bytesNeeded() : 0;
        return;
      }
      if (holds != 0) {
        backlog = end < to;
        carriedPacketBytes = 0;
        return;
      }
      at = end;
    }
    carriedPacketBytes = 0;
  }

  private void carry(byte[] array, int from, int to, int bytesMax) {
    if (loop.buffers().tight() && carry.size() + to - from > loop.limits().carryBytesWhenTight()) {
      if (!owner.isKnown()) {
        loop.metrics().connectionsTurnedAway.inc(Metrics.Turnaway.MEMORY_LIMIT, loop.index());
        end(CloseCause.BUFFERS_FULL);
        return;
      }
      if ((holds & HOLD_MEMORY) == 0) {
        memoryHeldMillis = loop.nowMillis();
        loop.holdUntilMemory(this);
      }
    }
    carry.append(array, from, to - from, bytesMax);
    owner.partReceived(to - from);
  }

  private void discard(int count) {
    drained += count;
    if (drained > DRAIN_BYTES_MAX) {
      closeNow(CloseCause.CLOSED_BY_US);
    }
  }

  /** The peer said that it sends nothing more: no reset can come of what it sends after us. */
  void peerLeaves() {
    peerLeaves = true;
  }

  private void inputEnded() {
    peerEnded = true;
    if (state == State.OPEN && (!output.isEmpty() || output.hasPongs())) {
      endQuietly(
          CloseCause
              .PEER_CLOSED); // A client that ends its side right after its last packet still gets
      // the answer.
    } else if (state != State.FLUSHING) {
      closeNow(outputLost ? CloseCause.PEER_RESET : CloseCause.PEER_CLOSED);
    }
    if (state != State.CLOSED) {
      source.suspendReads();
    }
  }

  /** Stops reading for one more reason. */
  void hold(int reason) {
    if (holds == 0 && state == State.OPEN) {
      source.suspendReads();
      if (owner.isKnown()) { // while a CONNECT is looked at nobody has to catch up
        loop.metrics().readsSuspended.inc(loop.index());
      }
    }
    holds |= reason;
  }

  /** Reads again if this was the last reason not to. */
  void release(int reason) {
    if ((holds & reason) == 0) {
      return;
    }
    holds &= ~reason;
    if (holds == 0 && state == State.OPEN) {
      if (backlog) {
        loop.execute(this::decodeBacklog);
      } else {
        source.resumeReads();
      }
    }
  }

  boolean held() {
    return holds != 0;
  }

  /**
   * Reads again if there is memory again, or gives up the connection if there was none for too
   * long.
   *
   * @return whether it still waits
   */
  boolean waitsForMemory() {
    if (state != State.OPEN) {
      return false;
    }
    if (!loop.buffers().tight()) {
      release(HOLD_MEMORY);
      return false;
    }
    if (loop.nowMillis() - memoryHeldMillis < loop.limits().slowReaderTimeout().toMillis()) {
      return true;
    }
    LOG.log(
        Level.INFO,
        "{0} is in the middle of a packet, and the buffers of all clients have been full for {1}"
            + " ms, so it is cut off",
        owner,
        loop.limits().slowReaderTimeout().toMillis());
    owner.inputRefused();
    return false;
  }

  private void decodeBacklog() {
    if (state != State.OPEN || holds != 0) {
      return;
    }
    try {
      if (backlog) {
        decodeCarried();
      }
      if (unansweredCloseCode != 0 && !backlog) {
        answerClose();
      } else if (holds == 0 && state == State.OPEN) {
        source.resumeReads();
      }
    } catch (Throwable t) {
      fault(t);
    }
  }

  @Override
  public void ping(byte[] array, int from, int length) {
    if (state != State.OPEN) {
      return;
    }
    output.ping(array, from, length, blocked);
    markDirty();
  }

  /**
   * Packets that came before it count although they wait, such as a DISCONNECT, without which the
   * Will would be published. They are bounded in time because the peer may have left, which nobody
   * sees while reading is held.
   */
  @Override
  public void closeReceived(int code) {
    unansweredCloseCode = code;
    if (!backlog || state != State.OPEN) {
      answerClose();
    } else if (lingerTimer == null) {
      lingerTimer = loop.schedule(loop.limits().slowReaderTimeout().toMillis(), this::answerClose);
    }
  }

  private void answerClose() {
    endWithFrame(unansweredCloseCode, CloseCause.PEER_CLOSED);
  }

  // ---------------------------------------------------------------- output

  /** See {@link OutputChunks#room}. Only while {@link #isOpen}. */
  Chunk room(int length) {
    return output.room(length);
  }

  /** See {@link OutputChunks#roomBeforeLarge}. Only while {@link #isOpen}. */
  Chunk roomBeforeLarge(int length) {
    return output.roomBeforeLarge(length);
  }

  void written(Chunk chunk, int end) {
    output.written(chunk, end);
    outputGrew();
  }

  void written(Chunk chunk, int end, LargePayload behind) {
    output.written(chunk, end, behind);
    outputGrew();
  }

  private void outputGrew() {
    markDirty();
    if (output.bytes() >= EARLY_FLUSH_BYTES && !blocked) {
      write();
    }
    if (output.bytes() > loop.limits().outputBytesHigh() && !congested) {
      congested = true;
      loop.metrics().outputCongested.inc(loop.index());
      congestedMillis = loop.nowMillis();
      hold(HOLD_OUTPUT);
      watchProgress();
    }
  }

  private void markDirty() {
    if (!dirty) {
      dirty = true;
      loop.markDirty(this);
    }
  }

  /**
   * Over the high mark and not yet back under the low one; while the buffers of all are full, any
   * unsent output counts.
   */
  boolean congested() {
    return congested || (blocked && loop.buffers().tight());
  }

  SocketOwner owner() {
    return owner;
  }

  int outputBytes() {
    return output.bytes();
  }

  /** Called once at the end of a pass in which there was output. */
  void flush() {
    dirty = false;
    if (!blocked && state != State.CLOSED && state != State.DRAINING) {
      write();
    }
  }

  private void writeReady() {
    loop.enter();
    if (state == State.DRAINING) {
      finishShutdown();
    } else if (state != State.CLOSED) {
      blocked = false;
      write();
    }
  }

  /** Gives the socket all it takes. Calls no handler: it runs in the middle of others' work. */
  private void write() {
    if (outputLost) {
      dropOutput();
      return;
    }
    try {
      FlushWaits waits = flushWaits;
      if (waits != null && waits.isAnyTaken() && sink.flush()) {
        tellTaken(waits);
      }
      output.answerPings();
      boolean all = (output.isEmpty() || writeChunks()) && sink.flush();
      if (cork != null && cork.isLost()) {
        outputIsLost();
      } else if (all) {
        outputGone();
      } else {
        blockOutput();
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "write failed", e);
      outputIsLost();
    } catch (Throwable t) {
      fault(t);
    }
  }

  private boolean writeChunks() throws IOException {
    CorkedSink corked =
        output.bytes() > RECORD_BYTES ? cork : null; // One record needs no gathering.
    loop.metrics().socketWrites.inc(loop.index());
    if (corked == null) {
      return writeRuns();
    }
    corked.cork();
    try {
      return writeRuns();
    } finally {
      corked.uncork();
    }
  }

  private boolean writeRuns() throws IOException {
    OutputChunks.Offer offer = loop.offer();
    // The system call is given a copy of all of it, however little the socket takes.
    long most = cork == null ? WRITE_BYTES_MAX : Long.MAX_VALUE;
    while (!output.isEmpty()) {
      output.offer(offer, most);
      long taken =
          offer.count == 1 ? sink.write(offer.views[0]) : sink.write(offer.views, 0, offer.count);
      bytesSent += taken;
      loop.metrics().bytesSent.add(loop.index(), taken);
      consumed(taken);
      // A socket that took a part is full. The TLS layer takes a record at a time.
      if (taken == 0 || (taken < offer.bytes && cork == null)) {
        return false;
      }
    }
    return true;
  }

  private void consumed(long taken) {
    if (taken == 0) {
      return;
    }
    progressMillis = loop.nowMillis();
    FlushWaits waits = flushWaits;
    output.taken(taken, waits);
    if (waits != null && cork == null) {
      tellTaken(waits);
    }
    if (congested && output.bytes() <= loop.limits().outputBytesLow()) {
      congested = false;
      release(HOLD_OUTPUT);
      loop.execute(this::tellWritable);
    }
  }

  /**
   * Runs a task, later, once the output that is queued now has been handed to the socket or the
   * socket is closed; closes it when that takes longer than the grace.
   */
  void whenFlushed(long graceMillis, Runnable task) {
    if (state != State.CLOSED && state != State.DRAINING && !blocked) {
      write();
    }
    boolean flushed = output.isEmpty() && !blocked;
    if (state == State.CLOSED || state == State.DRAINING || flushed) {
      loop.execute(task);
      return;
    }
    FlushWaits waits = flushWaits == null ? new FlushWaits(loop, this::cutOff) : flushWaits;
    flushWaits = waits;
    waits.add(output.sealLast(), graceMillis, task);
  }

  private void tellFlushed() {
    FlushWaits waits = flushWaits;
    if (waits != null) {
      waits.allIsGone();
      flushWaits = null;
    }
  }

  /** Tells those for whom all was taken, and is with the socket by now. */
  private void tellTaken(FlushWaits waits) {
    waits.takenIsGone();
    if (waits.isEmpty()) {
      flushWaits = null;
    }
  }

  private void cutOff() {
    LOG.log(
        Level.INFO,
        "{0} lost rights and does not take the {1} bytes on their way to it, it is cut off",
        owner,
        output.bytes());
    loop.metrics().slowReaders.inc(loop.index());
    closeNow(CloseCause.SLOW_READER);
  }

  private void tellWritable() {
    if (state == State.OPEN && !outputLost) {
      owner.writable();
    }
  }

  private void outputGone() {
    blocked = false;
    if (writesResumed) {
      writesResumed = false;
      sink.suspendWrites();
      loop.execute(this::tellWritable); // congested() may have said no for want of memory alone
    }
    tellFlushed();
    if (state == State.FLUSHING) {
      shutDownOutput();
    }
  }

  /**
   * What the peer sent before counts although it has reset the connection, as a client does that
   * sends DISCONNECT and closes without reading all: without it the Will would be published. The
   * input ends soon, unless reading is held.
   */
  private void outputIsLost() {
    outputLost = true;
    dropOutput();
    if (state != State.OPEN) {
      return;
    }
    blocked = false;
    if (writesResumed) {
      writesResumed = false;
      sink.suspendWrites(); // a socket that has an error can always be written
    }
    if (lingerTimer == null) {
      lingerTimer =
          loop.schedule(
              loop.limits().slowReaderTimeout().toMillis(), () -> closeNow(CloseCause.PEER_RESET));
    }
    if (slowTimer != null) {
      slowTimer.cancel();
      slowTimer = null;
    }
    congested = true; // from now on, so that the owner queues what it can
    release(HOLD_OUTPUT);
  }

  private void dropOutput() {
    output.drop();
    tellFlushed();
    if (state == State.FLUSHING) {
      closeNow(CloseCause.PEER_RESET);
    }
  }

  private void blockOutput() {
    blocked = true;
    if (!writesResumed) {
      writesResumed = true;
      sink.resumeWrites();
    }
    watchProgress();
  }

  private void watchProgress() {
    if (slowTimer == null) {
      progressMillis = loop.nowMillis();
      slowTimer = loop.schedule(loop.limits().slowReaderTimeout().toMillis(), this::checkProgress);
    }
  }

  private void checkProgress() {
    slowTimer = null;
    if (state == State.CLOSED || !(blocked || congested)) {
      return;
    }
    long timeout = loop.limits().slowReaderTimeout().toMillis();
    long now = loop.nowMillis();
    if (cork != null) { // the TLS layer takes nothing while the socket takes its records in parts
      progressMillis = Math.max(progressMillis, cork.progressMillis());
    }
    boolean stuck = blocked && now - progressMillis >= timeout;
    boolean trickles = congested && loop.buffers().tight() && now - congestedMillis >= timeout;
    if (stuck || trickles) {
      loop.metrics().slowReaders.inc(loop.index());
      closeNow(CloseCause.SLOW_READER);
      return;
    }
    long wait = blocked ? progressMillis + timeout - now : timeout;
    slowTimer = loop.schedule(wait, this::checkProgress);
  }

  // ---------------------------------------------------------------- end

  /** Sends what is queued, over a WebSocket a Close frame after it, and closes. */
  void end(CloseCause cause) {
    endWithFrame(WebSocketFrames.CLOSE_NORMAL, cause);
  }

  private void endWithFrame(int closeCode, CloseCause cause) {
    if (state == State.OPEN && webSocket != null) {
      output.close(closeCode);
    }
    endQuietly(cause);
  }

  private void endQuietly(CloseCause cause) {
    if (state != State.OPEN) {
      return;
    }
    state = State.FLUSHING;
    source.suspendReads();
    carry.clear();
    backlog = false;
    if (lingerTimer != null) {
      lingerTimer.cancel();
    }
    lingerTimer = loop.schedule(loop.limits().lingerTimeout().toMillis(), () -> closeNow(cause));
    tellClosed(cause);
    if (!blocked) {
      markDirty();
    }
  }

  private void shutDownOutput() {
    state = State.DRAINING;
    boolean bare = cork == null && webSocket == null; // no close_notify, no Close frame to wait for
    if (peerEnded || (peerLeaves && bare)) {
      closeNow(CloseCause.PEER_CLOSED);
      return;
    }
    try {
      sink.shutdownWrites();
      finishShutdown();
      source.resumeReads();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "shutting the output down failed", e);
      closeNow(CloseCause.PEER_RESET);
    }
  }

  /** A TLS close_notify may take a second attempt. */
  private void finishShutdown() {
    try {
      if (sink.flush()) {
        sink.suspendWrites();
      } else {
        sink.resumeWrites();
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "shutting the output down failed", e);
      closeNow(CloseCause.PEER_RESET);
    }
  }

  private void fault(Throwable t) {
    LOG.log(Level.ERROR, "a connection is closed because of a fault of ours", t);
    loop.metrics().loopTaskFailures.inc(loop.index());
    closeNow(CloseCause.INTERNAL_ERROR);
  }

  /** Closes without waiting for anything. Idempotent. */
  void closeNow(CloseCause cause) {
    if (state == State.CLOSED) {
      return;
    }
    state = State.CLOSED;
    loop.sockets().remove(this);
    carry.clear();
    output.drop();
    if (cork != null) {
      cork.drop();
    }
    if (lingerTimer != null) {
      lingerTimer.cancel();
    }
    if (slowTimer != null) {
      slowTimer.cancel();
    }
    PassSelectors.close(connection);
    tellFlushed();
    tellClosed(cause);
  }

  private void tellClosed(CloseCause cause) {
    if (!closedTold) {
      closedTold = true;
      loop.execute(() -> owner.closed(cause));
    }
  }
}
