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

/**
 * Whether there is room for more. LMDB writes new pages to delete as well as to add, so the disk is
 * never filled up: below the reserve only what makes room is applied, and service resumes by itself
 * when room returns.
 *
 * <p>Room is what the disk has free, plus pages of the file that wait for reuse, less the reserve;
 * not more than the map can still take; and what the quota leaves.
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

  private final Lmdb lmdb;
  private final long quotaBytes;
  private final long reserveBytes;
  private final Clocks clocks;
  private final FreeSpace disk;

  private boolean mayGrow = true;
  private long lookedAtNanos;
  private boolean looked;
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
    decide(room());
    return mayGrow;
  }

  /** A transaction ran into the end of the disk or of the map. */
  void ranOut() {
    decide(0);
    looked = true;
    lookedAtNanos = clocks.nanos();
  }

  private long room() {
    try {
      long reusable = Math.max(0, lmdb.fileBytes() - usedBytes);
      long growable = Math.min(disk.bytes(lmdb.dataFile()), lmdb.mapRoomBytes());
      return Math.min(growable + reusable - reserveBytes, quotaBytes - usedBytes);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "cannot see the free space of the disk: {0}", e.getMessage());
      return mayGrow ? Long.MAX_VALUE : 0;
    }
  }

  /** Stops at nothing left; resumes only with a margin, so that it does not flap. */
  private void decide(long room) {
    long margin = Math.min(reserveBytes, quotaBytes / 2) / 8;
    boolean now = mayGrow ? room > 0 : room > margin;
    if (now != mayGrow) {
      mayGrow = now;
      if (now) {
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
