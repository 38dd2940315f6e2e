package io.signalbox.it.admin;

import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.CertificateSigningRequest;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.Pem;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.SubjectNames;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;

/** What devices and other people's authorities bring along. */
final class Certificates {
  static final SecureRandom RANDOM = new SecureRandom();

  private Certificates() {}

  static KeyPair keys() {
    return KeyAlgorithm.EC_P256.generate(RANDOM);
  }

  /** For use inside a JSON text. */
  static String csr(KeyPair keys, String commonName) {
    return quoted(
        CertificateSigningRequest.create(keys, SubjectNames.ofCommonName(commonName), RANDOM)
            .toPem());
  }

  static String csr(String commonName) {
    return csr(keys(), commonName);
  }

  static String quoted(String pem) {
    return pem.replace("\n", "\\n");
  }

  static CertificateAuthority authority(String name, Instant now) throws PkiException {
    return CertificateAuthority.createRoot(
        name,
        KeyAlgorithm.EC_P256,
        CertificateProfile.ROOT.withValidity(Duration.ofDays(1)),
        Clock.fixed(now, ZoneOffset.UTC),
        RANDOM);
  }

  static String pem(CertificateAuthority authority) {
    return quoted(Pem.encode(List.of(authority.certificate())));
  }
}
