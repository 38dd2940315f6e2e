package io.signalbox.server.transport;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.routing.LargePayload;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What one connection's socket has yet to take, in chunks. Over a WebSocket a chunk is a frame of
 * its own, with the large payload behind it if there is one.
 *
 * <p>INVARIANT: head is null exactly when tail is; bytes counts what stands in the chunks, frame
 * headers included.
 */
@ConfinedTo("I/O thread")
final class OutputChunks {
  /** What is offered to a socket in one system call; one for each loop. */
  static final class Offer {
    final ByteBuffer[] views;
    int count;
    long bytes;

    Offer(int viewsMax) {
      views = new ByteBuffer[viewsMax];
    }
  }

  private final BufferPool buffers;
  private final boolean framed;

  private @Nullable Chunk head;
  private @Nullable Chunk tail;
  private int bytes;

  /**
   * Answers to pings, which go out before what else was queued in the pass. One chunk at the most:
   * when it is full, or the peer does not read, the newest ping alone is answered (RFC 6455 section
   * 5.5.3).
   */
  private @Nullable Chunk pongs;

  /**
   * @param framed whether it goes over a WebSocket
   */
  OutputChunks(BufferPool buffers, boolean framed) {
    this.buffers = buffers;
    this.framed = framed;
  }

  /** But for {@linkplain #ping pongs}. */
  boolean isEmpty() {
    return head == null;
  }

  /** Without pongs. */
  int bytes() {
    return bytes;
  }

  boolean hasPongs() {
    return pongs != null;
  }

  // ---------------------------------------------------------------- what is to be sent

  /**
   * A chunk with room for so many bytes at its end; the caller fills them and then calls {@link
   * #written}.
   */
  Chunk room(int length) {
    Chunk last = tail;
    return last == null || last.room() < length ? append(buffers.take(headroom(), length)) : last;
  }

  /**
   * The same, for bytes behind which {@link #written(Chunk, int, LargePayload)} puts a payload that
   * is not copied.
   */
  Chunk roomBeforeLarge(int length) {
    Chunk last = tail;
    return last == null || last.room() < length
        ? append(buffers.takeExactly(headroom(), length))
        : last;
  }

  private int headroom() {
    return framed ? WebSocketFrames.HEADER_BYTES_MAX : 0;
  }

  private Chunk append(Chunk chunk) {
    if (tail == null) {
      head = chunk;
    } else {
      tail.next = chunk;
    }
    tail = chunk;
    return chunk;
  }

  void written(Chunk chunk, int end) {
    bytes += end - chunk.end;
    chunk.end = end;
  }

  void written(Chunk chunk, int end, LargePayload behind) {
    bytes += end - chunk.end + behind.length();
    chunk.end = end;
    seal(chunk, behind.length());
    append(buffers.takeLent(behind));
  }

  /**
   * A ping came that is to be answered.
   *
   * @param newestAlone whether the peer does not read: earlier ones need no answer
   */
  void ping(byte[] array, int from, int length, boolean newestAlone) {
    int frameBytes = WebSocketFrames.HEADER_BYTES_MAX + length;
    Chunk all = pongs;
    if (all == null) {
      all = buffers.take(0, frameBytes);
      pongs = all;
    } else if (newestAlone || all.room() < frameBytes) {
      all.reset(0);
    }
    addFrame(all, WebSocketFrames.PONG, array, from, length);
  }

  private static void addFrame(Chunk chunk, int opcode, byte[] payload, int from, int length) {
    int at = WebSocketFrames.writeHeader(opcode, length, chunk.array, chunk.end);
    System.arraycopy(payload, from, chunk.array, at, length);
    chunk.end = at + length;
  }

  /** A Close frame behind everything else. */
  void close(int code) {
    answerPings();
    byte[] payload = {(byte) (code >> 8), (byte) code};
    int length = code == WebSocketFrames.CLOSE_NO_CODE ? 0 : payload.length;
    Chunk close = buffers.take(0, WebSocketFrames.HEADER_BYTES_MAX + length);
    addFrame(close, WebSocketFrames.CLOSE, payload, 0, length);
    close.sealed = true;
    sealLast();
    append(close);
    bytes += close.end - close.start;
  }

  /** Nothing is appended to the last chunk any more; null: there is none. */
  @Nullable Chunk sealLast() {
    Chunk last = tail;
    if (last != null) {
      seal(last, 0);
      last.sealed = true;
    }
    return last;
  }

  /**
   * Puts the frame header in front of what a chunk holds.
   *
   * @param lentBytes of the same frame, in the next chunk
   */
  private void seal(Chunk chunk, int lentBytes) {
    if (framed && !chunk.sealed && chunk.end > chunk.start) {
      int length = chunk.end - chunk.start + lentBytes;
      int header = WebSocketFrames.headerLength(length);
      chunk.start -= header;
      WebSocketFrames.writeHeader(WebSocketFrames.BINARY, length, chunk.array, chunk.start);
      chunk.sealed = true;
      bytes += header;
    }
  }

  // ---------------------------------------------------------------- what is sent

  /** Puts the pongs where they go out as soon as the frame that has begun has ended. */
  void answerPings() {
    Chunk all = pongs;
    if (all == null) {
      return;
    }
    pongs = null;
    all.sealed = true;
    bytes += all.end - all.start;
    Chunk first = head;
    if (first == null) {
      append(all);
    } else if (first.sealed) { // a part of it may have been sent
      Chunk second = first.next;
      Chunk ofFrame = second != null && second.lent != null ? second : first;
      all.next = ofFrame.next;
      ofFrame.next = all;
      if (ofFrame.equals(tail)) {
        tail = all;
      }
    } else {
      all.next = first;
      head = all;
    }
  }

  /**
   * Fills an offer with what goes out next.
   *
   * @param bytesMax that it is to have
   */
  void offer(Offer to, long bytesMax) {
    ByteBuffer[] views = to.views;
    int count = 0;
    long all = 0;
    for (Chunk chunk = head;
        chunk != null && count < views.length && all < bytesMax;
        chunk = chunk.next) {
      seal(chunk, 0);
      int length = (int) Math.min(chunk.end - chunk.start, bytesMax - all);
      views[count++] = chunk.view.limit(chunk.start + length).position(chunk.start);
      all += length;
    }
    to.count = count;
    to.bytes = all;
  }

  /**
   * So much of it has gone.
   *
   * @param waits who is told of each chunk that went as a whole; null: nobody
   */
  void taken(long count, @Nullable FlushWaits waits) {
    bytes -= (int) count;
    long left = count;
    Chunk chunk = head;
    while (chunk != null && left >= chunk.end - chunk.start) {
      left -= chunk.end - chunk.start;
      Chunk next = chunk.next;
      if (waits != null) {
        waits.taken(chunk);
      }
      buffers.give(chunk);
      chunk = next;
    }
    head = chunk;
    if (chunk == null) {
      tail = null;
    } else {
      chunk.start += (int) left;
    }
  }

  void drop() {
    for (Chunk chunk = head; chunk != null; ) {
      Chunk next = chunk.next;
      buffers.give(chunk);
      chunk = next;
    }
    head = null;
    tail = null;
    bytes = 0;
    if (pongs != null) {
      buffers.give(pongs);
      pongs = null;
    }
  }
}
