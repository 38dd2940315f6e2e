package io.signalbox.server.transport;

import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.metrics.Metrics.Transport;
import io.signalbox.server.metrics.Metrics.Turnaway;
import io.signalbox.server.principal.Peer;
import io.undertow.UndertowOptions;
import io.undertow.connector.ByteBufferPool;
import io.undertow.server.HttpHandler;
import io.undertow.server.protocol.http.HttpOpenListener;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.xnio.ChannelListener;
import org.xnio.IoUtils;
import org.xnio.OptionMap;
import org.xnio.Options;
import org.xnio.StreamConnection;
import org.xnio.channels.AcceptingChannel;

/** One entry of {@code listeners}: its server sockets, and what it makes of a connection. */
final class Listener {
  private static final Logger LOG = System.getLogger(Listener.class.getName());

  private final ListenerConfig config;
  private final Transport kind;
  private final TransportLimits limits;
  private final MqttOpener opener;
  private final IoLoops loops;
  private final Admission admission;
  private final @Nullable ServerTls tls;
  private final @Nullable HttpOpenListener http;
  private final AtomicInteger open = new AtomicInteger();
  private volatile boolean stopped;
  private final Map<Turnaway, Notice> notices = new ConcurrentHashMap<>();
  private final List<AcceptingChannel<StreamConnection>> sockets = new ArrayList<>();

  /**
   * @param kind how its connections come in, for metrics and log
   * @param tls null if the type has none
   * @param requests answers HTTP requests; null if the type has none
   */
  Listener(
      ListenerConfig config,
      Transport kind,
      TransportLimits limits,
      MqttOpener opener,
      IoLoops loops,
      Admission admission,
      @Nullable ServerTls tls,
      @Nullable HttpHandler requests,
      ByteBufferPool httpBuffers) {
    this.config = config;
    this.kind = kind;
    this.limits = limits;
    this.opener = opener;
    this.loops = loops;
    this.admission = admission;
    this.tls = tls;
    this.http = requests == null ? null : httpListener(requests, httpBuffers);
    if (config.type().isTls() && tls == null) {
      throw new IllegalArgumentException("listener " + config.name() + " needs a TLS context");
    }
  }

  private HttpOpenListener httpListener(HttpHandler requests, ByteBufferPool buffers) {
    OptionMap options =
        OptionMap.builder()
            .set(UndertowOptions.MAX_HEADER_SIZE, limits.httpHeaderBytesMax())
            .set(UndertowOptions.MAX_HEADERS, limits.httpHeadersMax())
            .set(UndertowOptions.MAX_PARAMETERS, limits.httpHeadersMax())
            .set(UndertowOptions.MAX_COOKIES, limits.httpHeadersMax())
            .set(UndertowOptions.MAX_ENTITY_SIZE, limits.httpBodyBytesMax())
            .set(
                UndertowOptions.REQUEST_PARSE_TIMEOUT,
                Math.toIntExact(limits.httpHeaderTimeout().toMillis()))
            .set(
                UndertowOptions.NO_REQUEST_TIMEOUT,
                Math.toIntExact(limits.httpIdleTimeout().toMillis()))
            .getMap();
    HttpOpenListener listener = new HttpOpenListener(buffers, options);
    listener.setRootHandler(
        new AnswerProgress(
            new BodyDeadline(requests, limits.httpBodyTimeout(), loops.metrics()),
            limits.slowReaderTimeout(),
            loops.metrics()));
    return listener;
  }

  /**
   * Binds every address of the configuration. Those of IPv6 are left out on a machine without it,
   * and so is a second wildcard, for each of the two stands for the addresses of both families.
   *
   * @throws IOException if a name or address cannot be used, or none is left
   */
  void bind() throws IOException {
    int port = config.port();
    for (Map.Entry<InetAddress, String> entry : hosts().entrySet()) {
      InetAddress address = entry.getKey();
      if (address.isAnyLocalAddress() && hasWildcard()) {
        LOG.log(
            Level.INFO,
            "listener {0} has the addresses of \"{1}\" already",
            config.name(),
            entry.getValue());
      } else if (bind(address, entry.getValue(), port) && port == 0) {
        port = addresses().getFirst().getPort(); // All addresses of a listener have one port.
      }
    }
    if (sockets.isEmpty()) {
      throw cannotListen(String.join(", ", config.bind()), port, "this machine has no IPv6");
    }
  }

  /** Every address with the name it has in the configuration. */
  private Map<InetAddress, String> hosts() throws UnknownHostException {
    Map<InetAddress, String> hosts = new LinkedHashMap<>();
    for (String host : config.bind()) {
      for (InetAddress address : InetAddress.getAllByName(host)) {
        hosts.putIfAbsent(address, host);
      }
    }
    return hosts;
  }

