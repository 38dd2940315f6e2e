package io.signalbox.pki;

import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * A private key and the certificates that speak for it.
 *
 * @param key never shown by {@link #toString}
 * @param chain the key's own certificate, then the authorities above it; at least one
 */
public record TlsIdentity(PrivateKey key, List<X509Certificate> chain) {
  public TlsIdentity {
    chain = List.copyOf(chain);
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("an identity needs a certificate");
    }
  }

  /** As {@link #read(Path, Path, Optional, SecureRandom)} for a key that is not encrypted. */
  public static TlsIdentity read(Path certificateFile, Path keyFile, SecureRandom random)
      throws PkiException {
    return read(certificateFile, keyFile, Optional.empty(), random);
  }

  /**
   * Reads both from PEM files and checks that they belong together. Where both are one file it is
   * read once, so that who replaces it by a rename never has half a pair read.
   *
   * @param random for the challenge of that check
   */
  public static TlsIdentity read(
      Path certificateFile, Path keyFile, Optional<Passphrase> passphrase, SecureRandom random)
      throws PkiException {
    TlsIdentity identity =
        certificateFile.equals(keyFile)
            ? Pem.readIdentity(keyFile, passphrase)
            : new TlsIdentity(
                Pem.readPrivateKey(keyFile, passphrase), Pem.readCertificates(certificateFile));
    if (!PrivateKeys.belongTogether(identity.key, identity.certificate().getPublicKey(), random)) {
      throw new PkiException(
          "the key \""
              + keyFile
              + "\" does not belong to the first certificate in \""
              + certificateFile
              + "\"; name the pair that was made together");
    }
    return identity;
  }

  /**
   * As {@link #read(Path, Path, SecureRandom)}, of a server.
   *
   * @throws PkiException also if the hosts that it names are unreadable
   */
  public static TlsIdentity readServer(Path certificateFile, Path keyFile, SecureRandom random)
      throws PkiException {
    TlsIdentity identity = read(certificateFile, keyFile, random);
    HostNames.of(identity.certificate());
    return identity;
  }

  /** The key's own certificate. */
  public X509Certificate certificate() {
    return chain.getFirst();
  }

  @Override
  public String toString() {
    return "TlsIdentity[" + certificate().getSubjectX500Principal().getName() + ", key=***]";
  }
}
