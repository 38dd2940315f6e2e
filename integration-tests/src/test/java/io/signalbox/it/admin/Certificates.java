package io.signalbox.it.admin;

import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.CertificateSigningRequest;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.Pem;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.SubjectNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
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

  /** A device of an authority elsewhere, as files; its common name is its id. */
  static PemFiles.Device device(
      Path folder, String id, CertificateAuthority authority, BrokerUnderTest trusted)
      throws IOException, PkiException {
    KeyPair keys = keys();
    X509Certificate certificate =
        authority.issue(keys.getPublic(), SubjectNames.ofCommonName(id), CertificateProfile.DEVICE);
    return device(folder, id, certificate, keys, trusted);
  }

  static PemFiles.Device device(
      Path folder, String id, X509Certificate certificate, KeyPair keys, BrokerUnderTest trusted)
      throws IOException {
    return new PemFiles.Device(
        id,
        Files.writeString(folder.resolve(id + ".crt"), Pem.encode(List.of(certificate))),
        Files.writeString(folder.resolve(id + ".key"), Pem.encode(keys.getPrivate())),
        trusted.caFile());
  }
}
