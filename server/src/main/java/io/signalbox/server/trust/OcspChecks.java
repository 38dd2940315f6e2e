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
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * OCSP for the clients of one trusted authority: answers are remembered until they end, and asked
 * for when there is none. Any thread.
 */
final class OcspChecks implements RevocationCheck {
  private static final Logger LOG = System.getLogger(OcspChecks.class.getName());
  private static final int ANSWER_BYTES_MAX = 64 * 1024;

  private final String ca;
  private final @Nullable URI address;
  private final OcspAnswers answers;
  private final Duration refresh;
  private final Fetcher fetcher;
  private final Clocks clocks;

  /** Whether somebody was found revoked since {@link #foundRevoked}. */
  private final AtomicBoolean revoked = new AtomicBoolean();

  /** Questions under way, so that a client that connects again and again asks once. */
  private final ConcurrentHashMap<X509Certificate, CompletableFuture<Void>> asking =
      new ConcurrentHashMap<>();

  OcspChecks(AuthoritySpec config, Fetcher fetcher, Clocks clocks) {
    this.ca = config.name();
    this.address = config.revocation().ocspUrl();
    this.answers = new OcspAnswers(config.revocation().ocspAnswersMax());
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

  /** Completed when there is an answer in force, or it was tried: what failed is logged. */
  CompletableFuture<Void> ensure(X509Certificate certificate, X509Certificate issuer) {
    Instant now = now();
    boolean known =
        !(answers.status(certificate, issuer, now) instanceof RevocationStatus.Unknown)
            && !answers.mayBeReleased(certificate, issuer, now, refresh);
    return known ? CompletableFuture.completedFuture(null) : ask(certificate, issuer);
  }

  /** Asks, whatever is remembered; completed as {@link #ensure}. */
  CompletableFuture<Void> ask(X509Certificate certificate, X509Certificate issuer) {
    var mine = new CompletableFuture<Void>();
    CompletableFuture<Void> other = asking.putIfAbsent(certificate, mine);
    if (other != null) {
      return other;
    }
    CompletableFuture<?> _ =
        answer(certificate, issuer)
            .whenComplete(
                (_, problem) -> {
                  if (problem != null) {
                    failed(certificate, problem);
                  }
                  asking.remove(certificate);
                  mine.complete(null);
                });
    return mine;
  }

  /** Takes the answer, or fails: never throws, for somebody waits for {@link #ask}. */
  private CompletableFuture<Void> answer(X509Certificate certificate, X509Certificate issuer) {
    try {
      OcspQuestion question = OcspQuestion.of(certificate, issuer);
      return fetcher
          .post(
              Metrics.Fetched.OCSP,
              responder(certificate),
              OcspResponder.REQUEST_TYPE,
              question.encoded(),
              ANSWER_BYTES_MAX)
          .thenAccept(body -> take(question, certificate, issuer, body));
    } catch (PkiException | RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private void take(
      OcspQuestion question, X509Certificate certificate, X509Certificate issuer, byte[] body) {
    try {
      OcspAnswer answer = question.read(body, now());
      answers.put(certificate, issuer, answer, now());
      if (answer.status() instanceof RevocationStatus.Revoked) {
        revoked.set(true);
      }
    } catch (PkiException e) {
      fetcher.unusable(Metrics.Fetched.OCSP);
      failed(certificate, e);
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
