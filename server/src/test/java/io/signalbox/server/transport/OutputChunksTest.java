package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.routing.LargePayload;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class OutputChunksTest {
  private static final int BYTES_MAX = 1 << 30;

  private final BufferPool buffers = new BufferPool(new MemoryBudget(BYTES_MAX, 1));
  private final OutputChunks.Offer offer = new OutputChunks.Offer(64);
  private final ByteArrayOutputStream socket = new ByteArrayOutputStream();

  private OutputChunks chunks(boolean framed) {
    return new OutputChunks(buffers, framed);
  }

  private static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private static void write(OutputChunks chunks, byte[] bytes) {
    Chunk chunk = chunks.room(bytes.length);
    System.arraycopy(bytes, 0, chunk.array, chunk.end, bytes.length);
    chunks.written(chunk, chunk.end + bytes.length);
  }

  private static void write(OutputChunks chunks, byte[] head, LargePayload payload) {
    Chunk chunk = chunks.roomBeforeLarge(head.length);
    System.arraycopy(head, 0, chunk.array, chunk.end, head.length);
    chunks.written(chunk, chunk.end + head.length, payload);
  }

  /** What a socket does that takes so many bytes of what it is offered. */
  private void take(OutputChunks chunks, long bytesMax, int takes) {
    chunks.offer(offer, bytesMax);
    int left = takes;
    for (int i = 0; i < offer.count; i++) {
      ByteBuffer view = offer.views[i];
      byte[] some = new byte[Math.min(left, view.remaining())];
      view.get(some);
      socket.writeBytes(some);
      left -= some.length;
    }
    chunks.taken(takes - left, null);
  }

  private byte[] takeAll(OutputChunks chunks) {
    chunks.answerPings();
    while (!chunks.isEmpty()) {
      take(chunks, Long.MAX_VALUE, Integer.MAX_VALUE);
    }
    return socket.toByteArray();
  }

  private static byte[] joined(byte[]... parts) {
    var all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static byte[] frame(int opcode, byte[] payload) {
    byte[] header = new byte[WebSocketFrames.HEADER_BYTES_MAX];
    int end = WebSocketFrames.writeHeader(opcode, payload.length, header, 0);
    return joined(Arrays.copyOf(header, end), payload);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 1_000, 20_000, 300_000})
  void whateverTheSocketTakesEachByteGoesOutOnceAndInOrder(int takes) {
    OutputChunks chunks = chunks(false);
    var large = new LargePayload(bytes(100_000));
    byte[] small = bytes(700);
    write(chunks, small);
    write(chunks, bytes(9), large);
    write(chunks, bytes(50_000));
    write(chunks, small, large);
    byte[] all = joined(small, bytes(9), large.bytes(), bytes(50_000), small, large.bytes());
    assertEquals(all.length, chunks.bytes());
    while (!chunks.isEmpty()) {
      take(chunks, 5_000, takes);
    }
    assertArrayEquals(all, socket.toByteArray());
    assertEquals(0, chunks.bytes());
    assertEquals(0, buffers.held());
  }

  /** What a system call is offered without TLS is copied for it as a whole. */
  @Test
  void noMoreIsOfferedThanIsAskedFor() {
    OutputChunks chunks = chunks(false);
    write(chunks, bytes(9), new LargePayload(bytes(1_000_000)));
    write(chunks, bytes(40_000));
    chunks.offer(offer, 65_536);
    assertEquals(65_536, offer.bytes);
    assertEquals(2, offer.count);
    chunks.offer(offer, Long.MAX_VALUE);
    assertEquals(1_040_009, offer.bytes);
    assertEquals(3, offer.count);
  }

  @Test
  void aLargePayloadIsNotCopiedAndCountsOnceForAll() {
    var large = new LargePayload(bytes(100_000));
    OutputChunks one = chunks(false);
    OutputChunks other = chunks(true);
    write(one, bytes(9), large);
    write(other, bytes(9), large);
    assertTrue(buffers.held() < 100_100, buffers.held() + " held");
    one.offer(offer, Long.MAX_VALUE);
    assertSame(large.bytes(), offer.views[1].array());
    one.drop();
    assertTrue(buffers.held() > 100_000, "the other has it still");
    takeAll(other);
    assertEquals(0, buffers.held());
  }

  @Test
  void overAWebSocketAChunkIsAFrameAndSoIsALargePacket() {
    OutputChunks chunks = chunks(true);
    var large = new LargePayload(bytes(100_000));
    write(chunks, bytes(5));
    write(chunks, bytes(6), large);
    write(chunks, bytes(7));
    write(chunks, bytes(8));
    byte[] all =
        joined(
            frame(WebSocketFrames.BINARY, joined(bytes(5), bytes(6), large.bytes())),
            frame(WebSocketFrames.BINARY, joined(bytes(7), bytes(8))));
    assertArrayEquals(all, takeAll(chunks));
    assertEquals(0, buffers.held());
  }

  /** Within a frame nothing else may stand (RFC 6455 section 5.4). */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 12, 17, 18, 60_000, 100_015, 100_016, 100_020})
  void aPongGoesOutBehindTheFrameThatHasBegun(int taken) {
    OutputChunks chunks = chunks(true);
    var large = new LargePayload(bytes(100_000));
    write(chunks, bytes(6), large);
    write(chunks, bytes(7));
    byte[] first = frame(WebSocketFrames.BINARY, joined(bytes(6), large.bytes()));
    byte[] second = frame(WebSocketFrames.BINARY, bytes(7));
    byte[] pong = frame(WebSocketFrames.PONG, new byte[] {1});
    take(chunks, Long.MAX_VALUE, taken);
    chunks.ping(new byte[] {1}, 0, 1, false);
    assertTrue(chunks.hasPongs());
    byte[] all = taken < first.length ? joined(first, pong, second) : joined(first, second, pong);
    assertArrayEquals(all, takeAll(chunks));
    assertFalse(chunks.hasPongs());
    assertEquals(0, buffers.held());
  }

  @Test
  void theNewestPingAloneIsAnsweredToWhoDoesNotRead() {
    OutputChunks chunks = chunks(true);
    for (byte ping = 1; ping <= 3; ping++) {
      chunks.ping(new byte[] {ping}, 0, 1, true);
    }
    assertArrayEquals(frame(WebSocketFrames.PONG, new byte[] {3}), takeAll(chunks));
  }

  @Test
  void nothingIsAppendedToWhatIsWaitedFor() {
    OutputChunks chunks = chunks(false);
    write(chunks, bytes(5));
    Chunk last = chunks.sealLast();
    assertNotSame(last, chunks.room(5));
    chunks.drop();
    assertTrue(chunks.isEmpty());
    assertEquals(0, buffers.held());
  }

  @Test
  void aCloseFrameComesLastAndBehindThePongs() {
    OutputChunks chunks = chunks(true);
    write(chunks, bytes(5));
    chunks.ping(new byte[] {1}, 0, 1, false);
    chunks.close(WebSocketFrames.CLOSE_NORMAL);
    byte[] all =
        joined(
            frame(WebSocketFrames.PONG, new byte[] {1}),
            frame(WebSocketFrames.BINARY, bytes(5)),
            frame(WebSocketFrames.CLOSE, new byte[] {3, (byte) 232}));
    assertArrayEquals(all, takeAll(chunks));
  }
}
