package io.signalbox.server;

import io.signalbox.pki.DevelopmentPki;
import io.signalbox.pki.FileChange;
import io.signalbox.pki.HostNames;
import io.signalbox.pki.InMemoryKeyManager;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.TlsIdentity;
import io.signalbox.server.config.TlsConfig;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The broker's own certificates: the pairs of files that the configuration names, the first one the
 * default, else the one of the development PKI. Loaded and refreshed by one thread at a time.
 */
final class ServerCertificates {
  private static final Logger LOG = System.getLogger(ServerCertificates.class.getName());

  private final List<TlsConfig.KeyPairFiles> files;
  private final @Nullable DevelopmentPki development;
  private final SecureRandom random;
  private final InMemoryKeyManager keys;
  private final List<FileChange> changes;

  ServerCertificates(TlsConfig config, @Nullable DevelopmentPki development, SecureRandom random)
      throws PkiException {
    this.files = config.keyPairs();
    this.development = development;
    this.random = random;
    this.changes = // before they are read
        files.stream()
            .flatMap(pair -> Stream.of(pair.certificateFile(), pair.privateKeyFile()))
            .map(FileChange::new)
            .toList();
    this.keys = new InMemoryKeyManager(load());
  }

  InMemoryKeyManager keys() {
    return keys;
  }

  /** Reads the files that the configuration names. */
  static List<TlsIdentity> read(List<TlsConfig.KeyPairFiles> files, SecureRandom random)
      throws PkiException {
    List<TlsIdentity> identities = new ArrayList<>();
    for (TlsConfig.KeyPairFiles pair : files) {
      identities.add(TlsIdentity.read(pair.certificateFile(), pair.privateKeyFile(), random));
    }
    return identities;
  }

  private List<TlsIdentity> load() throws PkiException {
    return development != null
        ? List.of(development.server(HostNames.ofThisMachine()))
        : read(files, random);
  }

  /**
   * Looks whether a file has changed on disk, or the development certificate is due for renewal.
   * Open connections stay. Files that cannot be used, such as a certificate whose key is not
   * replaced yet, leave everything as it was until one of them changes again.
   */
  void refresh() {
    try {
      // Each is asked, not only the first that has changed.
      boolean changed = changes.stream().filter(FileChange::isDue).count() > 0;
      if (development == null && !changed) {
        return;
      }
      List<TlsIdentity> fresh = load();
      if (!fresh.stream()
          .map(TlsIdentity::chain)
          .toList()
          .equals(keys.identities().stream().map(TlsIdentity::chain).toList())) {
        keys.replace(fresh);
        LOG.log(
            Level.INFO,
            "the server certificate was reloaded, it is valid until {0}",
            fresh.getFirst().certificate().getNotAfter().toInstant());
      }
    } catch (PkiException e) {
      LOG.log(Level.ERROR, "the server certificate was not reloaded: {0}", e.getMessage());
    } catch (RuntimeException e) { // else the next looks would not come
      LOG.log(Level.ERROR, "the server certificate was not reloaded", e);
    }
  }
}
