package io.signalbox.server.transport;

import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.Timer;
import io.signalbox.server.metrics.Metrics.Close;
import io.signalbox.server.metrics.Metrics.Limit;
import io.signalbox.server.metrics.Metrics.Turnaway;
import io.signalbox.server.principal.Peer;
import io.undertow.server.HttpServerExchange;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.xnio.Buffers;
import org.xnio.StreamConnection;
import org.xnio.conduits.ConduitStreamSourceChannel;
import org.xnio.conduits.PushBackStreamSourceConduit;
import org.xnio.ssl.SslConnection;

/**
 * One accepted connection on its way to MQTT: PROXY header, TLS handshake, HTTP upgrade, as far as
 * its listener asks for them, within one time limit.
 */
@ConfinedTo("I/O thread")
final class Arrival implements HandshakeQueue.Waiting {
  private static final Logger LOG = System.getLogger(Arrival.class.getName());

  private final Listener listener;
  private final ListenerConfig config;
  private final XnioEventLoop loop;
  private final StreamConnection raw;
  private final Admission.Ticket ticket;
  private @Nullable Timer deadline;

  private InetSocketAddress remote;
  private @Nullable ProxyHeader proxyHeader;
  private @Nullable CorkedSink cork;
  private @Nullable SSLSession session;
  private @Nullable StreamConnection httpConnection;
  private boolean securing;

  /** Its end is counted, or that it was turned away. */
  private boolean counted;

  /** HTTP requests that came. */
  private int requests;

  private long requestMillis;

  /** When its time is over; while it waits for its turn, how much of it is left. */
  private long deadlineMillis;

  Arrival(Listener listener, XnioEventLoop loop, StreamConnection raw, Admission.Ticket ticket) {
    this.listener = listener;
    this.config = listener.config();
    this.loop = loop;
    this.raw = raw;
    this.ticket = ticket;
    this.remote = (InetSocketAddress) raw.getPeerAddress();
    long timeout = listener.limits().handshakeTimeout().toMillis();
    this.deadline = loop.schedule(timeout, this::timedOut);
    this.deadlineMillis = loop.nowMillis() + timeout;
  }

  void begin() {
    ticket.whenClosed(this::closed);
    raw.setCloseListener(ticket);
    if (config.proxyProtocol()) {
      if (config.trustedProxies().stream().noneMatch(r -> r.contains(remote.getAddress()))) {
        turnAwayProxy("it is no trusted proxy");
        return;
      }
      proxyHeader = new ProxyHeader();
      listen(raw, this::readProxyHeader);
    } else {
      secure();
    }
  }

  /** One step of the way; a throw ends the connection. */
  private interface Step {
    void run(ConduitStreamSourceChannel source) throws IOException;
  }

  private void listen(StreamConnection connection, Step step) {
    connection
        .getSourceChannel()
        .setReadListener(
            source -> {
              loop.enter();
              take(step, source);
            });
    connection.getSourceChannel().resumeReads();
  }

