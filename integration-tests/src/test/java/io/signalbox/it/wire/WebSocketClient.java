package io.signalbox.it.wire;

import static io.signalbox.it.wire.PacketBytes.bytes;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket client of raw frames (RFC 6455), so that every rule can be broken: any header,
 * opcode, mask, length and order. It answers nothing by itself.
 */
public final class WebSocketClient implements AutoCloseable {
  public static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final String MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  private static final int RESPONSE_BYTES_MAX = 64 * 1024;
  private static final int FRAME_BYTES_MAX = 300 * 1024 * 1024;

  /** An HTTP answer's status line and headers, each as it came. */
  public record Response(int status, List<String> headers) {
    public Optional<String> header(String name) {
      String prefix = name.toLowerCase(java.util.Locale.ROOT) + ":";
      return headers.stream()
          .filter(line -> line.toLowerCase(java.util.Locale.ROOT).startsWith(prefix))
          .map(line -> line.substring(prefix.length()).strip())
          .findFirst();
    }
  }

  private final Wire wire;
  private final SecureRandom random = new SecureRandom();
  private final ReceiveBuffer received = new ReceiveBuffer();

  public WebSocketClient(SocketWire wire) {
    this.wire = wire;
  }

  /**
   * Connects and upgrades at {@code /mqtt} with subprotocol {@code mqtt}, as a good client does.
   */
  public static WebSocketClient open(Endpoint endpoint) throws IOException {
    return open(endpoint, 0);
  }

  static WebSocketClient open(Endpoint endpoint, int receiveBufferBytes) throws IOException {
    var client = new WebSocketClient(SocketWire.open(endpoint, receiveBufferBytes));
    try {
      client.upgrade(endpoint);
      return client;
    } catch (IOException | RuntimeException | Error e) {
      client.close();
      throw e;
    }
  }

  private void upgrade(Endpoint endpoint) throws IOException {
    String key = newKey();
    Response response = request(upgradeRequest(endpoint, "/mqtt", key, "mqtt"));
    if (response.status() != 101) {
      throw new IOException("upgrade refused: " + response);
    }
    String accept = response.header("Sec-WebSocket-Accept").orElse("");
    if (!accept.equals(acceptFor(key))) {
      throw new AssertionError("wrong Sec-WebSocket-Accept: " + response);
    }
    String chosen = response.header("Sec-WebSocket-Protocol").orElse("");
    if (!chosen.equals("mqtt")) {
      throw new AssertionError("subprotocol not selected: " + response); // [MQTT-6.0.0-4]
    }
  }

