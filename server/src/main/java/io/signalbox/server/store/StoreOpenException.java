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

  /** Something in it cannot be read. */
  static StoreOpenException damaged(String what, Path dataFile, RuntimeException why) {
    return new StoreOpenException(
        what
            + " in \""
            + dataFile
            + "\" cannot be read: "
            + why.getMessage()
            + "; look at them with \"signalbox store check\", then restore a backup or use"
            + " \"signalbox store repair\"",
        why);
  }

  /** A first commit or a change of the format failed. */
  static StoreOpenException unwritable(Path dataFile, LmdbException e) {
    return new StoreOpenException(unwritable("\"" + dataFile + "\": " + e.getMessage(), e), e);
  }

  private static String unwritable(String file, LmdbException e) {
    if (Committer.isNoRoom(e)) {
      return "there is no room to write "
          + file
          + "; make room and do it again; the file is as it was";
    }
    return "cannot write "
        + file
        + (Committer.isPerhapsNoRoom(e) ? "; the disk is perhaps full" : "");
  }
}
