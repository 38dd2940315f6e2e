package io.signalbox.pki;

import java.io.IOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.BasicOCSPRespBuilder;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPException;
import org.bouncycastle.cert.ocsp.OCSPReq;
import org.bouncycastle.cert.ocsp.OCSPRespBuilder;
import org.bouncycastle.cert.ocsp.Req;
import org.bouncycastle.cert.ocsp.RespID;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.cert.ocsp.UnknownStatus;
import org.bouncycastle.operator.DigestCalculatorProvider;
import org.jspecify.annotations.Nullable;

/**
 * Answers questions about certificates by OCSP (RFC 6960): bytes in, bytes out, for whatever
 * transport. Safe for many threads; an answer costs about 0.15 ms of CPU. Whatever is asked, there
 * is an answer: rubbish gets an unsigned error, which costs nothing, and so does what nobody signs
 * now.
 */
public final class OcspResponder {
  /** The media types of a question and an answer over HTTP (RFC 6960 appendix A). */
  public static final String REQUEST_TYPE = "application/ocsp-request";

  public static final String RESPONSE_TYPE = "application/ocsp-response";

  /** A question about one certificate has about 100 bytes. */
  public static final int REQUEST_BYTES_MAX = 16 * 1024;

  static final int CERTIFICATES_MAX = 20;
  static final int NONCE_BYTES_MAX = 128; // RFC 9654 section 2.1

  private final List<OcspAuthority> authorities;
  private final Duration validity;
  private final Clock clock;
  private final SecureRandom random;
  private final DigestCalculatorProvider digests = Digests.provider();

  /**
   * Answers for these authorities.
   *
   * @param validity how long whoever asked may rely on an answer
   */
  public OcspResponder(
      List<OcspAuthority> authorities, Duration validity, Clock clock, SecureRandom random) {
    this.authorities = List.copyOf(authorities);
    this.validity = validity;
    this.clock = clock;
    this.random = random;
  }

  /**
   * The question in the last part of the path of a GET, percent-decoded already; what cannot be
   * decoded is answered as rubbish is.
   */
  public static byte[] questionInPath(String lastPart) {
    try {
      return Base64.getDecoder().decode(lastPart);
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
  }

  /** The answer to a question; never fails. */
  public byte[] answer(byte[] question) {
    try {
      if (question.length == 0 || question.length > REQUEST_BYTES_MAX) {
        return error(OCSPRespBuilder.MALFORMED_REQUEST);
      }
      OCSPReq request = new OCSPReq(question);
      Req[] asked = request.getRequestList();
      Optional<Extension> nonce = Optional.ofNullable(request.getExtension(OcspAuthority.NONCE));
      if (asked.length == 0
          || asked.length > CERTIFICATES_MAX
          || nonce.filter(OcspResponder::isTooLong).isPresent()) {
        return error(OCSPRespBuilder.MALFORMED_REQUEST);
      }
      Optional<OcspAuthority> authority =
          authorities.stream().filter(a -> a.isIssuerOf(asked[0].getCertID(), digests)).findFirst();
      return authority.isPresent()
          ? answer(authority.get(), asked, nonce)
          : error(OCSPRespBuilder.UNAUTHORIZED);
    } catch (SigningException e) {
      return error(OCSPRespBuilder.TRY_LATER); // the authority has been told
    } catch (IOException | RuntimeException e) {
      return error(
          OCSPRespBuilder
              .MALFORMED_REQUEST); // BouncyCastle's readers throw both for malformed structures
    }
  }

  private byte[] answer(OcspAuthority authority, Req[] asked, Optional<Extension> nonce)
      throws SigningException {
    Issuer signer = authority.signer();
    if (signer == null) {
      return error(OCSPRespBuilder.TRY_LATER);
    }
    var builder = new BasicOCSPRespBuilder(new RespID(signer.name()));
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    for (Req one : asked) {
      CertificateID id = one.getCertID();
      RevocationStatus status =
          authority.isIssuerOf(id, digests)
              ? authority.status(id.getSerialNumber())
              : new RevocationStatus.Unknown("of another issuer");
      builder.addResponse(id, encode(status), Date.from(now), Date.from(now.plus(validity)));
    }
    nonce.ifPresent(extension -> builder.setResponseExtensions(new Extensions(extension)));
    try {
      X509CertificateHolder[] certificates = authority.signerCertificates();
      BasicOCSPResp basic =
          signer.sign(random, by -> builder.build(by, certificates, Date.from(now)));
      return new OCSPRespBuilder().build(OCSPRespBuilder.SUCCESSFUL, basic).getEncoded();
    } catch (OCSPException | IOException e) {
      throw new IllegalStateException("an OCSP answer that was built cannot be encoded", e);
    }
  }

  private static boolean isTooLong(Extension nonce) {
    return nonce.getExtnValue().getOctets().length
        > NONCE_BYTES_MAX + 3; // tag and length around it
  }

  private static @Nullable CertificateStatus encode(RevocationStatus status) {
    return switch (status) {
      case RevocationStatus.Good _ -> CertificateStatus.GOOD; // null in BouncyCastle
      case RevocationStatus.Revoked(Instant since, RevocationReason reason) ->
          new RevokedStatus(Date.from(since), reason.code());
      case RevocationStatus.Unknown _ -> new UnknownStatus();
    };
  }

  private static byte[] error(int status) {
    try {
      return new OCSPRespBuilder().build(status, null).getEncoded();
    } catch (OCSPException | IOException e) {
      throw new IllegalStateException("an OCSP error cannot be encoded", e);
    }
  }
}
