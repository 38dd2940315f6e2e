package io.signalbox.pki;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.ProviderException;
import java.security.SecureRandom;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.bouncycastle.operator.RuntimeOperatorException;

/**
 * A token that keeps authorities' private keys and signs with them: PKCS#11 through the JDK's own
 * provider. EC and RSA keys; they never leave the token.
 *
 * <p>Opening registers the provider at the end of the JVM's list, because the JDK looks for a token
 * key's provider only there. Open a token once per process, and once more after it was away: {@link
 * #forget} the old one then.
 */
public final class Pkcs11Token {
  private static final AtomicInteger OPENED = new AtomicInteger();

  private final Provider provider;
  private final KeyStore store;

  private Pkcs11Token(Provider provider, KeyStore store) {
    this.provider = provider;
    this.store = store;
  }

  /**
   * Logs in to a token.
   *
   * @param library the vendor's PKCS#11 library
   * @param slotIndex position among all slots of the library, with a token or without, from 0
   * @throws PinRefusedException if the token does not take the PIN
   * @throws PkiException if the library cannot be loaded, or there is no such slot
   */
  public static Pkcs11Token open(Path library, int slotIndex, Passphrase pin) throws PkiException {
    if (!Files.isReadable(library)) {
      throw new PkiException(
          "the PKCS#11 library \"" + library + "\" is not there or not readable; check the path");
    }
    // A token that went away is to be opened again here: without destroyTokenAfterLogout, which
    // does
    // no more than this because nobody logs out, a provider would look for it on a thread for ever.
    String configuration =
        """
        --name = signalbox%d
        library = %s
        slotListIndex = %d
        destroyTokenAfterLogout = true
        attributes(generate, CKO_PRIVATE_KEY, *) = {
          CKA_SENSITIVE = true
          CKA_EXTRACTABLE = false
        }
        """
            .formatted(OPENED.incrementAndGet(), library, slotIndex);
    try {
      Provider provider = Security.getProvider("SunPKCS11").configure(configuration);
      KeyStore store = loggedIn(provider, pin);
      Security.addProvider(provider);
      return new Pkcs11Token(provider, store);
    } catch (GeneralSecurityException | IOException | ProviderException e) {
      String token = "the token in slot " + slotIndex + " by \"" + library + "\"";
      Optional<String> refusal = refusalOfPin(e);
      if (refusal.isPresent()) {
        throw new PinRefusedException(
            token + " does not take the PIN (" + refusal.get() + "); check the slot and the PIN",
            e);
      }
      throw new PkiException("cannot log in to " + token + "; check the slot and the PIN", e);
    }
  }

  private static KeyStore loggedIn(Provider provider, Passphrase pin)
      throws GeneralSecurityException, IOException {
    try {
      KeyStore store = KeyStore.getInstance("PKCS11", provider);
      store.load(null, pin.characters());
      return store;
    } catch (GeneralSecurityException | IOException | ProviderException e) {
      endLooking(provider);
      throw e;
    }
  }

  /**
   * A provider that was made while a reader has no token looks for one on a thread of its own,
   * which nothing ends but the token or this. It is not kept for the next attempt, because it gives
   * up for good when a token that was just put in does not answer at once.
   */
  private static void endLooking(Provider provider) {
    Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("Poller-" + provider.getName()))
        .forEach(Thread::interrupt);
  }

  /**
   * The token's own word for what is wrong with the PIN, such as {@code CKR_PIN_INCORRECT}. The JDK
   * gives it as the message of an exception somewhere below, of a class that is not public.
   */
  private static Optional<String> refusalOfPin(Throwable failure) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
        .map(Throwable::getMessage)
        .filter(message -> message != null && message.startsWith("CKR_PIN_"))
        .findFirst();
  }

  /**
   * Makes a key on the token and a request for an authority's certificate.
   *
   * @param alias the key's name on the token; must be free
   */
  public CertificateSigningRequest createKey(
      String alias, String commonName, KeyAlgorithm algorithm, Clock clock, SecureRandom random)
      throws PkiException {
    try {
      if (store.containsAlias(alias)) {
        throw new PkiException(
            "the token has a key \"" + alias + "\" already; choose another name");
      }
      KeyPairGenerator generator = KeyPairGenerator.getInstance(family(algorithm), provider);
      generator.initialize(algorithm.parameters());
      KeyPair keys = generator.generateKeyPair();
      // The JDK shows a token's key only beside a certificate, so it gets one that nobody trusts.
      store.setKeyEntry(
          alias,
          keys.getPrivate(),
          null,
          new Certificate[] {placeholder(keys, algorithm, commonName, clock, random)});
      return CertificateSigningRequest.create(keys, SubjectNames.ofCommonName(commonName), random);
    } catch (GeneralSecurityException | ProviderException | RuntimeOperatorException e) {
      throw new PkiException(
          "the token cannot make a key of type "
              + algorithm.configName()
              + " named \""
              + alias
              + "\"",
          e);
    }
  }

  /**
   * The authority whose key is on the token.
   *
   * @param chain the authority's certificate, then those above it; the root may be missing
   */
  public CertificateAuthority authority(
      String alias, List<X509Certificate> chain, Clock clock, SecureRandom random)
      throws PkiException {
    try {
      if (store.getKey(alias, null) instanceof PrivateKey key) {
        return CertificateAuthority.of(key, chain, clock, random);
      }
      throw new PkiException("the token has no private key \"" + alias + "\"; check the name");
    } catch (GeneralSecurityException | ProviderException e) {
      throw new PkiException("the token does not give access to its key \"" + alias + "\"", e);
    }
  }

  /**
   * Takes it out of the JVM's list, so that another that was opened in its place is alone there.
   * Keys that came from it do not sign any more.
   */
  public void forget() {
    Security.removeProvider(provider.getName());
  }

  private static String family(KeyAlgorithm algorithm) throws PkiException {
    return switch (algorithm) {
      case EC_P256, EC_P384 -> "EC";
      case RSA_2048, RSA_3072, RSA_4096 -> "RSA";
      case ED25519, ML_DSA_44, ML_DSA_65 ->
          throw new PkiException(
              "keys of type "
                  + algorithm.configName()
                  + " cannot be kept on a token; use EC P-256");
    };
  }

  private static X509Certificate placeholder(
      KeyPair keys, KeyAlgorithm algorithm, String commonName, Clock clock, SecureRandom random)
      throws SigningException {
    SubjectNames names = SubjectNames.ofCommonName(commonName);
    byte[] keyIdentifier = CertificateDraft.keyIdentifier(keys.getPublic());
    var self =
        new Issuer(
            NameWriter.subject(names),
            keyIdentifier,
            keys.getPrivate(),
            algorithm,
            Optional.empty());
    Validity brief = Validity.from(clock.instant(), Duration.ofMinutes(1));
    var draft =
        new CertificateDraft(
            names,
            keys.getPublic(),
            algorithm,
            CertificateProfile.DEVICE,
            brief,
            AuthorityUrls.NONE);
    return draft.sign(self, random);
  }
}
