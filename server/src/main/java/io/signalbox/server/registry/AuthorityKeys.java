package io.signalbox.server.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.pki.AlternativeKey;
import io.signalbox.pki.AtomicFile;
import io.signalbox.pki.AuthorityFiles;
import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.CertificateSigningRequest;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.Passphrase;
import io.signalbox.pki.Pem;
import io.signalbox.pki.PinRefusedException;
import io.signalbox.pki.Pkcs11Token;
import io.signalbox.pki.PkiException;
import io.signalbox.server.config.RegistryConfig;
import io.signalbox.server.config.Secret;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the keys of issuing authorities are: in files of the data directory, or in a PKCS#11 token.
 * A name is never used twice, so that whatever ends the process leaves at most a key that nobody
 * names. Any thread; none of the methods for an I/O thread.
 */
final class AuthorityKeys {
  private static final Logger LOG = System.getLogger(AuthorityKeys.class.getName());
  private static final int NAME_CHARS_MAX = 48;

  private final Path folder;
  private final Optional<Passphrase> passphrase;
  private final RegistryConfig.@Nullable Pkcs11 tokenConfig;
  private final Clock clock;
  private final SecureRandom random;

  /** Null: the configuration names none, or it cannot be used now. */
  private volatile @Nullable Pkcs11Token token;

  /** The token has refused the PIN of the configuration; a few more tries would lock it. */
  private volatile boolean pinRefused;

  /** Which is in the JVM's list, whether it can be used or not. */
  private @Nullable Pkcs11Token listed;

  private AuthorityKeys(
      Path folder,
      Optional<Passphrase> passphrase,
      RegistryConfig.@Nullable Pkcs11 tokenConfig,
      Clock clock,
      SecureRandom random) {
    this.folder = folder;
    this.passphrase = passphrase;
    this.tokenConfig = tokenConfig;
    this.clock = clock;
    this.random = random;
  }

  /**
   * Logs in to the token of the configuration; if that fails, it is logged, and authorities with
   * their key there issue nothing.
   *
   * @param folder of the files; made with the first one
   * @throws PkiException the passphrase of the files cannot be one
   */
  static AuthorityKeys open(RegistryConfig config, Path folder, Clock clock, SecureRandom random)
      throws PkiException {
    Secret secret = config.caPassphrase();
    Optional<Passphrase> passphrase =
        secret == null ? Optional.empty() : Optional.of(passphrase(secret));
    var keys = new AuthorityKeys(folder, passphrase, config.pkcs11(), clock, random);
    try {
      keys.openToken();
    } catch (PkiException e) {
      LOG.log(
          Level.ERROR,
          "issuing CAs with their key on the token sign nothing: {0}; mend it, the broker tries"
              + " again every few seconds",
          e.getMessage());
    }
    return keys;
  }

  private static Passphrase passphrase(Secret secret) throws PkiException {
    return Passphrase.of(new String(secret.bytes(), UTF_8));
  }

  /**
   * Logs in to the token of the configuration, if it names one, in place of the one before. A PIN
   * that the token refuses is logged, and never tried again.
   *
   * @return whether there is a token that can be used
   */
  synchronized boolean openToken() throws PkiException {
    if (tokenConfig == null || pinRefused) {
      return false;
    }
    Pkcs11Token opened;
    try {
      opened =
          Pkcs11Token.open(
              tokenConfig.library(), tokenConfig.slot(), passphrase(tokenConfig.pin()));
    } catch (PinRefusedException e) {
      pinRefused = true;
      LOG.log(
          Level.ERROR,
          "issuing CAs with their key on the token sign nothing: {0}; this PIN is not tried again,"
              + " because tokens lock after a few wrong ones: put the right one into the file of"
              + " registry.pkcs11.pin-file, unlock the token if it is locked, and start the broker"
              + " again",
          e.getMessage());
      return false;
    }
    if (listed != null) {
      listed.forget();
    }
    listed = opened;
    token = opened;
    return true;
  }

  /** Whether there is to be a token, none can be used, and looking for it again may help. */
  boolean mayOpenToken() {
    return tokenConfig != null && token == null && !pinRefused;
  }

  /** A key on the token did not sign: it is not used until it was opened again. */
  void tokenFailed() {
    token = null;
  }

