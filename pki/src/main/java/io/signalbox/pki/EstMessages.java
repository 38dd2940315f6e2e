package io.signalbox.pki;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.est.AttrOrOID;
import org.bouncycastle.asn1.est.CsrAttrs;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/**
 * The bodies of Enrollment over Secure Transport (RFC 7030, with RFC 8951's clarification that all
 * of them are base64 of DER whatever the transfer encoding header says). Routing, authentication
 * and status codes are the HTTP server's.
 */
public final class EstMessages {
  /** Of answers to cacerts, simpleenroll and simplereenroll. */
  public static final String CERTIFICATES_TYPE = "application/pkcs7-mime; smime-type=certs-only";

  /** Of requests to simpleenroll and simplereenroll. */
  public static final String REQUEST_TYPE = "application/pkcs10";

  /** Of the answer to csrattrs. */
  public static final String ATTRIBUTES_TYPE = "application/csrattrs";

  /** Base64 of a request of the largest size that is read. */
  public static final int REQUEST_BODY_BYTES_MAX =
      CertificateSigningRequest.REQUEST_BYTES_MAX * 3 / 2;

  private EstMessages() {}

  /**
   * The body with certificates: all trusted ones for cacerts, the new one alone for the enrolments
   * (section 4.2.3).
   */
  public static byte[] certificates(List<X509Certificate> certificates) {
    return base64(CertificateBundle.encode(certificates));
  }

  /** The certificates in such a body, for clients. */
  public static List<X509Certificate> parseCertificates(byte[] body, String where)
      throws PkiException {
    return CertificateBundle.parse(decode(body, where), where);
  }

  /** The signing request in a body, checked as {@link CertificateSigningRequest#parse} does. */
  public static CertificateSigningRequest parseRequest(byte[] body, String where)
      throws PkiException {
    if (body.length > REQUEST_BODY_BYTES_MAX) {
      throw new PkiException(
          where
              + ": the body has "
              + body.length
              + " bytes, more than the limit of "
              + REQUEST_BODY_BYTES_MAX);
    }
    return CertificateSigningRequest.parse(decode(body, where), where);
  }

  /**
   * Refuses to renew under other names: subject and alternative names must be those of the
   * certificate that authenticates the renewal (section 4.2.2).
   */
  public static void requireSameNames(CertificateSigningRequest request, X509Certificate current)
      throws PkiException {
    if (!request.names().equals(ClientIdentity.namesOf(current))) {
      throw new PkiException(
          "the request asks for other names than the certificate it renews has; enrol anew for"
              + " other names");
    }
  }

  /**
   * The body that tells a client what kind of key its request should have: the first one the
   * profile allows (section 4.5.2).
   */
  public static byte[] attributes(CertificateProfile profile) throws PkiException {
    KeyAlgorithm algorithm =
        profile.keyAlgorithms().stream()
            .sorted()
            .findFirst()
            .orElseThrow(() -> new PkiException("the profile allows no kind of key"));
    List<AttrOrOID> wanted = new ArrayList<>();
    switch (algorithm) {
      case EC_P256 -> {
        wanted.add(ec(SECObjectIdentifiers.secp256r1));
        wanted.add(new AttrOrOID(X9ObjectIdentifiers.ecdsa_with_SHA256));
      }
      case EC_P384 -> {
        wanted.add(ec(SECObjectIdentifiers.secp384r1));
        wanted.add(new AttrOrOID(X9ObjectIdentifiers.ecdsa_with_SHA384));
      }
      case RSA_2048, RSA_3072, RSA_4096 -> {
        int bits = Integer.parseInt(algorithm.configName().substring("rsa-".length()));
        var size = new DERSet(new ASN1Integer(bits));
        wanted.add(new AttrOrOID(new Attribute(PKCSObjectIdentifiers.rsaEncryption, size)));
        wanted.add(new AttrOrOID(PKCSObjectIdentifiers.sha256WithRSAEncryption));
      }
      case ED25519, ML_DSA_44, ML_DSA_65 ->
          wanted.add(new AttrOrOID(PublicKeyInfo.identifier(algorithm)));
    }
    try {
      return base64(new CsrAttrs(wanted.toArray(AttrOrOID[]::new)).getEncoded());
    } catch (IOException e) {
      throw new IllegalStateException("attributes that were built cannot be encoded", e);
    }
  }

  private static AttrOrOID ec(ASN1ObjectIdentifier curve) {
    return new AttrOrOID(new Attribute(X9ObjectIdentifiers.id_ecPublicKey, new DERSet(curve)));
  }

  private static byte[] base64(byte[] der) {
    return Base64.getMimeEncoder(64, new byte[] {'\r', '\n'}).encode(der);
  }

  private static byte[] decode(byte[] body, String where) throws PkiException {
    String text = new String(body, StandardCharsets.ISO_8859_1);
    if (text.startsWith("-----BEGIN ")) {
      return PemBlock.parse(text, where).getFirst().der(); // not in the RFC, and what people type
    }
    try {
      return Base64.getDecoder().decode(text.replaceAll("\\s", ""));
    } catch (IllegalArgumentException e) {
      throw new PkiException(where + ": the body is not valid base64; send the base64 of DER", e);
    }
  }
}
