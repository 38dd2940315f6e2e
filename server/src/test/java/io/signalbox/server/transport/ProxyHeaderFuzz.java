package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.transport.ProxyHeader.BadHeaderException;
import java.nio.ByteBuffer;

/** Any beginning of a connection is a PROXY header or is refused, however it is cut. */
public final class ProxyHeaderFuzz {
  private ProxyHeaderFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    assertEquals(read(data, Integer.MAX_VALUE), read(data, 1));
  }

  private static String read(byte[] data, int step) {
    var header = new ProxyHeader();
    int at = 0;
    try {
      boolean complete = false;
      while (!complete && at < data.length) {
        ByteBuffer space = header.space();
        assertTrue(space.hasRemaining(), "it is not complete and wants nothing");
        int count = Math.min(Math.min(space.remaining(), step), data.length - at);
        space.put(data, at, count);
        at += count;
        complete = header.read(count);
      }
      return complete ? at + " bytes: " + header.source() : "more";
    } catch (BadHeaderException e) {
      return e.getMessage() == null ? "" : e.getMessage();
    }
  }
}
