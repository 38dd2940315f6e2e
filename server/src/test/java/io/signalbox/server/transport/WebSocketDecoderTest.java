package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.signalbox.server.metrics.Metrics.BadFrame;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** RFC 6455 case by case; each also with the bytes cut at every place. */
class WebSocketDecoderTest {
  private static final long FRAME_MAX = 100_000;
  private static final int MASK = 0x37FA213D;

  /** What the decoder told, in order. */
  private static final class Told implements WebSocketDecoder.Events {
    private final ByteArrayOutputStream payload = new ByteArrayOutputStream();
    private final List<String> events = new ArrayList<>();

    @Override
    public void payload(byte[] array, int from, int to) {
      payload.write(array, from, to - from);
    }

    @Override
    public void ping(byte[] array, int from, int length) {
      events.add("ping " + new String(array, from, length, StandardCharsets.ISO_8859_1));
    }

    @Override
    public void closeReceived(int code) {
      events.add("close " + code);
    }

    private String all() {
      return payload.toString(StandardCharsets.ISO_8859_1) + " " + events;
    }
  }

  private static byte[] bytes(int... octets) {
    byte[] bytes = new byte[octets.length];
    for (int i = 0; i < octets.length; i++) {
      bytes[i] = (byte) octets[i];
    }
    return bytes;
  }

