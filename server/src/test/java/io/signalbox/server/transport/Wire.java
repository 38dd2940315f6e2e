package io.signalbox.server.transport;

import io.signalbox.server.config.ListenerConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** The packet stream as a client sees it, the same over all four types of listener. */
final class Wire implements AutoCloseable {
  final RawClient raw;
  private final boolean webSocket;
  private final Random random = new Random(7);
  private byte[] unread = {};
  private int closeCode = -1;

  private Wire(RawClient raw, boolean webSocket) {
    this.raw = raw;
    this.webSocket = webSocket;
  }

  static Wire open(TestBroker broker, ListenerConfig.Type type) throws IOException {
    InetSocketAddress address = broker.address(type);
    RawClient raw =
        type.isTls()
            ? RawClient.tls(address, TestBroker.Pki.CLIENT_WITH_CERTIFICATE)
            : RawClient.plain(address);
    Wire wire = new Wire(raw, type.isWebSocket());
    if (type.isWebSocket()) {
      String answer = upgrade(raw, "Sec-WebSocket-Protocol: mqtt\r\n");
      if (!answer.startsWith("HTTP/1.1 101 ")) {
        throw new IOException(answer);
      }
    }
    return wire;
  }

  /** Over a connection that has been upgraded by hand. */
  static Wire upgraded(RawClient raw) {
    return new Wire(raw, true);
  }

  static Wire direct(RawClient raw) {
    return new Wire(raw, false);
  }

  /**
   * @return status line and headers of the answer
   */
  static String upgrade(RawClient raw, String headers) throws IOException {
    return request(
        raw,
        "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Key: "
            + Base64.getEncoder().encodeToString(new byte[16])
            + "\r\nSec-WebSocket-Version: 13\r\n"
            + headers
            + "\r\n");
  }

  static String request(RawClient raw, String request) throws IOException {
    raw.send(request.getBytes(StandardCharsets.US_ASCII));
    StringBuilder answer = new StringBuilder();
    while (answer.indexOf("\r\n\r\n") < 0) {
      int octet = raw.in.read();
      if (octet < 0) {
        throw new IOException("ended after \"" + answer + "\"");
      }
      answer.append((char) octet);
    }
    return answer.toString();
  }

  void send(byte[]... pieces) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] piece : pieces) {
      all.writeBytes(piece);
    }
    if (webSocket) {
      raw.send(frame(0x82, all.toByteArray()));
    } else {
      raw.send(all.toByteArray());
    }
  }

  /** In pieces of random size, over a WebSocket in fragments of random size with a ping between. */
  void sendInPieces(byte[] bytes, int pieceMax) throws IOException {
    boolean first = true;
    for (int at = 0; at < bytes.length; ) {
      int count = Math.min(bytes.length - at, 1 + random.nextInt(pieceMax));
      byte[] piece = Arrays.copyOfRange(bytes, at, at + count);
      at += count;
      if (webSocket) {
        int fin = at == bytes.length ? 0x80 : 0;
        raw.send(frame(fin | (first ? 2 : 0), piece));
        if (random.nextInt(5) == 0) {
          raw.send(frame(0x89, new byte[] {1}));
        }
        first = false;
      } else {
        raw.send(piece);
      }
    }
  }

  byte[] frame(int firstByte, byte[] payload) {
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    frame.write(firstByte);
    if (payload.length <= 125) {
      frame.write(0x80 | payload.length);
    } else if (payload.length <= 0xFFFF) {
      frame.write(0x80 | 126);
      frame.write(payload.length >> 8);
      frame.write(payload.length);
    } else {
      frame.write(0x80 | 127);
      for (int shift = 56; shift >= 0; shift -= 8) {
        frame.write((int) ((long) payload.length >> shift));
      }
    }
    byte[] mask = new byte[4];
    random.nextBytes(mask);
    frame.writeBytes(mask);
    for (int i = 0; i < payload.length; i++) {
      frame.write(payload[i] ^ mask[i & 3]);
    }
    return frame.toByteArray();
  }

  /** Exactly so many bytes of the packet stream. */
  byte[] read(int count) throws IOException {
    if (!webSocket) {
      return raw.read(count);
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(unread);
    while (all.size() < count) {
      Frame frame = readFrame();
      switch (frame.opcode) {
        case 2 -> all.writeBytes(frame.payload);
        case 8 -> throw new IOException("closed with " + closeCode);
        default -> {}
      }
    }
    byte[] bytes = all.toByteArray();
    unread = Arrays.copyOfRange(bytes, count, bytes.length);
    return Arrays.copyOf(bytes, count);
  }

  record Frame(int opcode, byte[] payload) {}

  Frame readFrame() throws IOException {
    byte[] head = raw.read(2);
    if ((head[0] & 0xF0) != 0x80 || head[1] < 0) {
      throw new IOException("a server sends whole, unmasked frames without extension bits");
    }
    long length = head[1];
    if (length >= 126) {
      length = 0;
      for (byte octet : raw.read(head[1] == 126 ? 2 : 8)) {
        length = (length << 8) | (octet & 0xFF);
      }
    }
    byte[] payload = raw.read((int) length);
    int opcode = head[0] & 0x0F;
    if (opcode == 8) {
      closeCode = payload.length < 2 ? 1005 : ((payload[0] & 0xFF) << 8) | (payload[1] & 0xFF);
    }
    return new Frame(opcode, payload);
  }

  /** What comes before the peer ends, without frames; null if it was reset. */
  byte @Nullable [] readToEnd() throws IOException {
    if (!webSocket) {
      return raw.readToEnd();
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(unread);
    while (closeCode < 0) {
      Frame frame = readFrame();
      if (frame.opcode == 2) {
        all.writeBytes(frame.payload);
      }
    }
    byte[] rest = raw.readToEnd();
    return rest == null ? null : all.toByteArray();
  }

  /** The client goes away. */
  void hangUp() throws IOException {
    raw.socket.close();
  }

  int closeCode() {
    return closeCode;
  }

  @Override
  public void close() throws IOException {
    raw.close();
  }
}
