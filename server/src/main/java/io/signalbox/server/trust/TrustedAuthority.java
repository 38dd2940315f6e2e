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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One authority with its sources of revocations. Any thread. */
final class TrustedAuthority {
  private final AuthoritySpec spec;
  private final @Nullable RevocationLists lists;
  private final @Nullable OcspChecks ocsp;
  private final List<Look> looks = new ArrayList<>();

  /** Of the thread that looks. */
  private long ocspDueMillis;

  /**
   * At its lists or at its responder: a round of questions may take long, and must not keep a list
   * from being read.
   */
  static final class Look {
    private final Refresh refresh;
    private final AtomicBoolean underWay = new AtomicBoolean();

    private Look(Refresh refresh) {
      this.refresh = refresh;
    }

    /** Whether this thread may {@link #refresh}; then it must {@link #end}. */
    boolean begin() {
      return underWay.compareAndSet(false, true);
    }

    /**
     * Looks at what is due; waits for what it fetches.
     *
     * @param connected paths to this authority of the clients that are connected
     * @return whether a client that was good may no longer be
     */
    boolean refresh(Supplier<List<List<X509Certificate>>> connected, long nowMillis) {
      return refresh.refresh(connected, nowMillis);
    }

    void end() {
      underWay.set(false);
    }
  }

  private interface Refresh {
    boolean refresh(Supplier<List<List<X509Certificate>>> connected, long nowMillis);
  }

  private TrustedAuthority(
      AuthoritySpec spec,
      @Nullable RevocationLists lists,
      @Nullable OcspChecks ocsp,
      long nowMillis) {
    this.spec = spec;
    this.lists = lists;
    this.ocsp = ocsp;
    this.ocspDueMillis = nowMillis + spec.revocation().ocspRefresh().toMillis();
    if (lists != null) {
      looks.add(new Look((_, now) -> lists.refresh(now)));
    }
    if (ocsp != null) {
      looks.add(new Look((connected, now) -> ask(ocsp, connected, now)));
    }
  }

  /**
   * Reads its files; fetches nothing.
   *
   * @param before the one whose place it takes: while a server is down, what it told before still
   *     counts; null: none
   */
  static TrustedAuthority open(
      AuthoritySpec spec, @Nullable TrustedAuthority before, Fetcher fetcher, Clocks clocks)
      throws PkiException {
    RevocationLists lists = before == null ? null : before.lists;
    OcspChecks ocsp = before == null ? null : before.ocsp;
    return new TrustedAuthority(
        spec,
        spec.hasLists() ? RevocationLists.load(spec, lists, fetcher, clocks) : null,
        spec.revocation().ocsp() ? new OcspChecks(spec, ocsp, fetcher, clocks) : null,
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

  /**
   * Fetches what is needed to judge a client of this authority; done if nothing is.
   *
   * @param path from the client's certificate to one of this authority
   */
  CompletableFuture<Void> prepare(List<X509Certificate> path) {
    return ocsp == null ? CompletableFuture.completedFuture(null) : ocsp.ensure(path);
  }

  /** Whether a chain may lead here, told by the names alone. */
  boolean mayBeOf(List<X509Certificate> chain) {
    return spec.anchors().stream()
        .map(X509Certificate::getSubjectX500Principal)
        .anyMatch(
            name -> chain.stream().anyMatch(one -> one.getIssuerX500Principal().equals(name)));
  }

  /**
   * How a path that was accepted leads here, perhaps not to where it led then: no signature needs
   * another check where a certificate of this authority has the name and key that signed one of the
   * path. Empty if none has.
   */
  Optional<List<X509Certificate>> along(List<X509Certificate> accepted) {
    for (int i = 1; i < accepted.size(); i++) {
      X509Certificate signer = accepted.get(i);
      for (X509Certificate anchor : spec.anchors()) {
        if (anchor.getPublicKey().equals(signer.getPublicKey())
            && anchor.getSubjectX500Principal().equals(signer.getSubjectX500Principal())) {
          return Optional.of(
              Stream.concat(accepted.subList(0, i).stream(), Stream.of(anchor)).toList());
        }
      }
    }
    return Optional.empty();
  }

  List<Look> looks() {
    return List.copyOf(looks);
  }

  private boolean ask(
      OcspChecks checks, Supplier<List<List<X509Certificate>>> connected, long nowMillis) {
    if (nowMillis >= ocspDueMillis) {
      ocspDueMillis = nowMillis + spec.revocation().ocspRefresh().toMillis();
      checks.askAll(connected.get());
    }
    return foundRevoked();
  }

  /** Whether somebody was found revoked since the last call, whoever asked about them. */
  boolean foundRevoked() {
    return ocsp != null && ocsp.foundRevoked();
  }
}
