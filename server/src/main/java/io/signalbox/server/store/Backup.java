package io.signalbox.server.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.lmdbjava.LmdbException;

/** Copies the data file while it is in use. */
final class Backup {
  private static final String UNFINISHED = "unfinished";

  private Backup() {}

  /**
   * @throws DirectoryNotEmptyException something is there already
   */
  static void write(Lmdb lmdb, Path directory) throws IOException {
    StoreFiles.makeFolder(directory);
    try (Stream<Path> files = Files.list(directory)) {
      if (files.findAny().isPresent()) {
        throw new DirectoryNotEmptyException(directory.toString());
      }
    }
    // Under its final name only when it is whole and synced, so that no half of a copy is ever
    // taken for a backup.
    Path unfinished = directory.resolve(UNFINISHED);
    StoreFiles.makeFolder(unfinished);
    Path copy = unfinished.resolve(Lmdb.DATA_FILE);
    try {
      lmdb.copy(unfinished);
    } catch (LmdbException e) {
      Files.deleteIfExists(copy);
      Files.delete(unfinished);
      throw new IOException("backup to \"" + directory + "\" failed: " + e.getMessage(), e);
    }
    try (FileChannel file = FileChannel.open(copy, StandardOpenOption.WRITE)) {
      file.force(true);
    }
    StoreFiles.ownersAlone(copy);
    Files.move(copy, directory.resolve(Lmdb.DATA_FILE), StandardCopyOption.ATOMIC_MOVE);
    Files.delete(unfinished);
    StoreFiles.syncDirectory(directory);
    Path parent = directory.toAbsolutePath().getParent();
    if (parent != null) {
      StoreFiles.syncDirectory(parent);
    }
  }
}
