package io.signalbox.server;

import io.signalbox.pki.DevelopmentPki;
import io.signalbox.pki.HostNames;
import io.signalbox.pki.InMemoryKeyManager;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.PkiProblems;
import io.signalbox.pki.TlsIdentity;
import io.signalbox.server.config.TlsConfig;
import io.signalbox.server.metrics.Metrics;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The broker's own certificates: the pairs of files that the configuration names, the first one the
 * default, else the one of the development PKI. Loaded and refreshed by one thread at a time.
 */
final class ServerCertificates {
  private static final Logger LOG = System.getLogger(ServerCertificates.class.getName());

  private final List<WatchedKeyPair> pairs;
  private final @Nullable DevelopmentPki development;
  private final InMemoryKeyManager keys;

  /** Why the development PKI gave no certificate at the last look; empty: it did. */
  private String problem = "";

  private ServerCertificates(
      List<WatchedKeyPair> pairs, @Nullable DevelopmentPki development, InMemoryKeyManager keys) {
    this.pairs = pairs;
    this.development = development;
    this.keys = keys;
  }

  /**
   * Reads or makes them, and lets the metrics ask for them.
   *
   * @param development makes the certificate, if the configuration names none; null exactly when it
   *     names one
   * @throws PkiException naming every pair that cannot be used
   */
  static ServerCertificates load(
      TlsConfig config, @Nullable DevelopmentPki development, Metrics metrics, SecureRandom random)
      throws PkiException {
    PkiProblems problems = new PkiProblems();
    List<WatchedKeyPair> pairs = new ArrayList<>();
    for (TlsConfig.KeyPairFiles files : config.keyPairs()) {
      problems.read(() -> new WatchedKeyPair(files, random)).ifPresent(pairs::add);
    }
    problems.end();
    InMemoryKeyManager keys = new InMemoryKeyManager(read(pairs, development));
    metrics.tlsCertificatesStale.from(() -> pairs.stream().filter(WatchedKeyPair::isStale).count());
    metrics.tlsCertificateEndTime.from(() -> firstEnd(keys.identities()).getEpochSecond());
    return new ServerCertificates(List.copyOf(pairs), development, keys);
  }

  private static List<TlsIdentity> read(
      List<WatchedKeyPair> pairs, @Nullable DevelopmentPki development) throws PkiException {
    Instant now = Instant.now();
    return development != null
        ? List.of(development.server(HostNames.ofThisMachine()))
        : pairs.stream().map(pair -> pair.refresh(now)).toList();
  }

  private static Instant firstEnd(List<TlsIdentity> identities) {
    return identities.stream()
        .map(identity -> identity.certificate().getNotAfter().toInstant())
        .min(Instant::compareTo)
        .orElseThrow();
  }

  private static List<?> chains(List<TlsIdentity> identities) {
    return identities.stream().map(TlsIdentity::chain).toList();
  }

  /** Certificates with which clients check ours, the root first as far as known. */
  List<X509Certificate> trustedByClients() {
    return List.of(
        development == null ? keys.identities().getFirst().chain().getLast() : development.root());
  }

  InMemoryKeyManager keys() {
    return keys;
  }

  /**
   * Looks whether a file has changed on disk, or the development certificate is due for renewal.
   * Open connections stay. Files that cannot be used leave their certificate as it was, which is
   * logged once until the reason is another one, and the others are reloaded all the same.
   */
  void refresh() {
    try {
      List<TlsIdentity> fresh = read(pairs, development);
      if (!chains(fresh).equals(chains(keys.identities()))) {
        keys.replace(fresh);
      }
      problem = "";
    } catch (PkiException e) {
      refuse(e.getMessage());
    } catch (RuntimeException e) { // else the next looks would not come
      LOG.log(Level.ERROR, "the server certificate was not reloaded", e);
    }
  }

  private void refuse(String why) {
    if (!why.equals(problem)) {
      problem = why;
      LOG.log(
          Level.ERROR,
          "the server certificate was not reloaded, the one before is served on: {0}",
          why);
    }
  }
}
