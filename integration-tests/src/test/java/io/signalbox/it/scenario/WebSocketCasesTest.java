package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.connect;
import static io.signalbox.it.wire.PacketBytes.hex;
import static io.signalbox.it.wire.PacketBytes.pingReq;
import static io.signalbox.it.wire.PacketBytes.u16;
import static io.signalbox.it.wire.PacketBytes.u32;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.Frame;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import io.signalbox.it.wire.WebSocketClient;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * RFC 6455 section 5 as a table: frames in, frames out. Every case starts behind a CONNACK and is
 * sent in one write and byte by byte, which must make no difference.
 */
@ParameterizedClass
@EnumSource(
    value = Transport.class,
    names = {"WS", "WSS"})
final class WebSocketCasesTest {
  private static final int FIN = 0x80;
  private static final int CONTINUATION = 0x0;
  private static final int TEXT = 0x1;
  private static final int BINARY = 0x2;
  private static final int CLOSE = 0x8;
  private static final int PING = 0x9;
  private static final int PONG = 0xA;

  private static final String ALIVE = "D0 00";

  /** After a Close frame, or an error, comes nothing. */
  private static final String END = "end";

  /**
   * @param frames what the client sends
   * @param answers {@code D0 00} for PINGRESP, {@code pong:} and its data, {@code close:} and its
   *     body, or {@code end}; in this order
   */
  record Case(String name, byte[] frames, List<String> answers) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Case of(String name, byte[] frames, String... answers) {
    return new Case(name, frames, List.of(answers));
  }

  /** A masked frame; the mask is not zero, so that unmasking shows. */
  private static byte[] frame(int firstByte, Object... payload) {
    byte[] plain = bytes(payload);
    byte[] mask = {0x37, (byte) 0xFA, 0x21, 0x3D};
    byte[] length =
        plain.length < 126
            ? bytes(0x80 | plain.length)
            : plain.length < 65_536
                ? bytes(0x80 | 126, u16(plain.length))
                : bytes(0x80 | 127, u32(0), u32(plain.length));
    return bytes(firstByte, length, mask, WebSocketClient.masked(plain, mask));
  }

  private static byte[] ping() {
    return frame(FIN | BINARY, pingReq());
  }

  private static byte[] close(int code, String reason) {
    return frame(FIN | CLOSE, u16(code), reason);
  }

  private static String closed(int code) {
    return "close:" + hex(u16(code));
  }

  private static byte[] times(int count, byte[] frame) {
    byte[] all = new byte[0];
    for (int i = 0; i < count; i++) {
      all = bytes(all, frame);
    }
    return all;
  }

  private static String[] answers(int count, String answer, String... then) {
    String[] all = new String[count + then.length];
    Arrays.fill(all, 0, count, answer);
    System.arraycopy(then, 0, all, count, then.length);
    return all;
  }

  private static byte[] letters(int count) {
    byte[] data = new byte[count];
    Arrays.fill(data, (byte) 'x');
    return data;
  }

  static Stream<Case> cases() {
    List<Case> cases = new ArrayList<>();
    cases.addAll(framing());
    cases.addAll(fragments());
    cases.addAll(controlFrames());
    cases.addAll(reserved());
    cases.addAll(closes());
    return cases.stream();
  }

  private static List<Case> framing() {
    byte[] mask = {1, 2, 3, 4};
    byte[] masked = WebSocketClient.masked(pingReq(), mask);
    return List.of(
        of("a packet in a frame", ping(), ALIVE),
        of("three packets in a frame", frame(FIN | BINARY, times(3, pingReq())), answers(3, ALIVE)),
        of(
            "a packet over two frames",
            bytes(frame(FIN | BINARY, 0xC0), frame(FIN | BINARY, 0)),
            ALIVE),
        of(
            "one and a half packets, then the rest",
            bytes(frame(FIN | BINARY, pingReq(), 0xC0), frame(FIN | BINARY, 0)),
            ALIVE,
            ALIVE),
        of("an empty frame", bytes(frame(FIN | BINARY), ping()), ALIVE),
        of("a hundred empty frames", bytes(times(100, frame(FIN | BINARY)), ping()), ALIVE),
        of("a 16-bit length for two bytes", bytes(0x82, 0xFE, u16(2), mask, masked), ALIVE),
        of("a 64-bit length for two bytes", bytes(0x82, 0xFF, u32(0), u32(2), mask, masked), ALIVE),
        of("a mask of zeros", bytes(0x82, 0x82, u32(0), pingReq()), ALIVE),
        of(
            "a 64-bit length that is needed",
            frame(FIN | BINARY, times(32_800, pingReq())),
            answers(32_800, ALIVE)),
        of(
            "a length with the top bit",
            bytes(0x82, 0xFF, u32(0x8000_0000L), u32(0), mask),
            closed(1002),
            END),
        of("a length above the limit", bytes(0x82, 0xFF, u32(1), u32(0), mask), closed(1009), END),
        of(
            "a length one above the limit",
            bytes(0x82, 0xFF, u32(0), u32((64L << 20) + 1), mask),
            closed(1009),
            END),
        of("no mask", bytes(0x82, 2, pingReq()), closed(1002), END),
        of("no mask on an empty frame", bytes(0x82, 0), closed(1002), END),
        of("no mask on a ping", bytes(0x89, 0), closed(1002), END),
        of("no mask on a close", bytes(0x88, 2, u16(1000)), closed(1002), END),
        of("text", frame(FIN | TEXT, "hello"), closed(1003), END),
        of("empty text", frame(FIN | TEXT), closed(1003), END),
        of("the first fragment of text", frame(TEXT, "hel"), closed(1003), END));
  }

