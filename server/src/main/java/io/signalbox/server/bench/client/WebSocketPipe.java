package io.signalbox.server.bench.client;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.EOFException;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The client's side of a WebSocket (RFC 6455) with the subprotocol {@code mqtt} on another pipe.
 *
 * <p>Binary frames are one stream of bytes, as MQTT 5.0 section 6 wants it.
 */
final class WebSocketPipe implements Pipe {
  private static final int OPCODE_CONTINUATION = 0;
  private static final int OPCODE_BINARY = 2;
  private static final int OPCODE_CLOSE = 8;
  private static final int OPCODE_PING = 9;
  private static final int OPCODE_PONG = 10;

  private static final int FINAL = 0x80;
  private static final int MASKED = 0x80;
  private static final int CONTROL_BYTES_MAX = 125;
  private static final int FRAME_BYTES_MAX = 1 << 14;
  private static final int HEADER_BYTES_MAX = 14;
  private static final int RESPONSE_BYTES_MAX = 1 << 13;
  private static final String ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final Pipe lower;
  private final Scratch scratch;
  private final byte[] request;
  private final String expectedAccept;
  private final Leftover in = new Leftover();
  private final Leftover out = new Leftover();

  private boolean requested;
  private boolean established;
  private boolean ended;

  // The frame being read.
  private final byte[] header = new byte[HEADER_BYTES_MAX];
  private int headerBytes;
  private int opcode;
  private long payloadLeft;
  private final ByteBuffer control = ByteBuffer.allocate(CONTROL_BYTES_MAX);

  WebSocketPipe(Pipe lower, Endpoint endpoint, Scratch scratch) {
    this.lower = lower;
    this.scratch = scratch;
    byte[] nonce = new byte[16];
    ThreadLocalRandom.current().nextBytes(nonce);
    String key = Base64.getEncoder().encodeToString(nonce);
    expectedAccept = Base64.getEncoder().encodeToString(sha1(key + ACCEPT_SUFFIX));
    request =
        ("GET "
                + endpoint.path()
                + " HTTP/1.1\r\nHost: "
                + endpoint.authority()
                + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
                + key
                + "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n")
            .getBytes(US_ASCII);
  }

  private static byte[] sha1(String text) {
    try {
      return MessageDigest.getInstance("SHA-1").digest(text.getBytes(US_ASCII));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-1", e);
    }
  }

  @Override
  public boolean connect() throws IOException {
    if (established) {
      return true;
    }
    if (!lower.connect()) {
      return false;
    }
    if (!requested) {
      ByteBuffer all = ByteBuffer.wrap(request);
      lower.write(all);
      out.keep(all);
      requested = true;
    }
    return flush() && readResponse();
  }

  private boolean readResponse() throws IOException {
    ByteBuffer response = scratch.packetsIn(RESPONSE_BYTES_MAX);
    in.moveTo(response);
    int read = lower.read(response);
    response.flip();
    String text = ISO_8859_1.decode(response.duplicate()).toString();
    int end = text.indexOf("\r\n\r\n");
    if (end < 0) {
      if (read < 0) {
        throw new EOFException("the server closed the connection during the WebSocket handshake");
      }
      if (text.length() > RESPONSE_BYTES_MAX) {
        throw new ProtocolException("the answer to the WebSocket request has no end");
      }
      in.keep(response);
      return false;
    }
    check(text.substring(0, end + 2));
    response.position(end + 4);
    in.keep(response);
    established = true;
    return true;
  }

  private void check(String response) throws ProtocolException {
    String statusLine = response.substring(0, response.indexOf("\r\n"));
    if (!statusLine.startsWith("HTTP/1.1 101")) {
      throw new ProtocolException("the server refused the WebSocket: " + statusLine);
    }
    if (!expectedAccept.equals(field(response, "sec-websocket-accept"))) {
      throw new ProtocolException("the answer to the WebSocket request is for another one");
    }
    if (!"mqtt".equals(field(response, "sec-websocket-protocol"))) {
      throw new ProtocolException("the server's WebSocket does not speak the subprotocol mqtt");
    }
  }

  private static String field(String response, String name) {
    for (String line : response.split("\r\n")) {
      int colon = line.indexOf(':');
      if (colon > 0 && line.substring(0, colon).toLowerCase(Locale.ROOT).equals(name)) {
        return line.substring(colon + 1).trim();
      }
    }
    return "";
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    int start = into.position();
    while (!ended) {
      in.moveTo(into);
      int read = lower.read(into);
      int end = into.position();
      into.position(start);
      deframe(into, end);
      if (into.position() > start) {
        return into.position() - start;
      }
      if (read < 0) {
        ended = true;
      } else if (read == 0) {
        return 0;
      }
    }
    return -1;
  }

