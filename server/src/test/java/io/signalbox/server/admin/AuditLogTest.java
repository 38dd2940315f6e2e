package io.signalbox.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.protocol.Ending;
import io.signalbox.server.protocol.LiveClient;
import io.signalbox.server.protocol.LiveClients;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines, files, and how they are read from the end. */
final class AuditLogTest {
  @TempDir Path directory;
  private final Metrics metrics = new Metrics(1, "test");

  private static JsonObject entry(int number) {
    var entry = new JsonObject();
    entry.addProperty("number", number);
    entry.addProperty("padding", "x".repeat(100) + "ä");
    return entry;
  }

  private List<Integer> read(int limit) throws Exception {
    List<Integer> numbers = new ArrayList<>();
    String cursor = "";
    do {
      ApiResponse page = AuditReader.page(directory.resolve("audit"), cursor, _ -> true, limit);
      JsonObject body = JsonParser.parseString(new String(page.body(), UTF_8)).getAsJsonObject();
      for (JsonElement item : body.getAsJsonArray("items")) {
        numbers.add(item.getAsJsonObject().get("number").getAsInt());
      }
      cursor = body.has("next") ? body.get("next").getAsString() : "";
    } while (!cursor.isEmpty());
    return numbers;
  }

  @Test
  void readsEveryEntryOnceNewestFirstAcrossFilesAndARestart() throws Exception {
    List<Integer> expected = new ArrayList<>();
    for (int start = 0; start < 2; start++) {
      try (var log = AuditLog.open(directory.resolve("audit"), 2_000, 100, metrics)) {
        for (int i = 0; i < 50; i++) {
          log.append(List.of(entry(start * 50 + i)));
          expected.addFirst(start * 50 + i);
        }
      }
    }
    assertEquals(expected, read(7));
    assertEquals(expected, read(1_000));
    assertTrue(AuditLog.numbers(directory.resolve("audit")).size() > 3);
  }

  /** Of a process that was killed, or a file that was copied, in the middle of a line. */
  @Test
  void anEntryBehindOneThatWasCutShortIsRead() throws Exception {
    Path folder = directory.resolve("audit");
    try (var log = AuditLog.open(folder, 10_000, 3, metrics)) {
      log.append(List.of(entry(1)));
    }
    Files.writeString(AuditLog.file(folder, 1), "{\"number\":2,\"pad", StandardOpenOption.APPEND);
    for (int number = 3; number <= 4; number++) {
      try (var log = AuditLog.open(folder, 10_000, 3, metrics)) {
        log.append(List.of(entry(number)));
      }
    }
    List<String> lines = Files.readAllLines(AuditLog.file(folder, 1));
    assertEquals(
        List.of(
            entry(1).toString(), "{\"number\":2,\"pad", entry(3).toString(), entry(4).toString()),
        lines);
  }

  @Test
  void aPageOfLargeEntriesEndsEarly() throws Exception {
    List<Integer> expected = new ArrayList<>();
    try (var log = AuditLog.open(directory.resolve("audit"), 5_000_000, 100, metrics)) {
      for (int i = 0; i < 12; i++) {
        JsonObject entry = entry(i);
        entry.addProperty("before", "x".repeat(1_000_000));
        log.append(List.of(entry));
        expected.addFirst(i);
      }
    }
    ApiResponse page = AuditReader.page(directory.resolve("audit"), "", _ -> true, 1_000);
    assertTrue(page.body().length < 5_000_000, () -> page.body().length + " bytes");
    assertEquals(expected, read(1_000));
  }

  /** MQTT allows 64 KB, and the log has room for little. */
  @Test
  void aLongClientIdentifierPushesNothingOut() throws Exception {
    InetAddress local = InetAddress.getLoopbackAddress();
    var client =
        new LiveClient(
            "c".repeat(65_535),
            Principal.anonymous(),
            new Peer("l", "tcp", local, 1, null, List.of(), true, false, null),
            ProtocolVersion.V5,
            true,
            60,
            0);
    Path folder = directory.resolve("audit");
    try (var log = AuditLog.open(folder, 10_000, 1, metrics)) {
      log.append(List.of(entry(1)));
      log.ended(
          List.of(new LiveClients.Ended(client, Ending.credentialWithdrawn("was revoked"))), 0);
    }
    List<String> lines = Files.readAllLines(AuditLog.file(folder, 1));
    assertEquals(entry(1).toString(), lines.getFirst());
    JsonObject ended = JsonParser.parseString(lines.getLast()).getAsJsonObject();
    assertEquals("DISCONNECT", ended.get("method").getAsString());
    assertTrue(
        ended.get("path").getAsString().matches("/clients/c{256}\\.\\.\\."), ended::toString);
  }

  @Test
  void keepsAsManyFilesAsAllowed() throws Exception {
    try (var log = AuditLog.open(directory.resolve("audit"), 1_024, 3, metrics)) {
      for (int i = 0; i < 100; i++) {
        log.append(List.of(entry(i)));
      }
    }
    assertEquals(3, AuditLog.numbers(directory.resolve("audit")).size());
    List<Integer> left = read(100);
    assertEquals(99, left.getFirst());
    assertTrue(left.size() < 40, left::toString);
    try (var files = Files.list(directory.resolve("audit"))) {
      for (Path file : files.toList()) {
        assertTrue(Files.size(file) <= 1_024, file::toString);
      }
    }
  }

