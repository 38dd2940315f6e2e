package io.signalbox.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.store.FileOwner;
import io.signalbox.server.store.StoreFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A directory that a backup or a restore fills. From before its first entry until all is there and
 * synced, a file in it marks it, however the process ends: no broker starts on it, nobody takes it
 * for a backup, and who fills it next begins anew. It is filled where it is, because it may be a
 * mounted volume, which nothing can be renamed to.
 */
final class UnfinishedDirectory implements AutoCloseable {
  static final String MARK = "unfinished-copy";

  /** At the root of an ext4 file system, for root alone. */
  static final String LOST_AND_FOUND = "lost+found";

  private static final String MARK_TEXT =
      "\"signalbox backup\" or \"signalbox restore\" has not finished here; do it again\n";

  private final Path directory;

  /** Locked: tells a directory that is being filled from one that was left. */
  private final FileChannel mark;

  /** To whom root gives all in the end; null: it is not root's to give. */
  private final @Nullable Heir heir;

  private UnfinishedDirectory(Path directory, FileChannel mark, @Nullable Heir heir) {
    this.directory = directory;
    this.mark = mark;
    this.heir = heir;
  }

  /**
   * Whose the directory is to be.
   *
   * @param mode that it had
   */
  private record Heir(FileOwner owner, Set<PosixFilePermission> mode) {
    void give(Path directory) throws IOException {
      Files.setPosixFilePermissions(directory, mode);
      owner.give(directory);
    }
  }

  /**
   * Marks a directory that does not exist or is empty, or empties a marked one.
   *
   * @param source what it is to be a copy of; nothing is deleted that has another name than what is
   *     there
   * @param owner whom {@link #give} gives it to; until then it is root's, so that nobody puts links
   *     in the way, and the mark tells whose it will be. Null, or for others than root: it stays
   *     whose it is
   */
  static UnfinishedDirectory begin(Path directory, Path source, @Nullable FileOwner owner)
      throws IOException {
    boolean wasBegun = isMarked(directory);
    requireFree(directory);
    if (!wasBegun) {
      make(directory);
      Files.createFile(markIn(directory), mode("rw-------"));
    }
    FileChannel mark =
        FileChannel.open(markIn(directory), StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
    Heir heir = null;
    try {
      lock(mark, directory);
      heir = owner == null ? null : take(directory, owner);
      if (wasBegun) {
        empty(directory, source);
      } else {
        requireStillEmpty(directory);
      }
      mark.write(ByteBuffer.wrap(MARK_TEXT.getBytes(UTF_8)));
      mark.force(true);
      StoreFiles.syncDirectory(directory);
      return new UnfinishedDirectory(directory, mark, heir);
    } catch (IOException | RuntimeException e) {
      mark.close();
      if (heir != null) {
        heir.give(directory);
      }
      throw e;
    }
  }

  static boolean isMarked(Path directory) {
    return Files.exists(markIn(directory), LinkOption.NOFOLLOW_LINKS);
  }

  /** Whose a directory is, or is to be when all is there. */
  static FileOwner owner(Path directory) throws IOException {
    boolean isTaken = isMarked(directory) && StoreFiles.isRoots(directory);
    return FileOwner.of(isTaken ? markIn(directory) : directory);
  }

  /**
   * Makes it root's alone. Null: this process may not, so it is not root and can give nothing away.
   */
  private static @Nullable Heir take(Path directory, FileOwner owner) {
    try {
      owner.give(markIn(directory)); // before it is the only one that tells
      Heir heir = new Heir(owner, Files.getPosixFilePermissions(directory));
      Files.setAttribute(directory, "unix:uid", 0);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
      return heir;
    } catch (IOException e) {
      return null;
    }
  }

  /** Refuses a directory that {@link #begin} would refuse, whatever the source. */
  static void requireFree(Path directory) throws IOException {
    if (!isMarked(directory)) {
      requireEmpty(directory);
    }
  }

  /** Refuses a directory that is not there as a whole. */
  static void requireWhole(Path directory) throws IOException {
    if (isMarked(directory)) {
      throw new IOException(
          "\""
              + directory
              + "\" is not whole: \"signalbox backup\" or \"signalbox restore\" has not finished"
              + " there; do it again, or name another directory");
    }
  }

  /** What is in a directory, but for the mark and what any volume has. */
  static List<Path> entries(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .filter(entry -> !entry.endsWith(MARK) && !entry.endsWith(LOST_AND_FOUND))
          .toList();
    }
  }

  private static FileAttribute<?> mode(String permissions) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
  }

  /** For its owner alone; what is missing above it, for all to pass through: it is given away. */
  private static void make(Path directory) throws IOException {
    Path parent = directory.toAbsolutePath().getParent();
    if (Files.exists(directory) || parent == null) {
      return;
    }
    Files.createDirectories(parent);
    Files.createDirectory(directory, mode("rwx------"));
    StoreFiles.syncDirectory(parent);
  }

  private static Path markIn(Path directory) {
    return directory.resolve(MARK);
  }

  private static void requireEmpty(Path directory) throws IOException {
    if (Files.exists(directory) && !entries(directory).isEmpty()) {
      throw new IOException("\"" + directory + "\" is not empty; name a new directory");
    }
  }

  /** A broker may have started on it a moment before it was marked, and goes on. */
  private static void requireStillEmpty(Path directory) throws IOException {
    try {
      requireEmpty(directory);
    } catch (IOException e) {
      Files.delete(markIn(directory));
      throw e;
    }
  }

  private static void lock(FileChannel mark, Path directory) throws IOException {
    // Who finishes takes the mark away before it lets go of the lock.
    if (tryLock(mark) == null || !isMarked(directory)) {
      throw new IOException("\"" + directory + "\" is being filled by another command");
    }
  }

  private static @Nullable FileLock tryLock(FileChannel mark) throws IOException {
    try {
      return mark.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // this process has it already
    }
  }

  private static void empty(Path directory, Path source) throws IOException {
    List<Path> left = entries(directory);
    for (Path entry : left) {
      Path name = entry.getFileName();
      if (Files.notExists(source.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
        throw new IOException(
            "\""
                + directory
                + "\" holds \""
                + name
                + "\", which \""
                + source
                + "\" does not have; move it away, or name another directory");
      }
    }
    for (Path entry : left) {
      StoreFiles.deleteTree(entry);
    }
  }

  /** Gives all to whom it is for, the directory itself last. */
  void give() throws IOException {
    if (heir != null) {
      for (Path entry : entries(directory)) {
        heir.owner.giveTree(entry);
      }
      heir.give(directory);
    }
  }

  /** It will not be finished: gives back what it takes of the disk. The mark stays. */
  void abandon() throws IOException {
    for (Path entry : entries(directory)) {
      StoreFiles.deleteTree(entry);
    }
  }

  /** Takes the mark away: what is in the entries is synced, and now the entries are. */
  void finish() throws IOException {
    StoreFiles.syncDirectory(directory);
    Files.delete(markIn(directory));
    StoreFiles.syncDirectory(directory);
  }

  @Override
  public void close() throws IOException {
    mark.close();
  }
}
