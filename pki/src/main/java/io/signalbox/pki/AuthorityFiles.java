package io.signalbox.pki;

import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/**
 * The files of one authority: {@code NAME.key} (mode 0600, encrypted if a passphrase is given),
 * {@code NAME.alternative.key} (likewise; only of an authority with an {@link AlternativeKey}),
 * {@code NAME.crt} (its certificate, then those above it) and, while an offline root has not signed
 * yet, {@code NAME.csr}.
 *
 * <p>The offline way: {@link #writeNewRequest} here; carry the request to the machine with the root
 * and sign it there, by Signalbox or OpenSSL; {@link #install} the certificate here.
 */
public record AuthorityFiles(Path certificate, Path key, Path alternativeKey, Path request) {
  /**
   * The paths for an authority.
   *
   * @throws PkiException if the name cannot be a file name
   */
  public static AuthorityFiles in(Path folder, String name) throws PkiException {
    String id = DeviceId.check(name);
    return new AuthorityFiles(
        folder.resolve(id + ".crt"),
        folder.resolve(id + ".key"),
        folder.resolve(id + ".alternative.key"),
        folder.resolve(id + ".csr"));
  }

  /**
   * Writes an authority that was made here or comes from elsewhere; existing files are an error.
   */
  public void write(CertificateAuthority authority, Optional<Passphrase> passphrase)
      throws PkiException {
    AtomicFile.requireAbsent(certificate);
    writeKey(key, authority.key(), passphrase, authority.random());
    Optional<AlternativeKey> second = authority.issuer().alternative();
    if (second.isPresent()) {
      writeKey(alternativeKey, second.get().keys().getPrivate(), passphrase, authority.random());
    }
    AtomicFile.writePublic(certificate, Pem.encode(authority.chain()));
  }

  /** Loads the authority and checks that its parts belong together. */
  public CertificateAuthority read(
      Optional<Passphrase> passphrase, Clock clock, SecureRandom random) throws PkiException {
    return read(Pem.readCertificates(certificate), passphrase, clock, random);
  }

  /**
   * The same with certificates from elsewhere.
   *
   * @param chain the authority's certificate, then those above it; the root may be missing
   */
  public CertificateAuthority read(
      List<X509Certificate> chain,
      Optional<Passphrase> passphrase,
      Clock clock,
      SecureRandom random)
      throws PkiException {
    var authority =
        CertificateAuthority.of(Pem.readPrivateKey(key, passphrase), chain, clock, random);
    Optional<PublicKey> second = AlternativeSignatures.key(authority.certificate());
    if (second.isEmpty()) {
      return authority;
    }
    KeyPair keys = new KeyPair(second.get(), Pem.readPrivateKey(alternativeKey, passphrase));
    if (!PrivateKeys.belongTogether(keys.getPrivate(), keys.getPublic(), random)) {
      throw new PkiException(
          "the private key in \""
              + alternativeKey
              + "\" is not the second key of the authority "
              + AuthorityChecks.name(authority.certificate()));
    }
    KeyAlgorithm algorithm = KeyAlgorithm.of(second.get()).orElseThrow();
    return authority.withAlternativeKey(new AlternativeKey(keys, algorithm));
  }

  /** Makes a key and a request for an authority's certificate, and writes both. */
  public CertificateSigningRequest writeNewRequest(
      String commonName,
      KeyAlgorithm algorithm,
      Optional<Passphrase> passphrase,
      SecureRandom random)
      throws PkiException {
    AtomicFile.requireAbsent(certificate);
    AtomicFile.requireAbsent(request);
    KeyPair keys = algorithm.generate(random);
    CertificateSigningRequest made =
        CertificateSigningRequest.create(keys, SubjectNames.ofCommonName(commonName), random);
    writeKey(key, keys.getPrivate(), passphrase, random);
    AtomicFile.writePublic(request, made.toPem());
    return made;
  }

  /**
   * Installs what the offline root signed; the request is deleted then.
   *
   * @param chain the authority's certificate, then those above it; the root may be missing
   * @throws PkiException if it is not an authority's, not for this key, or not in order; nothing is
   *     written then
   */
  public CertificateAuthority install(
      List<X509Certificate> chain,
      Optional<Passphrase> passphrase,
      Clock clock,
      SecureRandom random)
      throws PkiException {
    AtomicFile.requireAbsent(certificate);
    var authority =
        CertificateAuthority.of(Pem.readPrivateKey(key, passphrase), chain, clock, random);
    AuthorityChecks.requireValid(authority.certificate(), clock.instant());
    AtomicFile.writePublic(certificate, Pem.encode(chain));
    AtomicFile.delete(request);
    return authority;
  }

  private static void writeKey(
      Path file, PrivateKey secret, Optional<Passphrase> passphrase, SecureRandom random)
      throws PkiException {
    AtomicFile.requireAbsent(file);
    AtomicFile.createSecretFolder(file.toAbsolutePath().resolveSibling("."));
    AtomicFile.writeSecret(
        file,
        passphrase.isPresent() ? Pem.encode(secret, passphrase.get(), random) : Pem.encode(secret));
  }
}
