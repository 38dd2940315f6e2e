package io.signalbox.server.registry;

import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.Certificates;
import io.signalbox.pki.LockedKeyException;
import io.signalbox.pki.Pem;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.RevocationList;
import io.signalbox.pki.RevocationStatus;
import io.signalbox.pki.RevokedCertificate;
import io.signalbox.pki.SigningException;
import io.signalbox.server.registry.RegistryException.Reason;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The authorities whose keys live here: made, loaded, signing. A key is made before the entry that
 * names it.
 */
public final class Authorities {
  /** Name and key file of the authority of the development PKI. */
  public static final String DEVELOPMENT = "dev-ca";

  private static final Logger LOG = System.getLogger(Authorities.class.getName());
  private static final String DEVELOPMENT_KEY = "development";
  private static final int SUCCESSIONS_MAX = 16;
  private static final Duration LIST_LIFETIME = Duration.ofDays(7);

  /** What can be said of an authority at some time. */
  public enum State {
    ACTIVE,
    AWAITING_CERTIFICATE,
    EXPIRED,
    /** Its key is not there, or cannot be read, or is on a token that is away. */
    UNAVAILABLE
  }

  private final Registry registry;
  private final AuthorityKeys keys;
  private final RemovedAuthorities removed;
  private final Certified certified;
  private final Clock clock;
  private final Map<String, List<X509Certificate>> configured;
  private final Map<String, CertificateAuthority> signers = new ConcurrentHashMap<>();
  private final AtomicLong listNumber = new AtomicLong();

  /**
   * Held while an authority changes: two at once could each become the successor of the other, and
   * one that is made anew must not lose its key to the removal of the one before.
   */
  private final Object changing = new Object();

  private Authorities(
      Registry registry,
      AuthorityKeys keys,
      Clock clock,
      Map<String, List<X509Certificate>> configured) {
    this.registry = registry;
    this.keys = keys;
    this.removed = new RemovedAuthorities(registry);
    this.certified = new Certified(registry, removed, this::certificate);
    this.clock = clock;
    this.configured = Map.copyOf(configured);
  }

  /**
   * Loads the key of every registered authority; one that is not there or cannot be read is logged
   * and issues nothing. An encrypted one that does not open is the configuration's fault.
   *
   * @param folder of the keys; made with the first one
   * @param development the development PKI's issuing authority, which is registered if it is not;
   *     null: this broker has none
   * @param configured certificates of the authorities that the configuration trusts, by name: no
   *     other one is made under such a name
   * @throws PkiException naming every key that does not open
   */
  public static Authorities open(
      Registry registry,
      Path folder,
      Clock clock,
      SecureRandom random,
      @Nullable CertificateAuthority development,
      Map<String, List<X509Certificate>> configured)
      throws RegistryException, PkiException, InterruptedException {
    AuthorityKeys keys = AuthorityKeys.open(registry.config(), folder, clock, random);
    var authorities = new Authorities(registry, keys, clock, configured);
    if (development != null) {
      authorities.register(development);
    }
    List<String> locked = new ArrayList<>();
    for (IssuingAuthority entry : registry.all(Kind.ISSUING_CA)) {
      try {
        authorities.read(entry);
      } catch (LockedKeyException e) {
        locked.add("the issuing CA \"" + entry.name() + "\": " + e.getMessage());
      } catch (PkiException e) {
        unusable(entry, e);
      }
    }
    if (!locked.isEmpty()) {
      throw new PkiException(
          String.join(System.lineSeparator(), locked)
              + System.lineSeparator()
              + "put the passphrase under which it was encrypted into the file of"
              + " registry.ca-passphrase-file; without it, move the key file away: then the broker"
              + " starts, the authority signs nothing, and the devices that it has certified go on"
              + " to connect");
    }
    return authorities;
  }

  private void register(CertificateAuthority development)
      throws RegistryException, InterruptedException {
    String chain = Pem.encode(development.chain());
    String name = development.certificate().getSubjectX500Principal().getName();
    String commonName = name.startsWith("CN=") ? name.substring(3) : name;
    registry.put(
        Kind.ISSUING_CA,
        DEVELOPMENT,
        Condition.NONE,
        existing ->
            new IssuingAuthority(
                DEVELOPMENT,
                AuthorityForm.development(commonName),
                existing == null || existing.enabled(),
                existing == null ? null : existing.successor(),
                DEVELOPMENT_KEY,
                chain,
                null,
                existing == null ? Stamp.NEW : existing.stamp()));
    signers.put(DEVELOPMENT, development);
  }

