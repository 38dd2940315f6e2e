package io.signalbox.pki;

import java.io.IOException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Optional;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.OCSPException;
import org.bouncycastle.cert.ocsp.OCSPReqBuilder;
import org.bouncycastle.operator.OperatorCreationException;

/**
 * A question to somebody's OCSP responder about one certificate, and the only thing that can read
 * its answer. It does no HTTP: POST {@link #encoded} with {@link OcspResponder#REQUEST_TYPE} to an
 * address of {@link PublishedAddresses} and give the body to {@link #read}.
 */
public final class OcspQuestion {
  private static final int NONCE_BYTES = 32;

  private final CertificateID id;
  private final X509Certificate issuer;
  private final Optional<byte[]> nonce;
  private final byte[] encoded;

  private OcspQuestion(
      CertificateID id, X509Certificate issuer, Optional<byte[]> nonce, byte[] encoded) {
    this.id = id;
    this.issuer = issuer;
    this.nonce = nonce;
    this.encoded = encoded;
  }

  /**
   * A question whose answer must be a fresh one; many public responders answer from a store and
   * cannot.
   */
  public static OcspQuestion fresh(
      X509Certificate certificate, X509Certificate issuer, SecureRandom random) {
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    return build(certificate, issuer, Optional.of(nonce));
  }

  /** A question that a stored answer may answer, as long as it is in force. */
  public static OcspQuestion of(X509Certificate certificate, X509Certificate issuer) {
    return build(certificate, issuer, Optional.empty());
  }

  /** DER, to send. */
  public byte[] encoded() {
    return encoded.clone();
  }

  /**
   * Reads the answer: it must be about this certificate, signed by its issuer or somebody the
   * issuer named, in force, and repeat the nonce if the question had one.
   *
   * @param at the instant of reading
   * @throws PkiException saying which of these does not hold; the certificate's status is unknown
   *     then
   */
  public OcspAnswer read(byte[] response, Instant at) throws PkiException {
    return new OcspAnswerReader(id, issuer, nonce).read(response, at);
  }

  private static OcspQuestion build(
      X509Certificate certificate, X509Certificate issuer, Optional<byte[]> nonce) {
    try {
      // SHA-1 only names the issuer here, and it is the one digest that every responder knows (RFC
      // 5019 section 2.1.1).
      var digest = Digests.provider().get(CertificateID.HASH_SHA1);
      var id =
          new CertificateID(digest, Certificates.holder(issuer), certificate.getSerialNumber());
      var builder = new OCSPReqBuilder().addRequest(id);
      if (nonce.isPresent()) {
        byte[] value = new DEROctetString(nonce.get()).getEncoded();
        builder.setRequestExtensions(
            new Extensions(new Extension(OcspAuthority.NONCE, false, value)));
      }
      return new OcspQuestion(id, issuer, nonce, builder.build().getEncoded());
    } catch (OCSPException | IOException | OperatorCreationException e) {
      throw new IllegalStateException("an OCSP question cannot be encoded", e);
    }
  }
}
