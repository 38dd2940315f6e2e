package io.signalbox.pki;

import io.signalbox.pki.CertificateDraft.Issuer;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x500.X500Name;

/**
 * A key that signs certificates, with the certificates that say so. Immutable; many threads may
 * issue at once (about 0.15 ms of CPU for a certificate by an EC P-256 authority).
 */
public final class CertificateAuthority {
  /** A device whose clock is a little behind must not find its new certificate in the future. */
  static final Duration BACKDATED = Duration.ofMinutes(5);

  private final PrivateKey key;
  private final KeyAlgorithm algorithm;
  private final List<X509Certificate> chain;
  private final Clock clock;
  private final SecureRandom random;

  private CertificateAuthority(
      PrivateKey key,
      KeyAlgorithm algorithm,
      List<X509Certificate> chain,
      Clock clock,
      SecureRandom random) {
    this.key = key;
    this.algorithm = algorithm;
    this.chain = List.copyOf(chain);
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
    requireAuthority(profile);
    KeyPair keys = algorithm.generate(random);
    SubjectNames names = SubjectNames.ofCommonName(commonName);
    profile.checkKey(keys.getPublic());
    profile.names().check(names);
    Instant now = clock.instant();
    var draft =
        new CertificateDraft(
            names, keys.getPublic(), algorithm, profile, start(now), end(now, profile));
    var self =
        new Issuer(
            NameWriter.subject(names),
            CertificateDraft.keyIdentifier(keys.getPublic()),
            keys.getPrivate(),
            algorithm);
    return new CertificateAuthority(
        keys.getPrivate(), algorithm, List.of(draft.sign(self, random)), clock, random);
  }

  /**
   * An authority from its parts, which are checked against each other.
   *
   * @param chain the authority's own certificate, then the one of each authority above it; the root
   *     may be missing
   */
  public static CertificateAuthority of(
      PrivateKey key, List<X509Certificate> chain, Clock clock, SecureRandom random)
      throws PkiException {
    if (chain.isEmpty()) {
      throw new PkiException("an authority needs its own certificate");
    }
    X509Certificate own = chain.getFirst();
    String name = own.getSubjectX500Principal().getName();
    KeyAlgorithm algorithm =
        KeyAlgorithm.of(own.getPublicKey())
            .orElseThrow(
                () ->
                    new PkiException(
                        "the authority \""
                            + name
                            + "\" has a key of a type that is not supported"));
    if (!PrivateKeys.belongTogether(key, own.getPublicKey(), random)) {
      throw new PkiException(
          "the private key does not belong to the certificate of the authority \""
              + name
              + "\"; name the key made with it");
    }
    for (int i = 0; i < chain.size(); i++) {
      AuthorityChecks.requireCa(chain.get(i));
      if (i > 0) {
        AuthorityChecks.requireIssued(chain.get(i - 1), chain.get(i));
      }
    }
    return new CertificateAuthority(key, algorithm, chain, clock, random);
  }

  /** A new authority below this one, with a fresh key. */
  public CertificateAuthority createIssuing(
      String commonName, KeyAlgorithm keyAlgorithm, CertificateProfile profile)
      throws PkiException {
    requireAuthority(profile);
    KeyPair keys = keyAlgorithm.generate(random);
    X509Certificate certificate =
        issue(keys.getPublic(), SubjectNames.ofCommonName(commonName), profile);
    return new CertificateAuthority(
        keys.getPrivate(), keyAlgorithm, chainOf(certificate), clock, random);
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
   *     now
   */
  public X509Certificate issue(PublicKey subjectKey, SubjectNames names, CertificateProfile profile)
      throws PkiException {
    KeyAlgorithm subjectAlgorithm = profile.checkKey(subjectKey);
    profile.names().check(names);
    AuthorityChecks.requireRoomBelow(certificate(), profile);
    Instant now = clock.instant();
    AuthorityChecks.requireValid(certificate(), now);
    Instant notBefore = later(start(now), certificate().getNotBefore().toInstant());
    Instant notAfter = earlier(end(now, profile), certificate().getNotAfter().toInstant());
    var draft =
        new CertificateDraft(names, subjectKey, subjectAlgorithm, profile, notBefore, notAfter);
    return draft.sign(issuer(), random);
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
   * What the holder of an issued certificate presents: the certificate and the authorities above
   * it.
   */
  public List<X509Certificate> chainOf(X509Certificate issued) {
    List<X509Certificate> all = new ArrayList<>(chain.size() + 1);
    all.add(issued);
    all.addAll(chain);
    return List.copyOf(all);
  }

  /** As {@link #chainOf}, without the root: whoever checks has it already or does not trust it. */
  public List<X509Certificate> presentedChainOf(X509Certificate issued) {
    return Stream.concat(
            Stream.of(issued), chain.stream().filter(ca -> !Certificates.isSelfSigned(ca)))
        .toList();
  }

  /** The private key, for a file; it stays inside its token if it lives in one. */
  PrivateKey key() {
    return key;
  }

  private Issuer issuer() {
    X500Name name = X500Name.getInstance(certificate().getSubjectX500Principal().getEncoded());
    return new Issuer(name, CertificateDraft.keyIdentifier(certificate()), key, algorithm);
  }

  private static void requireAuthority(CertificateProfile profile) throws PkiException {
    if (!profile.isAuthority()) {
      throw new PkiException(
          "the profile \""
              + profile.name()
              + "\" does not make authorities; use one with a path length");
    }
  }

  private static Instant start(Instant now) {
    return now.minus(BACKDATED).truncatedTo(ChronoUnit.SECONDS);
  }

  private static Instant end(Instant now, CertificateProfile profile) {
    return now.plus(profile.validity()).truncatedTo(ChronoUnit.SECONDS);
  }

  private static Instant later(Instant a, Instant b) {
    return a.isAfter(b) ? a : b;
  }

  private static Instant earlier(Instant a, Instant b) {
    return a.isBefore(b) ? a : b;
  }
}
