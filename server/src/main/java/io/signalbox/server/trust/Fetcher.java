package io.signalbox.server.trust;

import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.principal.LogText;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Fetches small things over HTTP: revocation lists, OCSP answers, key sets. Bounded in size and
 * time, follows no redirect, keeps no cookie. Any thread; the answer comes on one of the client's.
 */
public final class Fetcher implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final int OK = 200;

  private final Metrics metrics;
  private final Duration timeout;
  private @Nullable HttpClient client;

  public Fetcher(Metrics metrics) {
    this(metrics, TIMEOUT);
  }

  /**
   * @param timeout for a connection, and for the headers of an answer; all of it may take twice as
   *     long
   */
  Fetcher(Metrics metrics, Duration timeout) {
    this.metrics = metrics;
    this.timeout = timeout;
  }

  /**
   * The body of the answer; fails with an {@link IOException} whose message says why, for people.
   *
   * @param bytesMax a longer answer is not read to its end
   */
  public CompletableFuture<byte[]> get(Metrics.Fetched what, URI address, int bytesMax) {
    return fetch(what, address, HttpRequest.newBuilder().GET(), bytesMax);
  }

  /** As {@link #get}, with a body. */
  public CompletableFuture<byte[]> post(
      Metrics.Fetched what, URI address, String type, byte[] body, int bytesMax) {
    return fetch(
        what,
        address,
        HttpRequest.newBuilder()
            .header("Content-Type", type)
            .POST(BodyPublishers.ofByteArray(body)),
        bytesMax);
  }

  /** Counts an answer that came and cannot be used as a fetch that failed. */
  void unusable(Metrics.Fetched what) {
    metrics.fetchesFailed.inc(what);
  }

  private CompletableFuture<byte[]> fetch(
      Metrics.Fetched what, URI address, HttpRequest.Builder request, int bytesMax) {
    CompletableFuture<HttpResponse<byte[]>> sent = send(address, request, bytesMax);
    return sent.copy() // one that has timed out itself would cancel nothing
        .orTimeout(2 * timeout.toMillis(), TimeUnit.MILLISECONDS) // a body that never ends
        .handle(
            (response, problem) -> {
              sent.cancel(true); // else it keeps its connection
              return outcome(what, address, response, problem);
            });
  }

  private CompletableFuture<HttpResponse<byte[]>> send(
      URI address, HttpRequest.Builder request, int bytesMax) {
    try {
      return client()
          .sendAsync(
              request.uri(address).timeout(timeout).build(),
              BodyHandlers.limiting(BodyHandlers.ofByteArray(), bytesMax));
    } catch (IllegalArgumentException e) { // an address without a host, perhaps a certificate's
      return CompletableFuture.failedFuture(e);
    }
  }

  private byte[] outcome(
      Metrics.Fetched what,
      URI address,
      @Nullable HttpResponse<byte[]> response,
      @Nullable Throwable problem) {
    String why;
    if (response == null) {
      Throwable cause = problem instanceof CompletionException e ? e.getCause() : problem;
      why =
          cause instanceof TimeoutException
              ? "no complete answer within " + 2 * timeout.toSeconds() + " s"
              : String.valueOf(cause);
    } else if (response.statusCode() != OK) {
      why = "the answer has status " + response.statusCode();
    } else {
      metrics.fetches.inc(what);
      return response.body();
    }
    metrics.fetchesFailed.inc(what);
    throw new CompletionException(
        new IOException(LogText.quote(address.toString()) + " cannot be fetched: " + why));
  }

  /** Made late: most brokers fetch nothing, and it brings a thread. */
  private synchronized HttpClient client() {
    HttpClient made = client;
    if (made == null) {
      made =
          HttpClient.newBuilder()
              .connectTimeout(timeout)
              .followRedirects(HttpClient.Redirect.NEVER)
              .build();
      client = made;
    }
    return made;
  }

  @Override
  public synchronized void close() {
    if (client != null) {
      client.shutdownNow();
    }
  }
}
