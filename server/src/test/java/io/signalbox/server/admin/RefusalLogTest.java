package io.signalbox.server.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.protocol.Refusals.Action;
import io.signalbox.server.protocol.Refusals.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of many refusals reaches the disk. */
final class RefusalLogTest {
  private static final int FILE_BYTES = 1 << 22;

  @TempDir Path folder;

  private static Refusal refusal(String client, String topic) {
    return new Refusal(
        Action.PUBLISH, client, "device:d", "127.0.0.1", topic, "denied by api:p#s", "abc");
  }

  private RefusalLog log() throws IOException {
    return new RefusalLog(
        AuditLog.open(folder.resolve("audit"), FILE_BYTES, 2, new Metrics(1, "test")),
        Clocks.system());
  }

  private List<JsonObject> lines() throws IOException {
    return Files.readAllLines(folder.resolve("audit/audit-00000001.log")).stream()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .toList();
  }

  @Test
  void theSameRefusalAgainIsCounted() throws IOException {
    try (RefusalLog log = log()) {
      log.refused(refusal("c", "t"));
      log.refused(refusal("c", "u"));
      log.refused(refusal("c", "t"));
      log.write(RefusalLog.line(refusal("c", "t")));
    }
    List<JsonObject> lines = lines();
    assertEquals(2, lines.size(), lines::toString);
    assertEquals(3, lines.get(0).get("count").getAsInt());
    assertEquals("t", lines.get(0).get("topic").getAsString());
    assertEquals("denied by api:p#s", lines.get(0).get("detail").getAsString());
    assertEquals("/clients/c", lines.get(0).get("path").getAsString());
    assertEquals(1, lines.get(1).get("count").getAsInt());
  }

  @Test
  void aFloodFillsNoDisk() throws IOException {
    long begun = System.nanoTime();
    int floods = 3;
    try (RefusalLog log = log()) {
      for (int flood = 0; flood < floods; flood++) {
        for (int i = 0; i < 10_000; i++) { // more than may wait
          log.refused(refusal("c" + i, "t" + flood));
        }
        log.write(RefusalLog.line(refusal("first", "t")));
      }
    }
    double seconds = (System.nanoTime() - begun) * 1e-9;
    long most =
        RefusalLog.BURST + floods + Math.round(Math.ceil(seconds * RefusalLog.LINES_PER_SECOND));
    List<JsonObject> lines = lines();
    assertTrue(lines.size() >= RefusalLog.BURST, () -> lines.size() + " lines");
    assertTrue(lines.size() <= most, () -> lines.size() + " lines");
  }

  @Test
  void whatWasLeftOutIsCountedOnceThereIsRoom() throws IOException {
    try (RefusalLog log = log()) {
      for (int i = 0; i < 9_000; i++) { // 8,192 may wait
        log.refused(refusal("c", "t"));
      }
      log.write(RefusalLog.line(refusal("c", "t")));
    }
    List<JsonObject> lines = lines();
    assertEquals(2, lines.size(), lines::toString);
    assertEquals(8_193, lines.get(0).get("count").getAsInt());
    assertTrue(
        lines.get(1).get("detail").getAsString().startsWith("808 more refusals"), lines::toString);
  }
}
