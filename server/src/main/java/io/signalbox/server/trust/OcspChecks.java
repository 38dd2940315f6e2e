package io.signalbox.server.trust;

import io.signalbox.pki.OcspAnswer;
import io.signalbox.pki.OcspAnswers;
import io.signalbox.pki.OcspQuestion;
import io.signalbox.pki.OcspResponder;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.PublishedAddresses;
import io.signalbox.pki.RevocationCheck;
import io.signalbox.pki.RevocationStatus;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * OCSP for the clients of one trusted authority: answers are remembered until they end, and asked
 * for when there is none. Any thread.
 */
final class OcspChecks implements RevocationCheck {
  private static final Logger LOG = System.getLogger(OcspChecks.class.getName());
  private static final int ANSWER_BYTES_MAX = 64 * 1024;

  /** Questions asked at once for clients that are connected. */
  private static final int QUESTIONS_AT_ONCE = 16;

  private final String ca;
  private final @Nullable URI address;
  private final OcspAnswers answers;
  private final Duration refresh;
  private final Fetcher fetcher;
  private final Clocks clocks;

  /** Whether somebody was found revoked since {@link #foundRevoked}. */
  private final AtomicBoolean revoked;

  /** Questions under way, so that a client that connects again and again asks once. */
  private final ConcurrentHashMap<Issued, CompletableFuture<Void>> asking =
      new ConcurrentHashMap<>();

  /** A certificate to ask about, and whose key signed it. */
  private record Issued(X509Certificate certificate, X509Certificate issuer) {}

  /**
   * @param before whose answers are known here too, also those that it still waits for; it
   *     remembers as many at most. Null: none
   */
  OcspChecks(AuthoritySpec config, @Nullable OcspChecks before, Fetcher fetcher, Clocks clocks) {
    this.ca = config.name();
    this.address = config.revocation().ocspUrl();
    this.answers =
        before == null ? new OcspAnswers(config.revocation().ocspAnswersMax()) : before.answers;
    this.revoked = before == null ? new AtomicBoolean() : before.revoked;
    this.refresh = config.revocation().ocspRefresh();
    this.fetcher = fetcher;
    this.clocks = clocks;
  }

  @Override
  public RevocationStatus status(X509Certificate certificate, X509Certificate issuer, Instant at) {
    return answers.status(certificate, issuer, at);
  }

  /**
   * For the handshake, which cannot wait: an answer that is not here yet counts as a good one, and
   * one on hold that is due to be asked about comes as far as {@link #ensure}.
   */
  RevocationCheck atHandshake() {
    RevocationCheck soft = softFail();
    return (certificate, issuer, at) ->
        answers.mayBeReleased(certificate, issuer, at, refresh)
            ? new RevocationStatus.Good()
            : soft.status(certificate, issuer, at);
  }

  /**
   * Completed when there is an answer in force about each certificate of a path below its trusted
   * one, or it was tried: what failed is logged.
   */
  CompletableFuture<Void> ensure(List<X509Certificate> path) {
    Instant now = now();
    return CompletableFuture.allOf(
        below(path)
            .filter(one -> !isKnown(one, now))
            .map(this::ask)
            .toArray(CompletableFuture<?>[]::new));
  }

  private boolean isKnown(Issued one, Instant now) {
    return !(answers.status(one.certificate, one.issuer, now) instanceof RevocationStatus.Unknown)
        && !answers.mayBeReleased(one.certificate, one.issuer, now, refresh);
  }

  /**
   * Asks about each certificate of these paths below their trusted ones, whatever is remembered;
   * once about an authority of many clients. Waits for the answers.
   */
  void askAll(List<List<X509Certificate>> paths) {
    Set<Issued> all =
        paths.stream()
            .flatMap(OcspChecks::below)
            .collect(Collectors.toCollection(LinkedHashSet::new));
    Semaphore places =
        new Semaphore(QUESTIONS_AT_ONCE); // not batches: one slow answer holds up all
    for (Issued one : all) {
      places.acquireUninterruptibly();
      CompletableFuture<?> _ = ask(one).whenComplete((_, _) -> places.release());
    }
    places.acquireUninterruptibly(QUESTIONS_AT_ONCE);
  }

  private static Stream<Issued> below(List<X509Certificate> path) {
    return IntStream.range(0, path.size() - 1)
        .mapToObj(i -> new Issued(path.get(i), path.get(i + 1)));
  }

  private CompletableFuture<Void> ask(Issued one) {
    var mine = new CompletableFuture<Void>();
    CompletableFuture<Void> other = asking.putIfAbsent(one, mine);
    if (other != null) {
      return other;
    }
    CompletableFuture<?> _ =
        answer(one)
            .whenComplete(
                (_, problem) -> {
                  if (problem != null) {
                    failed(one.certificate, problem);
                  }
                  asking.remove(one);
                  mine.complete(null);
                });
    return mine;
  }

  /** Takes the answer, or fails: never throws, for somebody waits for {@link #ask}. */
  private CompletableFuture<Void> answer(Issued one) {
    try {
      OcspQuestion question = OcspQuestion.of(one.certificate, one.issuer);
      return fetcher
          .post(
              Metrics.Fetched.OCSP,
              responder(one.certificate),
              OcspResponder.REQUEST_TYPE,
              question.encoded(),
              ANSWER_BYTES_MAX)
          .thenAccept(body -> take(question, one, body));
    } catch (PkiException | RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private void take(OcspQuestion question, Issued one, byte[] body) {
    try {
      OcspAnswer answer = question.read(body, now());
      answers.put(one.certificate, one.issuer, answer, now());
      if (answer.status() instanceof RevocationStatus.Revoked) {
        revoked.set(true);
      }
    } catch (PkiException e) {
      fetcher.unusable(Metrics.Fetched.OCSP);
      failed(one.certificate, e);
    }
  }

  /** Whether an answer since the last call says revoked, whoever asked. */
  boolean foundRevoked() {
    return revoked.getAndSet(false);
  }

  private URI responder(X509Certificate certificate) throws PkiException {
    if (address != null) {
      return address;
    }
    List<String> named = PublishedAddresses.of(certificate).ocsp();
    if (named.isEmpty()) {
      throw new PkiException(
          "the certificate names no OCSP responder; set ocsp-url for this authority");
    }
    return URI.create(named.getFirst());
  }

  private void failed(X509Certificate certificate, Throwable problem) {
    Throwable cause = problem instanceof CompletionException ? problem.getCause() : problem;
    LOG.log(
        Level.WARNING,
        "no OCSP answer about certificate {0} of {1}: {2}",
        certificate.getSerialNumber().toString(16),
        ca,
        cause == null ? problem : cause.getMessage());
  }

  private Instant now() {
    return Instant.ofEpochMilli(clocks.wallMillis());
  }
}
