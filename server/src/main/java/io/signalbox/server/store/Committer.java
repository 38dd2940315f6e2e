package io.signalbox.server.store;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.lmdbjava.Env;
import org.lmdbjava.LmdbException;
import org.lmdbjava.LmdbNativeException;
import org.lmdbjava.Txn;

/** Makes a transaction durable. Tests put a failing disk in the place of the real one. */
interface Committer {
  /** The disk, its quota or the map is full: nothing was changed, and it may pass. */
  final class NoRoomException extends Exception {
    NoRoomException(String problem) {
      super(problem, null, false, false);
    }

    NoRoomException(LmdbException problem) {
      super(String.valueOf(problem.getMessage()), problem, false, false);
    }
  }

  /** Writes and syncs; the error of a sync is not told from that of a write. */
  Committer TO_DISK =
      txn -> {
        try {
          txn.commit();
        } catch (LmdbNativeException e) {
          throw noRoomOr(e);
        }
      };

  /**
   * @throws NoRoomException nothing was changed, and it may pass
   * @throws RuntimeException the disk failed
   */
  void commit(Txn<MemorySegment> txn) throws NoRoomException;

  /** Tells a full disk from a broken one. */
  static NoRoomException noRoomOr(LmdbNativeException e) {
    if (isNoRoom(e)) {
      return new NoRoomException(e);
    }
    throw e;
  }

  int NO_SPACE_LEFT = 28; // ENOSPC
  int QUOTA_EXCEEDED = 122; // EDQUOT of Linux

  /** Whether the disk, its quota or the map is full. */
  static boolean isNoRoom(Exception e) {
    return e instanceof Env.MapFullException
        || (e instanceof LmdbNativeException failed
            && (failed.getResultCode() == NO_SPACE_LEFT
                || failed.getResultCode() == QUOTA_EXCEEDED));
  }

  /** The same of a call of Java, which tells only the system's words for the error. */
  static boolean isNoRoom(IOException e) {
    String problem = String.valueOf(e.getMessage());
    return problem.contains(SystemErrors.words(NO_SPACE_LEFT))
        || problem.contains(SystemErrors.words(QUOTA_EXCEEDED));
  }

  /**
   * Whether the disk may be full as well as broken: of a write that only in part finds room LMDB
   * says that it failed. Of a store in use {@link DiskSpace#cutShort} tells which.
   */
  static boolean isPerhapsNoRoom(LmdbException e) {
    final int failed = 5; // EIO
    return e instanceof LmdbNativeException told && told.getResultCode() == failed;
  }
}