  private void load(IssuingAuthority entry) {
    try {
      read(entry);
    } catch (PkiException e) {
      unusable(entry, e);
    }
  }

  private void read(IssuingAuthority entry) throws PkiException {
    String chain = entry.chainPem();
    if (chain != null && !entry.keyFile().equals(DEVELOPMENT_KEY)) {
      signers.put(
          entry.name(), keys.signer(entry, chain).telling(failure -> failed(entry, failure)));
    }
  }

  /** A token that does not sign is away for all; a key in a file cannot go away. */
  private void failed(IssuingAuthority entry, SigningException why) {
    if (entry.form().onToken() && signers.remove(entry.name()) != null) {
      keys.tokenFailed();
      LOG.log(
          Level.ERROR,
          "the issuing CA \"{0}\" signs nothing: {1}, on {2}; the broker tries every few seconds to"
              + " open it again; if the token is there and the library does not find it, start the"
              + " broker again",
          entry.name(),
          why.getMessage(),
          keys.tokenName());
    }
  }

  /**
   * Opens the token again if it was away, and lets those sign whose keys are there. One that has
   * refused its PIN is left alone. To be called every few seconds, by one thread; waits for the
   * token.
   */
  public void openTokenAgain() {
    if (!keys.mayOpenToken()) {
      return;
    }
    try {
      if (!keys.openToken()) {
        return;
      }
    } catch (PkiException e) {
      LOG.log(Level.DEBUG, "still without the token: {0}", e.getMessage());
      return;
    } catch (RuntimeException e) { // what a vendor's library makes of it must not end the looking
      LOG.log(Level.ERROR, "opening the token failed", e);
      return;
    }
    LOG.log(Level.INFO, "{0} can be used again", keys.tokenName());
    synchronized (changing) {
      registry.all(Kind.ISSUING_CA).stream()
          .filter(entry -> entry.form().onToken())
          .forEach(this::load);
    }
  }

  /** How many certificates of an authority are good. */
  public long activeOf(String name) {
    long now = clock.millis();
    return registry.all(Kind.CERTIFICATE).stream()
        .filter(one -> name.equals(one.ca()) && one.status(now) == DeviceCertificate.Status.ACTIVE)
        .count();
  }

  /** How many sign nothing because their key is not there or cannot be used. */
  public int unavailable() {
    return Math.toIntExact(
        registry.all(Kind.ISSUING_CA).stream()
            .filter(entry -> entry.enabled() && !entry.keyFile().equals(DEVELOPMENT_KEY))
            .filter(entry -> state(entry) == State.UNAVAILABLE)
            .count());
  }

  /** What is said while a token is away; {@link #openTokenAgain} may find it again. */
  static RegistryException comeAgain(String name, String why) {
    return new RegistryException(
        Reason.UNAVAILABLE,
        "the issuing CA \""
            + name
            + "\" signs nothing now: "
            + why
            + "; repeat the request later, and see the broker's log");
  }

  private boolean isAway(IssuingAuthority entry) {
    return entry.form().onToken() && entry.enabled() && state(entry) == State.UNAVAILABLE;
  }

  private static void unusable(IssuingAuthority entry, PkiException why) {
    LOG.log(
        Level.ERROR, "the issuing CA \"{0}\" signs nothing: {1}", entry.name(), why.getMessage());
  }

  /**
   * The authority that signs under a name.
   *
   * @throws RegistryException there is none, or it does not sign now
   */
  public CertificateAuthority signer(String name) throws RegistryException {
    IssuingAuthority entry = registry.find(Kind.ISSUING_CA, name);
    if (entry == null) {
      throw RegistryException.invalid(
          "/ca", "there is no issuing CA \"" + name + "\"; name one of /issuing-cas");
    }
    if (isAway(entry)) {
      throw comeAgain(name, "the token with its key cannot be used");
    }
    CertificateAuthority signer = signers.get(name);
    if (!entry.enabled() || signer == null || state(entry) != State.ACTIVE) {
      throw new RegistryException(
          Reason.CONFLICT,
          "the issuing CA \"" + name + "\" " + whyNot(entry) + ", so it signs nothing");
    }
    return signer;
  }

