package io.signalbox.server.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;

import io.signalbox.server.auth.AccessDecision;
import io.signalbox.server.auth.Authentication;
import io.signalbox.server.auth.Authorizer;
import io.signalbox.server.auth.CredentialCheck;
import io.signalbox.server.auth.ExchangeAuthenticator;
import io.signalbox.server.auth.OnRevoke;
import io.signalbox.server.auth.SubscribeDecision;
import io.signalbox.server.auth.Unresolved;
import io.signalbox.server.config.LimitsConfig;
import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.retained.RetainedMessages;
import io.signalbox.server.routing.Router;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.routing.SubscriptionTrie;
import io.signalbox.server.session.SessionRegistry;
import io.signalbox.server.store.Command;
import io.signalbox.server.store.SessionRow;
import io.signalbox.server.store.Store;
import io.signalbox.server.store.StoreFixture;
import io.signalbox.server.store.StoreLimits;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Everything between sockets and disk, on loops that a test turns by hand; only the store's own
 * threads are real.
 */
final class SimulatedBroker implements AutoCloseable {
  final ManualLoops loops;
  final Metrics metrics;
  private volatile boolean failing;
  private volatile boolean full;
  private volatile boolean failed;
  private final Semaphore commits = new Semaphore(Integer.MAX_VALUE / 2);
  private final Store store;
  private final Protocol protocol;
  private final SessionRegistry sessions;

  /** Of whoever connects from now on, by Client Identifier. */
  Function<String, Authorizer> authorizers = _ -> new AllowAll();

  SimulatedBroker(Path data, int loopCount, long seed, SessionConfig config) throws Exception {
    this(data, new ManualLoops(loopCount, seed), config, StoreConfig.DEFAULTS);
  }

  /**
   * @param loops keep their clock when another broker follows on the same data
   */
  SimulatedBroker(Path data, ManualLoops loops, SessionConfig config, StoreConfig storeConfig)
      throws Exception {
    this(data, loops, config, storeConfig, StoreLimits.DEFAULTS.retainedMessagesMax());
  }

  SimulatedBroker(
      Path data,
      ManualLoops loops,
      SessionConfig config,
      StoreConfig storeConfig,
      long retainedMessagesMax)
      throws Exception {
    this(data, loops, config, storeConfig, retainedMessagesMax, LimitsConfig.DEFAULTS);
  }

  SimulatedBroker(Path data, ManualLoops loops, LimitsConfig limits) throws Exception {
    this(
        data,
        loops,
        SessionConfig.DEFAULTS,
        StoreConfig.DEFAULTS,
        StoreLimits.DEFAULTS.retainedMessagesMax(),
        limits);
  }

  private SimulatedBroker(
      Path data,
      ManualLoops loops,
      SessionConfig config,
      StoreConfig storeConfig,
      long retainedMessagesMax,
      LimitsConfig limitsConfig)
      throws Exception {
    this.loops = loops;
    metrics = new Metrics(loops.loops.size(), "test");
    List<EventLoop> all = List.copyOf(loops.loops);
    StoreLimits d = StoreLimits.DEFAULTS;
    var limits =
        new StoreLimits(
            config.queueMessagesMax(),
            config.queueBytesMax(),
            config.queueOverflow(),
            storeConfig.messagesMax() == 0 ? Long.MAX_VALUE : storeConfig.messagesMax(),
            retainedMessagesMax,
            d.retainedBytesMax());
    store =
        StoreFixture.open(
            data, storeConfig, limits, loops, metrics, this::storeFailed, this::beforeCommit);
    SubscriptionTrie trie = new SubscriptionTrie();
    Protocol[] made = new Protocol[1];
    ProtocolContext[] context = new ProtocolContext[1];
    sessions =
        new SessionRegistry(
            all,
            trie,
            store,
            loops,
            metrics,
            limitsConfig,
            config,
            new WillPublisher(all, () -> made[0], () -> context[0]));
    context[0] =
        new ProtocolContext(
            sessions,
            new LiveClients(all, CredentialCheck.NOTHING_IS_TAKEN_BACK),
            new RetainedMessages(store, limits, loops),
            store.writer(),
            (connect, _, _, answer) ->
                answer.accept(new Authentication.Accepted(Principal.anonymous())),
            new NoExchanges(),
            (_, clientId, _, _, _, _) -> authorizers.apply(clientId),
            new Refusals(),
            limitsConfig,
            config,
            metrics,
            loops,
            new Random(1));
    protocol = new Protocol(all, _ -> new Router(trie, 1_024, 1 << 20), context[0]);
    made[0] = protocol;
    sessions.load();
  }