  /** The lines of a correct request, to be changed and sent with {@link #request}. */
  public static List<String> upgradeRequest(
      Endpoint endpoint, String path, String key, String subprotocols) {
    return new ArrayList<>(
        List.of(
            "GET " + path + " HTTP/1.1",
            "Host: " + endpoint.address().getHostString() + ":" + endpoint.address().getPort(),
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: " + key,
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: " + subprotocols));
  }

  public String newKey() {
    byte[] nonce = new byte[16];
    random.nextBytes(nonce);
    return Base64.getEncoder().encodeToString(nonce);
  }

  private static String acceptFor(String key) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-1")
              .digest((key + MAGIC).getBytes(StandardCharsets.US_ASCII));
      return Base64.getEncoder().encodeToString(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Sends the lines and an empty one, reads the answer's head; its body stays unread. */
  public Response request(List<String> lines) throws IOException {
    wire.write((String.join("\r\n", lines) + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
    return readResponse();
  }

  public Response readResponse() throws IOException {
    var head = new ByteArrayOutputStream();
    while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
      if (head.size() > RESPONSE_BYTES_MAX) {
        throw new IOException("HTTP head without an end");
      }
      head.write(readByte());
    }
    List<String> lines =
        Arrays.asList(head.toString(StandardCharsets.ISO_8859_1).strip().split("\r\n"));
    String[] status = lines.getFirst().split(" ");
    return new Response(Integer.parseInt(status[1]), lines.subList(1, lines.size()));
  }

  public void sendRaw(byte[] anything) throws IOException {
    wire.write(anything);
  }

  public void sendBinary(byte[] payload) throws IOException {
    wire.write(frame(true, Frame.BINARY, payload));
  }

  public void send(boolean fin, int opcode, byte[] payload) throws IOException {
    wire.write(frame(fin, opcode, payload));
  }

  public void sendClose(int code) throws IOException {
    send(true, Frame.CLOSE, PacketBytes.u16(code));
  }

  /** A masked client frame with the shortest length form. */
  public byte[] frame(boolean fin, int opcode, byte[] payload) {
    byte[] mask = new byte[4];
    random.nextBytes(mask);
    return bytes(
        (fin ? 0x80 : 0) | opcode, maskedLength(payload.length), mask, masked(payload, mask));
  }

  private static byte[] maskedLength(int length) {
    if (length < 126) {
      return bytes(0x80 | length);
    }
    return length < 65_536
        ? bytes(0x80 | 126, PacketBytes.u16(length))
        : bytes(0x80 | 127, PacketBytes.u32(0), PacketBytes.u32(length));
  }

  public static byte[] masked(byte[] payload, byte[] mask) {
    byte[] out = payload.clone();
    for (int i = 0; i < out.length; i++) {
      out[i] ^= mask[i & 3];
    }
    return out;
  }

  /**
   * The next frame, of any kind.
   *
   * @throws EOFException when the connection ended
   */
  public Frame receive() throws IOException {
    return receive(PATIENCE);
  }

  /** What came of a frame before a timeout stays and is completed next time. */
  Frame receive(Duration timeout) throws IOException {
    long deadline = System.nanoTime() + timeout.toNanos();
    await(2, deadline);
    int first = received.peek(0);
    int second = received.peek(1);
    if ((first & 0x70) != 0) {
      throw new MalformedByServer("reserved bits in a WebSocket frame: " + first);
    }
    if ((second & 0x80) != 0) {
      throw new MalformedByServer("masked WebSocket frame from the server");
    }
    int lengthBytes = second == 126 ? 2 : second == 127 ? 8 : 0;
    await(2 + lengthBytes, deadline);
    long length = lengthBytes == 0 ? second : number(2, lengthBytes);
    if (lengthBytes > 0 && length <= (lengthBytes == 2 ? 125 : 65_535)) {
      throw new MalformedByServer("WebSocket frame length is not in its shortest form");
    }
    int opcode = first & 0x0F;
    boolean fin = (first & 0x80) != 0;
    if (length < 0 || length > FRAME_BYTES_MAX || (opcode >= 8 && (length > 125 || !fin))) {
      throw new MalformedByServer("frame opcode " + opcode + " fin " + fin + " length " + length);
    }
    int header = 2 + lengthBytes;
    await(header + (int) length, deadline);
    received.take(header);
    return new Frame(fin, opcode, received.take((int) length));
  }

  private long number(int at, int bytes) {
    long value = 0;
    for (int i = at; i < at + bytes; i++) {
      value = value << 8 | received.peek(i);
    }
    return value;
  }

  private void await(int bytes, long deadlineNanos) throws IOException {
    byte[] chunk = new byte[64 * 1024];
    while (received.size() < bytes) {
      long left = deadlineNanos - System.nanoTime();
      if (left <= 0) {
        throw new SocketTimeoutException("nothing came in time");
      }
      int count = wire.read(chunk, Duration.ofNanos(left));
      if (count < 0) {
        throw new EOFException("the server closed the connection");
      }
      received.append(chunk, count);
    }
  }

  private int readByte() throws IOException {
    await(1, System.nanoTime() + PATIENCE.toNanos());
    return received.take(1)[0];
  }

  /** The next frame must be a Close frame; returns its code. */
  public int expectClose() throws IOException {
    Frame frame = receive();
    if (frame.opcode() != Frame.CLOSE) {
      throw new AssertionError("expected a Close frame, got " + frame);
    }
    return frame.closeCode();
  }

  /** The TCP connection must end, with no frame before. */
  public void expectEnd() throws IOException {
    @Nullable Frame unexpected = null;
    try {
      unexpected = receive();
    } catch (EOFException | java.net.SocketException e) {
      // As wanted: closed or reset.
    }
    if (unexpected != null) {
      throw new AssertionError("expected the end of the connection, got " + unexpected);
    }
  }

  void reset() throws IOException {
    wire.reset();
  }

  /** Drops the TCP connection without a Close frame. */
  @Override
  public void close() throws IOException {
    wire.close();
  }
}
