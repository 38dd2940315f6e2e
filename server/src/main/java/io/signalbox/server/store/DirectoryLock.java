package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a second process out of the directory. The kernel lets go of the lock when the process
 * dies, however it dies; the file stays and tells the last owner's process id.
 */
final class DirectoryLock implements AutoCloseable {
  private static final String FILE = "owner.pid";

  // The id stands behind the locked byte, so that others may read it while the lock is held, on
  // systems where locks are mandatory too.
  private static final int PID_AT = 1;
  private static final int PID_BYTES_MAX = 20;

  private final FileChannel channel;

  private DirectoryLock(FileChannel channel) {
    this.channel = channel;
  }

  static DirectoryLock take(Path directory) throws StoreOpenException {
    Path file = directory.resolve(FILE);
    try {
      FileChannel channel =
          FileChannel.open(
              file,
              Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      try {
        if (tryLock(channel, false) == null) {
          throw new StoreOpenException("data directory \"" + directory + "\" is " + use(channel));
        }
        byte[] pid = ("\n" + ProcessHandle.current().pid() + "\n").getBytes(US_ASCII);
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(pid), 0);
        return new DirectoryLock(channel);
      } catch (IOException | StoreOpenException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw new StoreOpenException("cannot lock \"" + file + "\": " + e.getMessage(), e);
    }
  }

  /**
   * Keeps owners away while the directory is read. Nothing is written: it may be a backup on a
   * read-only medium.
   *
   * @throws StoreOpenException it is in use
   */
  static Closeable share(Path directory) throws StoreOpenException, IOException {
    Path file = directory.resolve(FILE);
    if (Files.notExists(file)) {
      return () -> {}; // a backup that nobody has opened
    }
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      if (tryLock(channel, true) == null) {
        throw new StoreOpenException(
            "\""
                + directory
                + "\" is in use by process "
                + owner(channel)
                + ", which may change it meanwhile; copy it with \"signalbox backup\"");
      }
      return channel;
    } catch (IOException | StoreOpenException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel, boolean shared)
      throws IOException {
    try {
      return channel.tryLock(0, PID_AT, shared);
    } catch (OverlappingFileLockException e) {
      return null; // this process has it already
    }
  }

  /** Who shares the lock writes no id, and the one that is there is of an owner before. */
  private static String use(FileChannel channel) throws IOException {
    try (FileLock shared = tryLock(channel, true)) {
      return shared == null
          ? "in use by process " + owner(channel) + "; stop it first"
          : "being copied by \"signalbox restore\"; try again when that has ended";
    }
  }

  private static String owner(FileChannel channel) throws IOException {
    var pid = ByteBuffer.allocate(PID_BYTES_MAX);
    channel.read(pid, PID_AT);
    String text = new String(pid.array(), 0, pid.position(), US_ASCII).strip();
    return text.isEmpty() ? "unknown" : text;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // closing a file that is only locked does no I/O
    }
  }
}
