package io.signalbox.pki;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileChangeTest {
  private static final Instant WRITTEN = Instant.parse("2026-03-01T12:00:00Z");

  @TempDir Path folder;

  private final MutableClock clock = new MutableClock(WRITTEN.plusMillis(1));
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("file");
    write("old", WRITTEN);
  }

  private void write(String text, Instant at) throws IOException {
    Files.writeString(file, text);
    Files.setLastModifiedTime(file, FileTime.from(at));
  }

  @Test
  void seesWhatWasWrittenInTheSameMomentAsALook() throws IOException {
    FileChange change = new FileChange(file, clock);
    write("new", WRITTEN); // as long as before, and the file system's clock has not gone on
    assertFalse(change.isDue(), "nobody can tell yet");
    clock.advance(Duration.ofSeconds(2));
    assertTrue(change.isDue());
    assertFalse(change.isDue(), "told once");
  }

  @Test
  void isQuietWhileNothingChanges() {
    FileChange change = new FileChange(file, clock);
    for (int second = 0; second < 5; second++) {
      assertFalse(change.isDue());
      clock.advance(Duration.ofSeconds(1));
    }
  }

  @Test
  void tellsOfEachChangeOnce() throws IOException {
    FileChange change = new FileChange(file, clock);
    write("new", WRITTEN.plusMillis(4));
    assertTrue(change.isDue());
    assertFalse(change.isDue());
    write("longer", WRITTEN.plusMillis(4));
    assertTrue(change.isDue(), "of another size");
    Files.delete(file);
    assertTrue(change.isDue());
    assertFalse(change.isDue());
    write("back", WRITTEN);
    assertTrue(change.isDue());
  }

  @Test
  void isDueAtEveryLookWhileItCannotBeUsed() {
    FileChange change = new FileChange(file, clock);
    assertTrue(change.refused("no rights"));
    assertTrue(change.isDue());
    clock.advance(Duration.ofSeconds(2)); // not young any more
    assertTrue(change.isDue());
    assertFalse(change.refused("no rights"), "told once");
    assertTrue(change.refused("no list"));
    assertTrue(change.isDue());
    change.taken();
    assertFalse(change.isDue());
    assertTrue(change.refused("no list"), "told again when it comes back");
  }

  @Test
  void takesATimeInTheFutureForNoYoungerThanIsTrue() throws IOException {
    write("old", WRITTEN.plusSeconds(3_600));
    FileChange change = new FileChange(file, clock);
    assertFalse(change.isDue());
  }
}
