package io.signalbox.server.transport;

import io.signalbox.pki.CertificateVerifier;
import io.signalbox.pki.ClientTrust;
import io.signalbox.pki.DevelopmentPki;
import io.signalbox.pki.InMemoryKeyManager;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.TlsContexts;
import io.signalbox.pki.TlsIdentity;
import io.signalbox.server.config.AddressRange;
import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.config.ListenerConfig.ClientCertificate;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.protocol.ClientHandlers;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.RenegotiationRequiredException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;

/** The transport alone, on free ports of loopback, with a handler that a test brings. */
final class TestBroker implements AutoCloseable {
  static final int PACKET_BYTES_MAX = 4 << 20;
  private static final Duration TURN_WAIT_MAX = Duration.ofSeconds(5);

  final IoLoops loops;
  final Metrics metrics;
  final Transport transport;
  final ServerTls tls;

  private TestBroker(
      int threads,
      TransportLimits limits,
      ClientHandlers handlers,
      List<ListenerConfig> listeners) {
    this(threads, limits, handlers, listeners, List.of(), Pki.SERVER, false, TURN_WAIT_MAX);
  }

  private TestBroker(
      int threads,
      TransportLimits limits,
      ClientHandlers handlers,
      List<ListenerConfig> listeners,
      List<HttpPort> httpPorts,
      SSLContext context,
      boolean handshakesMayWait,
      Duration turnWaitMax) {
    metrics = new Metrics(threads, "test");
    loops = new IoLoops(threads, 2, limits, Clocks.system(), metrics);
    tls =
        new ServerTls(
            loops, context, TlsContexts.PROTOCOLS, handshakesMayWait, turnWaitMax, () -> {});
    transport =
        new Transport(
            loops,
            limits,
            PACKET_BYTES_MAX,
            handlers,
            listeners,
            tls,
            _ -> TestBroker::page,
            httpPorts);
  }

