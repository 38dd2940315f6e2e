package io.signalbox.server.auth;

import io.signalbox.server.config.AuthConfig.Algorithm;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.trust.Fetcher;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The key set of an address (RFC 7517): fetched when the first token comes or somebody asks for it,
 * again after a while whether tokens come or not, and when a token names a key that is not in it,
 * at most once in a few seconds however many such tokens come. While the address is down or serves
 * something else the last good set stays in force. Any thread.
 */
final class FetchedKeys {
  private static final Logger LOG = System.getLogger(FetchedKeys.class.getName());
  private static final int SET_BYTES_MAX = 256 * 1024;

  private final String issuer;
  private final URI address;
  private final Set<Algorithm> algorithms;
  private final Fetcher fetcher;
  private final Clocks clocks;
  private final long refreshMillis;
  private final long pauseMillis;

  private volatile List<TokenKey> keys = List.of();
  private volatile KeyRefresh last = KeyRefresh.PENDING;

  /** Raised after {@link #keys} has become another set; {@link #refresh} lowers it. */
  private final AtomicBoolean changed = new AtomicBoolean();

  // Guarded by this.
  private boolean everFetched;

  /** {@link #begin} has found none: the first token need not wait until the pause is over. */
  private boolean firstTokenMayAsk;

  private long askedMillis;
  private long refreshedMillis;
  private @Nullable CompletableFuture<Void> asking;

  /**
   * @param issuer for the log
   * @param algorithms the only ones that its keys are good for
   * @param refresh after so long the set is fetched again although every key was found
   * @param pause least time between two fetches
   */
  FetchedKeys(
      String issuer,
      URI address,
      Set<Algorithm> algorithms,
      Duration refresh,
      Duration pause,
      Fetcher fetcher,
      Clocks clocks) {
    this.issuer = issuer;
    this.address = address;
    this.algorithms = Set.copyOf(algorithms);
    this.refreshMillis = refresh.toMillis();
    this.pauseMillis = pause.toMillis();
    this.fetcher = fetcher;
    this.clocks = clocks;
  }

  /** The same set for other algorithms; what is known of it stays in force until it is fetched. */
  FetchedKeys goodFor(Set<Algorithm> others) {
    var made =
        new FetchedKeys(
            issuer,
            address,
            others,
            Duration.ofMillis(refreshMillis),
            Duration.ofMillis(pauseMillis),
            fetcher,
            clocks);
    Set<String> names = others.stream().map(Algorithm::toString).collect(Collectors.toSet());
    made.keys = keys.stream().filter(key -> names.contains(key.algorithm())).toList();
    return made;
  }

  List<TokenKey> known() {
    return keys;
  }

  /** Whether a key that has signed a token is still in the set; true before there is one. */
  boolean mayHold(TokenKey signer) {
    List<TokenKey> now = keys;
    boolean allowed = algorithms.stream().anyMatch(a -> a.toString().equals(signer.algorithm()));
    return allowed && (now.isEmpty() || signer.isAmong(now));
  }

  /** How the last fetch ended that has ended. */
  KeyRefresh last() {
    return last;
  }

  /**
   * Fetches the set before the first token comes, so that a wrong address shows at once. If it
   * fails, {@link #refresh} has it fetched again, for those who are connected with a token of the
   * keys before, and the first token does without a pause, as if this had not been.
   */
  void begin() {
    CompletableFuture<Void> fetch = fetch(false);
    if (fetch != null) {
      var _ = fetch.thenRun(this::begun);
    }
  }

  private synchronized void begun() {
    firstTokenMayAsk = keys.isEmpty();
  }

  /**
   * Has the set fetched if it is old or was not there the last time, unless nobody needed it so
   * far; waits for nobody.
   *
   * @return whether it is another one since this was asked last
   */
  boolean refresh() {
    if (isDue()) {
      var _ = fetch(false);
    }
    return changed.getAndSet(false);
  }

  private synchronized boolean isDue() {
    boolean old = clocks.nanos() / 1_000_000 - refreshedMillis >= refreshMillis;
    return everFetched && (old || last.status() != KeyRefresh.Status.OK);
  }

  CompletableFuture<Void> prepare(CompactToken token) {
    // Of a set that is merely old nobody waits for the next: its keys were good a moment ago.
    CompletableFuture<Void> fetch = TokenTrust.hasKeyFor(keys, token) ? null : fetch(true);
    return fetch == null ? CompletableFuture.completedFuture(null) : fetch;
  }

  /** Null: the pause since the last fetch is not over. */
  private synchronized @Nullable CompletableFuture<Void> fetch(boolean forToken) {
    if (asking != null) {
      return asking;
    }
    long now = clocks.nanos() / 1_000_000;
    boolean atOnce = !everFetched || (forToken && firstTokenMayAsk);
    if (!atOnce && now - askedMillis < pauseMillis) {
      return null;
    }
    firstTokenMayAsk &= !forToken;
    everFetched = true;
    askedMillis = now;
    CompletableFuture<Void> answered =
        fetcher
            .get(Metrics.Fetched.JWKS, address, SET_BYTES_MAX)
            .handle(
                (body, problem) -> {
                  done(body, problem);
                  return null;
                });
    asking = answered.isDone() ? null : answered;
    return answered;
  }

  private void done(byte @Nullable [] body, @Nullable Throwable problem) {
    try {
      take(body, problem);
    } finally {
      synchronized (this) {
        asking = null; // not before: who asks between would find neither the keys nor a fetch
      }
    }
  }

  private void take(byte @Nullable [] body, @Nullable Throwable problem) {
    if (body == null) {
      Throwable cause = problem == null ? null : problem.getCause();
      failed(String.valueOf(cause == null ? problem : cause.getMessage()));
      return;
    }
    try {
      List<TokenKey> fresh = KeySet.read(body, algorithms);
      synchronized (this) {
        refreshedMillis = clocks.nanos() / 1_000_000;
        firstTokenMayAsk = false;
      }
      if (!fresh.equals(keys)) { // else those that were there keep what they have computed
        LOG.log(Level.INFO, "the issuer \"{0}\" has the keys {1}", issuer, KeySet.ids(fresh));
        keys = fresh;
        changed.set(true);
      }
      last = KeyRefresh.OK;
    } catch (IllegalArgumentException e) {
      failed(String.valueOf(e.getMessage()));
    }
  }

  private void failed(String why) {
    KeyRefresh failed = KeyRefresh.failed(why);
    if (!failed.equals(last)) { // asked again every few seconds, it would fill the log
      LOG.log(
          Level.WARNING,
          "the keys of issuer \"{0}\" are not renewed, those known ({1}) stay in force: {2}",
          issuer,
          keys.size(),
          why);
    }
    last = failed;
  }
}
