package io.signalbox.server.scram;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Arrays;
import java.util.function.Supplier;

/** The two messages of a client with a line feed between: refused, or answered and not proved. */
public final class ScramFuzz {
  private ScramFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    int cut = 0;
    while (cut < data.length && data[cut] != '\n') {
      cut++;
    }
    Supplier<String> nonces = () -> "nonce";
    var server = new ScramServer(name -> ScramVerifier.ofNobody(name, new byte[32], 4_096), nonces);
    try {
      byte[] answer = server.first(Arrays.copyOf(data, cut));
      assertFalse(server.name().isEmpty());
      assertEquals(server.name(), SaslPrep.prepare(server.name()), "prepared is prepared");
      assertEquals(3, new String(answer, UTF_8).split(",", -1).length);
      assertNull(
          server.last(Arrays.copyOfRange(data, Math.min(cut + 1, data.length), data.length)));
    } catch (ScramException e) {
      assertFalse(e.problem().isEmpty());
    }
  }
}