  /** Moves the payloads of the frames between position and end together, to the front. */
  private void deframe(ByteBuffer buffer, int bufferEnd) throws IOException {
    byte[] bytes = buffer.array();
    int offset = buffer.arrayOffset();
    int end = offset + bufferEnd;
    int to = offset + buffer.position();
    int from = to;
    while (from < end && !ended) {
      if (payloadLeft == 0) {
        header[headerBytes++] = bytes[from++];
        if (headerBytes == headerLength()) {
          beginFrame();
        }
      } else {
        int length = (int) Math.min(payloadLeft, end - from);
        if (opcode >= OPCODE_CLOSE) {
          control.put(bytes, from, length);
        } else {
          System.arraycopy(bytes, from, bytes, to, length);
          to += length;
        }
        from += length;
        payloadLeft -= length;
        if (payloadLeft == 0) {
          endFrame();
        }
      }
    }
    buffer.position(to - offset);
  }

  private int headerLength() {
    if (headerBytes < 2) {
      return 2;
    }
    int length = header[1] & 0x7F;
    return length == 127 ? 10 : length == 126 ? 4 : 2;
  }

  private void beginFrame() throws IOException {
    opcode = header[0] & 0xF;
    if ((header[1] & MASKED) != 0) {
      throw new ProtocolException("the server masked a WebSocket frame");
    }
    if (opcode != OPCODE_BINARY && opcode != OPCODE_CONTINUATION && opcode < OPCODE_CLOSE) {
      throw new ProtocolException("the server sent a WebSocket frame that is not binary");
    }
    long length = 0;
    if (headerBytes == 2) {
      length = header[1] & 0x7F;
    }
    for (int i = 2; i < headerBytes; i++) {
      length = length << 8 | (header[i] & 0xFF);
    }
    if (opcode >= OPCODE_CLOSE && length > CONTROL_BYTES_MAX) {
      throw new ProtocolException(
          "the server sent a WebSocket control frame of " + length + " bytes");
    }
    payloadLeft = length;
    headerBytes = 0;
    if (payloadLeft == 0) {
      endFrame();
    }
  }

  private void endFrame() throws IOException {
    if (opcode < OPCODE_CLOSE) {
      return;
    }
    control.flip();
    if (opcode == OPCODE_PING
        && flush()) { // a server that does not read gets no answers to its pings
      writeFrame(OPCODE_PONG, control);
    } else if (opcode == OPCODE_CLOSE) {
      ended = true;
    }
    control.clear();
  }

  @Override
  public void write(ByteBuffer from) throws IOException {
    while (from.hasRemaining() && flush()) {
      writeFrame(OPCODE_BINARY, from);
    }
  }

  /** One frame with as much of the bytes as belongs into one. */
  private void writeFrame(int itsOpcode, ByteBuffer from) throws IOException {
    ByteBuffer frame = scratch.framesOut.clear();
    int length = Math.min(from.remaining(), FRAME_BYTES_MAX);
    frame.put((byte) (FINAL | itsOpcode));
    if (length <= CONTROL_BYTES_MAX) {
      frame.put((byte) (MASKED | length));
    } else {
      frame.put((byte) (MASKED | 126)).putShort((short) length);
    }
    int mask =
        ThreadLocalRandom.current()
            .nextInt(); // guards proxies from web pages, of which this is none
    frame.putInt(mask);
    putMasked(frame, from, length, mask);
    frame.flip();
    lower.write(frame);
    out.keep(frame);
  }

  private static void putMasked(ByteBuffer to, ByteBuffer from, int length, int mask) {
    byte[] source = from.array();
    byte[] target = to.array();
    int at = from.arrayOffset() + from.position();
    int into = to.arrayOffset() + to.position();
    int little = Integer.reverseBytes(mask);
    long twice = (little & 0xFFFFFFFFL) | ((long) little << 32);
    int i = 0;
    for (; i + Long.BYTES <= length; i += Long.BYTES) {
      LONG.set(target, into + i, (long) LONG.get(source, at + i) ^ twice);
    }
    for (; i < length; i++) {
      target[into + i] = (byte) (source[at + i] ^ (mask >>> (24 - 8 * (i & 3))));
    }
    from.position(from.position() + length);
    to.position(to.position() + length);
  }

  @Override
  public boolean flush() throws IOException {
    if (!out.isEmpty()) {
      out.writeTo(lower);
    }
    return out.isEmpty() && lower.flush();
  }

  @Override
  public int interest() {
    return lower.interest() | (out.isEmpty() ? 0 : SelectionKey.OP_WRITE);
  }

  @Override
  public void shutdownOutput() throws IOException {
    if (flush()) {
      writeFrame(OPCODE_CLOSE, ByteBuffer.wrap(new byte[] {0x03, (byte) 0xE8})); // 1000, normal
    }
    lower.shutdownOutput();
  }

  @Override
  public void close() {
    lower.close();
  }
}