  private String whyNot(IssuingAuthority entry) {
    if (!entry.enabled()) {
      return "is disabled";
    }
    return entry.keyFile().equals(DEVELOPMENT_KEY) && !signers.containsKey(entry.name())
        ? "is the development PKI's and out of use, because the broker has a tls.certificate-file"
            + " and no tls.trust-development-ca; name another by ca or registry.default-ca"
        : "is " + state(entry).name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  public State state(IssuingAuthority entry) {
    if (entry.chainPem() == null) {
      return State.AWAITING_CERTIFICATE;
    }
    CertificateAuthority signer = signers.get(entry.name());
    if (signer == null) {
      return State.UNAVAILABLE;
    }
    Instant end = signer.certificate().getNotAfter().toInstant();
    return clock.instant().isAfter(end) ? State.EXPIRED : State.ACTIVE;
  }

  /** Its certificate and those above it; empty while there is none. */
  public List<X509Certificate> chain(IssuingAuthority entry) {
    String chain = entry.chainPem();
    try {
      return chain == null
          ? List.of()
          : Pem.parseCertificates(chain, "certificate of issuing CA \"" + entry.name() + "\"");
    } catch (PkiException e) {
      throw new IllegalStateException("a chain that was checked cannot be read", e);
    }
  }

  /**
   * Whose certificates are trusted because this broker issues them: name to the authority's own
   * certificate. Those above it are others', who may vouch for anybody. What has been issued stays
   * good without the key that signed it; but the development PKI counts only where it is in use.
   */
  public Map<String, X509Certificate> anchors() {
    Map<String, X509Certificate> anchors = new LinkedHashMap<>();
    for (IssuingAuthority entry : registry.all(Kind.ISSUING_CA)) {
      boolean used = !entry.keyFile().equals(DEVELOPMENT_KEY) || signers.containsKey(DEVELOPMENT);
      if (entry.enabled() && used) {
        own(entry).ifPresent(certificate -> anchors.put(entry.name(), certificate));
      }
    }
    return anchors;
  }

  /**
   * Whether the configuration trusts an authority under this name: nothing here counts under it.
   */
  public boolean isConfigured(String name) {
    return configured.containsKey(name);
  }

  /**
   * Whether the authority that is known to policies by this name is one that lives here. Where the
   * configuration has one of its name that one counts, which may be the same.
   */
  public boolean isHere(String name) {
    IssuingAuthority entry = registry.find(Kind.ISSUING_CA, name);
    List<X509Certificate> instead = configured.get(name);
    return entry != null && (instead == null || own(entry).filter(instead::contains).isPresent());
  }

  /**
   * Authorities by the fingerprints of their keys, disabled here or removed, below which nothing
   * counts: a device may send the certificate of its authority, and somebody above that one may be
   * trusted. Reads the disk.
   */
  public Map<String, RevocationStatus.Revoked> withdrawn() {
    Map<String, RevocationStatus.Revoked> withdrawn = new HashMap<>(removed.all());
    for (IssuingAuthority entry : registry.all(Kind.ISSUING_CA)) {
      if (!entry.enabled()) {
        own(entry)
            .ifPresent(
                certificate ->
                    withdrawn.put(
                        Certificates.keyFingerprint(certificate), Certified.onHold(entry)));
      }
    }
    return withdrawn;
  }

  /** As it was read with the key, if that is there: a question about each costs no parsing. */
  private Optional<X509Certificate> certificate(IssuingAuthority entry) {
    CertificateAuthority signer = signers.get(entry.name());
    return signer == null ? own(entry) : Optional.of(signer.certificate());
  }

  /** Empty while there is none, or if it cannot be read, which is logged. */
  private Optional<X509Certificate> own(IssuingAuthority entry) {
    try {
      return chain(entry).stream().findFirst();
    } catch (IllegalStateException e) {
      LOG.log(Level.ERROR, "the issuing CA \"" + entry.name() + "\" is not trusted", e);
      return Optional.empty();
    }
  }

  /**
   * Who issues for an authority now: itself, or who has taken over from it. Certificates that it
   * has issued stay good, and it goes on to say which of them are revoked.
   */
  public String issuerFor(String name) {
    String at = name;
    for (int step = 0; step < SUCCESSIONS_MAX; step++) {
      IssuingAuthority entry = registry.find(Kind.ISSUING_CA, at);
      String next = entry == null ? null : entry.successor();
      if (next == null) {
        return at;
      }
      at = next;
    }
    return at;
  }

  private void checkSuccession(IssuingAuthority wanted) throws RegistryException {
    String next = wanted.successor();
    for (int step = 0; next != null; step++) {
      if (next.equals(wanted.name()) || step == SUCCESSIONS_MAX) {
        throw RegistryException.invalid(
            "/successor",
            "would lead back to this authority, or over more than " + SUCCESSIONS_MAX + " others");
      }
      IssuingAuthority entry = registry.find(Kind.ISSUING_CA, next);
      next = entry == null ? null : entry.successor();
    }
  }

  /** Makes an authority, switches one on or off, or names its successor. */
  public Written<IssuingAuthority> put(
      String name, Condition condition, Registry.Maker<IssuingAuthority> maker)
      throws RegistryException, InterruptedException {
    synchronized (changing) {
      Written<IssuingAuthority> written = stored(name, condition, maker);
      load(written.entry());
      return written;
    }
  }

  private Written<IssuingAuthority> stored(
      String name, Condition condition, Registry.Maker<IssuingAuthority> maker)
      throws RegistryException, InterruptedException {
    if (registry.find(Kind.ISSUING_CA, name) == null) {
      return created(name, condition, maker);
    }
    return registry.put(
        Kind.ISSUING_CA,
        name,
        condition,
        existing -> changed(Objects.requireNonNull(existing), maker.make(existing)));
  }

  /** Its key is made before the registry is asked, which could remove nothing meanwhile. */
  private Written<IssuingAuthority> created(
      String name, Condition condition, Registry.Maker<IssuingAuthority> maker)
      throws RegistryException, InterruptedException {
    Names.check(Kind.ISSUING_CA, name);
    condition.check(Kind.ISSUING_CA, name, null);
    IssuingAuthority made = withNewKey(maker.make(null));
    return registry.put(
        Kind.ISSUING_CA,
        name,
        condition,
        _ -> {
          requireNotTrusted(name);
          return made;
        });
  }

  private IssuingAuthority changed(IssuingAuthority existing, IssuingAuthority wanted)
      throws RegistryException {
    if (!wanted.form().equals(existing.form())) {
      throw new RegistryException(
          Reason.CONFLICT,
          "the issuing CA \""
              + existing.name()
              + "\" exists with other names, key, validity or limits, which cannot change;"
              + " use another name");
    }
    checkSuccession(wanted);
    return existing.withStateOf(wanted);
  }

  private void requireNotTrusted(String name) throws RegistryException {
    if (isConfigured(name)) {
      throw new RegistryException(
          Reason.CONFLICT,
          "the configuration has a trusted CA \"" + name + "\"; choose another name");
    }
    if (registry.find(Kind.TRUSTED_CA, name) != null) {
      throw new RegistryException(
          Reason.CONFLICT, "there is a trusted CA \"" + name + "\"; policies need different names");
    }
  }

  private IssuingAuthority withNewKey(IssuingAuthority wanted) throws RegistryException {
    requireNotTrusted(wanted.name());
    String parent = wanted.form().parent();
    if (parent != null && registry.find(Kind.ISSUING_CA, parent) == null) {
      throw RegistryException.invalid("/parent", "there is no issuing CA \"" + parent + "\"");
    }
    EntryLimits.check(registry.config(), wanted); // before a key is made
    try {
      return keys.make(wanted, parent == null ? null : signer(parent));
    } catch (SigningException e) {
      throw comeAgain(parent == null ? wanted.name() : parent, e.getMessage());
    } catch (PkiException e) {
      throw RegistryException.invalid("", e.getMessage());
    }
  }

  /** Installs what the offline root has signed. The same again changes nothing. */
  public Written<IssuingAuthority> install(String name, String chainPem)
      throws RegistryException, InterruptedException {
    synchronized (changing) {
      Written<IssuingAuthority> written = installed(name, chainPem);
      load(written.entry());
      return written;
    }
  }

  private Written<IssuingAuthority> installed(String name, String chainPem)
      throws RegistryException, InterruptedException {
    IssuingAuthority entry = registry.find(Kind.ISSUING_CA, name);
    if (entry == null) {
      throw RegistryException.notFound(Kind.ISSUING_CA, name);
    }
    if (!entry.form().offline()) {
      throw new RegistryException(
          Reason.CONFLICT, "the issuing CA \"" + name + "\" was not made with \"offline\": true");
    }
    String checked = checkedChain(entry, chainPem); // asks the token, so not inside the put
    return registry.put(
        Kind.ISSUING_CA,
        name,
        Condition.NONE,
        _ -> entry.withKey(entry.keyFile(), checked, entry.csrPem()));
  }

  private String checkedChain(IssuingAuthority entry, String chainPem) throws RegistryException {
    try {
      CertificateAuthority made = keys.signer(entry, chainPem);
      if (clock.instant().isAfter(made.certificate().getNotAfter().toInstant())) {
        throw new PkiException(
            "the certificate ended at " + made.certificate().getNotAfter().toInstant());
      }
      return Pem.encode(made.chain());
    } catch (PkiException e) {
      throw RegistryException.invalid("/chainPem", e.getMessage());
    }
  }

  /**
   * Removes an authority; its key's file is kept under another name. If somebody else signed its
   * certificate, it is remembered until that ends.
   */
  public Written<IssuingAuthority> delete(String name, Condition condition)
      throws RegistryException, InterruptedException {
    synchronized (changing) {
      IssuingAuthority entry = registry.find(Kind.ISSUING_CA, name);
      if (entry == null) {
        throw RegistryException.notFound(Kind.ISSUING_CA, name);
      }
      if (entry.keyFile().equals(DEVELOPMENT_KEY)) {
        throw new RegistryException(
            Reason.CONFLICT,
            "the issuing CA \""
                + name
                + "\" is the development PKI's; disable it, or name a certificate of your own in"
                + " the section tls of the configuration");
      }
      AuthorityForm form = entry.form();
      boolean certifiedItself = form.parent() == null && !form.offline();
      removed.delete(
          name,
          condition,
          certifiedItself ? null : own(entry).orElse(null),
          parentOf(form).flatMap(this::own).orElse(null));
      signers.remove(name);
      keys.setAside(entry);
      return new Written<>(entry, null);
    }
  }

  private Optional<IssuingAuthority> parentOf(AuthorityForm form) {
    String parent = form.parent();
    return parent == null
        ? Optional.empty()
        : Optional.ofNullable(registry.find(Kind.ISSUING_CA, parent));
  }

  /**
   * What counts of a certificate of an authority, a device's or that of another authority. Reads
   * the disk.
   */
  public RevocationStatus status(IssuingAuthority authority, BigInteger serial) {
    RevocationStatus known = certified.status(authority, serial);
    // The development authority signs for the command line and for this broker's own TLS too,
    // without an entry in the inventory.
    return known instanceof RevocationStatus.Unknown && authority.name().equals(DEVELOPMENT)
        ? new RevocationStatus.Good()
        : known;
  }

  /**
   * A fresh list of the authority's certificates, devices' and those of other authorities, that are
   * revoked or on hold and have not ended. Reads the disk.
   */
  public RevocationList revocationList(String name) throws RegistryException {
    IssuingAuthority entry = registry.find(Kind.ISSUING_CA, name);
    if (entry == null) {
      throw RegistryException.notFound(Kind.ISSUING_CA, name);
    }
    if (isAway(entry)) {
      throw comeAgain(name, "the token with its key cannot be used");
    }
    CertificateAuthority signer = signers.get(name);
    if (signer == null) {
      throw new RegistryException(
          Reason.CONFLICT, "the issuing CA \"" + name + "\" has no key here to sign a list with");
    }
    Instant now = clock.instant();
    List<RevokedCertificate> revoked = certified.revoked(entry, now);
    try {
      long number = listNumber.updateAndGet(last -> Math.max(last + 1, now.toEpochMilli()));
      return RevocationList.issue(signer, BigInteger.valueOf(number), revoked, LIST_LIFETIME);
    } catch (SigningException e) {
      throw comeAgain(name, e.getMessage());
    } catch (PkiException e) {
      throw new RegistryException(Reason.CONFLICT, e.getMessage());
    }
  }

  /**
   * What a holder of a certificate presents: it and the authorities above it, without the root; it
   * alone if they are not here.
   */
  public String presentedChain(DeviceCertificate entry, X509Certificate certificate) {
    List<X509Certificate> chain = new ArrayList<>(List.of(certificate));
    issuers(entry, certificate).stream()
        .filter(issuer -> !Certificates.isSelfSigned(issuer))
        .forEach(chain::add);
    return Pem.encode(chain);
  }

  /**
   * The authority that has issued a certificate and those above it. Empty if it was made elsewhere,
   * or if that very authority is not here any more: another one may have its name now.
   */
  List<X509Certificate> issuers(DeviceCertificate entry, X509Certificate certificate) {
    String ca = entry.ca();
    IssuingAuthority authority = ca == null ? null : registry.find(Kind.ISSUING_CA, ca);
    List<X509Certificate> chain = authority == null ? List.of() : chain(authority);
    return chain.isEmpty() || !Certificates.isOfKey(certificate, chain.getFirst())
        ? List.of()
        : chain;
  }
}
