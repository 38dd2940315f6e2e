package io.signalbox.pki;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * An issuing authority and those it replaced. Only the current one issues; all of them are trusted,
 * publish revocation lists and answer OCSP until they expire, so that no device notices the change
 * before its own renewal.
 *
 * @param previous newest first
 */
public record AuthorityGenerations(
    CertificateAuthority current, List<CertificateAuthority> previous) {
  public AuthorityGenerations {
    previous = List.copyOf(previous);
  }

  /** The first generation. */
  public static AuthorityGenerations first(CertificateAuthority authority) {
    return new AuthorityGenerations(authority, List.of());
  }

  /**
   * The generations after a change. What expired is left behind.
   *
   * @throws PkiException if the next authority is not valid at that instant, or has the key of the
   *     current one
   */
  public AuthorityGenerations followedBy(CertificateAuthority next, Instant at)
      throws PkiException {
    AuthorityChecks.requireValid(next.certificate(), at);
    if (next.certificate().getPublicKey().equals(current.certificate().getPublicKey())) {
      throw new PkiException(
          "the authority "
              + AuthorityChecks.name(next.certificate())
              + " has the key of the one it replaces; make it with a new key");
    }
    List<CertificateAuthority> kept = new ArrayList<>();
    Stream.concat(Stream.of(current), previous.stream())
        .filter(authority -> at.isBefore(authority.certificate().getNotAfter().toInstant()))
        .forEach(kept::add);
    return new AuthorityGenerations(next, kept);
  }

  /**
   * Whether the current authority ends before certificates of that length would, so that they are
   * cut short.
   */
  public boolean isChangeDue(Duration longestValidity, Instant at) {
    return at.plus(longestValidity).isAfter(current.certificate().getNotAfter().toInstant());
  }

  /** All authorities, the current one first: each answers for the certificates that it issued. */
  public List<CertificateAuthority> all() {
    return Stream.concat(Stream.of(current), previous.stream()).toList();
  }

  /** What a verifier needs to accept the certificates of every generation. */
  public List<X509Certificate> certificates() {
    return all().stream().map(CertificateAuthority::certificate).toList();
  }
}
