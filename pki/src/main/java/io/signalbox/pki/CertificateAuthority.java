package io.signalbox.pki;

import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A key that signs certificates, with the certificates that say so. Immutable; many threads may
 * issue at once (about 0.15 ms of CPU for a certificate by an EC P-256 authority).
 */
public final class CertificateAuthority {
  private final Issuer issuer;
  private final List<X509Certificate> chain;
  private final AuthorityUrls urls;
  private final Clock clock;
  private final SecureRandom random;

  private CertificateAuthority(
      Issuer issuer,
      List<X509Certificate> chain,
      AuthorityUrls urls,
      Clock clock,
      SecureRandom random) {
    this.issuer = issuer;
    this.chain = List.copyOf(chain);
    this.urls = urls;
    this.clock = clock;
    this.random = random;
  }

  /** An authority that vouches for itself, with a fresh key. */
  public static CertificateAuthority createRoot(
      String commonName,
      KeyAlgorithm algorithm,
      CertificateProfile profile,
      Clock clock,
      SecureRandom random)
      throws PkiException {
    return createRoot(commonName, algorithm, Optional.empty(), profile, clock, random);
  }

  /** As the other, with a second key for a second signature; an experiment. */
  public static CertificateAuthority createRoot(
      String commonName,
      KeyAlgorithm algorithm,
      Optional<AlternativeKey> alternative,
      CertificateProfile profile,
      Clock clock,
      SecureRandom random)
      throws PkiException {
    AuthorityChecks.requireAuthority(profile);
    KeyPair keys = algorithm.generate(random);
    SubjectNames names = SubjectNames.ofCommonName(commonName);
    profile.checkKey(keys.getPublic());
    profile.names().check(names);
    Validity validity = Validity.from(clock.instant(), profile.validity());
    var draft =
        new CertificateDraft(
            names, keys.getPublic(), algorithm, profile, validity, AuthorityUrls.NONE, alternative);
    byte[] keyIdentifier = CertificateDraft.keyIdentifier(keys.getPublic());
    var self =
        new Issuer(
            NameWriter.subject(names), keyIdentifier, keys.getPrivate(), algorithm, alternative);
    return new CertificateAuthority(
        self, List.of(draft.sign(self, random)), AuthorityUrls.NONE, clock, random);
  }

  /**
   * An authority from its parts, which are checked against each other: one made here and loaded
   * again, one from elsewhere, or one whose certificate an offline root signed.
   *
   * @param chain the authority's own certificate, then the one of each authority above it; the root
   *     may be missing
   */
  public static CertificateAuthority of(
      PrivateKey key, List<X509Certificate> chain, Clock clock, SecureRandom random)
      throws PkiException {
    AuthorityChecks.requireChain(chain);
    X509Certificate own = chain.getFirst();
    AuthorityChecks.requireKnownKey(own);
    if (!PrivateKeys.belongTogether(key, own.getPublicKey(), random)) {
      throw new PkiException(
          "the private key does not belong to the certificate of the authority "
              + AuthorityChecks.name(own)
              + "; name the key made with it");
    }
    return ofVerified(key, chain, clock, random);
  }

  /** As {@link #of}, of parts that were checked against each other before. */
  static CertificateAuthority ofVerified(
      PrivateKey key, List<X509Certificate> chain, Clock clock, SecureRandom random)
      throws PkiException {
    X509Certificate own = chain.getFirst();
    KeyAlgorithm algorithm = AuthorityChecks.requireKnownKey(own);
    return new CertificateAuthority(
        Issuer.of(key, algorithm, own), chain, AuthorityUrls.NONE, clock, random);
  }

  /** The same authority, which writes these addresses into what it issues. */
  public CertificateAuthority withUrls(AuthorityUrls addresses) {
    return new CertificateAuthority(issuer, chain, addresses, clock, random);
  }

  /**
   * The same authority, which tells each time its key does not sign.
   *
   * @param failed quick, on any thread; what was to be signed fails besides
   */
  public CertificateAuthority telling(Consumer<SigningException> failed) {
    return new CertificateAuthority(issuer.telling(failed), chain, urls, clock, random);
  }

  /** The same authority with its second key, after it was loaded by its first; an experiment. */
  public CertificateAuthority withAlternativeKey(AlternativeKey second) throws PkiException {
    if (!AlternativeSignatures.key(certificate()).equals(Optional.of(second.keys().getPublic()))) {
      throw new PkiException(
          "the second key does not belong to the certificate of the authority "
              + AuthorityChecks.name(certificate()));
    }
    return new CertificateAuthority(issuer.withAlternative(second), chain, urls, clock, random);
  }

