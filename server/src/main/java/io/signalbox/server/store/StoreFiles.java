package io.signalbox.server.store;

import io.signalbox.server.config.StoreConfig;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;

/** The files of a store that no process has open: copied, put aside, put back. */
public final class StoreFiles {
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);

  private StoreFiles() {}

  /** Whether a directory holds a store. */
  public static boolean exists(Path directory) {
    return Files.exists(directory.resolve(Lmdb.DATA_FILE));
  }

  /**
   * Writes a compacted copy, as {@link Store#backup} does of a store in use.
   *
   * @throws StoreOpenException it is in use or cannot be read
   */
  public static void backup(Path directory, StoreConfig config, Path to)
      throws StoreOpenException, IOException {
    Path path = directory.toAbsolutePath().normalize();
    requireStore(path);
    try (DirectoryLock _ = DirectoryLock.take(path)) {
      Lmdb.unpackLibraryInto(path);
      try (Lmdb lmdb = Lmdb.open(path, config)) {
        Backup.write(lmdb, to);
      }
    }
  }

  /**
   * Puts the data file aside, so that the next start begins a new store. Nothing is deleted.
   *
   * @return where it is now
   * @throws StoreOpenException it is in use, or there is none
   */
  public static Path quarantine(Path directory) throws StoreOpenException, IOException {
    Path path = directory.toAbsolutePath().normalize();
    requireStore(path);
    try (DirectoryLock _ = DirectoryLock.take(path)) {
      Path aside = asideOf(path);
      Files.move(path.resolve(Lmdb.DATA_FILE), aside, StandardCopyOption.ATOMIC_MOVE);
      syncDirectory(path);
      return aside;
    }
  }

  /**
   * Keeps brokers and commands away from a store that is to be copied, until closed; writes nothing
   * there.
   *
   * @throws StoreOpenException it is in use
   */
  public static Closeable keepStill(Path directory) throws StoreOpenException, IOException {
    return DirectoryLock.share(directory);
  }

  /**
   * Copies the data file of a backup into a new directory and syncs it.
   *
   * @param to must not exist
   */
  public static void copy(Path backup, Path to) throws IOException {
    makeFolder(to);
    Path file = to.resolve(Lmdb.DATA_FILE);
    Files.copy(backup.resolve(Lmdb.DATA_FILE), file);
    ownersAlone(file);
    sync(file);
    syncDirectory(to);
  }

  /**
   * Brings a store that was copied from an older program's to this one's format.
   *
   * @throws StoreOpenException it is in use, of another program or a newer version, or unreadable
   */
  public static void bringUpToDate(Path directory, StoreConfig config) throws StoreOpenException {
    Path path = directory.toAbsolutePath().normalize();
    requireStore(path);
    try (DirectoryLock _ = DirectoryLock.take(path)) {
      Lmdb.unpackLibraryInto(path);
      try (Lmdb lmdb = Lmdb.open(path, config)) {
        lmdb.requireWhole();
        StoreFormat.bringUpToDate(lmdb);
      }
    }
  }

  /**
   * Forgets which QoS 2 messages publishers have yet to release. In a store of some time ago they
   * may have released them, and use their Packet Identifiers for other messages, which would be
   * taken for the same ones.
   *
   * @throws StoreOpenException it is in use, of another program, or unreadable
   */
  public static void forgetInbound(Path directory, StoreConfig config) throws StoreOpenException {
    Path path = directory.toAbsolutePath().normalize();
    requireStore(path);
    try (DirectoryLock _ = DirectoryLock.take(path)) {
      Lmdb.unpackLibraryInto(path);
      try (Lmdb lmdb = Lmdb.open(path, config)) {
        lmdb.requireWhole();
        try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
          lmdb.inboundQos2.drop(txn);
          txn.commit();
        } catch (LmdbException e) {
          throw StoreOpenException.unwritable(lmdb.dataFile(), e);
        }
      }
    }
  }

  /** Refuses a directory without a store: opening it would begin one. */
  static void requireStore(Path directory) throws StoreOpenException {
    if (!exists(directory)) {
      throw new StoreOpenException("there is no store in \"" + directory + "\"");
    }
  }

  /**
   * Puts a file in the place of the data file. The old one gets a second name first, so that at no
   * moment there is none.
   *
   * @return the old one
   */
  static Path replace(Path directory, Path by) throws IOException {
    sync(by);
    Path aside = asideOf(directory);
    Path file = directory.resolve(Lmdb.DATA_FILE);
    Files.createLink(aside, file);
    Files.move(by, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    syncDirectory(directory);
    return aside;
  }

  private static Path asideOf(Path directory) {
    return directory.resolve("damaged-" + STAMP.format(Instant.now()) + ".mdb");
  }

  /**
   * Waits until the content of a file, which may be one that only its owner may read, is on disk.
   */
  public static void sync(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Makes a folder, and those above it, for their owner alone (0700); one that is there stays. */
  static void makeFolder(Path folder) throws IOException {
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  /** Lets nobody but its owner read a file (0600). */
  static void ownersAlone(Path file) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  /** Waits until the names in a directory are on disk: a new file is not durable before. */
  public static void syncDirectory(Path directory) throws IOException {
    sync(directory);
  }

  /** Whether a file belongs to root. */
  public static boolean isRoots(Path file) throws IOException {
    return Files.getAttribute(file, "unix:uid") instanceof Integer id && id == 0;
  }

  /** Deletes a file, or a folder with all in it; links are not followed. */
  public static void deleteTree(Path tree) throws IOException {
    if (!Files.exists(tree)) {
      return;
    }
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(tree)) {
      paths = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : paths) {
      Files.delete(path);
    }
  }
}