  private void take(Step step, ConduitStreamSourceChannel source) {
    try {
      PassSelectors.during(() -> step.run(source));
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "{0}: {1}", this, e);
      PassSelectors.close(raw);
    } catch (Throwable t) { // XNIO would swallow it.
      LOG.log(Level.ERROR, "a connection is closed because of a fault of ours", t);
      PassSelectors.close(raw);
    }
  }

  private void readProxyHeader(ConduitStreamSourceChannel source) throws IOException {
    ProxyHeader header = proxyHeader;
    if (header == null) {
      return;
    }
    try {
      boolean complete = false;
      while (!complete) {
        int count = source.read(header.space());
        if (count == 0) {
          return;
        }
        if (count < 0) {
          PassSelectors.close(raw);
          return;
        }
        complete = header.read(count);
      }
    } catch (ProxyHeader.BadHeaderException e) {
      turnAwayProxy(e.getMessage());
      return;
    }
    source.suspendReads();
    proxyHeader = null;
    InetSocketAddress client = header.source();
    if (client != null) {
      remote = client;
    }
    secure();
  }

  private void secure() {
    Turnaway tooMany = ticket.from(remote.getAddress(), loop.nowMillis());
    if (tooMany != null) {
      turnAwaySource(tooMany);
      return;
    }
    if (!config.type().isTls()) {
      proceed(raw);
      return;
    }
    securing = true;
    listen(raw, this::clientBegins);
  }

  /** Its first bytes are there, or it has left. */
  private void clientBegins(ConduitStreamSourceChannel source) throws IOException {
    HandshakeQueue queue = listener.tls().queue(loop.index());
    if (queue.isOpen()) {
      beginHandshake();
    } else {
      source.suspendReads();
      inTime(); // It waits for us now.
      deadlineMillis -= loop.nowMillis();
      queue.add(this);
    }
  }

  @Override
  public void turnHasCome() {
    if (!raw.isOpen()) {
      return;
    }
    deadline = loop.schedule(deadlineMillis, this::timedOut);
    take(
        source -> {
          if (listener.hasStopped()) {
            leaveUnserved(Close.SERVER_SHUTDOWN);
          } else if (isStillThere(source)) {
            beginHandshake();
          } else {
            leaveUnserved(Close.PEER_CLOSED);
          }
        },
        raw.getSourceChannel());
  }

  /** The client has done nothing wrong. */
  private void leaveUnserved(Close cause) {
    securing = false;
    countEnd(cause);
    PassSelectors.close(raw);
  }

  /**
   * Whether a client that has waited has not closed the connection meanwhile; nobody is to compute
   * a handshake for one that has. What it sent is put back.
   */
  private boolean isStillThere(ConduitStreamSourceChannel source) {
    ByteBuffer hello = loop.readBuffer().clear();
    int count;
    try {
      do {
        count = source.read(hello);
      } while (count > 0 && hello.hasRemaining());
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "{0}: left while it waited: {1}", this, e);
      return false;
    }
    if (count < 0) {
      return false;
    }
    ByteBuffer kept = ByteBuffer.allocate(hello.position()).put(hello.flip()).flip();
    PushBackStreamSourceConduit again = new PushBackStreamSourceConduit(source.getConduit());
    again.pushBack(Buffers.pooledWrapper(kept));
    source.setConduit(again);
    return true;
  }

  @Override
  public void turnDoesNotCome() {
    if (raw.isOpen()) {
      securing = false;
      counted = true;
      listener.turnAway(Turnaway.HANDSHAKE_QUEUE, loop);
      PassSelectors.close(raw);
    }
  }

  private void beginHandshake() throws IOException {
    CorkedSink below = new CorkedSink(raw.getSinkChannel().getConduit(), loop);
    raw.getSinkChannel().setConduit(below);
    cork = below;
    boolean webSocket = config.type().isWebSocket();
    SslConnection secured =
        listener.tls().wrap(raw, config.clientCertificate(), webSocket ? "http/1.1" : "mqtt");
    secured.getHandshakeSetter().set(this::handshakeDone);
    listen(secured, this::handshake);
    handshake(secured.getSourceChannel());
  }

  /** Reading drives the handshake; nothing can be read before it is done. */
  private void handshake(ConduitStreamSourceChannel source) throws IOException {
    if (!securing) {
      source.suspendReads();
      return;
    }
    ByteBuffer buffer = loop.readBuffer().clear();
    int count = source.read(buffer);
    if (count < 0) {
      PassSelectors.close(raw);
    } else if (count > 0) {
      throw new IOException("the TLS layer gave out data before the end of the handshake");
    }
  }

  private void handshakeDone(SslConnection secured) {
    if (!securing) {
      return;
    }
    securing = false;
    session = secured.getSslSession();
    loop.metrics().tlsHandshakes.inc(loop.index());
    listener.tls().completed();
    // Not here: we are in the middle of a read or write of the TLS layer.
    loop.execute(
        () -> {
          if (listener.hasStopped()) {
            leaveUnserved(Close.SERVER_SHUTDOWN);
          } else if (secured.isOpen()) {
            secured.getSourceChannel().suspendReads();
            proceed(secured);
          }
        });
  }

  private void proceed(StreamConnection connection) {
    if (config.type().isWebSocket()) {
      loop.http().put(connection, this);
      httpConnection = connection;
      if (listener.servesHttpAlone()) {
        loop.http().awaitsRequest(this);
      }
      listener.http().handleEvent(connection);
    } else {
      openMqtt(connection, null);
    }
  }

  /**
   * An HTTP request came: from the first on, if not from its beginning, the connection counts among
   * those for HTTP, and the time limits for these count.
   *
   * @return false if there is no room for it, it is closed then
   */
  boolean servesHttp(HttpServerExchange exchange) {
    inTime();
    if (requests == 0) {
      if (!findsRoomForHttp()) {
        return false;
      }
      SSLSession secured = session;
      if (secured != null && asksForNoCertificate()) {
        exchange.getConnection().setSslSessionInfo(ServerTls.withoutCertificates(secured));
      }
    }
    requests++;
    requestMillis = loop.nowMillis();
    loop.http().requestBegins(this);
    int request = requests;
    exchange.addExchangeCompleteListener(
        (_, next) -> {
          loop.execute(() -> answered(request));
          next.proceed();
        });
    return true;
  }

  private boolean findsRoomForHttp() {
    Turnaway over = ticket.servesHttp();
    if (over == Turnaway.HTTP_LIMIT) {
      long slow = listener.limits().slowReaderTimeout().toMillis();
      if (loop.http().makeRoom(loop.nowMillis() - slow)) {
        over = ticket.servesHttp();
      }
    }
    if (over == Turnaway.HTTP_LIMIT) {
      counted = true;
      listener.turnAway(over, loop);
      closeHttp();
    } else if (over != null) {
      turnAwaySource(over);
    }
    return over == null;
  }

  /** Another connection needs its place among those that serve HTTP. */
  void giveWay() {
    loop.metrics().limitsReached.inc(Limit.HTTP_CONNECTIONS, loop.index());
    LOG.log(Level.DEBUG, "{0}: gives its place to another connection for HTTP", this);
    closeHttp();
  }

  private void closeHttp() {
    StreamConnection http = httpConnection;
    if (http != null) {
      PassSelectors.close(http);
    }
  }

  private void answered(int request) {
    if (request == requests) { // Else the next one has come with it.
      loop.http().requestAnswered(this);
    }
  }

  /** The client; behind a proxy the one that its PROXY header names. */
  InetSocketAddress remote() {
    return remote;
  }

  /** When the last request came, in the time of the loop. */
  long requestMillis() {
    return requestMillis;
  }

  /** The HTTP layer has answered 101 and let go of the connection. */
  void upgraded(StreamConnection connection, HttpServerExchange request) {
    loop.enter();
    loop.http().remove(connection);
    httpConnection = null;
    openMqtt(connection, UpgradeToken.of(request.getRequestHeaders(), config.tokenCookie()));
  }

  private void openMqtt(StreamConnection connection, @Nullable String authorization) {
    if (listener.hasStopped()) {
      leaveUnserved(Close.SERVER_SHUTDOWN);
      return;
    }
    inTime();
    ticket.whenClosed(null); // this object is done
    SSLSession secured = session;
    List<X509Certificate> certificates =
        secured == null || asksForNoCertificate() ? List.of() : ServerTls.certificates(secured);
    Peer peer =
        new Peer(
            config.name(),
            config.type().word(),
            remote.getAddress(),
            remote.getPort(),
            secured == null ? null : secured.getProtocol(),
            certificates,
            config.allowAnonymous(),
            config.durability() == ListenerConfig.Durability.LAZY,
            authorization);
    listener.openMqtt(connection, cork, loop, peer, ticket);
  }

  /**
   * One context serves all listeners, so a session that began at one with certificates may be
   * resumed at one without; this one was told to trust in none.
   */
  private boolean asksForNoCertificate() {
    return config.clientCertificate() == ListenerConfig.ClientCertificate.NONE;
  }

  private void inTime() {
    if (deadline != null) {
      deadline.cancel();
      deadline = null;
    }
  }

  private void timedOut() {
    LOG.log(Level.DEBUG, "{0}: no handshake within the time limit", this);
    countEnd(Close.HANDSHAKE_TIMEOUT);
    PassSelectors.close(raw);
  }

  /** Where it hits everybody, it is the listener's settings. */
  private void turnAwayProxy(@Nullable String why) {
    listener.turnAway(Turnaway.PROXY_HEADER, remote.getAddress(), loop);
    LOG.log(Level.DEBUG, "{0}: turned away, {1}", this, why);
    counted = true;
    PassSelectors.close(raw);
  }

  /** Its address is over a limit. */
  private void turnAwaySource(Turnaway reason) {
    listener.turnAway(reason, remote.getAddress(), loop);
    LOG.log(Level.DEBUG, "{0}: turned away, its address is over a limit: {1}", this, reason);
    counted = true;
    PassSelectors.close(raw);
  }

  private void countEnd(Close cause) {
    if (!counted) {
      counted = true;
      loop.metrics().connectionsClosed.inc(cause, loop.index());
    }
  }

  /** What a request showed to prove who makes it was not good. Any thread. */
  void refusedCredential() {
    ticket.failed(true, loop.clock());
  }

  /** The HTTP layer may close where it ran a handler. */
  private void closed() {
    if (!loop.isCurrent()) {
      loop.execute(this::closed);
      return;
    }
    inTime();
    if (securing) {
      securing = false;
      loop.metrics().tlsHandshakesFailed.inc(loop.index());
      ticket.failed(false, loop.nowMillis()); // keys cannot be guessed
      countEnd(Close.HANDSHAKE_FAILED);
    } else {
      countEnd(config.type().isWebSocket() ? Close.HTTP : Close.PEER_CLOSED);
    }
    if (httpConnection != null) {
      loop.http().remove(httpConnection);
    }
  }

  @Override
  public String toString() {
    return config.name() + " " + remote.getAddress().getHostAddress() + ":" + remote.getPort();
  }
}
