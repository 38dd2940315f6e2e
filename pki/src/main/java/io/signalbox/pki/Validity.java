package io.signalbox.pki;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** From when until when a certificate is valid, in whole seconds as certificates count. */
record Validity(Instant notBefore, Instant notAfter) {
  /** A device whose clock is a little behind must not find its new certificate in the future. */
  static final Duration BACKDATED = Duration.ofMinutes(5);

  static Validity from(Instant now, Duration length) {
    return new Validity(
        now.minus(BACKDATED).truncatedTo(ChronoUnit.SECONDS),
        now.plus(length).truncatedTo(ChronoUnit.SECONDS));
  }

  /** The part of it in which the authority is valid too. */
  Validity within(X509Certificate authority) {
    Instant from = authority.getNotBefore().toInstant();
    Instant until = authority.getNotAfter().toInstant();
    return new Validity(
        from.isAfter(notBefore) ? from : notBefore, until.isBefore(notAfter) ? until : notAfter);
  }
}
