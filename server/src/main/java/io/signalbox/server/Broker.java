package io.signalbox.server;

import io.signalbox.pki.ClockBehindException;
import io.signalbox.pki.PkiException;
import io.signalbox.server.admin.AdminHandler;
import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.auth.AuthSetupException;
import io.signalbox.server.auth.AuthenticationMethods;
import io.signalbox.server.auth.AuthenticatorChain;
import io.signalbox.server.auth.PolicyAuthorizers;
import io.signalbox.server.auth.PolicyStore;
import io.signalbox.server.auth.Provisioning;
import io.signalbox.server.auth.RegisteredAuthorities;
import io.signalbox.server.cli.CommandFailure;
import io.signalbox.server.cli.Logging;
import io.signalbox.server.cli.RunningBroker;
import io.signalbox.server.cli.VersionCommand;
import io.signalbox.server.config.BrokerConfig;
import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.config.TlsConfig;
import io.signalbox.server.control.ControlSocket;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.protocol.LiveClients;
import io.signalbox.server.protocol.Protocol;
import io.signalbox.server.protocol.ProtocolContext;
import io.signalbox.server.protocol.Refusals;
import io.signalbox.server.protocol.WillPublisher;
import io.signalbox.server.registry.Authorities;
import io.signalbox.server.registry.Inventory;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.Sealing;
import io.signalbox.server.retained.RetainedMessages;
import io.signalbox.server.routing.Router;
import io.signalbox.server.routing.SubscriptionTrie;
import io.signalbox.server.session.SessionRegistry;
import io.signalbox.server.store.Store;
import io.signalbox.server.store.StoreLimits;
import io.signalbox.server.store.StoreOpenException;
import io.signalbox.server.transport.IoLoops;
import io.signalbox.server.transport.ServerTls;
import io.signalbox.server.transport.Transport;
import io.signalbox.server.transport.TransportLimits;
import io.signalbox.server.trust.Fetcher;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The whole broker, built by hand: the constructor is the start order, {@link #stop} goes back the
 * same way.
 */
final class Broker implements RunningBroker {
  private static final Logger LOG = System.getLogger(Broker.class.getName());

  /** Routes that each I/O thread keeps, and their heap. */
  private static final int CACHED_TOPICS = 1 << 16;

  private static final long CACHED_ROUTE_BYTES = 64L << 20;

  private static final int REFRESH_SECONDS = 10;

  /** Besides what clients are given to take note of the stop. */
  private static final Duration CLOSE_AFTER_FAILURE_MAX = Duration.ofSeconds(5);

  private final BrokerConfig config;
  private final OpenedParts parts = new OpenedParts();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Transport transport;
  private volatile @Nullable Throwable failure;
  private volatile boolean ready;

  private Broker(BrokerConfig config) throws CommandFailure {
    this.config = config;
    try {
      transport = open();
    } catch (PkiException | AuthSetupException e) {
      parts.close();
      String what = String.valueOf(e.getMessage());
      throw mayPass(e) ? new CommandFailure(what, e) : CommandFailure.ofConfiguration(what, e);
    } catch (RegistryException | StoreOpenException | IOException e) {
      parts.close();
      throw new CommandFailure(String.valueOf(e.getMessage()), e);
    } catch (InterruptedException e) {
      parts.close();
      Thread.currentThread().interrupt();
      throw new CommandFailure("the start was interrupted", e);
    } catch (CommandFailure | RuntimeException | Error e) {
      parts.close();
      throw e;
    }
    ready = true;
  }

  static Broker start(BrokerConfig config) throws CommandFailure {
    return new Broker(config);
  }

  /**
   * Whether another start may find it mended without its operator, such as a full disk. A file that
   * is not there, is not for us, or says what cannot be used stays so.
   */
  private static boolean mayPass(Throwable problem) {
    for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
      if (cause instanceof ClockBehindException) {
        return true; // until the network has told the time
      }
      for (Throwable other : cause.getSuppressed()) {
        if ((other instanceof PkiException || other instanceof AuthSetupException)
            && !mayPass(other)) {
          return false; // of several problems, of which the first is the cause
        }
      }
      if (cause instanceof GeneralSecurityException) {
        return false; // what cannot be parsed has an IOException behind it too
      }
      if (cause instanceof IOException) {
        return !(cause instanceof NoSuchFileException
            || cause instanceof AccessDeniedException
            || cause instanceof CharacterCodingException);
      }
    }
    return false;
  }

  private Transport open()
      throws PkiException,
          AuthSetupException,
          RegistryException,
          StoreOpenException,
          IOException,
          InterruptedException,
          CommandFailure {
    ServerTls.refuseRenegotiation();
    SecureRandom random = new SecureRandom();
    Clocks clocks = Clocks.system();
    Metrics metrics = new Metrics(config.io().ioThreadCount(), VersionCommand.version());
    Logging.whenLeftOut(metrics.logLinesLeftOut::inc);
    Fetcher fetcher = opened("HTTP client", new Fetcher(metrics));
    DataDirectory.make(config.dataDirectory());
    // Beside the store: each of the two takes a tenth of a second, on a processor of its own.
    FutureTask<TlsSetup> loading =
        new FutureTask<>(() -> TlsSetup.load(config, fetcher, clocks, metrics, random));
    Thread loader = Thread.ofPlatform().daemon().name("signalbox-start").start(loading);
    opened("loading of certificates", loader::join);

    TransportLimits transportLimits = TransportLimits.of(config.io(), config.limits());
    IoLoops loops =
        opened(
            "I/O threads",
            new IoLoops(
                config.io().ioThreadCount(),
                config.io().workerThreads(),
                transportLimits,
                clocks,
                metrics));
    StoreLimits storeLimits = StoreLimits.of(config.store(), config.session(), config.limits());
    Store store =
        opened(
            "store",
            Store.open(
                DataDirectory.store(config.dataDirectory()),
                config.store(),
                storeLimits,
                clocks,
                metrics,
                this::storeFailed));
    // A restore may have begun meanwhile. From here on it finds a store and begins no more.
    DataDirectory.requireWhole(config.dataDirectory());
    TlsSetup tls = loaded(loading);
    Registry registry =
        Registry.open(
            store,
            config.registry(),
            Sealing.openOrCreate(config.dataDirectory(), random),
            clocks,
            metrics);
    PolicyStore policies = PolicyStore.open(config.policies(), registry, metrics, clocks);
    Authorities authorities =
        Authorities.open(
            registry,
            DataDirectory.authorityKeys(config.dataDirectory()),
            Clock.systemUTC(),
            random,
            tls.developmentAuthority(),
            tls.trusted().configured());
    tls.tellWhetherDevelopmentIsInUse(config, () -> authorities.activeOf(Authorities.DEVELOPMENT));
    Provisioning provisioning =
        new Provisioning(
            registry,
            new Inventory(registry, authorities, clocks, random),
            new ApiPolicies(policies, registry));
    AuthenticatorChain authenticators =
        AuthenticatorChain.of(
            config.auth(),
            config.dataDirectory(),
            tls.trusted(),
            fetcher,
            registry,
            provisioning,
            loops.worker(),
            clocks,
            random,
            metrics);

    RetainedMessages retained = new RetainedMessages(store, storeLimits, clocks);
    SubscriptionTrie trie = new SubscriptionTrie();

    List<EventLoop> all = loops.all();
    Wiring wiring = new Wiring();
    LiveClients clients = new LiveClients(all, authenticators);
    SessionRegistry sessions =
        new SessionRegistry(
            all,
            trie,
            store,
            clocks,
            metrics,
            config.limits(),
            config.session(),
            new WillPublisher(all, wiring::protocol, wiring::context));
    Refusals refusals = new Refusals();
    PolicyAuthorizers authorizers = new PolicyAuthorizers(policies);
    ProtocolContext context =
        new ProtocolContext(
            sessions,
            clients,
            retained,
            store.writer(),
            authenticators,
            AuthenticationMethods.of(authenticators, config.auth(), random, metrics),
            authorizers,
            refusals,
            config.limits(),
            config.session(),
            metrics,
            clocks,
            random);
    Protocol protocol =
        new Protocol(all, _ -> new Router(trie, CACHED_TOPICS, CACHED_ROUTE_BYTES), context);
    wiring.set(protocol, context);
    policies.rollout(() -> protocol.reviewClients(config.policies().revokeGrace()));

    openControl(store);
    metrics.sessions.from(sessions::size);
    metrics.subscriptions.from(trie::size);
    metrics.issuingAuthoritiesUnavailable.from(authorities::unavailable);

    CredentialSweep sweep =
        new CredentialSweep(
            registry,
            new RegisteredAuthorities(registry, authorities, tls.trusted()),
            tls.trusted(),
            authenticators,
            clients,
            clocks);
    AdminSetup admin =
        opened(
            "admin API",
            new AdminSetup(
                config,
                tls,
                registry,
                authorities,
                policies,
                authorizers,
                clients,
                refusals,
                authenticators::identify,
                authenticators::wouldBe,
                authenticators::lastRefresh,
                sweep::bringInForce,
                () -> ready ? listening() : List.of(),
                clocks,
                random,
                metrics));
    EnrolmentSetup enrolment =
        new EnrolmentSetup(
            config,
            registry,
            authorities,
            authenticators,
            new ApiPolicies(policies, registry),
            admin.enrolments(),
            clocks,
            random,
            metrics);
    provisioning.writtenDownBy(admin.firstConnections());
    ServerTls serverTls = opened("TLS", serverTls(loops, tls, metrics));
    Transport listeners =
        opened(
            "listeners",
            new Transport(
                loops,
                transportLimits,
                config.limits().packetBytesMax(),
                protocol,
                config.listeners(),
                serverTls,
                listener ->
                    enrolment.around(
                        new AdminHandler(
                            config.admin(),
                            listener.path(),
                            metrics,
                            authenticators::identify,
                            admin.api(),
                            this::obstacle)),
                enrolment.httpPort().stream().toList()));
    sweep.begin();
    sessions.load(); // its wills may be due at once, and are judged by what is registered
    metrics.connectionsOpen.from(listeners::connections);
    listeners.start();
    store.startHousekeeping();
    ScheduledExecutorService maintenance =
        Executors.newScheduledThreadPool(
            2, // fetching stapled answers may take a while
            task -> Thread.ofPlatform().daemon().name("signalbox-maintenance").unstarted(task));
    opened("maintenance", maintenance::shutdownNow);
    ScheduledExecutorService withdrawals =
        Executors.newSingleThreadScheduledExecutor( // waits for nobody's server
            task -> Thread.ofPlatform().daemon().name("signalbox-withdrawals").unstarted(task));
    opened("withdrawals", withdrawals::shutdownNow);
    Future<?> refresh =
        maintenance.scheduleWithFixedDelay(
            tls::refresh, REFRESH_SECONDS, REFRESH_SECONDS, TimeUnit.SECONDS);
    Future<?> credentials =
        withdrawals.scheduleWithFixedDelay(
            sweep,
            CredentialSweep.PERIOD_MILLIS,
            CredentialSweep.PERIOD_MILLIS,
            TimeUnit.MILLISECONDS);
    Future<?> looks =
        maintenance.scheduleWithFixedDelay(
            sweep::look,
            CredentialSweep.LOOK_MILLIS,
            CredentialSweep.LOOK_MILLIS,
            TimeUnit.MILLISECONDS);
    LOG.log(Level.DEBUG, "revocations are looked at every second: {0}, {1}", credentials, looks);
    LOG.log(Level.DEBUG, "certificates are looked at every {0} s: {1}", REFRESH_SECONDS, refresh);
    Future<?> token =
        maintenance.scheduleWithFixedDelay(
            authorities::openTokenAgain, REFRESH_SECONDS, REFRESH_SECONDS, TimeUnit.SECONDS);
    LOG.log(Level.DEBUG, "a token is looked for every {0} s: {1}", REFRESH_SECONDS, token);
    watch(policies, maintenance);
    return listeners;
  }

  /**
   * Breaks the circle between sessions, whose wills are published, and the protocol, which serves
   * sessions.
   */
  private static final class Wiring {
    private volatile @Nullable Protocol protocol;
    private volatile @Nullable ProtocolContext context;

    void set(Protocol made, ProtocolContext shared) {
      protocol = made;
      context = shared;
    }

    Protocol protocol() {
      Protocol made = protocol;
      assert made != null : "used before it was wired";
      return made;
    }

    ProtocolContext context() {
      ProtocolContext shared = context;
      assert shared != null : "used before it was wired";
      return shared;
    }
  }

  /** Without it the broker serves its clients all the same, so its absence stops no start. */
  private void openControl(Store store) {
    try {
      opened(
          "control socket",
          ControlSocket.open(
              config.dataDirectory(), DataDirectory.requests(config.dataDirectory(), store)));
    } catch (IOException | UnsupportedOperationException e) {
      LOG.log(
          Level.WARNING,
          "commands such as \"signalbox backup\" cannot reach this broker: {0}",
          e.getMessage());
    }
  }

  /** What Duration.dividedBy does, without the powers of five that it has BigDecimal compute. */
  private static Duration half(Duration time) {
    return Duration.ofNanos(time.toNanos() / 2);
  }

  private static TlsSetup loaded(FutureTask<TlsSetup> loading)
      throws PkiException, InterruptedException {
    try {
      return loading.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case PkiException problem -> throw problem;
        case RuntimeException fault -> throw fault;
        case Error fault -> throw fault;
        case null, default -> throw new IllegalStateException(e.getCause());
      }
    }
  }

  private ServerTls serverTls(IoLoops loops, TlsSetup tls, Metrics metrics) {
    List<String> protocols =
        config.tls().protocols().stream()
            .sorted(Comparator.reverseOrder())
            .map(TlsConfig.Version::toString)
            .toList();
    return new ServerTls(
        loops,
        tls.context(),
        protocols,
        config.tls().ocspStapling(),
        half(config.limits().handshakeTimeout()),
        new TlsCrypto(config.tls().crypto(), metrics)::prepare);
  }

  private void watch(PolicyStore policies, ScheduledExecutorService maintenance) {
    long millis = config.policies().reloadInterval().toMillis();
    if (millis > 0) {
      Future<?> reload =
          maintenance.scheduleWithFixedDelay(
              policies::reloadIfChanged, millis, millis, TimeUnit.MILLISECONDS);
      LOG.log(Level.DEBUG, "policies are looked at every {0} ms: {1}", millis, reload);
    }
  }

  private <T extends AutoCloseable> T opened(String what, T part) {
    return parts.add(what, part);
  }

  /** A failed disk: nothing more is acknowledged, so the process had better start anew. */
  private void storeFailed(Throwable problem) {
    failure = problem;
    LOG.log(Level.ERROR, "the store failed, the broker stops", problem);
    Thread.ofPlatform()
        .name("signalbox-stop")
        .start(this::giveUp); // the store's own thread calls here and cannot wait for itself
  }

  /**
   * Stops, but waits for nothing that may wait for the disk for ever, such as a backup: the file of
   * the store is whole whenever the process ends.
   */
  private void giveUp() {
    ready = false;
    try {
      parts.close(config.limits().lingerTimeout().plus(CLOSE_AFTER_FAILURE_MAX));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    ended.countDown();
  }

  private Optional<String> obstacle() {
    if (failure != null) {
      return Optional.of("the store failed");
    }
    return ready ? Optional.empty() : Optional.of("the broker is starting or stopping");
  }

  @Override
  public List<Listening> listening() {
    return transport.bound().stream()
        .map(bound -> new Listening(listener(bound.name()), bound.address()))
        .toList();
  }

  private ListenerConfig listener(String name) {
    return config.listeners().stream()
        .filter(listener -> listener.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Override
  public boolean awaitEnd() throws InterruptedException {
    ended.await();
    return failure == null;
  }

  @Override
  public void stop() {
    ready = false;
    parts.close();
    ended.countDown();
  }
}
