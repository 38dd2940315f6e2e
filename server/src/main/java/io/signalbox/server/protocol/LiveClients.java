package io.signalbox.server.protocol;

import io.signalbox.server.auth.CredentialCheck;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.principal.TokenClaims;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Everybody who is connected, by Client Identifier, over all I/O threads. Reading needs no I/O
 * thread; what is done to clients is done on theirs, a bounded number in one turn. Any thread, but
 * for what says otherwise.
 */
public final class LiveClients {
  private static final Logger LOG = System.getLogger(LiveClients.class.getName());

  /** Clients that one turn of an I/O thread ends or visits. */
  private static final int CLIENTS_PER_TURN = 64;

  /** Clients that {@link #list} looks at for one page, whatever the filter leaves over. */
  private static final int LOOKED_AT_MAX = 20_000;

  private final ConcurrentNavigableMap<String, Client> clients = new ConcurrentSkipListMap<>();
  private final AtomicInteger count = new AtomicInteger();
  private final List<EventLoop> loops;
  private final CredentialCheck check;

  private volatile Consumer<List<Ended>> listener = _ -> {};

  /**
   * Raised before each sweep over credentials. INVARIANT: a sweep raises it and then looks who is
   * here; a client comes here and then looks whether it was raised. So one of the two sees the
   * other.
   */
  private final AtomicLong epoch = new AtomicLong();

  /**
   * @param next where the following page begins: give it as {@code after}; null: there is none
   */
  public record Page(List<LiveClient> clients, @Nullable String next) {
    public Page {
      clients = List.copyOf(clients);
    }
  }

  public LiveClients(List<EventLoop> loops, CredentialCheck check) {
    this.loops = List.copyOf(loops);
    this.check = check;
  }

  /** A client whose connection the server ended. */
  public record Ended(LiveClient client, Ending ending) {}

  /**
   * Of credentials that have ended by themselves nobody is told: that comes to every client in its
   * time, and with tokens as often as whoever issues them likes.
   *
   * @param told of those whose connections were ended together, on the last one's I/O thread: must
   *     be quick
   */
  public void onEnded(Consumer<List<Ended>> told) {
    listener = told;
  }

  public int count() {
    return count.get();
  }

  public Optional<LiveClient> find(String clientId) {
    Client client = clients.get(clientId);
    return client == null ? Optional.empty() : Optional.of(client.facts());
  }

  /**
   * Clients in the order of their identifiers.
   *
   * @param after identifier of the last one of the page before, or what {@link Page#next} said; ""
   *     for the first page
   * @param limit 1 or more
   * @return at most so many; fewer, or none, with a {@code next} where the filter left out many
   */
  public Page list(String after, int limit, Predicate<LiveClient> filter) {
    var page = new ArrayList<LiveClient>();
    int lookedAt = 0;
    for (Map.Entry<String, Client> entry : clients.tailMap(after, after.isEmpty()).entrySet()) {
      LiveClient facts = entry.getValue().facts();
      if (filter.test(facts)) {
        page.add(facts);
      }
      if (page.size() == limit || ++lookedAt == LOOKED_AT_MAX) {
        return new Page(page, clients.higherKey(entry.getKey()) == null ? null : entry.getKey());
      }
    }
    return new Page(page, null);
  }

  /** What the client's I/O thread knows besides; empty if it is not connected, or no longer. */
  public CompletableFuture<Optional<LiveClientDetail>> detail(String clientId) {
    Client client = clients.get(clientId);
    if (client == null) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    var answer = new CompletableFuture<Optional<LiveClientDetail>>();
    client.connection().loop().execute(() -> answer.complete(client.detail()));
    return answer;
  }

  /**
   * @return whether it was connected
   */
  public CompletableFuture<Boolean> disconnect(String clientId, Ending ending) {
    Client client = clients.get(clientId);
    if (client == null) {
      return CompletableFuture.completedFuture(false);
    }
    var answer = new CompletableFuture<Boolean>();
    client.connection().loop().execute(() -> answer.complete(client.endBy(ending)));
    return answer;
  }

  /**
   * Ends the connections of all who match. Not on an I/O thread: it looks at every client.
   *
   * @return how many were ended, when the last one was
   */
  public CompletableFuture<Integer> disconnect(Predicate<LiveClient> which, Ending ending) {
    return end(client -> which.test(client) ? Optional.of(ending) : Optional.empty())
        .thenApply(this::told);
  }

  /**
   * Ends the connections of those whose credentials are no longer good. To be called after what
   * makes them so is in force; who is just connecting is asked again before it is let in. Not on an
   * I/O thread.
   *
   * @return how many were ended, when the last one was
   */
  public CompletableFuture<Integer> recheckCredentials() {
    return recheckCredentials(_ -> true);
  }

  /**
   * The same where it is known whom it can be about.
   *
   * @param which whose credentials may be no longer good
   */
  public CompletableFuture<Integer> recheckCredentials(Predicate<LiveClient> which) {
    epoch.incrementAndGet();
    return end(facts ->
            which.test(facts)
                ? withdrawn(facts.principal(), facts.peer(), facts.clientId())
                : Optional.empty())
        .thenApply(this::told);
  }

