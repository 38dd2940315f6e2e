package io.signalbox.server;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Says once a day that a server certificate ends soon, or has ended: nothing else tells that it is
 * no longer renewed. Soon is a fifth of its lifetime, at most fourteen days; ACME clients renew
 * before that. One thread at a time.
 */
final class ExpiryNotice {
  private static final int LIFETIME_DIVISOR = 5;
  private static final Duration SOON_MAX = Duration.ofDays(14);
  private static final Duration PAUSE = Duration.ofDays(1);

  private final Path file;
  private @Nullable Instant said;

  /**
   * @param file the certificate's, for the message
   */
  ExpiryNotice(Path file) {
    this.file = file;
  }

  /** What is to be said about the certificate now, if anything. */
  Optional<String> at(X509Certificate certificate, Instant now) {
    return at(certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant(), now);
  }

  Optional<String> at(Instant from, Instant until, Instant now) {
    Duration left = Duration.between(now, until);
    Duration fraction =
        Duration.ofSeconds(Duration.between(from, until).toSeconds() / LIFETIME_DIVISOR);
    Duration soon = fraction.compareTo(SOON_MAX) < 0 ? fraction : SOON_MAX;
    if (left.compareTo(soon) > 0) {
      said = null;
      return Optional.empty();
    }
    if (said != null && now.isBefore(said.plus(PAUSE))) {
      return Optional.empty();
    }
    said = now;
    return Optional.of(
        "the server certificate \"%s\" %s; replace the file, it is read again when it changes"
            .formatted(
                file,
                left.isPositive()
                    ? "ends at " + until + ", in " + left.toHours() + " hours"
                    : "ended at " + until + ", clients refuse it"));
  }
}
