package io.signalbox.server.transport;

import io.signalbox.server.eventloop.ConfinedTo;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;
import org.xnio.conduits.AbstractStreamSinkConduit;
import org.xnio.conduits.StreamSinkConduit;

/**
 * Stands between the TLS layer and the socket: while corked, records gather in a buffer of the loop
 * and leave in one write.
 *
 * <p>The TLS layer writes one record of at most 16 KB at a time and each write to a socket costs
 * more than encrypting the record.
 */
@ConfinedTo("I/O thread")
final class CorkedSink extends AbstractStreamSinkConduit<StreamSinkConduit> {
  private static final Logger LOG = System.getLogger(CorkedSink.class.getName());

  private final XnioEventLoop loop;

  /** The loop's buffer while corked, filled up to its position. */
  private @Nullable ByteBuffer gathering;

  /** What the socket did not take, ready to be written; null if nothing. */
  private @Nullable ByteBuffer rest;

  private boolean terminate;

  private boolean hidesLoss;
  private boolean lost;

  private long progressMillis;

  CorkedSink(StreamSinkConduit next, XnioEventLoop loop) {
    super(next);
    this.loop = loop;
    this.progressMillis = loop.nowMillis();
  }

  /** When the socket last took some of what had had to wait, or of a single record. */
  long progressMillis() {
    return progressMillis;
  }

  /**
   * From now on a socket that takes nothing more seems to take all: an exception would have the TLS
   * layer close both directions, with what the peer sent before.
   */
  void hideLoss() {
    hidesLoss = true;
  }

  /** Whether the socket takes nothing more, which was hidden. */
  boolean isLost() {
    return lost;
  }

  private int give(ByteBuffer records) throws IOException {
    if (!lost) {
      try {
        return next.write(records);
      } catch (IOException e) {
        if (!hidesLoss) {
          throw e;
        }
        LOG.log(Level.DEBUG, "write failed", e);
        lost = true;
      }
    }
    int count = records.remaining();
    records.position(records.limit());
    return count;
  }

  void cork() {
    gathering = loop.recordBuffer().clear();
  }

  void uncork() throws IOException {
    ByteBuffer records = gathering;
    gathering = null;
    if (records == null || records.position() == 0) {
      return;
    }
    records.flip();
    if (rest == null) {
      give(records);
    }
    if (records.hasRemaining()) {
      keep(records);
    }
  }

  private void keep(ByteBuffer records) {
    ByteBuffer old = rest;
    int kept = old == null ? 0 : old.remaining();
    ByteBuffer joined = ByteBuffer.allocate(kept + records.remaining());
    if (old != null) {
      joined.put(old);
    }
    joined.put(records).flip();
    loop.buffers().charge(joined.capacity() - (old == null ? 0 : old.capacity()));
    rest = joined;
  }

  private boolean writeRest() throws IOException {
    ByteBuffer left = rest;
    if (left == null) {
      return true;
    }
    if (give(left) > 0) {
      progressMillis = loop.nowMillis();
    }
    if (left.hasRemaining()) {
      return false;
    }
    drop();
    return true;
  }

  /** The connection is closed: what was kept is given up. */
  void drop() {
    if (rest != null) {
      loop.buffers().charge(-rest.capacity());
      rest = null;
    }
  }

  @Override
  public int write(ByteBuffer src) throws IOException {
    if (!writeRest()) {
      return 0;
    }
    ByteBuffer records = gathering;
    if (records == null) {
      int taken = give(src);
      if (taken > 0) {
        progressMillis = loop.nowMillis();
      }
      return taken;
    }
    if (records.remaining() < src.remaining()) {
      give(records.flip());
      records.compact();
    }
    if (records.remaining() < src.remaining()) {
      return 0; // The socket is full and so is the buffer.
    }
    int count = src.remaining();
    records.put(src);
    return count;
  }

  @Override
  public long write(ByteBuffer[] srcs, int offs, int len) throws IOException {
    long count = 0;
    for (int i = offs; i < offs + len; i++) {
      if (srcs[i].hasRemaining()) {
        int taken = write(srcs[i]);
        count += taken;
        if (srcs[i].hasRemaining()) {
          break;
        }
      }
    }
    return count;
  }

  @Override
  public int writeFinal(ByteBuffer src) throws IOException {
    int count = write(src);
    if (!src.hasRemaining()) {
      terminateWrites();
    }
    return count;
  }

  @Override
  public long writeFinal(ByteBuffer[] srcs, int offset, int length) throws IOException {
    long count = write(srcs, offset, length);
    if (!srcs[offset + length - 1].hasRemaining()) {
      terminateWrites();
    }
    return count;
  }

  @Override
  public boolean flush() throws IOException {
    if (!writeRest()) {
      return false;
    }
    if (terminate) {
      terminate = false;
      next.terminateWrites();
    }
    return next.flush();
  }

  @Override
  public void terminateWrites() throws IOException {
    if (rest == null) {
      next.terminateWrites();
    } else {
      terminate = true; // The last record first.
    }
  }

  @Override
  public void truncateWrites() throws IOException {
    drop();
    try {
      next.truncateWrites();
    } catch (ClosedChannelException _) {
      // Closed already: that is what was wanted.
    }
  }
}
