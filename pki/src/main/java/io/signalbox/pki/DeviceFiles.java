package io.signalbox.pki;

import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;

/**
 * The files a device gets: {@code ID.crt} (its certificate, then the issuing authority's), {@code
 * ID.key} (mode 0600), {@code ID.csr} and {@code ca.crt} (what it trusts). Nothing of a device is
 * ever overwritten: its old key may still be in use.
 */
public record DeviceFiles(Path certificate, Path key, Path request, Path trusted) {
  /**
   * The paths for a device.
   *
   * @throws PkiException if the id cannot be a file name, or is {@code ca}, whose certificate would
   *     replace {@code ca.crt}
   */
  public static DeviceFiles in(Path folder, String deviceId) throws PkiException {
    String id = DeviceId.check(deviceId);
    if (id.toLowerCase(Locale.ROOT).equals("ca")) {
      throw new PkiException(
          "\"" + id + "\" cannot have files of its own beside ca.crt; choose another device id");
    }
    return new DeviceFiles(
        folder.resolve(id + ".crt"),
        folder.resolve(id + ".key"),
        folder.resolve(id + ".csr"),
        folder.resolve("ca.crt"));
  }

  /** Writes certificate, key and {@code ca.crt}; the folder is made if it is missing. */
  public void write(TlsIdentity identity, X509Certificate trustedCa) throws PkiException {
    AtomicFile.requireAbsent(certificate);
    writeKey(identity.key());
    writeCertificate(identity.chain(), trustedCa);
  }

  /** Writes the certificate for a key that the device made itself, and {@code ca.crt}. */
  public void writeCertificate(List<X509Certificate> chain, X509Certificate trustedCa)
      throws PkiException {
    AtomicFile.requireAbsent(certificate);
    AtomicFile.createSecretFolder(folder());
    AtomicFile.writePublic(certificate, Pem.encode(chain));
    AtomicFile.writePublic(trusted, Pem.encode(List.of(trustedCa)));
  }

  /** Makes a key and a signing request for a device and writes both, for somebody else to sign. */
  public CertificateSigningRequest writeNewRequest(
      String deviceId, KeyAlgorithm algorithm, SecureRandom random) throws PkiException {
    KeyPair keys = algorithm.generate(random);
    SubjectNames names = SubjectNames.ofCommonName(DeviceId.check(deviceId));
    CertificateSigningRequest made = CertificateSigningRequest.create(keys, names, random);
    AtomicFile.requireAbsent(request);
    writeKey(keys.getPrivate());
    AtomicFile.writePublic(request, made.toPem());
    return made;
  }

  private void writeKey(PrivateKey secret) throws PkiException {
    AtomicFile.requireAbsent(key);
    AtomicFile.createSecretFolder(folder());
    AtomicFile.writeSecret(key, Pem.encode(secret));
  }

  private Path folder() {
    return key.toAbsolutePath().resolveSibling(".");
  }
}