  private static List<Case> fragments() {
    byte[] first = frame(BINARY, 0xC0);
    byte[] last = frame(FIN | CONTINUATION, 0);
    return List.of(
        of("a packet in two fragments", bytes(first, last), ALIVE),
        of("fragments of packets", bytes(first, frame(CONTINUATION, 0, 0xC0), last), ALIVE, ALIVE),
        of(
            "empty fragments around it",
            bytes(
                frame(BINARY),
                frame(CONTINUATION),
                frame(CONTINUATION, 0xC0),
                frame(CONTINUATION),
                frame(CONTINUATION, 0),
                frame(FIN | CONTINUATION)),
            ALIVE),
        of("a ping between fragments", bytes(first, frame(FIN | PING, 7), last), "pong:07", ALIVE),
        of("a pong between fragments", bytes(first, frame(FIN | PONG, 7), last), ALIVE),
        of(
            "pings between all fragments",
            bytes(
                frame(BINARY),
                frame(FIN | PING, 1),
                frame(CONTINUATION, 0xC0),
                frame(FIN | PING, 2),
                frame(CONTINUATION),
                frame(FIN | PING),
                last),
            "pong:01",
            "pong:02",
            "pong:",
            ALIVE),
        of("a close between fragments", bytes(first, close(1000, ""), last), closed(1000), END),
        of("a continuation of nothing", frame(FIN | CONTINUATION, pingReq()), closed(1002), END),
        of(
            "a continuation of nothing that is not the last",
            frame(CONTINUATION),
            closed(1002),
            END),
        of("a continuation behind a whole message", bytes(ping(), last), ALIVE, closed(1002), END),
        of("a message amid fragments", bytes(first, ping()), closed(1002), END),
        of("a new fragment amid fragments", bytes(first, first), closed(1002), END),
        of("text amid fragments", bytes(first, frame(FIN | TEXT, "x")), closed(1003), END),
        of("another message behind the fragments", bytes(first, last, ping()), ALIVE, ALIVE));
  }

  private static List<Case> controlFrames() {
    byte[] most = letters(125);
    return List.of(
        of("a ping without data", frame(FIN | PING), "pong:"),
        of("a ping with data", frame(FIN | PING, 0, 0xFF, 0xC3, 0x28), "pong:00 ff c3 28"),
        of("a ping of 125 bytes", frame(FIN | PING, most), "pong:" + hex(most)),
        of("ten pings", times(10, frame(FIN | PING, 9)), answers(10, "pong:09")),
        of("a ping of 126 bytes", frame(FIN | PING, letters(126)), closed(1002), END),
        of("a ping with a 64-bit length", bytes(0x89, 0xFF, u32(0), u32(1)), closed(1002), END),
        of(
            "a pong nobody asked for",
            bytes(frame(FIN | PONG), frame(FIN | PONG, most), ping()),
            ALIVE),
        of("a pong of 126 bytes", frame(FIN | PONG, letters(126)), closed(1002), END),
        of("a ping in fragments", frame(PING, 1), closed(1002), END),
        of("a pong in fragments", frame(PONG, 1), closed(1002), END),
        of("a close in fragments", frame(CLOSE, u16(1000)), closed(1002), END),
        of("a packet behind a ping", bytes(frame(FIN | PING, 5), ping()), "pong:05", ALIVE));
  }

  private static List<Case> reserved() {
    List<Case> cases = new ArrayList<>();
    for (int opcode : new int[] {0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF}) {
      cases.add(of("opcode " + opcode, frame(FIN | opcode, "x"), closed(1002), END));
      cases.add(of("opcode " + opcode + ", empty", frame(FIN | opcode), closed(1002), END));
    }
    for (int bits = 0x10; bits <= 0x70; bits += 0x10) {
      for (int opcode : new int[] {BINARY, PING, PONG, CLOSE}) {
        cases.add(
            of(
                "reserved bits " + bits + " with " + opcode,
                frame(FIN | bits | opcode),
                closed(1002),
                END));
      }
    }
    cases.add(
        of(
            "a reserved bit in a continuation",
            bytes(frame(BINARY, 0xC0), frame(0xC0, 0)),
            closed(1002),
            END));
    cases.add(
        of("a reserved bit behind a packet", bytes(ping(), frame(0xC2)), ALIVE, closed(1002), END));
    return cases;
  }

