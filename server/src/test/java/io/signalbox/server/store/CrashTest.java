package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Behaviour;
import io.signalbox.server.routing.Message;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a process in the middle of its writes, over and over on the same directory, and holds the
 * store against what the process had told before: each acknowledged message is there, none that was
 * acknowledged as received comes back, retained values are not older than told, records that were
 * written together are of one command, and every invariant of {@link StoreCheck} stands.
 */
final class CrashTest {
  private static final int KILLS = 10;

  /** More than what a child has outstanding and has not written to the pipe yet. */
  private static final int UNTOLD_MAX = 1_000;

  @TempDir Path directory;

  /** What the killed processes said. */
  private static final class Oracle {
    final Set<Long> queued = new HashSet<>();
    final Set<Long> maybeDequeued = new HashSet<>();
    final Set<Long> dequeued = new HashSet<>();
    final Map<Long, Long> retained = new HashMap<>();
    long twins;
    long acknowledged;
    long highest;

    void hear(long kind, long number) {
      acknowledged++;
      highest = Math.max(highest, number);
      switch ((int) kind) {
        case (int) CrashChild.QUEUED -> queued.add(number);
        case (int) CrashChild.SUBMITTED_DEQUEUE -> maybeDequeued.add(number);
        case (int) CrashChild.DEQUEUED -> dequeued.add(number);
        case (int) CrashChild.RETAINED ->
            retained.merge(number % CrashChild.RETAINED_TOPICS, number, Math::max);
        case (int) CrashChild.TWINS -> twins = Math.max(twins, number);
        default -> throw new AssertionError("kind " + kind);
      }
    }
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  @Behaviour({119, 146})
  void losesNothingAcknowledgedWhenItsProcessIsKilled() throws Exception {
    long seed = System.nanoTime();
    var random = new Random(seed);
    var oracle = new Oracle();
    try {
      for (int kill = 1; kill <= KILLS; kill++) {
        long acknowledged = oracle.acknowledged;
        runAndKill(oracle, 200 + random.nextInt(3_000));
        assertTrue(oracle.acknowledged > acknowledged, "the process did nothing");
        StoreCheck.Report report = StoreCheck.run(directory, StoreFixture.CONFIG, _ -> {}, 10);
        assertTrue(report.isSound(), () -> report.descriptions().toString());
        compare(oracle);
      }
    } catch (AssertionError | Exception e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  /** Kills the child after it told so much; what is still in the pipe counts as told. */
  private void runAndKill(Oracle oracle, long told) throws Exception {
    List<String> command =
        ChildProcess.command(
            CrashChild.class,
            directory.toString(),
            // Above all that a child may have stored and not told.
            String.valueOf(oracle.highest + UNTOLD_MAX));
    Process child =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (var in = new DataInputStream(new BufferedInputStream(child.getInputStream()))) {
      assertEquals(CrashChild.STARTED, in.readLong(), "the process started");
      in.readLong();
      for (long i = 0; ; i++) {
        if (i == told) {
          // SIGKILL. Not Process.destroyForcibly, which closes our end of the pipe and with it
          // loses
          // what the child told: an acknowledgement it sent off is then taken for a lost message.
          child.toHandle().destroyForcibly();
        }
        oracle.hear(in.readLong(), in.readLong());
      }
    } catch (EOFException e) {
      assertFalse(child.waitFor() == 0, "it was killed");
    } catch (IOException e) {
      child.waitFor(); // a pipe that broke in the middle of a number
    } finally {
      child.destroyForcibly();
    }
  }

  private void compare(Oracle oracle) throws Exception {
    try (var fixture = StoreFixture.open(directory)) {
      Map<Long, Integer> found = new HashMap<>();
      List<SessionRow> sessions = fixture.sessions();
      assertEquals(CrashChild.SESSIONS, sessions.size());
      for (SessionRow session : sessions) {
        long last = -1;
        for (QueuedRow row : wholeQueue(fixture, session.number())) {
          long number = number(row);
          assertTrue(number > last, "order is kept");
          last = number;
          found.merge(number, 1, Integer::sum);
        }
      }
      for (long number : oracle.queued) {
        int receivers = number % 4 == 0 ? CrashChild.SESSIONS : 1;
        if (oracle.dequeued.contains(number)) {
          assertEquals(null, found.get(number), "message " + number + " came back");
        } else if (!oracle.maybeDequeued.contains(number)) {
          assertEquals(receivers, found.get(number), "receivers of message " + number);
        }
      }
      for (var entry : oracle.retained.entrySet()) {
        Message value = retained(fixture, "retained/" + entry.getKey());
        long stored = Long.parseLong(new String(value.payload(), UTF_8));
        assertTrue(
            stored >= entry.getValue(),
            () -> "retained " + entry.getKey() + " is " + stored + ", told " + entry.getValue());
      }
      compareTwins(oracle, fixture);
    }
  }

  /** Records that one command wrote: both or none. */
  private static void compareTwins(Oracle oracle, StoreFixture fixture) {
    StoredRecord one = fixture.store.record(RecordTable.REGISTRY, CrashChild.TWIN);
    StoredRecord other = fixture.store.record(RecordTable.POLICY, CrashChild.TWIN);
    if (one == null || other == null) {
      assertEquals(0, oracle.twins, "told, and not there");
      assertSame(one, other, "half of a command");
      return;
    }
    assertEquals(one.revision(), other.revision(), "half of a command");
    assertArrayEquals(one.value(), other.value());
    long stored = number(new String(one.value(), UTF_8));
    assertTrue(stored >= oracle.twins, () -> "stored " + stored + ", told " + oracle.twins);
  }

  private static long number(QueuedRow row) {
    return number(StoreFixture.payload(row));
  }

  private static long number(String payload) {
    return Long.parseLong(payload.substring(0, payload.indexOf('x')));
  }

  private static List<QueuedRow> wholeQueue(StoreFixture fixture, long number) throws Exception {
    List<QueuedRow> rows = new ArrayList<>();
    for (long from = 0; ; from = rows.getLast().sequence()) {
      QueueSlice slice = fixture.queue(number, from, 1_000);
      rows.addAll(slice.rows());
      if (slice.end()) {
        return rows;
      }
    }
  }

  private static Message retained(StoreFixture fixture, String topic) throws Exception {
    List<Message> messages = fixture.retained(topic);
    assertEquals(1, messages.size(), topic);
    assertNotNull(messages.getFirst());
    return messages.getFirst();
  }
}
