package io.signalbox.pki;

import io.signalbox.pki.Verification.Accepted;
import io.signalbox.pki.Verification.Reason;
import io.signalbox.pki.Verification.Rejected;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a client's certificate chain is good, and whose it is. Safe for many threads.
 * When the trusted authorities change, a new one is made. Used in the TLS handshake and again at
 * CONNECT, because a resumed TLS connection brings a chain that was checked long ago; the second
 * time costs microseconds, because what cannot change is remembered ({@link VerifiedPaths}).
 */
public final class CertificateVerifier {
  /** A leaf, a few authorities, a root: longer chains exist to cost time. */
  public static final int CHAIN_LENGTH_MAX = 8;

  /**
   * Each path tried costs signature checks; while an authority is renewed there are two or three.
   */
  private static final int PATHS_TRIED_MAX = 8;

  /**
   * A renewed authority has its old name: with the wrong one of two such anchors these happen. Who
   * is revoked is not tried by another path.
   */
  private static final Set<Reason> ANOTHER_PATH_MAY_DO =
      EnumSet.of(Reason.BAD_SIGNATURE, Reason.CA_NOT_VALID, Reason.CONSTRAINT_VIOLATED);

  /** About a kilobyte each. */
  private static final int REMEMBERED_MAX = 4_096;

  private final List<TrustedCa> trusted;
  private final X509Certificate[] acceptedIssuers;
  private final VerifiedPaths verified = new VerifiedPaths(REMEMBERED_MAX);

  /**
   * A verifier for these authorities; with none it rejects everything.
   *
   * @throws IllegalArgumentException if two have the same name
   */
  public CertificateVerifier(List<TrustedCa> trusted) {
    this.trusted = List.copyOf(trusted);
    this.acceptedIssuers =
        trusted.stream().flatMap(ca -> ca.anchors().stream()).toArray(X509Certificate[]::new);
    long names = trusted.stream().map(TrustedCa::name).distinct().count();
    if (names != trusted.size()) {
      throw new IllegalArgumentException("two trusted authorities have the same name");
    }
  }

  /** The subjects of all trusted certificates, which a TLS server tells its clients. */
  public X509Certificate[] acceptedIssuers() {
    return acceptedIssuers.clone();
  }

  /**
   * Looks at a chain as a client presented it.
   *
   * @param chain the client's certificate first, each next one the issuer of the one before; what
   *     follows a trusted one is ignored
   */
  public Verification verify(List<X509Certificate> chain, Instant at) {
    Verification path = pathOf(chain, at);
    return path instanceof Accepted accepted ? recheck(accepted, at) : path;
  }

  /**
   * As {@link #verify}, but whatever is known of revocations: whose the chain is, and by which
   * certificates, about each of which below the trusted one a source of revocations is then asked.
   */
  public Verification pathOf(List<X509Certificate> chain, Instant at) {
    if (chain.isEmpty()) {
      return new Rejected(Reason.MALFORMED, "no certificate was presented");
    }
    if (chain.size() > CHAIN_LENGTH_MAX) {
      return new Rejected(
          Reason.MALFORMED,
          "the chain has "
              + chain.size()
              + " certificates, more than the limit of "
              + CHAIN_LENGTH_MAX);
    }
    String key = VerifiedPaths.key(chain);
    Optional<Accepted> again = remembered(key, chain, at);
    if (again.isPresent()) {
      return again.get();
    }
    try {
      return pathInFull(key, chain, ClientIdentity.of(chain.getFirst()), at);
    } catch (PkiException e) {
      return new Rejected(Reason.MALFORMED, e.getMessage());
    }
  }

  /** What {@link #pathOf} finds without a signature check; quick enough for an I/O thread. */
  public Optional<Accepted> rememberedPathOf(List<X509Certificate> chain, Instant at) {
    return remembered(VerifiedPaths.key(chain), chain, at);
  }

  /**
   * Looks once more at what this same verifier accepted before, without a signature check: only at
   * what changes with time, validity and revocation.
   */
  public Verification recheck(Accepted earlier, Instant at) {
    for (TrustedCa ca : trusted) {
      if (ca.name().equals(earlier.caName())) {
        Optional<Rejected> problem =
            PathChecks.validity(earlier.path(), at)
                .or(() -> PathChecks.revocation(earlier.path(), ca.revocation(), at));
        return problem.isPresent() ? problem.get() : earlier;
      }
    }
    throw new IllegalArgumentException(
        "the authority \"" + earlier.caName() + "\" is not one of this verifier's");
  }

