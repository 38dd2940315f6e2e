package io.signalbox.server.auth;

import io.signalbox.pki.FileChange;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.scram.ScramUser;
import io.signalbox.server.scram.UsersFile;
import io.signalbox.server.scram.UsersFileException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The users file in force. Read again when it has changed; one that cannot be used leaves the last
 * good one in force and is read at every look. Any thread.
 */
final class WatchedUsersFile {
  private static final Logger LOG = System.getLogger(WatchedUsersFile.class.getName());

  /**
   * @param iterations how many users have how many
   */
  private record InForce(UsersFile file, Map<Integer, Long> iterations) {
    private static InForce of(UsersFile file) {
      return new InForce(
          file,
          file.users().stream()
              .collect(
                  Collectors.groupingBy(
                      user -> user.verifier().iterations(), Collectors.counting())));
    }
  }

  private final Path path;
  private final Metrics metrics;
  private final FileChange change;
  private volatile InForce inForce;

  /**
   * @throws AuthSetupException with every problem of the file
   */
  WatchedUsersFile(Path path, Metrics metrics) throws AuthSetupException {
    this.path = path;
    this.metrics = metrics;
    this.change = new FileChange(path); // before it is read
    this.inForce = InForce.of(load(path));
    metrics.credentialFilesStale.from(() -> change.isRefused() ? 1 : 0);
  }

  /**
   * What the file holds.
   *
   * @throws AuthSetupException with every problem of the file
   */
  static UsersFile load(Path path) throws AuthSetupException {
    try {
      return UsersFile.read(path);
    } catch (UsersFileException e) {
      throw new AuthSetupException(e.problems(), e);
    }
  }

  /**
   * Takes a changed file over. Reads a file: not on an I/O thread.
   *
   * @return whether other users are in force now
   */
  synchronized boolean refresh() {
    if (!change.isDue()) {
      return false;
    }
    try {
      inForce = InForce.of(UsersFile.read(path));
      change.taken();
      LOG.log(Level.INFO, "{0} users in force from \"{1}\"", inForce.file.users().size(), path);
      return true;
    } catch (UsersFileException e) {
      refused(String.valueOf(e.getMessage()));
      return false;
    }
  }

  private void refused(String why) {
    if (change.refused(why)) {
      metrics.usersReloadsFailed.inc();
      LOG.log(
          Level.ERROR,
          "the users file is not taken over, the last good one stays in force:\n{0}",
          why);
    }
  }

  @Nullable ScramUser find(String name) {
    return inForce.file.find(name);
  }

  /** How many users have how many iterations. */
  Map<Integer, Long> iterations() {
    return inForce.iterations;
  }
}