  /**
   * Gives those a new principal of whom something else is known now, such as other groups: what
   * they may do is asked anew from here on. To be called after it is known; who is just connecting
   * is asked again when it is let in. Not on an I/O thread.
   *
   * @param which of whom something may be known
   * @return how many it was, when the last one has it
   */
  public CompletableFuture<Integer> renewPrincipals(Predicate<LiveClient> which) {
    epoch.incrementAndGet();
    var changed = new ArrayList<Client>();
    for (Client client : clients.values()) {
      LiveClient facts = client.facts();
      if (which.test(facts) && !refreshed(facts.principal()).equals(facts.principal())) {
        changed.add(client);
      }
    }
    return inTurns(changed, Client::refreshPrincipal).thenApply(_ -> changed.size());
  }

  /**
   * Ends the connections of those whose credentials have ended by this clock. Each has a timer for
   * that; this is for a clock that was set.
   *
   * @return how many were ended, when the last one was
   */
  public CompletableFuture<Integer> endExpired(long wallMillis) {
    return end(facts -> expired(facts.principal(), wallMillis)).thenApply(List::size);
  }

  private static Optional<Ending> expired(Principal who, long wallMillis) {
    TokenClaims token = who.token();
    return who.expiresAtMillis() > wallMillis
        ? Optional.empty()
        : Optional.of(
            Ending.credentialExpired(token != null && token.expiresAtMillis() <= wallMillis));
  }

  private CompletableFuture<List<Ended>> end(Function<LiveClient, Optional<Ending>> verdict) {
    var endings = new HashMap<Client, Ending>();
    for (Client client : clients.values()) {
      Optional<Ending> ending = verdict.apply(client.facts());
      if (ending.isPresent()) {
        endings.put(client, ending.get());
      }
    }
    var ended = new ConcurrentLinkedQueue<Ended>();
    return inTurns(
            List.copyOf(endings.keySet()),
            client -> {
              Ending ending = endings.get(client);
              if (ending != null && client.endBy(ending)) {
                ended.add(new Ended(client.facts(), ending));
              }
            })
        .thenApply(_ -> List.copyOf(ended));
  }

  /** One whose connection was ended by itself. Its I/O thread. */
  void ended(Client client, Ending ending) {
    listener.accept(List.of(new Ended(client.facts(), ending)));
  }

  private int told(List<Ended> all) {
    if (!all.isEmpty()) {
      listener.accept(all);
    }
    return all.size();
  }

  Optional<Ending> withdrawn(Principal principal, Peer peer, String clientId) {
    Optional<String> problem = check.problem(principal, peer, clientId);
    // Not mapped: that would load the class of endings before there is one.
    return problem.isEmpty()
        ? Optional.empty()
        : Optional.of(Ending.credentialWithdrawn(problem.get()));
  }

  Principal refreshed(Principal principal) {
    return check.refreshed(principal);
  }

  /** A mark from which {@link #changedSince} counts. */
  long epoch() {
    return epoch.get();
  }

  /** Whether credentials were swept since: who was authenticated before must be asked again. */
  boolean changedSince(long mark) {
    return epoch.get() != mark;
  }

  /**
   * Visits each client on its I/O thread. Those who connect meanwhile may be visited or not. Not on
   * an I/O thread.
   *
   * @return completed when all have been visited and what they made the I/O threads hand to each
   *     other has arrived
   */
  CompletableFuture<Void> visit(Consumer<Client> visitor) {
    return inTurns(List.copyOf(clients.values()), visitor).thenCompose(_ -> barrier());
  }

  /**
   * Completed when every I/O thread has passed, and has received all that the others had handed to
   * it before they passed.
   */
  public CompletableFuture<Void> barrier() {
    var passed = new CompletableFuture<Void>();
    var left = new AtomicInteger(loops.size() * loops.size());
    Runnable arrived =
        () -> {
          if (left.decrementAndGet() == 0) {
            passed.complete(null);
          }
        };
    for (EventLoop from : loops) {
      from.execute(() -> loops.forEach(to -> to.execute(arrived)));
    }
    return passed;
  }

  private CompletableFuture<Void> inTurns(List<Client> all, Consumer<Client> action) {
    var byLoop = new HashMap<EventLoop, List<Client>>();
    for (Client client : all) {
      byLoop.computeIfAbsent(client.connection().loop(), _ -> new ArrayList<>()).add(client);
    }
    return CompletableFuture.allOf(
        byLoop.entrySet().stream()
            .map(
                entry -> {
                  var done = new CompletableFuture<Void>();
                  turn(entry.getKey(), entry.getValue(), 0, action, done);
                  return done;
                })
            .toArray(CompletableFuture<?>[]::new));
  }

  private static void turn(
      EventLoop loop,
      List<Client> all,
      int from,
      Consumer<Client> action,
      CompletableFuture<Void> done) {
    if (from == all.size()) {
      done.complete(null);
      return;
    }
    int to = Math.min(all.size(), from + CLIENTS_PER_TURN);
    loop.execute(
        () -> {
          for (Client client : all.subList(from, to)) {
            try {
              action.accept(client);
            } catch (RuntimeException e) { // a fault with one must not spare the others
              LOG.log(
                  Level.ERROR,
                  "an action on client " + LogText.quote(client.clientId()) + " failed",
                  e);
            }
          }
          turn(loop, all, to, action, done);
        });
  }

  void add(Client client) {
    if (clients.put(client.clientId(), client) == null) {
      count.incrementAndGet();
    }
  }

  void remove(Client client) {
    if (clients.remove(client.clientId(), client)) { // not one that took it over
      count.decrementAndGet();
    }
  }
}
