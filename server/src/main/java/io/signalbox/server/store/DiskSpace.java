package io.signalbox.server.store;

import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.ConfinedTo;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.LmdbException;

/**
 * Whether there is room for more. LMDB writes new pages to delete as well as to add, so the disk is
 * never filled up: below the reserve only what makes room is applied, and service resumes by itself
 * when room returns.
 *
 * <p>Room is what the disk has free, plus pages of the file that wait for reuse, less the reserve;
 * not more than the map can still take; and what the quota leaves.
 *
 * <p>Wills are stored and published in the reserve too, for whoever connects with one may come to
 * make room. Once they have used up half of it, only such clients are let in.
 *
 * <p>LMDB uses no page again that a reader may still look at: while a {@link Lmdb#longRead} lasts,
 * the file grows although it has free ones. When that would touch the reserve, they are no room,
 * nor are those that are freed later, until the last such read ends.
 */
@ConfinedTo("store writer")
final class DiskSpace {
  private static final Logger LOG = System.getLogger(DiskSpace.class.getName());

  /** What the disk of a file has left. */
  interface FreeSpace {
    long bytes(Path file) throws IOException;

    /** Looks for the disk among all mounts only once: that takes longer than to ask it. */
    static FreeSpace ofDisk() {
      return new FreeSpace() {
        private @Nullable FileStore disk;

        @Override
        public long bytes(Path file) throws IOException {
          if (disk == null) {
            disk = Files.getFileStore(file);
          }
          return disk.getUsableSpace();
        }
      };
    }
  }

  private static final long LOOK_NANOS = 10_000_000;

  /** A write that was cut short took the last of the disk, so far more than this is not free. */
  private static final long CUT_SHORT_BYTES_MAX = 16 << 20;

  private final Lmdb lmdb;
  private final long quotaBytes;
  private final long reserveBytes;
  private final Clocks clocks;
  private final FreeSpace disk;

  private boolean mayGrow = true;

  /** At the last look; less than none below the reserve, or above the quota. */
  private long room;

  private long lookedAtNanos;
  private boolean looked;

  /** Told in the log, since it last had room. */
  private boolean cutShort;

  private long fileBytes;

  /** Free pages of the file that have turned out to be no room while a long read lasts. */
  private long useless;

  /** What the disk had free at the last look. */
  private long diskBytes = Long.MAX_VALUE;

  private volatile long usedBytes;

  /**
   * @param quotaBytes 0: the disk alone is the limit
   */
  DiskSpace(Lmdb lmdb, long quotaBytes, long reserveBytes, Clocks clocks, FreeSpace disk) {
    this.lmdb = lmdb;
    this.quotaBytes = quotaBytes == 0 ? Long.MAX_VALUE : quotaBytes;
    this.reserveBytes = reserveBytes;
    this.clocks = clocks;
    this.disk = disk;
    this.fileBytes = lmdb.fileBytes();
  }

  /** Bytes of pages in use at the last commit. Any thread. */
  long usedBytes() {
    return usedBytes;
  }

  /** Takes note of a batch that is about to be committed. */
  void used(long bytes) {
    usedBytes = bytes;
  }

  /** Decides for the next batch; looks at the disk a hundred times a second at most. */
  boolean mayGrow() {
    long now = clocks.nanos();
    if (looked && now - lookedAtNanos < LOOK_NANOS && usedBytes < quotaBytes) {
      return mayGrow;
    }
    looked = true;
    lookedAtNanos = now;
    room = room();
    decide(room);
    return mayGrow;
  }

  /** Whether there was room for Wills at the last look. */
  boolean hasRoomForWills() {
    return mayGrow || room > -4 * margin();
  }

  /** A transaction ran into the end of the disk or of the map. */
  void ranOut() {
    room = mayGrow ? 0 : Long.MIN_VALUE; // not even what makes room found some
    decide(room);
    looked = true;
    lookedAtNanos = clocks.nanos();
  }

  /**
   * Whether a write that failed was only cut short, because the disk has not the room for all of
   * it. Not so when a page that was written cannot have reached the disk: nobody tells again which,
   * so that what comes next may build on a page that is not there. Logs it once for each time that
   * the disk is full.
   *
   * @param bytes that were to be written, less what LMDB adds
   */
  boolean cutShort(long bytes, LmdbException failure) {
    try {
      long before = diskBytes; // of somebody who makes room just now it does not know yet
      long free = Math.min(before, look());
      if (free >= bytes + CUT_SHORT_BYTES_MAX) {
        return false;
      }
      sync();
      if (!cutShort) {
        cutShort = true;
        LOG.log(
            Level.WARNING,
            "a write failed ({0}) where the disk has {1} bytes free; taken for a full disk",
            failure.getMessage(),
            free);
      }
      return true;
    } catch (IOException e) {
      LOG.log(Level.WARNING, "the disk is full, and fails: {0}", e.getMessage());
      return false;
    }
  }

  /**
   * That a sync finds no room, now or in a write before this one, is no failure: it is of pages
   * that nobody relies on. The second sync tells what the first one hid behind it.
   */
  private void sync() throws IOException {
    for (int i = 0; i < 2; i++) {
      try {
        lmdb.sync();
        return;
      } catch (IOException e) {
        if (!Committer.isNoRoom(e)) {
          throw e;
        }
      }
    }
  }

  private long look() throws IOException {
    diskBytes = disk.bytes(lmdb.dataFile());
    return diskBytes;
  }

  private long room() {
    try {
      long growable = Math.min(look(), lmdb.mapRoomBytes()) - reserveBytes;
      long grown = lmdb.fileBytes() - fileBytes;
      fileBytes += grown;
      return Math.min(growable + reusable(growable, grown), quotaBytes - usedBytes);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "cannot see the free space of the disk: {0}", e.getMessage());
      return mayGrow ? Long.MAX_VALUE : 0;
    }
  }

  /**
   * Bytes of free pages in the file that are used before it grows; less than none when it has grown
   * all the same during a long read and, if it did so again, would touch the reserve.
   *
   * @param growable bytes before the file touches the reserve
   * @param grown bytes since the last look
   */
  private long reusable(long growable, long grown) {
    long free = Math.max(0, fileBytes - usedBytes);
    if (lmdb.longReads() == 0) {
      useless = 0; // what has grown meanwhile did so, perhaps, for a reader that is gone
      return free;
    }
    if (growable > margin()) {
      useless = 0;
    }
    if (growable < grown && grown > 0) {
      useless = free;
      return -grown;
    }
    if (useless > 0) {
      useless = free;
    }
    return free - useless;
  }

  private long margin() {
    return Math.min(reserveBytes, quotaBytes / 2) / 8;
  }

  /** Stops at nothing left; resumes only with a margin, so that it does not flap. */
  private void decide(long room) {
    boolean now = mayGrow ? room > 0 : room > margin();
    if (now != mayGrow) {
      mayGrow = now;
      if (now) {
        cutShort = false;
        LOG.log(Level.INFO, "the store has room again and takes messages");
      } else {
        LOG.log(
            Level.WARNING,
            "the store is full: {0} bytes in use, quota {1}, reserve {2} on the disk; what would"
                + " take more room is refused",
            usedBytes,
            quotaBytes,
            reserveBytes);
      }
    }
  }
}
