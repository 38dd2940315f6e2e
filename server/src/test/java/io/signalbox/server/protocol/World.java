package io.signalbox.server.protocol;

import io.signalbox.server.auth.Authenticator;
import io.signalbox.server.auth.Authorizers;
import io.signalbox.server.auth.CredentialCheck;
import io.signalbox.server.auth.ExchangeAuthenticator;
import io.signalbox.server.config.LimitsConfig;
import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.retained.RetainedMessages;
import io.signalbox.server.routing.Router;
import io.signalbox.server.routing.SubscriptionTrie;
import io.signalbox.server.session.SessionRegistry;
import io.signalbox.server.store.Store;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** The protocol over fake connections and a real store; every policy allows everything. */
record World(Protocol protocol, LiveClients clients, RetainedMessages retained, Store store)
    implements AutoCloseable {

  static World open(
      Path data, ManualLoops loops, Authenticator authenticator, ExchangeAuthenticator exchanges)
      throws Exception {
    return open(data, loops, authenticator, exchanges, CredentialCheck.NOTHING_IS_TAKEN_BACK);
  }

  static World open(
      Path data,
      ManualLoops loops,
      Authenticator authenticator,
      ExchangeAuthenticator exchanges,
      CredentialCheck check)
      throws Exception {
    return open(
        data,
        loops,
        authenticator,
        exchanges,
        check,
        (_, _, _, _, _, _) -> new SimulatedBroker.AllowAll());
  }

  static World open(
      Path data,
      ManualLoops loops,
      Authenticator authenticator,
      ExchangeAuthenticator exchanges,
      CredentialCheck check,
      Authorizers authorizers)
      throws Exception {
    List<EventLoop> all = List.copyOf(loops.loops);
    Metrics metrics = new Metrics(all.size(), "test");
    Store store = TestStores.open(data, loops, metrics);
    RetainedMessages retained = TestStores.retained(store, loops);
    SubscriptionTrie trie = new SubscriptionTrie();
    SessionRegistry sessions =
        new SessionRegistry(
            all,
            trie,
            store,
            loops,
            metrics,
            LimitsConfig.DEFAULTS,
            SessionConfig.DEFAULTS,
            (_, _, _) -> {});
    LiveClients clients = new LiveClients(all, check);
    ProtocolContext context =
        new ProtocolContext(
            sessions,
            clients,
            retained,
            store.writer(),
            authenticator,
            exchanges,
            authorizers,
            new Refusals(),
            LimitsConfig.DEFAULTS,
            SessionConfig.DEFAULTS,
            metrics,
            loops,
            new Random(1));
    Protocol protocol = new Protocol(all, _ -> new Router(trie, 1_024, 1 << 20), context);
    return new World(protocol, clients, retained, store);
  }

  @Override
  public void close() {
    store.close();
  }
}