  /** Which token it is, for messages. */
  String tokenName() {
    return tokenConfig == null
        ? "the token"
        : "the token in slot " + tokenConfig.slot() + " by \"" + tokenConfig.library() + "\"";
  }

  private Pkcs11Token token() throws PkiException {
    Pkcs11Token current = token;
    if (current == null) {
      throw new PkiException(
          "there is no token: set registry.pkcs11.library, slot and pin-file; if they are set, the"
              + " broker's log says why it cannot be used");
    }
    return current;
  }

  private AuthorityFiles files(String name) throws PkiException {
    return AuthorityFiles.in(folder, name);
  }

  /**
   * Makes the key of a new authority, and its certificate unless somebody elsewhere signs it.
   *
   * @param parent who signs it; null: itself, or somebody elsewhere
   * @return the authority with the name of its key
   */
  IssuingAuthority make(IssuingAuthority wanted, @Nullable CertificateAuthority parent)
      throws PkiException {
    AuthorityForm form = wanted.form();
    String start = wanted.name().substring(0, Math.min(NAME_CHARS_MAX, wanted.name().length()));
    String name = start + "-" + HexFormat.of().toHexDigits(random.nextInt());
    KeyAlgorithm algorithm = KeyAlgorithm.parse(form.keyType(), true);
    if (form.onToken()) {
      CertificateSigningRequest request =
          token().createKey(name, form.commonName(), algorithm, clock, random);
      return parent == null
          ? wanted.withKey(name, null, request.toPem())
          : wanted.withKey(
              name,
              Pem.encode(parent.chainOf(parent.issue(request, profile(form, algorithm)))),
              null);
    }
    AtomicFile.createSecretFolder(folder);
    if (form.offline()) {
      return wanted.withKey(
          name,
          null,
          files(name).writeNewRequest(form.commonName(), algorithm, passphrase, random).toPem());
    }
    Optional<AlternativeKey> second = Optional.empty();
    if (form.alternativeKeyType() != null) {
      KeyAlgorithm kind = KeyAlgorithm.parse(form.alternativeKeyType(), true);
      second = Optional.of(AlternativeKey.create(kind, random));
    }
    CertificateProfile profile = profile(form, algorithm);
    CertificateAuthority made =
        parent == null
            ? CertificateAuthority.createRoot(
                form.commonName(), algorithm, second, profile, clock, random)
            : parent.createIssuing(form.commonName(), algorithm, second, profile);
    files(name).write(made, passphrase);
    return wanted.withKey(name, Pem.encode(made.chain()), null);
  }

  private static CertificateProfile profile(AuthorityForm form, KeyAlgorithm algorithm) {
    CertificateProfile profile =
        (form.parent() == null ? CertificateProfile.ROOT : CertificateProfile.ISSUING)
            .withValidity(Duration.ofHours(form.validityHours()))
            .withPathLength(form.pathLength())
            .withNameConstraints(form.names());
    return algorithm.experimental() ? profile.withKeyAlgorithms(Set.of(algorithm)) : profile;
  }

  /** The authority that signs with the key, under a chain whose parts belong together. */
  CertificateAuthority signer(IssuingAuthority entry, String chainPem) throws PkiException {
    List<X509Certificate> chain =
        Pem.parseCertificates(chainPem, "certificate of issuing CA \"" + entry.name() + "\"");
    return entry.form().onToken()
        ? token().authority(entry.keyFile(), chain, clock, random)
        : files(entry.keyFile()).read(chain, passphrase, clock, random);
  }

  /** The key of a removed authority stays, under another name if it is a file. */
  void setAside(IssuingAuthority removed) {
    if (removed.form().onToken()) {
      LOG.log(
          Level.INFO,
          "the key \"{0}\" of the removed issuing CA \"{1}\" stays on the token",
          removed.keyFile(),
          removed.name());
      return;
    }
    try {
      AuthorityFiles files = files(removed.keyFile());
      setAside(files.key());
      if (removed.form().alternativeKeyType() != null) {
        setAside(files.alternativeKey());
      }
    } catch (IOException | PkiException e) {
      LOG.log(
          Level.WARNING, "the key of a removed issuing CA stays where it is: {0}", e.toString());
    }
  }

  private static void setAside(Path key) throws IOException {
    Files.move(key, key.resolveSibling(key.getFileName() + ".removed"));
  }
}
