package io.signalbox.pki;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/**
 * One authority's revocation list as a source of revocations. The list's signature was checked when
 * this was made, and only then.
 */
public final class RevocationListCheck implements RevocationCheck {
  /** How far the clock of whoever made the list may be ahead. */
  static final Duration CLOCK_SKEW = Duration.ofMinutes(5);

  private static final int CRL_SIGN = 6; // the bit's position in X509Certificate.getKeyUsage

  private final RevocationList list;
  private final X509Certificate authority;

  private RevocationListCheck(RevocationList list, X509Certificate authority) {
    this.list = list;
    this.authority = authority;
  }

  /**
   * Believes a list that the authority signed.
   *
   * @throws PkiException if somebody else signed it, or the authority may not sign lists
   */
  public static RevocationListCheck of(RevocationList list, X509Certificate authority)
      throws PkiException {
    boolean[] keyUsage = authority.getKeyUsage();
    if (keyUsage != null && !keyUsage[CRL_SIGN]) {
      throw new PkiException(
          "the authority " + AuthorityChecks.name(authority) + " may not sign revocation lists");
    }
    if (!list.isIssuedBy(authority)) {
      throw new PkiException(
          "the revocation list was not signed by the authority "
              + AuthorityChecks.name(authority)
              + "; fetch the list of this authority");
    }
    return new RevocationListCheck(list, authority);
  }

  /**
   * Believes a list that one of these authorities signed.
   *
   * @param authorities at least one
   * @throws PkiException if somebody else signed it, or that authority may not sign lists
   */
  public static RevocationListCheck of(RevocationList list, List<X509Certificate> authorities)
      throws PkiException {
    PkiException last = null;
    for (X509Certificate authority : authorities) {
      try {
        return of(list, authority);
      } catch (PkiException e) {
        last = e;
      }
    }
    throw last == null ? new PkiException("no authority for the revocation list") : last;
  }

  /** The list that is believed. */
  public RevocationList list() {
    return list;
  }

  /** Whether the other list is by the same authority and for the same certificates. */
  public boolean isInPlaceOf(RevocationListCheck other) {
    return authority.equals(other.authority) && list.scope().equals(other.list.scope());
  }

  /** Whether the other list is by the same authority, for whatever certificates. */
  public boolean isOfTheSameAs(RevocationListCheck other) {
    return authority.equals(other.authority);
  }

  /** Whether the list was made later than a wrong clock explains. */
  public boolean isFromFuture(Instant now) {
    return now.plus(CLOCK_SKEW).isBefore(list.thisUpdate());
  }

  @Override
  public RevocationStatus status(X509Certificate certificate, X509Certificate issuer, Instant at) {
    // By key and not by certificate: a renewed certificate of the same authority changes nothing.
    boolean responsible =
        issuer.getSubjectX500Principal().equals(authority.getSubjectX500Principal())
            && Arrays.equals(
                issuer.getPublicKey().getEncoded(), authority.getPublicKey().getEncoded());
    if (!responsible) {
      return new RevocationStatus.Unknown(
          "there is no revocation list for certificates of " + AuthorityChecks.name(issuer));
    }
    // Before the questions of scope and age: any list knows what was revoked.
    var entry = list.find(certificate.getSerialNumber());
    if (entry.isPresent()) {
      return new RevocationStatus.Revoked(entry.get().since(), entry.get().reason());
    }
    if (!list.scope().covers(certificate)) {
      return new RevocationStatus.Unknown(
          "the revocation list of "
              + AuthorityChecks.name(issuer)
              + " is not for this kind of certificate or its distribution point");
    }
    if (!at.isBefore(list.nextUpdate())) {
      return new RevocationStatus.Unknown(
          "the revocation list of "
              + AuthorityChecks.name(issuer)
              + " should have been replaced at "
              + list.nextUpdate());
    }
    if (isFromFuture(at)) {
      return new RevocationStatus.Unknown(
          "the revocation list of "
              + AuthorityChecks.name(issuer)
              + " is from the future: "
              + list.thisUpdate());
    }
    return new RevocationStatus.Good();
  }
}
