package io.signalbox.server;

import io.signalbox.pki.FileChange;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.TlsIdentity;
import io.signalbox.server.config.TlsConfig.KeyPairFiles;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * A server certificate and its key as their files hold them; the last good ones while the files
 * cannot be used, such as a certificate whose key is not replaced yet. One thread at a time, except
 * {@link #isStale}.
 */
final class WatchedKeyPair {
  private static final Logger LOG = System.getLogger(WatchedKeyPair.class.getName());

  private final KeyPairFiles files;
  private final SecureRandom random;
  private final List<FileChange> changes;
  private final ExpiryNotice expiry;
  private TlsIdentity good;

  /** Why the files as they are now cannot be used; empty: they can. */
  private volatile String problem = "";

  /**
   * Reads the files.
   *
   * @throws PkiException if they cannot be read or do not belong together
   */
  WatchedKeyPair(KeyPairFiles files, SecureRandom random) throws PkiException {
    this.files = files;
    this.random = random;
    this.changes = // before they are read
        Stream.of(files.certificateFile(), files.privateKeyFile()).map(FileChange::new).toList();
    this.expiry = new ExpiryNotice(files.certificateFile());
    this.good = read();
  }

  private TlsIdentity read() throws PkiException {
    return TlsIdentity.readServer(files.certificateFile(), files.privateKeyFile(), random);
  }

  /** Whether the last good certificate is served because the files cannot be used; any thread. */
  boolean isStale() {
    return !problem.isEmpty();
  }

  /**
   * Looks whether the files have changed, reads them if so, and says in the log what came of it.
   * Files that could not be used are read at every look: a change of owner or mode shows nowhere.
   */
  TlsIdentity refresh(Instant now) {
    // Each is asked, not only the first that has changed.
    boolean changed = changes.stream().filter(FileChange::isDue).count() > 0;
    if (changed || isStale()) {
      try {
        take(read());
      } catch (PkiException e) {
        refuse(e.getMessage());
      }
    }
    expiry
        .at(good.certificate(), now)
        .ifPresent(text -> LOG.log(Level.WARNING, "{0}", text)); // braces in a path are no places
    return good;
  }

  private void take(TlsIdentity fresh) {
    boolean repaired = isStale();
    boolean other = !fresh.chain().equals(good.chain());
    problem = "";
    good = fresh;
    if (other || repaired) {
      LOG.log(
          Level.INFO,
          "the server certificate \"{0}\" was {1}, it is valid until {2}",
          files.certificateFile(),
          other ? "reloaded" : "read again and is the one that is served",
          fresh.certificate().getNotAfter().toInstant());
    }
  }

  private void refuse(String why) {
    if (!why.equals(problem)) {
      problem = why;
      LOG.log(
          Level.ERROR,
          "the server certificate \"{0}\" was not reloaded, the one before it is served on until"
              + " {1}: {2}",
          files.certificateFile(),
          good.certificate().getNotAfter().toInstant(),
          why);
    }
  }
}