  FakeConnection connection(ManualLoops.Loop loop, ProtocolVersion version) {
    return new FakeConnection(loops, loop, version, protocol);
  }

  SessionRow sessionRow(String clientId) throws Exception {
    List<SessionRow> all = new ArrayList<>();
    store.sessions(all::add);
    return all.stream().filter(row -> row.clientId().equals(clientId)).findFirst().orElseThrow();
  }

  boolean hasSession(String clientId) {
    return sessions.find(clientId).isPresent();
  }

  /** As the row of its session has it. */
  String storedWill(SessionRow session) {
    return new String(requireNonNull(store.will(session.number())), ISO_8859_1);
  }

  /** The client showed another credential. */
  void renewWill(String clientId, FakeConnection connection, Principal principal) {
    sessions.find(clientId).orElseThrow().renewWill(connection, principal);
  }

  /** Nothing can be read from the disk until this is closed. */
  AutoCloseable takeSnapshots() {
    return StoreFixture.takeSnapshots(store);
  }

  void submit(Command command) {
    store.writer().submit(command, null);
  }

  boolean isOwing(String clientId) {
    return sessions.find(clientId).orElseThrow().isOwing();
  }

  int subscriptionsOf(String clientId) {
    return subscriptions(clientId).size();
  }

  /** On disk, in the queues of all sessions. */
  long queuedMessages() {
    return store.totals().queuedMessages();
  }

  /** As they are in memory. */
  Collection<Subscription> subscriptions(String clientId) {
    return sessions.find(clientId).orElseThrow().subscriptions().all();
  }

  /** Other policies are in force. */
  CompletionStage<?> reviewClients() {
    return protocol.reviewClients(Duration.ofSeconds(1));
  }

  private void beforeCommit() {
    commits.acquireUninterruptibly();
    if (failing) {
      throw new IllegalStateException("the disk fails");
    }
    if (full) {
      full = false;
      throw new StoreFixture.DiskFull();
    }
  }

  private void storeFailed(Throwable problem) {
    if (!failing) {
      throw new AssertionError("the store failed", problem);
    }
    failed = true;
  }

  /** The next commit fails, and with it the store. */
  void failDisk() {
    failing = true;
  }

  /** The next commit finds no room; its next attempt, without what takes some, does. */
  void fillDisk() {
    full = true;
  }

  boolean hasFailed() {
    return failed;
  }

  /** Nothing is committed until {@link #releaseDisk}. */
  void holdDisk() {
    commits.drainPermits();
  }

  /** Whether the store's thread waits for the disk, and so looks at nothing that comes. */
  boolean isDiskAwaited() {
    return commits.hasQueuedThreads();
  }

  /** Of what is held. */
  void commitOnce() {
    commits.release();
  }

  void releaseDisk() {
    commits.release(1_000_000);
  }

  @Override
  public void close() {
    store.close();
  }

  static TopicName topic(String text) {
    try {
      return TopicName.of(text);
    } catch (InvalidTopicException e) {
      throw new AssertionError(e);
    }
  }

  static class AllowAll implements Authorizer {
    private static final AccessDecision YES = new AccessDecision(true, "test", false);

    @Override
    public AccessDecision connect() {
      return YES;
    }

    @Override
    public AccessDecision publish(TopicName topic, Qos qos, boolean retain, int payloadBytes) {
      return YES;
    }

    @Override
    public SubscribeDecision subscribe(
        @Nullable String shareName, TopicFilter filter, Qos requested) {
      return new SubscribeDecision(true, requested, false, "test", "");
    }

    @Override
    public AccessDecision receive(TopicName topic) {
      return YES;
    }

    @Override
    public AccessDecision delivery(TopicName topic) {
      return YES;
    }

    @Override
    public Unresolved unresolved() {
      return new Unresolved(List.of(), "");
    }

    @Override
    public OnRevoke onRevoke() {
      return OnRevoke.DEFAULT;
    }

    @Override
    public boolean refresh() {
      return false;
    }
  }

  static final class NoExchanges implements ExchangeAuthenticator {
    @Override
    public boolean knows(String method) {
      return false;
    }

    @Override
    public Exchange begin(String method, Connect connect, Peer peer) {
      throw new AssertionError("no method is known");
    }
  }
}
