package io.signalbox.server.store;

import java.nio.file.Path;
import org.lmdbjava.LmdbException;

/**
 * The store in a data directory cannot be used. The message is for the operator: what is wrong,
 * where, and what to do.
 */
public final class StoreOpenException extends Exception {
  StoreOpenException(String problem) {
    super(problem);
  }

  StoreOpenException(String problem, Throwable cause) {
    super(problem, cause);
  }

  /** A first commit or a change of the format failed. */
  static StoreOpenException unwritable(Path dataFile, LmdbException e) {
    return new StoreOpenException(
        Committer.isNoRoom(e)
            ? "there is no room to write \""
                + dataFile
                + "\": "
                + e.getMessage()
                + "; make room and do it again; the file is as it was"
            : "cannot write \"" + dataFile + "\": " + e.getMessage(),
        e);
  }
}