  private static byte[] latin(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static byte[] frame(int firstByte, byte[] payload) {
    int length = payload.length;
    byte[] head =
        length <= 125
            ? bytes(firstByte, 0x80 | length)
            : length <= 0xFFFF
                ? bytes(firstByte, 0xFE, length >> 8, length)
                : bytes(
                    firstByte, 0xFF, 0, 0, 0, 0, length >> 24, length >> 16, length >> 8, length);
    byte[] masked = payload.clone();
    for (int i = 0; i < length; i++) {
      masked[i] ^= (byte) (MASK >>> (24 - 8 * (i & 3)));
    }
    return join(head, bytes(MASK >> 24, MASK >> 16, MASK >> 8, MASK), masked);
  }

  private static byte[] close(int code, byte[] reason) {
    return frame(0x88, join(bytes(code >> 8, code), reason));
  }

  record Good(String name, byte[] wire, String told) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Good> good() {
    return Stream.of(
        new Good("one frame", frame(0x82, latin("abc")), "abc []"),
        new Good("empty frame", frame(0x82, latin("")), " []"),
        new Good(
            "three fragments, one empty",
            join(frame(0x02, latin("ab")), frame(0x00, latin("")), frame(0x80, latin("cd"))),
            "abcd []"),
        new Good(
            "control frames between fragments",
            join(
                frame(0x02, latin("ab")),
                frame(0x89, latin("p1")),
                frame(0x8A, latin("nobody asked")),
                frame(0x80, latin("cd")),
                frame(0x82, latin("ef"))),
            "abcdef [ping p1]"),
        new Good("ping without payload", frame(0x89, latin("")), " [ping ]"),
        new Good(
            "ping of 125", frame(0x89, latin("x".repeat(125))), " [ping " + "x".repeat(125) + "]"),
        new Good("126 bytes", frame(0x82, latin("y".repeat(126))), "y".repeat(126) + " []"),
        new Good(
            "a length in more bytes than needed",
            join(bytes(0x82, 0xFE, 0, 1, 0, 0, 0, 0, 'z')),
            "z []"),
        new Good("close without code", frame(0x88, latin("")), " [close 1005]"),
        new Good(
            "close with reason",
            close(1000, "tschüß".getBytes(StandardCharsets.UTF_8)),
            " [close 1000]"),
        new Good("close with a private code", close(4999, latin("")), " [close 4999]"),
        new Good(
            "nothing counts after close",
            join(close(1001, latin("")), frame(0x82, latin("lost")), bytes(0xFF, 0xFF)),
            " [close 1001]"));
  }

  @ParameterizedTest
  @MethodSource("good")
  void takesWhatMayBeSent(Good good) throws Exception {
    Told told = new Told();
    byte[] wire = good.wire.clone();
    new WebSocketDecoder(FRAME_MAX).decode(wire, 0, wire.length, told);
    assertEquals(good.told, told.all());
    for (int cut = 0; cut <= good.wire.length; cut++) {
      Told pieces = new Told();
      WebSocketDecoder decoder = new WebSocketDecoder(FRAME_MAX);
      byte[] again = good.wire.clone();
      decoder.decode(again, 0, cut, pieces);
      decoder.decode(again, cut, again.length, pieces);
      assertEquals(good.told, pieces.all(), "cut at " + cut);
    }
    Told single = new Told();
    WebSocketDecoder decoder = new WebSocketDecoder(FRAME_MAX);
    for (int i = 0; i < good.wire.length; i++) {
      decoder.decode(good.wire.clone(), i, i + 1, single);
    }
    assertEquals(good.told, single.all(), "one byte at a time");
  }

  record Bad(String name, byte[] wire, int closeCode, BadFrame problem) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Bad> bad() {
    return Stream.of(
        new Bad("RSV1", frame(0xC2, latin("a")), 1002, BadFrame.RESERVED_BITS),
        new Bad("RSV2", frame(0xA2, latin("a")), 1002, BadFrame.RESERVED_BITS),
        new Bad("RSV3", frame(0x92, latin("a")), 1002, BadFrame.RESERVED_BITS),
        new Bad("text", frame(0x81, latin("a")), 1003, BadFrame.TEXT),
        new Bad("opcode 3", frame(0x83, latin("a")), 1002, BadFrame.OPCODE),
        new Bad("opcode 11", frame(0x8B, latin("a")), 1002, BadFrame.OPCODE),
        new Bad("continuation of nothing", frame(0x80, latin("a")), 1002, BadFrame.FRAGMENTATION),
        new Bad(
            "continuation of a finished message",
            join(frame(0x02, latin("a")), frame(0x80, latin("b")), frame(0x80, latin("c"))),
            1002,
            BadFrame.FRAGMENTATION),
        new Bad(
            "new message inside another",
            join(frame(0x02, latin("a")), frame(0x82, latin("b"))),
            1002,
            BadFrame.FRAGMENTATION),
        new Bad("fragmented ping", frame(0x09, latin("a")), 1002, BadFrame.FRAGMENTATION),
        new Bad("fragmented close", frame(0x08, latin("")), 1002, BadFrame.FRAGMENTATION),
        new Bad("ping of 126", frame(0x89, latin("x".repeat(126))), 1002, BadFrame.CONTROL_LENGTH),
        new Bad("not masked", bytes(0x82, 1, 'a'), 1002, BadFrame.UNMASKED),
        new Bad("not masked close", bytes(0x88, 0), 1002, BadFrame.UNMASKED),
        new Bad(
            "one byte over the limit",
            frame(0x82, new byte[(int) FRAME_MAX + 1]),
            1009,
            BadFrame.TOO_LARGE),
        new Bad(
            "2^63 - 1 bytes",
            bytes(0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF),
            1009,
            BadFrame.TOO_LARGE),
        new Bad(
            "2^63 bytes", bytes(0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0), 1002, BadFrame.TOO_LARGE),
        new Bad("half a close code", frame(0x88, bytes(3)), 1002, BadFrame.CLOSE_CODE),
        new Bad("close 999", close(999, latin("")), 1002, BadFrame.CLOSE_CODE),
        new Bad("close 1004", close(1004, latin("")), 1002, BadFrame.CLOSE_CODE),
        new Bad("close 1005", close(1005, latin("")), 1002, BadFrame.CLOSE_CODE),
        new Bad("close 1006", close(1006, latin("")), 1002, BadFrame.CLOSE_CODE),
        new Bad("close 1015", close(1015, latin("")), 1002, BadFrame.CLOSE_CODE),
        new Bad("close 2999", close(2999, latin("")), 1002, BadFrame.CLOSE_CODE),
        new Bad("close 5000", close(5000, latin("")), 1002, BadFrame.CLOSE_CODE),
        new Bad(
            "close reason that is not UTF-8",
            close(1000, bytes(0xC0, 0x80)),
            1007,
            BadFrame.CLOSE_CODE));
  }

  @ParameterizedTest
  @MethodSource("bad")
  void refusesWhatMayNotBeSent(Bad bad) {
    for (int cut = 0; cut <= Math.min(bad.wire.length, 40); cut++) {
      WebSocketDecoder decoder = new WebSocketDecoder(FRAME_MAX);
      byte[] wire = bad.wire.clone();
      int at = cut;
      WebSocketException thrown =
          assertThrows(
              WebSocketException.class,
              () -> {
                decoder.decode(wire, 0, at, new Told());
                decoder.decode(wire, at, wire.length, new Told());
              });
      assertEquals(bad.closeCode, thrown.closeCode());
      assertEquals(bad.problem, thrown.problem());
    }
  }

  @Test
  void unmasksPiecesOfAnyLengthAtAnyOffset() throws Exception {
    Random random = new Random(11);
    byte[] payload = new byte[3_000];
    random.nextBytes(payload);
    byte[] wire = frame(0x82, payload);
    for (int round = 0; round < 200; round++) {
      Told told = new Told();
      WebSocketDecoder decoder = new WebSocketDecoder(FRAME_MAX);
      for (int at = 0; at < wire.length; ) {
        int count = Math.min(wire.length - at, 1 + random.nextInt(round + 1));
        byte[] shifted = new byte[count + 5];
        System.arraycopy(wire, at, shifted, 5, count);
        decoder.decode(shifted, 5, 5 + count, told);
        at += count;
      }
      assertArrayEquals(payload, told.payload.toByteArray());
    }
  }

  @Test
  void writesHeadersThatAreRead() {
    for (int length : new int[] {0, 1, 125, 126, 127, 65_535, 65_536, 1 << 30}) {
      byte[] header = new byte[WebSocketFrames.HEADER_BYTES_MAX];
      int end = WebSocketFrames.writeHeader(WebSocketFrames.BINARY, length, header, 0);
      assertEquals(WebSocketFrames.headerLength(length), end);
      long read = header[1];
      if (read >= 126) {
        read = 0;
        for (int i = 2; i < end; i++) {
          read = (read << 8) | (header[i] & 0xFF);
        }
      }
      assertEquals(length, read);
      assertEquals((byte) 0x82, header[0]);
    }
  }
}
