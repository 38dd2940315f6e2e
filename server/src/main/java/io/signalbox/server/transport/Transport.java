package io.signalbox.server.transport;

import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.protocol.ClientHandlers;
import io.signalbox.server.protocol.CloseCause;
import io.undertow.server.DefaultByteBufferPool;
import io.undertow.server.HttpHandler;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** All listeners of the broker. Made, started and stopped by one thread. */
public final class Transport implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Transport.class.getName());

  private static final int HTTP_BUFFER_BYTES = 16 * 1024;
  private static final int HTTP_BUFFERS_PER_THREAD = 8;

  private final IoLoops loops;
  private final TransportLimits limits;
  private final Admission admission;
  private final List<Listener> listeners;
  private final List<Listener> httpPorts;

  /** Where a listener listens. */
  public record Bound(String name, ListenerConfig.Type type, InetSocketAddress address) {}

  /**
   * Opens nothing yet.
   *
   * @param packetBytesMax larger packets of clients are refused by their header
   * @param tls for listeners with TLS; null if there are none
   * @param otherPaths of a WebSocket listener: answers HTTP requests for anything but its
   *     WebSocket; runs on an I/O thread and must dispatch what blocks
   * @param httpPorts which are opened together with the listeners
   */
  public Transport(
      IoLoops loops,
      TransportLimits limits,
      int packetBytesMax,
      ClientHandlers handlers,
      List<ListenerConfig> listeners,
      @Nullable ServerTls tls,
      Function<ListenerConfig, HttpHandler> otherPaths,
      List<HttpPort> httpPorts) {
    this.loops = loops;
    this.limits = limits;
    Optional<OpenFiles> files = OpenFiles.ofThisProcess();
    int filesMax = files.map(open -> open.connections(loops.count())).orElse(Integer.MAX_VALUE);
    this.admission = new Admission(limits, loops.memory(), filesMax);
    files
        .flatMap(open -> warning(open, limits, listeners, loops.count()))
        .ifPresent(warning -> LOG.log(Level.WARNING, warning));
    Listener.MqttOpener opener =
        (connection, cork, loop, listener, peer, ticket) ->
            MqttConnection.open(
                connection, cork, loop, packetBytesMax, listener, peer, handlers, ticket);
    var buffers = new DefaultByteBufferPool(true, HTTP_BUFFER_BYTES, -1, HTTP_BUFFERS_PER_THREAD);
    this.listeners =
        listeners.stream()
            .map(
                config ->
                    new Listener(
                        config,
                        Metrics.Transport.valueOf(config.type().name()),
                        limits,
                        opener,
                        loops,
                        admission,
                        tls,
                        config.type().isWebSocket()
                            ? new WebSocketEntry(config, otherPaths.apply(config), loops)
                            : null,
                        buffers))
            .toList();
    this.httpPorts =
        httpPorts.stream()
            .map(
                port ->
                    new Listener(
                        port.place(),
                        Metrics.Transport.HTTP,
                        limits,
                        opener,
                        loops,
                        admission,
                        null,
                        new AdmittedRequests(port.handler(), loops),
                        buffers))
            .toList();
  }

  private static Optional<String> warning(
      OpenFiles files, TransportLimits limits, List<ListenerConfig> listeners, int ioThreads) {
    long ofListeners = listeners.stream().mapToLong(ListenerConfig::connectionsMax).sum();
    return ofListeners < limits.connectionsMax()
        ? files.warning(ofListeners, "the sum of the listeners' connections-max", ioThreads)
        : files.warning(limits.connectionsMax(), "limits.connections-max", ioThreads);
  }

  /**
   * Binds all listeners and HTTP ports and then accepts on all, so that nobody is served by half a
   * broker.
   *
   * @throws IOException if one cannot be bound; none is open then
   */
  public void start() throws IOException {
    try {
      for (Listener listener : all()) {
        listener.bind();
      }
    } catch (IOException e) {
      stopAccepting();
      throw e;
    }
    all().forEach(Listener::resume);
    all().forEach(Listener::tellAddresses);
  }

  private List<Listener> all() {
    return Stream.concat(listeners.stream(), httpPorts.stream()).toList();
  }

  /** Every address at which a listener is bound; ports are the real ones. */
  public List<Bound> bound() {
    List<Bound> all = new ArrayList<>();
    for (Listener listener : listeners) {
      for (InetSocketAddress address : listener.addresses()) {
        all.add(new Bound(listener.config().name(), listener.config().type(), address));
      }
    }
    return all;
  }

  /** Every address at which an HTTP port is bound; ports are the real ones. */
  List<InetSocketAddress> httpAddresses() {
    return httpPorts.stream().flatMap(port -> port.addresses().stream()).toList();
  }

  /** Open connections, those that have not got as far as MQTT included. */
  public int connections() {
    return admission.open();
  }

  /** Connections that have not completed CONNECT and serve no HTTP requests. */
  public int halfOpenConnections() {
    return admission.halfOpen();
  }

  /** Connections that serve HTTP requests. */
  public int httpConnections() {
    return admission.http();
  }

  /** Closes the server sockets; open connections stay. */
  public void stopAccepting() {
    all().forEach(Listener::stop);
  }

  /**
   * Stops accepting, tells every client that the server stops, waits for the clients to take note
   * of it, at most as long as {@code lingerTimeout}, and closes what is left.
   */
  @Override
  public void close() {
    stopAccepting();
    onAllLoops(loop -> loop.sockets().forEach(socket -> socket.owner().shutDown()));
    long deadline = System.nanoTime() + limits.lingerTimeout().toNanos();
    while (openSockets() > 0 && System.nanoTime() < deadline) {
      try {
        TimeUnit.MILLISECONDS.sleep(10);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
    }
    onAllLoops(
        loop -> loop.sockets().forEach(socket -> socket.closeNow(CloseCause.SERVER_SHUTDOWN)));
    // What those closes handed to their handlers has run when a further task has.
    onAllLoops(_ -> {});
  }

  private int openSockets() {
    int[] open = new int[loops.count()];
    onAllLoops(loop -> open[loop.index()] = loop.sockets().size());
    int sum = 0;
    for (int count : open) {
      sum += count;
    }
    return sum;
  }

  private void onAllLoops(Consumer<XnioEventLoop> action) {
    CountDownLatch done = new CountDownLatch(loops.count());
    for (int i = 0; i < loops.count(); i++) {
      XnioEventLoop loop = loops.loop(i);
      loop.execute(
          () -> {
            try {
              action.accept(loop);
            } finally {
              done.countDown();
            }
          });
    }
    try {
      if (!done.await(limits.lingerTimeout().toMillis() + 1_000, TimeUnit.MILLISECONDS)) {
        LOG.log(Level.WARNING, "an I/O thread does not answer");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
