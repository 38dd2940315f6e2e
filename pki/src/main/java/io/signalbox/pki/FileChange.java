package io.signalbox.pki;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Says when a file is to be read again. File systems tell the time of a change by a clock that goes
 * on every few milliseconds, some every two seconds. What is written within such a step of a look
 * would never be seen, so a file that was young when it was looked at is compared once more by its
 * content when it is not. A file that could not be used is due until it can: a change of owner or
 * mode shows nowhere, nor does a lack of file descriptors that is over. One thread at a time, but
 * for {@link #isRefused}.
 */
public final class FileChange {
  private static final long YOUNG_MILLIS = 2_000;

  /** Tells two states of a file apart. */
  private record Stamp(FileTime modified, long bytes, @Nullable Object key) {}

  private final Path file;
  private final Clock clock;

  /** Null: it was not there. */
  private @Nullable Stamp seen;

  /** A hash of the content of a young file; null: it was none. */
  private byte @Nullable [] content;

  /** Why what was read last cannot be used; empty: it can. */
  private volatile String problem = "";

  /** The file as it is now is taken as known: read it after this. */
  public FileChange(Path file) {
    this(file, Clock.systemUTC());
  }

  FileChange(Path file, Clock clock) {
    this.file = file;
    this.clock = clock;
    see(stamp());
  }

  /**
   * Whether the file has changed, come or gone since this was last asked, or could not be used when
   * it was last read; read it after this. Costs a look at its attributes, and at its content while
   * it is young.
   */
  public boolean isDue() {
    boolean unusable = !problem.isEmpty();
    Stamp now = stamp();
    if (!Objects.equals(now, seen)) {
      see(now);
      return true;
    }
    byte[] before = content;
    if (before == null || isYoung(now)) {
      return unusable;
    }
    content = null;
    return unusable || !Arrays.equals(before, hash());
  }

  /**
   * The file could not be read, or what was read cannot be used.
   *
   * @return whether that is for another reason than at the last look, and so worth telling
   */
  public boolean refused(String why) {
    boolean other = !why.equals(problem);
    problem = why;
    return other;
  }

  /** Whether what was read last cannot be used. Any thread. */
  public boolean isRefused() {
    return !problem.isEmpty();
  }

  /** What was read is in use. */
  public void taken() {
    problem = "";
  }

  private void see(@Nullable Stamp now) {
    seen = now;
    content = isYoung(now) ? hash() : null;
  }

  private boolean isYoung(@Nullable Stamp stamp) {
    return stamp != null && Math.abs(clock.millis() - stamp.modified.toMillis()) < YOUNG_MILLIS;
  }

  private @Nullable Stamp stamp() {
    try {
      BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
      return new Stamp(now.lastModifiedTime(), now.size(), now.fileKey());
    } catch (IOException _) {
      return null;
    }
  }

  /** Empty if it cannot be read. */
  private byte[] hash() {
    try (InputStream in = Files.newInputStream(file);
        DigestInputStream digest =
            new DigestInputStream(in, MessageDigest.getInstance("SHA-256"))) {
      digest.transferTo(OutputStream.nullOutputStream());
      return digest.getMessageDigest().digest();
    } catch (IOException _) {
      return new byte[0];
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