  private TestBroker started() throws IOException {
    try {
      transport.start();
      return this;
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  /** More than the buffers of two sockets take. */
  static final int LARGE_BYTES = 24 << 20;

  /** Below /worker/ from a thread that may wait, as some of the broker's own paths. */
  private static void page(HttpServerExchange exchange) {
    if (exchange.isInIoThread() && exchange.getRequestPath().startsWith("/worker/")) {
      exchange.dispatch(TestBroker::page);
    } else if (exchange.getRequestPath().equals("/large")) {
      exchange.getResponseSender().send(ByteBuffer.allocate(LARGE_BYTES));
    } else if (exchange.getRequestPath().equals("/certificate")) {
      exchange.getResponseSender().send(showsCertificate(exchange) ? "yes" : "no");
    } else if (exchange.getRequestPath().equals("/from")) {
      exchange
          .getResponseSender()
          .send("from " + exchange.getSourceAddress().getAddress().getHostAddress());
    } else {
      exchange.getResponseSender().send("page");
    }
  }

  private static boolean showsCertificate(HttpServerExchange exchange) {
    try {
      return exchange.getConnection().getSslSessionInfo().getPeerCertificates().length > 0;
    } catch (SSLPeerUnverifiedException | RenegotiationRequiredException _) {
      return false;
    }
  }

  static TestBroker start(ClientHandlers handlers, ListenerConfig.Type... types)
      throws IOException {
    return start(2, TransportLimits.DEFAULTS, handlers, types);
  }

  static TestBroker start(
      int threads, TransportLimits limits, ClientHandlers handlers, ListenerConfig.Type... types)
      throws IOException {
    List<ListenerConfig> listeners = new ArrayList<>();
    for (ListenerConfig.Type type : types) {
      listeners.add(listener(type));
    }
    return new TestBroker(threads, limits, handlers, listeners).started();
  }

  static TestBroker start(
      TransportLimits limits, ClientHandlers handlers, ListenerConfig... listeners)
      throws IOException {
    return new TestBroker(2, limits, handlers, List.of(listeners)).started();
  }

  /** With a port for HTTP alone beside a listener. */
  static TestBroker startWithHttp(
      TransportLimits limits, ClientHandlers handlers, ListenerConfig listener, ListenerConfig http)
      throws IOException {
    return notStarted(limits, handlers, listener, http).started();
  }

  /** Listens nowhere yet. */
  static TestBroker notStarted(
      TransportLimits limits,
      ClientHandlers handlers,
      ListenerConfig listener,
      ListenerConfig http) {
    return new TestBroker(
        1,
        limits,
        handlers,
        List.of(listener),
        List.of(new HttpPort(http, TestBroker::page)),
        Pki.SERVER,
        false,
        TURN_WAIT_MAX);
  }

  /** One I/O thread, and one for the steps of handshakes, which may wait. */
  static TestBroker startTls(ClientHandlers handlers, SSLContext context, Duration turnWaitMax)
      throws IOException {
    return new TestBroker(
            1,
            TransportLimits.DEFAULTS,
            handlers,
            List.of(listener(ListenerConfig.Type.TLS)),
            List.of(),
            context,
            true,
            turnWaitMax)
        .started();
  }

  static ListenerConfig listener(ListenerConfig.Type type) {
    return ListenerConfig.of(type.name().toLowerCase(java.util.Locale.ROOT), type, 0);
  }

  /** A listener that differs from the defaults in what the record's fields say. */
  record Options(
      ClientCertificate certificate,
      List<String> origins,
      List<AddressRange> proxies,
      int connectionsMax) {
    static final Options DEFAULTS =
        new Options(ClientCertificate.NONE, List.of(), List.of(), 1_000_000);

    Options withCertificate(ClientCertificate wanted) {
      return new Options(wanted, origins, proxies, connectionsMax);
    }

    Options withOrigins(List<String> allowed) {
      return new Options(certificate, allowed, proxies, connectionsMax);
    }

    /** The tests themselves are one. */
    Options withProxy() {
      return withProxy("127.0.0.1");
    }

    Options withProxy(String trusted) {
      return new Options(certificate, origins, List.of(AddressRange.of(trusted)), connectionsMax);
    }

    Options withConnectionsMax(int max) {
      return new Options(certificate, origins, proxies, max);
    }
  }

  static ListenerConfig listener(ListenerConfig.Type type, UnaryOperator<Options> change) {
    Options options = change.apply(Options.DEFAULTS);
    ListenerConfig d = listener(type);
    return new ListenerConfig(
        d.name(),
        type,
        List.of("127.0.0.1"),
        0,
        true,
        options.certificate,
        "/mqtt",
        options.origins,
        null,
        !options.proxies.isEmpty(),
        options.proxies,
        d.protocols(),
        d.durability(),
        options.connectionsMax);
  }

  InetSocketAddress address(ListenerConfig.Type type) {
    return transport.bound().stream()
        .filter(b -> b.type() == type)
        .map(Transport.Bound::address)
        .filter(a -> a.getAddress() instanceof java.net.Inet4Address)
        .findFirst()
        .orElseThrow();
  }

  @Override
  public void close() {
    transport.close();
    tls.close();
    loops.close();
  }

  /** One development hierarchy for all tests of the process. */
  static final class Pki {
    static final DevelopmentPki DEVELOPMENT;
    static final TlsIdentity IDENTITY;
    static final SSLContext SERVER;
    static final TlsIdentity DEVICE;
    static final SSLContext CLIENT_WITHOUT_CERTIFICATE;
    static final SSLContext CLIENT_WITH_CERTIFICATE;

    private Pki() {}

    static {
      try {
        Path folder = Files.createTempDirectory("transport-test-pki");
        DEVELOPMENT =
            DevelopmentPki.openOrCreate(
                folder.resolve("pki"), Clock.systemUTC(), new SecureRandom());
        IDENTITY = DEVELOPMENT.server(List.of("localhost", "127.0.0.1", "::1"));
        CertificateVerifier verifier =
            new CertificateVerifier(List.of(DEVELOPMENT.trustedCa("development")));
        SERVER =
            TlsContexts.server(
                new InMemoryKeyManager(List.of(IDENTITY)),
                new ClientTrust(() -> verifier, Clock.systemUTC()));
        DEVICE = DEVELOPMENT.issueDevice("device-1");
        CLIENT_WITHOUT_CERTIFICATE =
            TlsContexts.client(List.of(DEVELOPMENT.root()), Optional.empty());
        CLIENT_WITH_CERTIFICATE =
            TlsContexts.client(List.of(DEVELOPMENT.root()), Optional.of(DEVICE));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (PkiException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
