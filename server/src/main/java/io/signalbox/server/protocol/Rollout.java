package io.signalbox.server.protocol;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Brings other policies to every connected client. Each I/O thread looks at its clients; only those
 * whose statements changed are reviewed, and only those that may be given less have their output
 * waited for. Once all are through, no byte that the policies forbid is given to a socket any more:
 * what arrives later meets a filter, a new decision, or no connection. Who had left before is not
 * looked at: what was on its way to it then goes out for as long as its socket may linger.
 */
final class Rollout {
  /** How it went, for one log line. */
  record Outcome(int clients, int reviewed, int restricted) {
    @Override
    public String toString() {
      return "of %d connected clients %d reviewed, %d restricted"
          .formatted(clients, reviewed, restricted);
    }
  }

  private final AccessReview review;
  private final long graceMillis;
  private final AtomicInteger clients = new AtomicInteger();
  private final AtomicInteger reviewed = new AtomicInteger();
  private final AtomicInteger restricted = new AtomicInteger();

  /** Clients whose output is waited for, and one for the visit itself. */
  private final AtomicInteger pending = new AtomicInteger();

  private final CompletableFuture<Outcome> done = new CompletableFuture<>();

  Rollout(AccessReview review, long graceMillis) {
    this.review = review;
    this.graceMillis = graceMillis;
  }

  CompletableFuture<Outcome> begin(LiveClients connected) {
    pending.set(1);
    return connected.visit(this::look).thenCompose(_ -> finish());
  }

  private CompletableFuture<Outcome> finish() {
    finished();
    return done;
  }

  private void look(Client client) {
    clients.incrementAndGet();
    if (!client.authorizer().refresh()) {
      return;
    }
    reviewed.incrementAndGet();
    if (review.review(client)) {
      restricted.incrementAndGet();
      pending.incrementAndGet();
      client.connection().whenFlushed(graceMillis, client.whenFlushed(this::finished));
    }
  }

  private void finished() {
    if (pending.decrementAndGet() == 0) {
      done.complete(new Outcome(clients.get(), reviewed.get(), restricted.get()));
    }
  }
}
