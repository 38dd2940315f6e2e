package io.signalbox.pki;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPException;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.cert.ocsp.SingleResp;
import org.jspecify.annotations.Nullable;

/** Reads an OCSP answer and believes nothing in it (RFC 6960 section 3.2). */
record OcspAnswerReader(CertificateID id, X509Certificate issuer, Optional<byte[]> nonce) {
  private static final int RESPONSE_BYTES_MAX = 64 * 1024;

  /** For an answer that does not say when it ends. */
  private static final Duration DEFAULT_VALIDITY = Duration.ofHours(1);

  OcspAnswer read(byte[] response, Instant at) throws PkiException {
    if (response.length > RESPONSE_BYTES_MAX) {
      throw new PkiException(
          "the OCSP answer has "
              + response.length
              + " bytes, more than the limit of "
              + RESPONSE_BYTES_MAX);
    }
    try {
      OCSPResp parsed = new OCSPResp(response);
      if (parsed.getStatus() != OCSPResp.SUCCESSFUL) {
        throw new PkiException(
            "the OCSP responder refuses to answer (status " + parsed.getStatus() + ")");
      }
      if (!(parsed.getResponseObject() instanceof BasicOCSPResp basic)) {
        throw new PkiException("the OCSP answer is of an unknown kind");
      }
      requireSignature(basic, at);
      requireNonce(basic);
      return answer(find(basic), at);
    } catch (IOException | OCSPException | RuntimeException e) {
      throw new PkiException("the OCSP answer is not readable (truncated or damaged)", e);
    }
  }

  private void requireSignature(BasicOCSPResp basic, Instant at) throws PkiException {
    if (isSignedBy(basic, issuer)) {
      return;
    }
    for (X509CertificateHolder enclosed : basic.getCerts()) {
      X509Certificate delegate;
      try {
        delegate = Certificates.parse(enclosed.getEncoded(), "the OCSP answer");
      } catch (IOException e) {
        throw new PkiException("the OCSP answer encloses an unreadable certificate", e);
      }
      if (OcspAuthority.isDelegate(delegate, issuer)
          && PathChecks.validity(List.of(delegate), at).isEmpty()
          && isSignedBy(basic, delegate)) {
        return;
      }
    }
    throw new PkiException(
        "the OCSP answer is not signed by "
            + AuthorityChecks.name(issuer)
            + " or a responder it named");
  }

  private static boolean isSignedBy(BasicOCSPResp basic, X509Certificate signer)
      throws PkiException {
    return SignatureCheck.isValid(
        signer.getPublicKey(),
        basic.getSignatureAlgorithmID(),
        basic.getTBSResponseData(),
        basic.getSignature(),
        "the OCSP answer");
  }

  private void requireNonce(BasicOCSPResp basic) throws PkiException {
    if (nonce.isEmpty()) {
      return;
    }
    Extension extension = basic.getExtension(OcspAuthority.NONCE);
    if (extension == null
        || !Arrays.equals(
            nonce.get(),
            ASN1OctetString.getInstance(extension.getExtnValue().getOctets()).getOctets())) {
      throw new PkiException(
          "the OCSP answer does not repeat the question's nonce: it may be an old one");
    }
  }

  private SingleResp find(BasicOCSPResp basic) throws PkiException {
    for (SingleResp single : basic.getResponses()) {
      if (single.getCertID().equals(id)) {
        return single;
      }
    }
    throw new PkiException("the OCSP answer is about another certificate");
  }

  private static OcspAnswer answer(SingleResp single, Instant at) throws PkiException {
    Instant from = single.getThisUpdate().toInstant();
    Instant until =
        Optional.ofNullable(single.getNextUpdate())
            .map(Date::toInstant)
            .orElse(from.plus(DEFAULT_VALIDITY));
    if (at.plus(RevocationListCheck.CLOCK_SKEW).isBefore(from)) {
      throw new PkiException(
          "the OCSP answer is from the future: " + from + ", and the clock says " + at);
    }
    if (!at.isBefore(until)) {
      throw new PkiException("the OCSP answer ended at " + until);
    }
    return new OcspAnswer(decode(single.getCertStatus()), from, until);
  }

  private static RevocationStatus decode(@Nullable CertificateStatus status) {
    return switch (status) {
      case null -> new RevocationStatus.Good();
      case RevokedStatus revoked ->
          new RevocationStatus.Revoked(
              revoked.getRevocationTime().toInstant(),
              revoked.hasRevocationReason()
                  ? RevocationReason.of(revoked.getRevocationReason())
                  : RevocationReason.UNSPECIFIED);
      default -> new RevocationStatus.Unknown("the OCSP responder does not know this certificate");
    };
  }
}