  /**
   * Looks once more at a chain that was accepted before, perhaps by another verifier: at validity,
   * revocation, and whether the authority still vouches for it by a key that is trusted. Another
   * one may have the same key by now, and other rights. Authorities with one subject may have
   * different keys. Signatures are checked only where the accepted path tells nothing of another
   * one that the names allow.
   *
   * @param chain as it was accepted
   * @param accepted the path from it that was accepted
   * @param caName the authority whose it was then
   * @return why it is no longer good; empty while it is
   */
  public Optional<Rejected> recheck(
      List<X509Certificate> chain, List<X509Certificate> accepted, String caName, Instant at) {
    for (Candidate candidate : candidates(chain)) {
      if (!candidate.ca().name().equals(caName) || !candidate.isSignedAs(accepted)) {
        continue;
      }
      List<X509Certificate> path = candidate.path();
      Optional<Rejected> problem =
          PathChecks.validity(path, at)
              .or(() -> PathChecks.revocation(path, candidate.ca().revocation(), at));
      if (problem.isEmpty() || !ANOTHER_PATH_MAY_DO.contains(problem.get().reason())) {
        return problem;
      }
    }
    Verification now = pathOf(chain, at); // whatever the other one knows of revocations
    if (now instanceof Accepted other && !other.caName().equals(caName)) {
      return Optional.of(ofAnother(other, caName));
    }
    return verify(chain, at) instanceof Rejected rejected
        ? Optional.of(rejected)
        : Optional.empty();
  }

  private static Rejected ofAnother(Accepted now, String caName) {
    return new Rejected(
        Reason.UNKNOWN_CA,
        "the certificate of \""
            + now.identity().subject()
            + "\" was of the authority \""
            + caName
            + "\" and is of \""
            + now.caName()
            + "\" now");
  }

  /** Asks about time only; empty if that decides against this path and another may do. */
  private Optional<Accepted> remembered(String key, List<X509Certificate> chain, Instant at) {
    return verified
        .find(key)
        .map(known -> new Accepted(known.ca().name(), known.identity(), known.of(chain)))
        .filter(known -> PathChecks.validity(known.path(), at).isEmpty());
  }

  private Verification pathInFull(
      String key, List<X509Certificate> chain, ClientIdentity identity, Instant at) {
    @Nullable Rejected rejected = null;
    for (Candidate candidate : candidates(chain)) {
      List<X509Certificate> path = candidate.path();
      Optional<Rejected> problem = problem(path, at);
      if (problem.isEmpty()) {
        verified.put(
            key, new VerifiedPaths.Path(candidate.ca(), path.getLast(), path.size() - 1, identity));
        return new Accepted(candidate.ca().name(), identity, path);
      }
      if (!ANOTHER_PATH_MAY_DO.contains(problem.get().reason())) {
        return problem.get();
      }
      if (rejected == null || rejected.reason() == Reason.BAD_SIGNATURE) { // of a namesake
        rejected = problem.get();
      }
    }
    return rejected != null ? rejected : unknown(identity);
  }

  private static Rejected unknown(ClientIdentity identity) {
    return new Rejected(
        Reason.UNKNOWN_CA,
        "the certificate of \""
            + identity.subject()
            + "\" was issued by \""
            + identity.issuerCommonName()
            + "\", which is not a registered authority");
  }

  private static Optional<Rejected> problem(List<X509Certificate> path, Instant at) {
    return PathChecks.validity(path, at)
        .or(() -> PathChecks.usage(path))
        .or(() -> PathChecks.signaturesAndConstraints(path, at))
        .or(() -> PathChecks.alternativeSignatures(path));
  }

  /** A path from the client's certificate to an anchor, by names only. */
  private record Candidate(TrustedCa ca, List<X509Certificate> path) {
    /** Whether its anchor has the key by which an accepted path of the same chain went on. */
    boolean isSignedAs(List<X509Certificate> accepted) {
      int last = path.size() - 1;
      return last < accepted.size()
          && path.getLast().getPublicKey().equals(accepted.get(last).getPublicKey());
    }
  }

  /**
   * The paths the chain allows, shortest first, so that a client cannot choose a detour; more than
   * one while an authority is renewed.
   */
  private List<Candidate> candidates(List<X509Certificate> chain) {
    List<Candidate> candidates = new ArrayList<>();
    for (int i = 0; i < chain.size() && candidates.size() < PATHS_TRIED_MAX; i++) {
      X500Principal issuer = chain.get(i).getIssuerX500Principal();
      List<X509Certificate> below = chain.subList(0, i + 1);
      for (TrustedCa ca : trusted) {
        for (X509Certificate anchor : ca.anchors()) {
          if (anchor.getSubjectX500Principal().equals(issuer)) {
            candidates.add(
                new Candidate(ca, Stream.concat(below.stream(), Stream.of(anchor)).toList()));
          }
        }
      }
      if (i + 1 < chain.size() && !chain.get(i + 1).getSubjectX500Principal().equals(issuer)) {
        break; // the next certificate is not about this issuer: not a chain
      }
    }
    return candidates.subList(0, Math.min(candidates.size(), PATHS_TRIED_MAX));
  }
}
