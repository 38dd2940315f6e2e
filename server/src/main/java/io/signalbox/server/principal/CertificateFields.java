package io.signalbox.server.principal;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What access policies and logs may say of an X.509 client certificate.
 *
 * @param ca the name under which the issuing CA is registered here, never a distinguished name
 * @param commonName the last CN of the subject, empty if there is none
 * @param serial lower-case hexadecimal, without leading zeros
 * @param fingerprint SHA-256 of the DER form, 64 lower-case hexadecimal digits
 * @param notAfterMillis wall clock, milliseconds since 1970; the connection ends then
 * @param path how it led to the CA; nothing to policies; null of a client that is only remembered,
 *     such as by its will
 */
public record CertificateFields(
    String ca,
    String commonName,
    String serial,
    String fingerprint,
    String issuerCommonName,
    List<String> organizationalUnits,
    List<String> dnsNames,
    List<String> uris,
    List<String> emails,
    long notAfterMillis,
    @Nullable TrustPath path) {
  public CertificateFields {
    organizationalUnits = List.copyOf(organizationalUnits);
    dnsNames = List.copyOf(dnsNames);
    uris = List.copyOf(uris);
    emails = List.copyOf(emails);
  }
}
