package io.signalbox.it.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends exactly the given bytes and reads exactly one MQTT packet at a time, over any transport.
 * Every wait is bounded by {@link #PATIENCE} and fails the test when nothing comes.
 */
public final class RawClient implements AutoCloseable {
  /** Far above what a healthy broker needs on a loaded machine; reached only when a test fails. */
  public static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Wire wire;
  private final Version version;
  private final ReceiveBuffer received = new ReceiveBuffer();
  private boolean ended;

  private RawClient(Wire wire, Version version) {
    this.wire = wire;
    this.version = version;
  }

  /**
   * Opens the connection, with TLS handshake and WebSocket upgrade where the endpoint has them.
   *
   * @param version decides how answers are read
   */
  public static RawClient open(Endpoint endpoint, Version version) throws IOException {
    return open(endpoint, version, 0);
  }

  /** A client whose kernel buffers little, so that the broker feels soon that it does not read. */
  public static RawClient openSlow(Endpoint endpoint, Version version) throws IOException {
    return open(endpoint, version, 4096);
  }

  private static RawClient open(Endpoint endpoint, Version version, int receiveBufferBytes)
      throws IOException {
    Wire wire =
        endpoint.transport().isWebSocket()
            ? new WebSocketWire(WebSocketClient.open(endpoint, receiveBufferBytes))
            : SocketWire.open(endpoint, receiveBufferBytes);
    return new RawClient(wire, version);
  }

  public Version version() {
    return version;
  }

  /** All parts in one write: one segment, one record, one frame. See {@link PacketBytes#bytes}. */
  public RawClient send(Object... parts) {
    try {
      wire.write(PacketBytes.bytes(parts));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  /** Like {@link #send}, but a broker that has closed already is no failure. */
  public RawClient sendIfOpen(Object... parts) {
    try {
      wire.write(PacketBytes.bytes(parts));
    } catch (IOException e) {
      ended = true;
    }
    return this;
  }

  /** Each byte in a write of its own. */
  public RawClient sendByteByByte(Object... parts) {
    for (byte one : PacketBytes.bytes(parts)) {
      send(new byte[] {one});
    }
    return this;
  }

  /** Two writes, cut before the byte at {@code cut}. */
  public RawClient sendSplit(int cut, Object... parts) {
    byte[] all = PacketBytes.bytes(parts);
    send(Arrays.copyOfRange(all, 0, cut));
    return send(Arrays.copyOfRange(all, cut, all.length));
  }

  /** The next packet, whatever it is. */
  public Parsed receive() {
    @Nullable Parsed packet = poll(PATIENCE);
    if (packet == null) {
      throw new AssertionError(
          ended ? "the broker closed the connection" : "nothing came within " + PATIENCE);
    }
    return packet;
  }

  /** The next packet, which must be of that type. */
  public Parsed receive(PacketType type) {
    Parsed packet = receive();
    assertEquals(type, packet.type(), packet::toString);
    return packet;
  }

  /**
   * The next packet within the time.
   *
   * @return null when nothing came or the connection ended
   */
  public @Nullable Parsed poll(Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      @Nullable Parsed packet = takePacket();
      if (packet != null) {
        return packet;
      }
      if (!fill(deadline)) {
        return null;
      }
    }
  }

  /** Exactly these bytes must come next, in however many reads. */
  public RawClient expect(Object... parts) {
    byte[] wanted = PacketBytes.bytes(parts);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (received.size() < wanted.length && fill(deadline)) {
      // Until all bytes are there.
    }
    byte[] got = received.take(Math.min(received.size(), wanted.length));
    assertEquals(PacketBytes.hex(wanted), PacketBytes.hex(got));
    return this;
  }

  /** The connection must end, with nothing sent before. */
  public void expectClosed() {
    @Nullable Parsed packet = poll(PATIENCE);
    if (packet != null) {
      throw new AssertionError("expected the end of the connection, got " + packet);
    }
    if (!ended) {
      throw new AssertionError("the connection is still open after " + PATIENCE);
    }
    assertEquals(0, received.size(), "a cut packet before the end of the connection");
  }

  /** Reads until the connection ends; what came is returned unread. */
  public byte[] drain() {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (fill(deadline)) {
      // Until the end.
    }
    if (!ended) {
      throw new AssertionError("the connection is still open after " + PATIENCE);
    }
    return received.take(received.size());
  }

  /** Closed by the broker as far as reads so far have shown. */
  public boolean hasEnded() {
    return ended;
  }

  private @Nullable Parsed takePacket() {
    int at = 1;
    int length = 0;
    for (int shift = 0; ; shift += 7) {
      if (at >= received.size()) {
        return null;
      }
      int digit = received.peek(at++);
      length |= (digit & 0x7F) << shift;
      if ((digit & 0x80) == 0) {
        if (digit == 0 && shift > 0) {
          throw new MalformedByServer("Remaining Length is not in its shortest form");
        }
        break;
      }
      if (shift == 21) {
        throw new MalformedByServer("Remaining Length has more than four bytes");
      }
    }
    if (received.size() - at < length) {
      return null;
    }
    int firstByte = received.take(at)[0] & 0xFF;
    byte[] body = received.take(length);
    return Parsed.of(version, firstByte, body, at + length);
  }

  /** Reads what is there; false at the deadline and at the end of the stream. */
  private boolean fill(long deadlineNanos) {
    if (ended) {
      return false;
    }
    long left = deadlineNanos - System.nanoTime();
    if (left <= 0) {
      return false;
    }
    byte[] chunk = new byte[64 * 1024];
    try {
      int count =
          wire.read(chunk, Duration.ofMillis(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left))));
      if (count < 0) {
        ended = true;
        return false;
      }
      received.append(chunk, count);
      return true;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (SocketException | javax.net.ssl.SSLException e) {
      ended = true; // reset by the broker, or a TLS connection ended without close_notify
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends with a TCP reset. */
  public void reset() {
    try {
      wire.reset();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends without DISCONNECT, without a Close frame and without close_notify. */
  @Override
  public void close() {
    try {
      wire.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