  private boolean hasWildcard() {
    return addresses().stream().anyMatch(bound -> bound.getAddress().isAnyLocalAddress());
  }

  /**
   * @return false if it is of IPv6, which this machine does not have
   */
  private boolean bind(InetAddress address, String host, int port) throws IOException {
    try {
      bind(new InetSocketAddress(address, port));
      return true;
    } catch (IOException | UnsupportedAddressTypeException e) { // the latter without IPv6
      if (address instanceof Inet4Address || hasIpv6()) {
        throw cannotListen(host, port, String.valueOf(e.getMessage()));
      }
      LOG.log(
          Level.WARNING,
          "listener {0} does without \"{1}\": this machine has no IPv6",
          config.name(),
          host);
      return false;
    }
  }

  /** Without it there is no loopback address of it either. An address may also be not there yet. */
  private static boolean hasIpv6() throws IOException {
    try (var probe = ServerSocketChannel.open()) {
      probe.bind(new InetSocketAddress(InetAddress.ofLiteral("::1"), 0));
      return true;
    } catch (BindException | UnsupportedAddressTypeException e) {
      return false;
    }
  }

  private IOException cannotListen(String hosts, int port, String why) {
    return new IOException(
        "listener \""
            + config.name()
            + "\" cannot listen on \""
            + hosts
            + "\" port "
            + port
            + ": "
            + why);
  }

  private void bind(InetSocketAddress address) throws IOException {
    OptionMap options =
        OptionMap.builder()
            .set(Options.TCP_NODELAY, true)
            .set(Options.REUSE_ADDRESSES, true)
            .set(Options.KEEP_ALIVE, true)
            .set(Options.BACKLOG, limits.acceptBacklog())
            .getMap();
    ChannelListener<AcceptingChannel<StreamConnection>> accept = this::accept;
    sockets.add(loops.worker().createStreamConnectionServer(address, accept, options));
  }

  void resume() {
    for (AcceptingChannel<StreamConnection> socket : sockets) {
      socket.resumeAccepts();
    }
  }

  /** No further connection is taken; those waiting in the system's queue are reset. */
  void stop() {
    stopped = true;
    for (AcceptingChannel<StreamConnection> socket : sockets) {
      IoUtils.safeClose(socket);
    }
    sockets.clear();
  }

  List<InetSocketAddress> addresses() {
    return sockets.stream().map(s -> (InetSocketAddress) s.getLocalAddress()).toList();
  }

  /** Whoever is on the way to MQTT gets no further. Any thread. */
  boolean hasStopped() {
    return stopped;
  }

