package io.signalbox.server.trust;

import io.signalbox.pki.CertificateVerifier;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.PkiProblems;
import io.signalbox.pki.RevocationCheck;
import io.signalbox.pki.Verification;
import io.signalbox.server.config.TlsConfig;
import io.signalbox.server.eventloop.Clocks;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The authorities whose clients are accepted: those of the configuration, which stay, and those
 * that are registered, which come and go. {@link #register} belongs to one thread at a time, the
 * rest to any.
 *
 * <p>There are two verifiers. That of TLS handshakes takes an OCSP answer that is not here yet for
 * a good one, as it does one about a certificate on hold that is due to be asked for again, because
 * it cannot wait; that of CONNECT comes after {@link #prepare}, which waited.
 */
public final class TrustedAuthorities implements CurrentAuthorities {
  private static final Logger LOG = System.getLogger(TrustedAuthorities.class.getName());

  private static final Executor OWN_THREADS =
      task -> Thread.ofVirtual().name("signalbox-revocations").start(task);

  private final List<TrustedAuthority> configured;
  private final Fetcher fetcher;
  private final Clocks clocks;
  private volatile Current current;

  /** What is in force at one moment. */
  private record Current(
      List<TrustedAuthority> registered,
      List<TrustedAuthority> all,
      CertificateVerifier verifier,
      CertificateVerifier handshakeVerifier) {
    /** Whether a responder may be asked about a chain, told by the names alone. */
    boolean asksAbout(List<X509Certificate> chain) {
      return all.stream().anyMatch(ca -> ca.spec().revocation().ocsp() && ca.mayBeOf(chain));
    }

    CompletableFuture<Void> prepare(Verification path) {
      if (path instanceof Verification.Accepted accepted) {
        for (TrustedAuthority ca : all) {
          if (ca.spec().name().equals(accepted.caName())) {
            return ca.prepare(accepted.path());
          }
        }
      }
      return CompletableFuture.completedFuture(null);
    }
  }

  private TrustedAuthorities(
      List<TrustedAuthority> configured,
      List<TrustedAuthority> others,
      Fetcher fetcher,
      Clocks clocks) {
    this.configured = List.copyOf(configured);
    this.fetcher = fetcher;
    this.clocks = clocks;
    this.current = current(others, RevocationCheck.NONE);
  }

  /**
   * Reads what the configuration names; fetches nothing.
   *
   * @param others until {@link #register} says otherwise
   * @throws PkiException naming every file that cannot be used
   */
  public static TrustedAuthorities load(
      TlsConfig config, List<AuthoritySpec> others, Fetcher fetcher, Clocks clocks)
      throws PkiException {
    PkiProblems problems = new PkiProblems();
    List<TrustedAuthority> configured = new ArrayList<>();
    for (TlsConfig.TrustedCa ca : config.trustedCas()) {
      problems
          .read(() -> TrustedAuthority.open(AuthoritySpec.of(ca), null, fetcher, clocks))
          .ifPresent(configured::add);
    }
    List<TrustedAuthority> further = new ArrayList<>();
    for (AuthoritySpec spec : others) {
      problems
          .read(() -> TrustedAuthority.open(spec, null, fetcher, clocks))
          .ifPresent(further::add);
    }
    problems.end();
    return new TrustedAuthorities(configured, further, fetcher, clocks);
  }

  private Current current(List<TrustedAuthority> registered, RevocationCheck inventory) {
    List<TrustedAuthority> all = Stream.concat(configured.stream(), registered.stream()).toList();
    CertificateVerifier verifier = verifier(all, false, inventory);
    // One verifier where they would be alike: it remembers at CONNECT what it checked in the
    // handshake.
    boolean alike = all.stream().noneMatch(ca -> ca.spec().revocation().ocsp());
    return new Current(
        List.copyOf(registered), all, verifier, alike ? verifier : verifier(all, true, inventory));
  }

  private static CertificateVerifier verifier(
      List<TrustedAuthority> all, boolean atHandshake, RevocationCheck inventory) {
    return new CertificateVerifier(
        all.stream().map(ca -> ca.trusted(atHandshake, inventory)).toList());
  }

  /**
   * Accepts the clients of these, of those of the configuration, and of no others. What is known
   * about an authority that stays is kept, of one that changes what still holds. One whose
   * revocation list cannot be used, or with the name of an earlier one or one of the configuration,
   * is left out: its clients are refused.
   *
   * @param inventory what is known here of single certificates, whoever issued them
   */
  public void register(List<AuthoritySpec> specs, RevocationCheck inventory) {
    Map<String, TrustedAuthority> registered = new LinkedHashMap<>();
    for (AuthoritySpec spec : specs) {
      String name = spec.name();
      try {
        if (configured.stream().anyMatch(ca -> ca.spec().name().equals(name))) {
          throw new PkiException("the configuration has one of this name");
        }
        if (registered.containsKey(name)) {
          throw new PkiException("another one is registered under this name");
        }
        Optional<TrustedAuthority> known = same(spec);
        registered.put(
            name,
            known.isPresent()
                ? known.get()
                : TrustedAuthority.open(spec, before(name).orElse(null), fetcher, clocks));
      } catch (PkiException | RuntimeException e) {
        LOG.log(
            Level.ERROR,
            "the registered authority \"{0}\" is not trusted: {1}",
            name,
            String.valueOf(e.getMessage()));
      }
    }
    current = current(List.copyOf(registered.values()), inventory);
  }

  private Optional<TrustedAuthority> same(AuthoritySpec spec) {
    return current.registered.stream().filter(ca -> ca.spec().equals(spec)).findFirst();
  }

  private Optional<TrustedAuthority> before(String name) {
    return current.registered.stream().filter(ca -> ca.spec().name().equals(name)).findFirst();
  }

  /** Certificates of the authorities that the configuration trusts, by name. */
  public Map<String, List<X509Certificate>> configured() {
    return configured.stream()
        .collect(Collectors.toMap(ca -> ca.spec().name(), ca -> ca.spec().anchors()));
  }

  /** Whether certificates are accepted because this one vouches for them. */
  public boolean trusts(X509Certificate anchor) {
    return current.all.stream().anyMatch(ca -> ca.spec().anchors().contains(anchor));
  }

  @Override
  public CertificateVerifier verifier() {
    return current.verifier;
  }

  public CertificateVerifier handshakeVerifier() {
    return current.handshakeVerifier;
  }

  @Override
  public CompletableFuture<Void> prepare(List<X509Certificate> chain) {
    Current now = current;
    return now.asksAbout(chain)
        ? now.prepare(now.handshakeVerifier.pathOf(chain, instant()))
        : CompletableFuture.completedFuture(null);
  }

  /** The handshake remembers a path; a resumed one may have been so long ago that it does not. */
  @Override
  public Optional<CompletableFuture<Void>> prepareKnown(List<X509Certificate> chain) {
    Current now = current;
    return now.asksAbout(chain)
        ? now.handshakeVerifier.rememberedPathOf(chain, instant()).map(now::prepare)
        : Optional.of(CompletableFuture.completedFuture(null));
  }

  private Instant instant() {
    return Instant.ofEpochMilli(clocks.wallMillis());
  }

  /**
   * Looks at files and addresses that are due. Waits for what it fetches.
   *
   * @param connected of the clients that are connected
   * @return whether a client that was good may no longer be
   */
  public boolean refresh(Supplier<List<AcceptedChain>> connected) {
    boolean changed = false;
    for (CompletableFuture<Boolean> look : looks(connected)) {
      changed |= look.join();
    }
    return changed;
  }

  /**
   * The same without waiting: a server that does not answer delays what is known of its own
   * authority alone, which is passed over until then; but who is found revoked meanwhile is told.
   *
   * @param changed run on some thread when a client that was good may no longer be; quick
   */
  public void look(Supplier<List<AcceptedChain>> connected, Runnable changed) {
    for (TrustedAuthority ca : current.all) {
      if (ca.foundRevoked()) {
        changed.run();
      }
    }
    for (CompletableFuture<Boolean> look : looks(connected)) {
      CompletableFuture<Void> told =
          look.thenAccept(
              isChanged -> {
                if (isChanged) {
                  changed.run();
                }
              });
      assert told != null : "always made";
    }
  }

  private List<CompletableFuture<Boolean>> looks(Supplier<List<AcceptedChain>> connected) {
    long now = clocks.nanos() / 1_000_000;
    List<CompletableFuture<Boolean>> looks = new ArrayList<>();
    for (TrustedAuthority ca : current.all) {
      for (TrustedAuthority.Look look : ca.looks()) {
        if (look.begin()) {
          var outcome = new CompletableFuture<Boolean>();
          looks.add(outcome);
          OWN_THREADS.execute(() -> outcome.complete(refresh(look, ca, connected, now)));
        }
      }
    }
    return looks;
  }

  private boolean refresh(
      TrustedAuthority.Look look,
      TrustedAuthority ca,
      Supplier<List<AcceptedChain>> connected,
      long nowMillis) {
    try {
      return look.refresh(() -> paths(connected.get(), ca), nowMillis);
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "looking for revocations of " + ca.spec().name() + " failed", e);
      return false;
    } finally {
      look.end();
    }
  }

  /** Of the clients that this authority vouches for, whatever is known of them. */
  private List<List<X509Certificate>> paths(List<AcceptedChain> clients, TrustedAuthority ca) {
    List<TrustedAuthority> all = current.all;
    List<List<X509Certificate>> paths = new ArrayList<>();
    for (AcceptedChain client : clients) {
      if (ca.mayBeOf(client.shown())) {
        List<X509Certificate> accepted = client.path();
        if (all.stream().noneMatch(one -> one.along(accepted).isPresent())) {
          pathAnew(client, ca).ifPresent(paths::add);
        } else {
          ca.along(accepted).ifPresent(paths::add);
        }
      }
    }
    return paths;
  }

  /** Costs signature checks: for whoever stays though another authority vouches for them now. */
  private Optional<List<X509Certificate>> pathAnew(AcceptedChain client, TrustedAuthority ca) {
    return current.handshakeVerifier.pathOf(client.shown(), instant())
                instanceof Verification.Accepted accepted
            && accepted.caName().equals(ca.spec().name())
        ? Optional.of(accepted.path())
        : Optional.empty();
  }
}
