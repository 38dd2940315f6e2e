package io.signalbox.server.enrolment;

import io.signalbox.server.auth.EnrolmentTokens;
import io.signalbox.server.principal.Principal;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import org.jspecify.annotations.Nullable;

/** Who asks for a certificate. */
sealed interface Applicant {
  /**
   * A device that has a certificate already.
   *
   * @param certificate of its TLS connection
   */
  record Holder(Principal device, X509Certificate certificate) implements Applicant {}

  /** A device without one, by a claim token. */
  record Claimant(String token, String secret, InetAddress from) implements Applicant {
    /** Never the secret. */
    @Override
    public String toString() {
      return "Claimant[" + token + "]";
    }
  }

  /** Somebody whom an administrator gave an enrolment token. */
  record Invited(EnrolmentTokens.Invitation invitation) implements Applicant {}

  /** Nobody that is known. */
  record Stranger(@Nullable String why) implements Applicant {}
}