  @Test
  void refusesChangesWhileItCannotBeWrittenAndWritesWhatItOwesFirst() throws Exception {
    Path folder = Files.createDirectory(directory.resolve("audit"));
    Path file = AuditLog.file(folder, 1);
    Files.createSymbolicLink(file, Path.of("/dev/full")); // takes nothing, as a full disk
    try (var log = AuditLog.open(folder, 1_024, 3, metrics)) {
      assertNull(log.obstacle());
      log.append(List.of(entry(1)));
      assertEquals(1, metrics.auditFailures.value());
      for (int i = 2; i < 50; i++) { // more than a file holds
        assertNotNull(log.obstacle());
        log.append(List.of(entry(i)));
      }
      Files.delete(file);
      assertNull(log.obstacle());
      log.append(List.of(entry(50)));
      assertEquals(49, metrics.auditFailures.value());
    }
    List<Integer> left = read(1_000);
    assertEquals(50, left.getFirst());
    assertEquals(left.stream().sorted((a, b) -> b - a).toList(), left);
    assertEquals(3, AuditLog.numbers(folder).size(), "bounded all the same");
  }

  @Test
  void owesWhatIsWrittenUntilItIsSynced() throws Exception {
    Path folder = Files.createDirectory(directory.resolve("audit"));
    Path file = AuditLog.file(folder, 1);
    Files.createSymbolicLink(file, Path.of("/dev/null")); // takes everything, and cannot be synced
    try (var log = AuditLog.open(folder, 100_000, 3, metrics)) {
      log.append(List.of(entry(1)));
      for (int i = 2; i < 5; i++) {
        assertNotNull(log.obstacle());
        assertNotNull(log.obstacle(), "it was tried and not synced");
        log.append(List.of(entry(i)));
      }
      Files.delete(file);
      assertNull(log.obstacle());
      log.append(List.of(entry(5)));
    }
    assertEquals(List.of(5, 4, 3, 2, 1), read(1_000));
  }

  /**
   * One thread is told that the sync failed; those of others succeed after it, whether or not the
   * disk has what they wrote.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFailedSyncOfOneThreadNeitherLosesNorDoublesWhatAnotherHasWritten(boolean lost)
      throws Exception {
    Path folder = directory.resolve("audit");
    Path file = AuditLog.file(folder, 1);
    var begun = new CountDownLatch(1);
    AuditLog.Disk disk =
        channel -> {
          if (begun.getCount() == 0) {
            channel.force(false);
            return;
          }
          long before = channel.size();
          begun.countDown();
          while (channel.size() == before) {
            Thread.onSpinWait();
          }
          if (lost) {
            Files.write(file, new byte[0]);
          }
          throw new IOException("the disk fails once");
        };
    try (var log = AuditLog.open(folder, 100_000, 3, metrics, disk)) {
      Thread first = Thread.ofPlatform().start(() -> log.append(List.of(entry(1))));
      begun.await();
      log.append(List.of(entry(2)));
      first.join();
      assertEquals(2, metrics.auditFailures.value(), "neither is on disk");
      assertNull(log.obstacle());
      assertEquals(List.of(2, 1), read(10));
    }
    assertEquals(List.of(2, 1), read(10));
  }

  @Test
  void whatSeveralThreadsWriteDuringOneSyncSharesTheNext() throws Exception {
    Path folder = directory.resolve("audit");
    int threads = 8;
    var syncs = new AtomicInteger();
    AuditLog.Disk disk =
        channel -> {
          boolean first = syncs.getAndIncrement() == 0;
          while (first && Files.readAllLines(AuditLog.file(folder, 1)).size() < threads) {
            Thread.onSpinWait();
          }
          channel.force(false);
        };
    try (var log = AuditLog.open(folder, 100_000, 3, metrics, disk)) {
      List<Thread> writers = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        JsonObject entry = entry(i);
        writers.add(Thread.ofPlatform().start(() -> log.append(List.of(entry))));
      }
      for (Thread writer : writers) {
        writer.join();
      }
      assertTrue(syncs.get() <= 2, syncs::toString);
    }
    assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7), read(10).stream().sorted().toList());
  }

  @Test
  void writesWhatItOwesWhenItIsClosed() throws Exception {
    Path folder = Files.createDirectory(directory.resolve("audit"));
    Path file = AuditLog.file(folder, 1);
    Files.createSymbolicLink(file, Path.of("/dev/full"));
    try (var log = AuditLog.open(folder, 1_024, 3, metrics)) {
      log.append(List.of(entry(1)));
      Files.delete(file); // there is room again, and nobody has asked since
    }
    assertEquals(List.of(1), read(10));
  }

  @Test
  void keepsSomeOfAFloodThatItCannotWrite() throws Exception {
    Path folder = Files.createDirectory(directory.resolve("audit"));
    Path file = AuditLog.file(folder, 1);
    Files.createSymbolicLink(file, Path.of("/dev/full"));
    try (var log = AuditLog.open(folder, 100_000_000, 3, metrics)) {
      var large = new JsonObject();
      large.addProperty("number", 1);
      large.addProperty("padding", "x".repeat(1 << 20));
      for (int i = 0; i < 6; i++) {
        log.append(List.of(large));
      }
      Files.delete(file);
      assertNull(log.obstacle());
    }
    assertEquals(List.of(1, 1, 1), read(1_000));
  }
}
