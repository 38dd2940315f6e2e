package io.signalbox.acl.subject;

import java.util.List;

/**
 * What policies see of a verified client certificate. An empty text or list: the certificate does
 * not say.
 *
 * @param ca registered name of the trusted CA that the chain ends in; never text taken from the
 *     certificate itself
 * @param serial lower-case hexadecimal without separators
 * @param fingerprint SHA-256 of the certificate, lower-case hexadecimal without separators
 */
public record CertificateAttributes(
    String ca,
    String cn,
    String serial,
    String fingerprint,
    String issuerCn,
    List<String> ou,
    List<String> dnsSan,
    List<String> uriSan,
    List<String> emailSan) {
  public CertificateAttributes {
    ou = List.copyOf(ou);
    dnsSan = List.copyOf(dnsSan);
    uriSan = List.copyOf(uriSan);
    emailSan = List.copyOf(emailSan);
  }

  /** With nothing but the CA and the common name. */
  public CertificateAttributes(String ca, String cn) {
    this(ca, cn, "", "", "", List.of(), List.of(), List.of(), List.of());
  }
}
