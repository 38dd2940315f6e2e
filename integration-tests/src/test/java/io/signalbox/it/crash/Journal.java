package io.signalbox.it.crash;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * What a disk that loses its cache has of a data file: the image from before, everything that was
 * synced since, and of the rest whatever chance has let through, in any order and torn at any
 * sector.
 *
 * <p>Why that is honest: the journal is written by the calls themselves ({@code disk.c}), so it
 * cannot miss one; a write counts only after the sync behind it has returned, or after its own
 * return where the descriptor is O_DSYNC; and what was not synced is lost, kept or torn without
 * regard for order, which is all that POSIX leaves and more than most disks do. Not covered: a
 * device that says it has synced and has not, and the directory entry of a file that was just made.
 */
final class Journal {
  private static final int SECTOR = 512;

  /** One write, or with no bytes a new length of the file. */
  private record Write(long offset, byte[] bytes, boolean truncates) {}

  private final Path image;
  private long synced;
  private long lost;

  /** The image is made if there is none; it is what the disk held before the journal began. */
  Journal(Path image) {
    this.image = image;
  }

  /** Writes that were on the disk, so far. */
  long synced() {
    return synced;
  }

  /** Writes of which nothing is left, so far. */
  long lost() {
    return lost;
  }

  /** The power is gone: turns the image into what the disk has, and forgets the journal. */
  void cut(Path journal, Random chance) {
    var cached = new TreeMap<Long, Write>();
    try (var file = new RandomAccessFile(image.toFile(), "rw");
        var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(journal)))) {
      replay(in, cached, file);
      for (Write write : cached.values()) {
        survive(file, write, chance);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    forget(journal);
  }

  /** Puts the image in the place of a data file. */
  void restore(Path dataFile) {
    try {
      Files.copy(image, dataFile, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void forget(Path journal) {
    try {
      Files.delete(journal);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void replay(DataInputStream in, Map<Long, Write> cached, RandomAccessFile file)
      throws IOException {
    for (long record = 0; ; record++) {
      int kind = in.read();
      if (kind < 0) {
        return;
      }
      try {
        long number = Long.reverseBytes(in.readLong());
        switch (kind) {
          case 'W' -> {
            byte[] bytes = new byte[Math.toIntExact(Long.reverseBytes(in.readLong()))];
            in.readFully(bytes);
            cached.put(record, new Write(number, bytes, false));
          }
          case 'T' -> cached.put(record, new Write(number, new byte[0], true));
          case 'S' -> {
            var settled = ((TreeMap<Long, Write>) cached).headMap(number);
            for (Write write : settled.values()) {
              apply(file, write);
            }
            settled.clear();
          }
          case 'D' -> {
            Write write = cached.remove(number);
            if (write != null) { // else a sync has settled it
              apply(file, write);
            }
          }
          default -> throw new IOException("not a journal: record " + record + " is " + kind);
        }
      } catch (EOFException e) {
        return; // killed while it was noted, so before the call returned
      }
    }
  }

  private void apply(RandomAccessFile file, Write write) throws IOException {
    synced++;
    if (write.truncates) {
      file.setLength(write.offset);
    } else {
      file.seek(write.offset);
      file.write(write.bytes);
    }
  }

  /** Nobody synced it. */
  private void survive(RandomAccessFile file, Write write, Random chance) throws IOException {
    int fate = chance.nextInt(3);
    if (fate == 0 || write.truncates) {
      lost++;
      return;
    }
    for (int at = 0; at < write.bytes.length; at += SECTOR) {
      if (fate == 1 || chance.nextBoolean()) {
        file.seek(write.offset + at);
        file.write(write.bytes, at, Math.min(SECTOR, write.bytes.length - at));
      }
    }
  }
}
