package io.signalbox.pki;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * A source of revocations. It is asked during every verification, so it answers from memory; what
 * must be fetched is fetched elsewhere. Many threads may ask at once.
 */
@FunctionalInterface
public interface RevocationCheck {
  /** Knows of no revocation. */
  RevocationCheck NONE = (_, _, _) -> new RevocationStatus.Good();

  /**
   * The status of a certificate.
   *
   * @param issuer the authority that signed it
   * @param at the instant of the question
   */
  RevocationStatus status(X509Certificate certificate, X509Certificate issuer, Instant at);

  /**
   * The same source for an operator who prefers availability: what it cannot tell counts as good.
   */
  default RevocationCheck softFail() {
    return (certificate, issuer, at) ->
        switch (status(certificate, issuer, at)) {
          case RevocationStatus.Unknown _ -> new RevocationStatus.Good();
          case RevocationStatus.Good good -> good;
          case RevocationStatus.Revoked revoked -> revoked;
        };
  }

  /**
   * Whichever source knows, for authorities with a source each, or several: revoked if any says so,
   * otherwise good if any does.
   */
  static RevocationCheck anyOf(List<? extends RevocationCheck> sources) {
    List<RevocationCheck> all = List.copyOf(sources);
    return (certificate, issuer, at) -> {
      RevocationStatus told = new RevocationStatus.Unknown("there is no source of revocations");
      for (RevocationCheck source : all) {
        RevocationStatus status = source.status(certificate, issuer, at);
        if (status instanceof RevocationStatus.Revoked) {
          return status;
        }
        told = told instanceof RevocationStatus.Good ? told : status;
      }
      return told;
    };
  }

  /** Both sources: revoked if either says so, otherwise unknown if either cannot tell. */
  default RevocationCheck and(RevocationCheck other) {
    return (certificate, issuer, at) -> {
      RevocationStatus mine = status(certificate, issuer, at);
      if (mine instanceof RevocationStatus.Revoked) {
        return mine;
      }
      RevocationStatus theirs = other.status(certificate, issuer, at);
      return theirs instanceof RevocationStatus.Good ? mine : theirs;
    };
  }
}
