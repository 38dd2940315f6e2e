package io.signalbox.pki;

import io.signalbox.pki.Verification.Reason;
import io.signalbox.pki.Verification.Rejected;
import java.security.GeneralSecurityException;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXReason;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.x509.KeyPurposeId;

/**
 * The single checks of a path from a client's certificate (first) to a trusted one (last); each
 * says why it fails.
 */
final class PathChecks {
  private static final int DIGITAL_SIGNATURE =
      0; // the bit's position in X509Certificate.getKeyUsage

  private PathChecks() {}

  /**
   * Every certificate's time, the trusted one's included: PKIX itself does not look at that one.
   */
  static Optional<Rejected> validity(List<X509Certificate> path, Instant at) {
    for (X509Certificate certificate : path) {
      Instant from = certificate.getNotBefore().toInstant();
      Instant until = certificate.getNotAfter().toInstant();
      boolean leaf = certificate.equals(path.getFirst());
      if (at.isBefore(from)) {
        String text = name(certificate) + " is valid from " + from + " and the clock says " + at;
        return rejected(leaf ? Reason.NOT_YET_VALID : Reason.CA_NOT_VALID, text);
      }
      if (!at.isBefore(until)) {
        return rejected(
            leaf ? Reason.EXPIRED : Reason.CA_NOT_VALID,
            name(certificate) + " expired at " + until);
      }
    }
    return Optional.empty();
  }

  /**
   * A client's certificate must be for TLS clients, if it says what it is for; an authority's must
   * not forbid it.
   */
  static Optional<Rejected> usage(List<X509Certificate> path) {
    X509Certificate leaf = path.getFirst();
    if (Certificates.isCa(leaf)) {
      return rejected(Reason.WRONG_USAGE, name(leaf) + " is an authority's and not a client's");
    }
    boolean[] keyUsage = leaf.getKeyUsage();
    if (keyUsage != null && !keyUsage[DIGITAL_SIGNATURE]) {
      return rejected(
          Reason.WRONG_USAGE,
          name(leaf) + " does not allow digital signatures, which a TLS client makes");
    }
    for (X509Certificate certificate : path) {
      try {
        List<String> purposes = certificate.getExtendedKeyUsage();
        if (purposes != null
            && !purposes.contains(Purpose.CLIENT_AUTH.oid())
            && !purposes.contains(KeyPurposeId.anyExtendedKeyUsage.getId())) {
          return rejected(
              Reason.WRONG_USAGE,
              name(certificate) + " is not for TLS clients (extended key usage)");
        }
      } catch (CertificateParsingException e) {
        return rejected(
            Reason.MALFORMED, name(certificate) + " has an unreadable extended key usage");
      }
    }
    return Optional.empty();
  }

  /**
   * What RFC 5280 section 6 checks: signatures, basic constraints, path length, name constraints,
   * critical extensions.
   */
  static Optional<Rejected> signaturesAndConstraints(List<X509Certificate> path, Instant at) {
    try {
      CertPath below =
          CertificateFactory.getInstance("X.509")
              .generateCertPath(path.subList(0, path.size() - 1));
      PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(path.getLast(), null)));
      parameters.setRevocationEnabled(false); // asked separately, from memory
      parameters.setDate(Date.from(at));
      CertPathValidator.getInstance("PKIX").validate(below, parameters);
      return AnchorConstraints.violation(path)
          .flatMap(what -> rejected(Reason.CONSTRAINT_VIOLATED, name(path.getLast()) + " " + what));
    } catch (CertPathValidatorException e) {
      X509Certificate culprit = e.getIndex() < 0 ? path.getFirst() : path.get(e.getIndex());
      return rejected(reason(e), name(culprit) + ": " + e.getMessage());
    } catch (GeneralSecurityException | RuntimeException e) {
      return rejected(
          Reason.MALFORMED,
          name(path.getFirst()) + ": the chain cannot be read: " + e.getMessage());
    }
  }

  /** The second signatures of hybrid authorities. */
  static Optional<Rejected> alternativeSignatures(List<X509Certificate> path) {
    return AlternativeSignatures.firstBad(path)
        .flatMap(
            bad ->
                rejected(
                    Reason.BAD_SIGNATURE,
                    name(bad) + " lacks the second signature that its issuer makes"));
  }

  /**
   * Every certificate below the trusted one: one that is known to be revoked counts more than one
   * of which nothing is known, wherever they are: only the first ends those who are connected.
   */
  static Optional<Rejected> revocation(
      List<X509Certificate> path, RevocationCheck source, Instant at) {
    Optional<Rejected> unknown = Optional.empty();
    for (int i = 0; i < path.size() - 1; i++) {
      X509Certificate certificate = path.get(i);
      switch (source.status(certificate, path.get(i + 1), at)) {
        case RevocationStatus.Good _ -> {}
        case RevocationStatus.Revoked(Instant since, RevocationReason reason) -> {
          return rejected(
              Reason.REVOKED, name(certificate) + " was revoked at " + since + " (" + reason + ")");
        }
        case RevocationStatus.Unknown(String why) ->
            unknown =
                unknown.or(
                    () ->
                        rejected(
                            Reason.REVOCATION_UNKNOWN,
                            name(certificate) + " may be revoked: " + why));
      }
    }
    return unknown;
  }

  private static Reason reason(CertPathValidatorException problem) {
    return switch (problem.getReason()) {
      case BasicReason basic ->
          switch (basic) {
            case EXPIRED -> Reason.EXPIRED;
            case NOT_YET_VALID -> Reason.NOT_YET_VALID;
            case INVALID_SIGNATURE -> Reason.BAD_SIGNATURE;
            case ALGORITHM_CONSTRAINED -> Reason.WEAK_ALGORITHM;
            case REVOKED -> Reason.REVOKED;
            case UNDETERMINED_REVOCATION_STATUS -> Reason.REVOCATION_UNKNOWN;
            case UNSPECIFIED -> Reason.CONSTRAINT_VIOLATED;
          };
      // The anchor was found by its name, so this means that its key identifier is another one.
      case PKIXReason pkix ->
          pkix == PKIXReason.NO_TRUST_ANCHOR ? Reason.BAD_SIGNATURE : Reason.CONSTRAINT_VIOLATED;
      default -> Reason.CONSTRAINT_VIOLATED; // an open interface of the JDK
    };
  }

  private static Optional<Rejected> rejected(Reason reason, String text) {
    return Optional.of(new Rejected(reason, text));
  }

  private static String name(X509Certificate certificate) {
    return "the certificate of \""
        + certificate.getSubjectX500Principal().getName()
        + "\" (serial "
        + Certificates.serialHex(certificate)
        + ")";
  }
}
