package io.signalbox.pki;

import java.security.cert.X509Certificate;
import java.util.List;

/** The outcome of looking at a client's certificate chain. */
public sealed interface Verification {
  /**
   * The chain is good at the instant asked about.
   *
   * @param caName the registered name of the authority it leads to
   * @param identity what the client's certificate says
   * @param path the client's certificate, then its issuers, the trusted one last
   */
  record Accepted(String caName, ClientIdentity identity, List<X509Certificate> path)
      implements Verification {
    public Accepted {
      path = List.copyOf(path);
    }
  }

  /**
   * The chain is not good.
   *
   * @param reason for programs
   * @param text for a log line: lower case, names the certificate
   */
  record Rejected(Reason reason, String text) implements Verification {}

  /** Why a chain was rejected. */
  enum Reason {
    /** No registered authority issued it. */
    UNKNOWN_CA,
    EXPIRED,
    NOT_YET_VALID,
    /**
     * An authority above the certificate, perhaps the registered one, is expired or not yet valid.
     */
    CA_NOT_VALID,
    /** Not for a TLS client. */
    WRONG_USAGE,
    BAD_SIGNATURE,
    /** Signed with an algorithm or a key that the JDK's security configuration forbids. */
    WEAK_ALGORITHM,
    /** Outside an authority's path length, name constraints or critical extensions. */
    CONSTRAINT_VIOLATED,
    REVOKED,
    /**
     * The revocation source could not tell, and this authority's certificates are not accepted
     * then.
     */
    REVOCATION_UNKNOWN,
    /** Too large, too long or unreadable. */
    MALFORMED
  }
}