  /** On the I/O thread that XNIO chose for the connection. */
  private void accept(AcceptingChannel<StreamConnection> socket) {
    try {
      StreamConnection connection;
      while ((connection = socket.accept()) != null) {
        admit(connection);
      }
    } catch (ClosedChannelException e) {
      LOG.log(Level.DEBUG, "listener " + config.name() + " has stopped", e);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "listener " + config.name() + " cannot accept", e);
    } catch (Throwable t) { // XNIO would swallow it.
      LOG.log(Level.ERROR, "listener " + config.name() + " failed at accept", t);
    }
  }

  private void admit(StreamConnection connection) {
    XnioEventLoop loop = loops.loop(connection.getIoThread().getNumber());
    Admission.Verdict verdict = verdict(loop);
    Admission.Ticket ticket = verdict.ticket();
    if (ticket == null) {
      if (verdict.turnaway() != null) {
        turnAway(verdict.turnaway(), loop);
      }
      PassSelectors.close(connection);
      return;
    }
    loop.metrics().connectionsAccepted.inc(kind, loop.index());
    try {
      new Arrival(this, loop, connection, ticket).begin();
    } catch (Throwable t) {
      LOG.log(Level.ERROR, "a connection is closed because of a fault of ours", t);
      PassSelectors.close(connection);
    }
  }

  private Admission.Verdict verdict(XnioEventLoop loop) {
    if (!servesHttpAlone()) {
      return admission.admit(open, config.connectionsMax());
    }
    Admission.Verdict verdict = admission.admitForHttp(open, config.connectionsMax());
    long slow = limits.slowReaderTimeout().toMillis();
    return verdict.turnaway() == Turnaway.HTTP_LIMIT
            && loop.http().makeRoom(loop.nowMillis() - slow)
        ? admission.admitForHttp(open, config.connectionsMax())
        : verdict;
  }

  /** No connection of it becomes MQTT. */
  boolean servesHttpAlone() {
    return kind == Transport.HTTP;
  }

  /** Counts it, and says so now and then. */
  void turnAway(Turnaway reason, XnioEventLoop loop) {
    turnAway(reason, null, loop);
  }

  /**
   * The same.
   *
   * @param source of a bound that each address has for itself; null: of another one
   */
  void turnAway(Turnaway reason, @Nullable InetAddress source, XnioEventLoop loop) {
    loop.metrics().connectionsTurnedAway.inc(reason, loop.index());
    notices
        .computeIfAbsent(reason, _ -> new Notice())
        .at(loops.clocks().nanos())
        .ifPresent(
            count ->
                LOG.log(
                    Level.WARNING,
                    "listener {0}: {1}{2}, so connections are turned away; {3} since this was last"
                        + " said",
                    config.name(),
                    bound(reason),
                    source == null ? "" : ofSource(reason) + source.getHostAddress(),
                    Long.toString(count)));
  }

  private static String ofSource(Turnaway reason) {
    return reason == Turnaway.PROXY_HEADER ? ", as " : " for each address, reached by ";
  }

  private String bound(Turnaway reason) {
    return switch (reason) {
      case CONNECTION_LIMIT -> "limits.connections-max is " + limits.connectionsMax();
      case FILE_LIMIT -> "the system's limit of open files is reached, see the warning at start";
      case HANDSHAKE_QUEUE ->
          "more clients come than TLS handshakes can be computed for, and these have waited for"
              + " half of limits.handshake-timeout-millis, "
              + limits.handshakeTimeout().toMillis() / 2
              + " ms";
      case HALF_OPEN_LIMIT ->
          "limits.half-open-max is " + limits.halfOpenMax() + " that have not completed CONNECT";
      case HTTP_LIMIT ->
          "as many serve HTTP requests as limits.http-connections-max, "
              + limits.httpConnectionsMax()
              + ", or half of what may be open, and each is in use";
      case LISTENER_LIMIT ->
          (servesHttpAlone() ? "enrolment.http-connections-max" : "its connections-max")
              + " is "
              + config.connectionsMax();
      case MEMORY_LIMIT ->
          "buffers hold limits.buffered-bytes-max, " + limits.bufferedBytesMax() + " bytes";
      case SOURCE_CONNECTIONS ->
          "limits.connections-per-source-max is " + limits.connectionsPerSourceMax();
      case SOURCE_HALF_OPEN ->
          "limits.half-open-per-source-max is "
              + limits.halfOpenPerSourceMax()
              + " that have not completed CONNECT,";
      case SOURCE_HTTP ->
          "limits.half-open-per-source-max is "
              + limits.halfOpenPerSourceMax()
              + " that serve HTTP requests,";
      case SOURCE_RATE ->
          "limits.connects-per-second-per-source is " + limits.connectsPerSecondPerSource();
      case SOURCE_FAILURES ->
          "limits.failures-per-minute-per-source is " + limits.failuresPerMinutePerSource();
      case PROXY_HEADER ->
          "its proxy-protocol is on, and who connects is none of its trusted-proxies or sends no"
              + " PROXY header";
      case ORIGIN, SUBPROTOCOL, UPGRADE ->
          throw new AssertionError(
              "who is turned away for " + reason + " is alone with it, and the operator not asked");
    };
  }

  /** Opens the MQTT side of a connection that has arrived. */
  interface MqttOpener {
    void open(
        StreamConnection connection,
        @Nullable CorkedSink cork,
        XnioEventLoop loop,
        ListenerConfig listener,
        Peer peer,
        Admission.Ticket ticket);
  }

  void openMqtt(
      StreamConnection connection,
      @Nullable CorkedSink cork,
      XnioEventLoop loop,
      Peer peer,
      Admission.Ticket ticket) {
    opener.open(connection, cork, loop, config, peer, ticket);
  }

  /** One line for each of its sockets. */
  void tellAddresses() {
    for (InetSocketAddress address : addresses()) {
      LOG.log(
          Level.INFO,
          "listening name={0} type={1} address={2}",
          config.name(),
          kind.name().toLowerCase(Locale.ROOT),
          text(address));
    }
  }

  private static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    if (host.contains(":")) {
      host = "[" + host.replaceFirst("(^0|:0)(:0)+(:|$)", "::") + "]"; // RFC 5952 4.2, RFC 3986
    }
    return host + ":" + address.getPort();
  }

  ListenerConfig config() {
    return config;
  }

  TransportLimits limits() {
    return limits;
  }

  ServerTls tls() {
    ServerTls needed = tls;
    if (needed == null) {
      throw new IllegalStateException("listener " + config.name() + " has no TLS");
    }
    return needed;
  }

  HttpOpenListener http() {
    HttpOpenListener needed = http;
    if (needed == null) {
      throw new IllegalStateException("listener " + config.name() + " has no HTTP");
    }
    return needed;
  }
}
