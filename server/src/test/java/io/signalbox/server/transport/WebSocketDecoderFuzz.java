package io.signalbox.server.transport;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;

/**
 * Any stream of bytes is frames and perhaps a WebSocketException, however it is cut. The first byte
 * is the size of the pieces.
 */
public final class WebSocketDecoderFuzz {
  private static final int FRAME_BYTES_MAX = 1 << 16;

  private WebSocketDecoderFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    if (data.length == 0) {
      return;
    }
    byte[] stream = Arrays.copyOfRange(data, 1, data.length);
    String whole = read(stream, stream.length);
    assertEquals(whole, read(stream, 1 + (data[0] & 0xFF)));
  }

  private static String read(byte[] stream, int step) {
    var payload = new StringBuilder();
    var events = new StringBuilder();
    var decoder = new WebSocketDecoder(FRAME_BYTES_MAX);
    try {
      for (int from = 0; from < stream.length; from += step) {
        byte[] piece = Arrays.copyOfRange(stream, from, Math.min(from + step, stream.length));
        decoder.decode(
            piece,
            0,
            piece.length,
            new WebSocketDecoder.Events() {
              @Override
              public void payload(byte[] array, int start, int end) {
                assertTrue(start <= end && end <= array.length);
                payload.append(new String(array, start, end - start, ISO_8859_1));
              }

              @Override
              public void ping(byte[] array, int start, int length) {
                assertTrue(length <= 125);
                events.append("ping at ").append(payload.length()).append(": ");
                events.append(new String(array, start, length, ISO_8859_1)).append('\n');
              }

              @Override
              public void closeReceived(int code) {
                events.append("close at ").append(payload.length()).append(": ").append(code);
              }
            });
      }
    } catch (WebSocketException e) {
      events.append(e.getMessage());
    }
    return events + "\n" + payload;
  }
}