  private static List<Case> closes() {
    List<Case> cases = new ArrayList<>();
    cases.add(of("a close without a body", frame(FIN | CLOSE), "close:", END));
    cases.add(of("a close with half a code", frame(FIN | CLOSE, 3), closed(1002), END));
    cases.add(of("a close with a reason", close(1000, "bye"), closed(1000), END));
    cases.add(
        of("a close with a reason of 123 bytes", close(1000, "x".repeat(123)), closed(1000), END));
    cases.add(
        of("a close with a reason of 124 bytes", close(1000, "x".repeat(124)), closed(1002), END));
    cases.add(
        of("a close with UTF-8", close(1001, "auf Wiederséhen \uD83D\uDE00"), closed(1001), END));
    cases.add(of("a packet behind a close", bytes(close(1000, ""), ping()), closed(1000), END));
    cases.add(
        of("a close behind a close", bytes(close(1000, ""), close(1001, "")), closed(1000), END));
    cases.add(
        of("a packet before a close", bytes(ping(), close(1000, "")), ALIVE, closed(1000), END));
    for (int code :
        new int[] {
          1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000,
          4999
        }) {
      cases.add(of("close code " + code, close(code, ""), closed(code), END));
    }
    for (int code :
        new int[] {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535}) {
      cases.add(of("close code " + code, close(code, ""), closed(1002), END));
    }
    int[][] notUtf8 = {
      {0xFF},
      {0xC3, 0x28},
      {0xC0, 0x80},
      {0xED, 0xA0, 0x80},
      {0xF4, 0x90, 0x80, 0x80},
      {'a', 0xE2, 0x82}
    };
    for (int[] reason : notUtf8) {
      byte[] raw = new byte[0];
      for (int octet : reason) {
        raw = bytes(raw, octet);
      }
      cases.add(
          of("close reason " + hex(raw), frame(FIN | CLOSE, u16(1000), raw), closed(1007), END));
    }
    return cases;
  }

  @RegisterExtension final Clients clients;

  WebSocketCasesTest(Transport transport) {
    this.clients = new Clients(transport, Version.V5);
  }

  private WebSocketClient connected() throws IOException {
    WebSocketClient socket = clients.webSocket();
    socket.sendBinary(connect(Version.V5).clientId(Clients.unique("ws")).toBytes());
    assertEquals(0x20, socket.receive().payload()[0]);
    return socket;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  @Spec({"MQTT-6.0.0-1", "MQTT-6.0.0-2"})
  @Spec3({"MQTT-6.0.0-1", "MQTT-6.0.0-2"})
  @Behaviour({277, 278, 279, 280, 281, 282, 283, 284, 285})
  void inOneWrite(Case one) throws IOException {
    WebSocketClient socket = connected();
    socket.sendRaw(one.frames());
    assertAnswers(one, socket);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  @Spec("MQTT-6.0.0-2")
  @Spec3("MQTT-6.0.0-2")
  @Behaviour({278, 281})
  void byteByByte(Case one) throws IOException {
    WebSocketClient socket = connected();
    int single = Math.min(one.frames().length, 200);
    try {
      for (int i = 0; i < single; i++) {
        socket.sendRaw(new byte[] {one.frames()[i]});
      }
      socket.sendRaw(Arrays.copyOfRange(one.frames(), single, one.frames().length));
    } catch (IOException e) {
      // The broker closed at an earlier byte; what it said is read below.
    }
    assertAnswers(one, socket);
  }

  private static void assertAnswers(Case one, WebSocketClient socket) throws IOException {
    byte[] packets = new byte[0];
    int taken = 0;
    for (String wanted : one.answers()) {
      if (wanted.equals(ALIVE)) {
        while (packets.length - taken < 2) {
          Frame frame = socket.receive();
          assertEquals(Frame.BINARY, frame.opcode(), frame::toString);
          packets = bytes(Arrays.copyOfRange(packets, taken, packets.length), frame.payload());
          taken = 0;
        }
        assertEquals("d0 00", hex(Arrays.copyOfRange(packets, taken, taken + 2)));
        taken += 2;
      } else if (wanted.equals(END)) {
        socket.expectEnd();
      } else {
        assertEquals(wanted, described(socket));
      }
    }
    assertEquals(packets.length, taken, "more packets than expected");
    if (!one.answers().getLast().equals(END)) {
      socket.sendRaw(ping());
      assertEquals("d0 00", hex(socket.receive().payload()));
    }
  }

  private static String described(WebSocketClient socket) throws IOException {
    Frame frame;
    try {
      frame = socket.receive();
    } catch (EOFException | SocketException e) {
      return END;
    }
    return switch (frame.opcode()) {
      case Frame.PONG -> "pong:" + hex(frame.payload());
      case Frame.CLOSE -> "close:" + hex(frame.payload());
      default -> frame.toString();
    };
  }
}
