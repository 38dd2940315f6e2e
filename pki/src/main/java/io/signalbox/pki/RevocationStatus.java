package io.signalbox.pki;

import java.time.Instant;

/** What a source of revocations knows about one certificate. */
public sealed interface RevocationStatus {
  /** The source is current and does not list the certificate. */
  record Good() implements RevocationStatus {}

  /** The certificate must not be used: for ever, or while it is on hold. */
  record Revoked(Instant since, RevocationReason reason) implements RevocationStatus {}

  /**
   * The source cannot tell: missing, outdated, or not responsible for this certificate.
   *
   * @param why for a log line, lower case
   */
  record Unknown(String why) implements RevocationStatus {}
}
