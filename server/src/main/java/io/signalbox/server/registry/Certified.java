package io.signalbox.server.registry;

import io.signalbox.pki.Certificates;
import io.signalbox.pki.RevocationReason;
import io.signalbox.pki.RevocationStatus;
import io.signalbox.pki.RevokedCertificate;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What the authorities here have certified, devices and other authorities, and what of it does not
 * count. Any thread but an I/O thread: what was removed is on disk.
 */
final class Certified {
  private final Registry registry;
  private final RemovedAuthorities removed;
  private final Function<IssuingAuthority, Optional<X509Certificate>> certificates;

  /** An authority that another one here has certified. */
  record Below(BigInteger serial, Instant notAfter, RevocationStatus status) {}

  /**
   * @param certificates an authority's own; empty while there is none
   */
  Certified(
      Registry registry,
      RemovedAuthorities removed,
      Function<IssuingAuthority, Optional<X509Certificate>> certificates) {
    this.registry = registry;
    this.removed = removed;
    this.certificates = certificates;
  }

  /** Unknown: there is no such certificate of this authority. */
  RevocationStatus status(IssuingAuthority authority, BigInteger serial) {
    for (DeviceCertificate one : registry.certificatesWithSerial(serial.toString(16))) {
      if (authority.name().equals(one.ca())) {
        DeviceCertificate.Revoked how = one.revoked();
        return how == null
            ? new RevocationStatus.Good()
            : new RevocationStatus.Revoked(Instant.ofEpochMilli(how.atMillis()), how.reason());
      }
    }
    return below(authority).stream()
        .filter(one -> one.serial.equals(serial))
        .map(Below::status)
        .findFirst()
        .orElse(new RevocationStatus.Unknown("this authority issued no such certificate"));
  }

  /** The certificates of an authority that do not count and have not ended. */
  List<RevokedCertificate> revoked(IssuingAuthority authority, Instant now) {
    List<RevokedCertificate> revoked = new ArrayList<>();
    for (DeviceCertificate one : registry.all(Kind.CERTIFICATE)) {
      DeviceCertificate.Revoked how = one.revoked();
      if (how != null
          && authority.name().equals(one.ca())
          && one.notAfterMillis() > now.toEpochMilli()) {
        revoked.add(
            new RevokedCertificate(
                new BigInteger(one.serial(), 16),
                Instant.ofEpochMilli(how.atMillis()),
                how.reason()));
      }
    }
    for (Below one : below(authority)) {
      if (one.status instanceof RevocationStatus.Revoked(Instant since, RevocationReason reason)
          && one.notAfter.isAfter(now)) {
        revoked.add(new RevokedCertificate(one.serial, since, reason));
      }
    }
    return revoked;
  }

  private List<Below> below(IssuingAuthority authority) {
    List<Below> below = new ArrayList<>();
    certificates
        .apply(authority)
        .map(Certificates::keyFingerprint)
        .ifPresent(issuer -> below.addAll(removed.below(issuer)));
    for (IssuingAuthority one : registry.all(Kind.ISSUING_CA)) {
      if (authority.name().equals(one.form().parent())) {
        certificates
            .apply(one)
            .map(
                own -> new Below(own.getSerialNumber(), own.getNotAfter().toInstant(), status(one)))
            .ifPresent(below::add);
      }
    }
    return below;
  }

  private static RevocationStatus status(IssuingAuthority authority) {
    return authority.enabled() ? new RevocationStatus.Good() : onHold(authority);
  }

  /** What is said of one that is disabled here. */
  static RevocationStatus.Revoked onHold(IssuingAuthority authority) {
    return new RevocationStatus.Revoked(
        Instant.ofEpochMilli(authority.stamp().updatedAtMillis()),
        RevocationReason.CERTIFICATE_HOLD);
  }
}
