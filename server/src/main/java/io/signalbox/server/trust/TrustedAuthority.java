package io.signalbox.server.trust;

import io.signalbox.pki.PkiException;
import io.signalbox.pki.RevocationCheck;
import io.signalbox.pki.TrustedCa;
import io.signalbox.server.config.TlsConfig.Revocation;
import io.signalbox.server.eventloop.Clocks;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One authority with its sources of revocations. {@link #refresh} belongs to one thread at a time.
 */
final class TrustedAuthority {
  /** OCSP questions asked at once for clients that are connected. */
  private static final int QUESTIONS_AT_ONCE = 16;

  private final AuthoritySpec spec;
  private final @Nullable RevocationLists lists;
  private final @Nullable OcspChecks ocsp;
  private final AtomicBoolean looking = new AtomicBoolean();
  private long ocspDueMillis;

  private TrustedAuthority(
      AuthoritySpec spec,
      @Nullable RevocationLists lists,
      @Nullable OcspChecks ocsp,
      long nowMillis) {
    this.spec = spec;
    this.lists = lists;
    this.ocsp = ocsp;
    this.ocspDueMillis = nowMillis + spec.revocation().ocspRefresh().toMillis();
  }

  /** Reads its files; fetches nothing. */
  static TrustedAuthority open(AuthoritySpec spec, Fetcher fetcher, Clocks clocks)
      throws PkiException {
    return new TrustedAuthority(
        spec,
        spec.hasLists() ? RevocationLists.load(spec, fetcher) : null,
        spec.revocation().ocsp() ? new OcspChecks(spec, fetcher, clocks) : null,
        clocks.nanos() / 1_000_000);
  }

  AuthoritySpec spec() {
    return spec;
  }

  /**
   * For the verifier.
   *
   * @param atHandshake what an OCSP responder must be asked first counts as good
   * @param inventory asked too
   */
  TrustedCa trusted(boolean atHandshake, RevocationCheck inventory) {
    RevocationCheck check = inventory;
    if (lists != null) {
      check = check.and(softened(lists));
    }
    if (ocsp != null) {
      check = check.and(atHandshake ? ocsp.atHandshake() : softened(ocsp));
    }
    return new TrustedCa(spec.name(), spec.anchors(), check);
  }

  private RevocationCheck softened(RevocationCheck check) {
    Revocation revocation = spec.revocation();
    return switch (revocation.unknown()) {
      case REFUSE -> check;
      case ACCEPT -> check.softFail();
    };
  }

  /** Fetches what is needed to judge a client of this authority; done if nothing is. */
  CompletableFuture<Void> prepare(List<X509Certificate> chain) {
    OcspChecks checks = ocsp;
    Optional<X509Certificate> issuer = checks == null ? Optional.empty() : issuer(chain);
    return checks == null || issuer.isEmpty()
        ? CompletableFuture.completedFuture(null)
        : checks.ensure(chain.getFirst(), issuer.get());
  }

  /** Who issued the client's certificate, if its chain leads to this authority. */
  private Optional<X509Certificate> issuer(List<X509Certificate> chain) {
    for (X509Certificate anchor : spec.anchors()) {
      if (isIssuer(anchor, chain.getFirst())) {
        return Optional.of(anchor);
      }
    }
    boolean leadsHere =
        chain.size() > 1
            && spec.anchors().stream()
                .anyMatch(anchor -> isIssuer(anchor, chain.getLast()) || chain.contains(anchor));
    return leadsHere ? Optional.of(chain.get(1)) : Optional.empty();
  }

  private static boolean isIssuer(X509Certificate issuer, X509Certificate of) {
    return issuer.getSubjectX500Principal().equals(of.getIssuerX500Principal());
  }

  /** Whether this thread may {@link #refresh}; then it must {@link #endLook}. */
  boolean beginLook() {
    return looking.compareAndSet(false, true);
  }

  void endLook() {
    looking.set(false);
  }

  /**
   * Looks at what is due; waits for what it fetches.
   *
   * @return whether a client that was good may no longer be
   */
  boolean refresh(Iterable<List<X509Certificate>> connected, long nowMillis) {
    boolean changed = lists != null && lists.refresh(nowMillis);
    if (ocsp != null && nowMillis >= ocspDueMillis) {
      ocspDueMillis = nowMillis + spec.revocation().ocspRefresh().toMillis();
      changed |= askAfter(ocsp, connected);
    }
    if (ocsp != null) {
      changed |= ocsp.foundRevoked(); // also when somebody asked who shows the same certificate
    }
    return changed;
  }

  private boolean askAfter(OcspChecks checks, Iterable<List<X509Certificate>> connected) {
    List<CompletableFuture<Void>> asked = new ArrayList<>();
    boolean any = false;
    for (List<X509Certificate> chain : connected) {
      Optional<X509Certificate> issuer = issuer(chain);
      if (issuer.isPresent()) {
        asked.add(checks.ask(chain.getFirst(), issuer.get()));
        any = true;
      }
      if (asked.size() >= QUESTIONS_AT_ONCE) {
        await(asked);
      }
    }
    await(asked);
    return any;
  }

  private static void await(List<CompletableFuture<Void>> asked) {
    CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new))
        .completeOnTimeout(null, 1, TimeUnit.MINUTES)
        .join();
    asked.clear();
  }
}
