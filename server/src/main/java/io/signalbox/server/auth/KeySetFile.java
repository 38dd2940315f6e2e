package io.signalbox.server.auth;

import io.signalbox.pki.FileChange;
import io.signalbox.server.config.AuthConfig.Algorithm;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * The key set in a file (RFC 7517), read again when it has changed: a key that is not in it any
 * more is no longer good. While it cannot be used the last good one stays in force. {@link
 * #refresh} by one thread, the rest by any.
 */
final class KeySetFile {
  private static final Logger LOG = System.getLogger(KeySetFile.class.getName());

  private final String issuer;
  private final Path file;
  private final Set<Algorithm> algorithms;
  private final FileChange change;
  private volatile List<TokenKey> keys;

  /**
   * @param issuer for the log
   * @param algorithms the only ones that its keys are good for
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if it is no key set
   */
  KeySetFile(String issuer, Path file, Set<Algorithm> algorithms) throws IOException {
    this.issuer = issuer;
    this.file = file;
    this.algorithms = Set.copyOf(algorithms);
    this.change = new FileChange(file); // before it is read
    this.keys = read();
  }

  private List<TokenKey> read() throws IOException {
    return KeySet.read(Files.readAllBytes(file), algorithms);
  }

  List<TokenKey> known() {
    return keys;
  }

  /** Whether the file cannot be used, and the keys are those of before. */
  boolean isStale() {
    return change.isRefused();
  }

  /**
   * Reads it if it is due.
   *
   * @return whether it has other keys than before
   */
  boolean refresh() {
    if (!change.isDue()) {
      return false;
    }
    try {
      List<TokenKey> fresh = read();
      change.taken();
      if (fresh.equals(keys)) { // those that were there keep what they have computed
        return false;
      }
      LOG.log(Level.INFO, "the issuer \"{0}\" has the keys {1}", issuer, KeySet.ids(fresh));
      keys = fresh;
      return true;
    } catch (IOException | IllegalArgumentException e) {
      if (change.refused(String.valueOf(e.getMessage()))) {
        LOG.log(
            Level.ERROR,
            "the keys of issuer \"{0}\" are not reloaded, those known ({1}) stay in force: {2}",
            issuer,
            keys.size(),
            e.getMessage());
      }
      return false;
    }
  }
}
