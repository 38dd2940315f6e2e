package io.signalbox.server;

import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.principal.CertificateFields;
import io.signalbox.server.principal.TrustPath;
import io.signalbox.server.protocol.LiveClient;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Notices that the certificate of an authority has ended while clients are connected by it. Their
 * own have timers; an authority may have been renewed for the same key, so that its end only means
 * that they are looked at again. One thread.
 */
final class AuthorityEnds {
  static final long PERIOD_MILLIS = 10_000;

  private final Clocks clocks;
  private long lookedMillis;

  AuthorityEnds(Clocks clocks) {
    this.clocks = clocks;
    this.lookedMillis = clocks.wallMillis();
  }

  /**
   * Whether clients are to be looked at: all are, once in a period.
   *
   * @return tells of a client by whom an authority on its path has ended since; twice of each, for
   *     whoever was just connecting the first time; empty: it is not time yet
   */
  Optional<Predicate<LiveClient>> due() {
    long now = clocks.wallMillis();
    long from = lookedMillis - PERIOD_MILLIS;
    if (now >= lookedMillis && now < lookedMillis + PERIOD_MILLIS) {
      return Optional.empty();
    }
    lookedMillis = now;
    return Optional.of(client -> hasEnded(client, from, now));
  }

  private static boolean hasEnded(LiveClient client, long from, long now) {
    CertificateFields certificate = client.principal().certificate();
    TrustPath path = certificate == null ? null : certificate.path();
    if (path == null) {
      return false;
    }
    if (isEndOf(path.anchor(), from, now)) {
      return true;
    }
    List<X509Certificate> shown = client.peer().certificates();
    for (int i = 1; i < path.below(); i++) {
      if (isEndOf(shown.get(i), from, now)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isEndOf(X509Certificate authority, long from, long now) {
    long end = authority.getNotAfter().toInstant().toEpochMilli();
    return end > from && end <= now;
  }
}