  /**
   * A new authority below this one, with a fresh key; it publishes nothing until {@link #withUrls}.
   */
  public CertificateAuthority createIssuing(
      String commonName, KeyAlgorithm keyAlgorithm, CertificateProfile profile)
      throws PkiException {
    return createIssuing(commonName, keyAlgorithm, Optional.empty(), profile);
  }

  /** As the other, with a second key for a second signature; an experiment. */
  public CertificateAuthority createIssuing(
      String commonName,
      KeyAlgorithm keyAlgorithm,
      Optional<AlternativeKey> alternative,
      CertificateProfile profile)
      throws PkiException {
    AuthorityChecks.requireAuthority(profile);
    KeyPair keys = keyAlgorithm.generate(random);
    X509Certificate certificate =
        issue(keys.getPublic(), SubjectNames.ofCommonName(commonName), alternative, profile);
    Issuer below = Issuer.of(keys.getPrivate(), keyAlgorithm, certificate);
    Issuer signing = alternative.map(below::withAlternative).orElse(below);
    return new CertificateAuthority(
        signing, chainOf(certificate), AuthorityUrls.NONE, clock, random);
  }

  /** A certificate for the key and the names of a request, as far as the profile allows them. */
  public X509Certificate issue(CertificateSigningRequest request, CertificateProfile profile)
      throws PkiException {
    return issue(request.publicKey(), request.names(), profile);
  }

  /**
   * A certificate for a key that the caller knows its subject to hold.
   *
   * @throws PkiException if the profile refuses the key or a name, or this authority may not sign
   *     now; {@link SigningException} if its key does not
   */
  public X509Certificate issue(PublicKey subjectKey, SubjectNames names, CertificateProfile profile)
      throws PkiException {
    return issue(subjectKey, names, Optional.empty(), profile);
  }

  private X509Certificate issue(
      PublicKey subjectKey,
      SubjectNames names,
      Optional<AlternativeKey> alternative,
      CertificateProfile profile)
      throws PkiException {
    KeyAlgorithm subjectAlgorithm = profile.checkKey(subjectKey);
    profile.names().check(names);
    AuthorityChecks.requireRoomBelow(certificate(), profile);
    AuthorityChecks.requireValid(certificate(), clock.instant());
    Validity validity = Validity.from(clock.instant(), profile.validity()).within(certificate());
    return new CertificateDraft(
            names, subjectKey, subjectAlgorithm, profile, validity, urls, alternative)
        .sign(issuer, random);
  }

  /**
   * Looks whether this authority, or one above it as far as they are known, has name constraints
   * that a certificate of its own violates: nobody would accept it.
   *
   * @throws PkiException saying whose they are and which name it is
   */
  public void requirePermitted(X509Certificate issued) throws PkiException {
    List<X509Certificate> path = chainOf(issued);
    for (int length = 2; length <= path.size(); length++) {
      Optional<String> violated = AnchorConstraints.violation(path.subList(0, length));
      if (violated.isPresent()) {
        throw new PkiException(
            "the authority " + AuthorityChecks.name(path.get(length - 1)) + " " + violated.get());
      }
    }
  }

  /** The authority's own certificate. */
  public X509Certificate certificate() {
    return chain.getFirst();
  }

  /** The authority's own certificate, then those above it as far as they are known. */
  public List<X509Certificate> chain() {
    return chain;
  }

  /**
   * The certificate that this authority issued and the authorities above it, as far as they are
   * known.
   */
  public List<X509Certificate> chainOf(X509Certificate issued) {
    List<X509Certificate> all = new ArrayList<>(chain.size() + 1);
    all.add(issued);
    all.addAll(chain);
    return List.copyOf(all);
  }

  /**
   * What the holder presents: {@link #chainOf} without the root, which whoever checks has already
   * or does not trust.
   */
  public List<X509Certificate> presentedChainOf(X509Certificate issued) {
    return Stream.concat(
            Stream.of(issued), chain.stream().filter(ca -> !Certificates.isSelfSigned(ca)))
        .toList();
  }

  /**
   * The private key, for a file or for the authority's own OCSP answers; it stays inside its token
   * if it lives in one.
   */
  PrivateKey key() {
    return issuer.key();
  }

  Issuer issuer() {
    return issuer;
  }

  Clock clock() {
    return clock;
  }

  SecureRandom random() {
    return random;
  }
}
