package io.signalbox.server.bench.client;

import io.signalbox.server.packet.Connect;
import io.signalbox.server.topic.TopicNames;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Many {@link MqttClient}s on one thread, which is the one that calls {@link #pass} again and
 * again.
 */
public final class ClientLoop implements AutoCloseable {
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Selector selector;
  private final Scratch scratch = new Scratch();
  private final TopicNames topicNames = new TopicNames();
  private final List<MqttClient> dirty = new ArrayList<>();
  private final List<MqttClient> unread = new ArrayList<>();
  private int clients;
  private long lastTick = System.nanoTime();

  public ClientLoop() throws IOException {
    selector = Selector.open();
  }

  /**
   * Starts a connection. How it goes on the listener hears in later passes.
   *
   * @param tls null for transports without it
   * @param local the address to come from, or null for the system's choice
   * @throws ClientException when the host is not known or the system refuses a socket
   */
  public MqttClient open(
      Endpoint endpoint,
      @Nullable TlsSettings tls,
      Connect connect,
      ClientListener listener,
      @Nullable InetSocketAddress local)
      throws ClientException {
    if (endpoint.transport().isTls() != (tls != null)) {
      throw new IllegalArgumentException(endpoint + (tls == null ? " without" : " with") + " TLS");
    }
    InetAddress[] addresses;
    try {
      addresses = InetAddress.getAllByName(endpoint.host());
    } catch (UnknownHostException e) {
      throw new ClientException(
          ClientException.Kind.UNREACHABLE,
          endpoint + ": the host \"" + endpoint.host() + "\" is not known; check its name",
          e);
    }
    var client =
        new MqttClient(this, endpoint, addresses, local, tls, connect, listener, clients++);
    try {
      client.start();
    } catch (IOException e) {
      throw Explanation.of(e, endpoint);
    }
    return client;
  }

  SelectionKey register(SocketChannel channel, MqttClient client) throws ClosedChannelException {
    return channel.register(selector, SelectionKey.OP_CONNECT, client);
  }

  Scratch scratch() {
    return scratch;
  }

  TopicNames topicNames() {
    return topicNames;
  }

  /** Has the client write at the end of this pass, or at the start of the next. */
  void markDirty(MqttClient client) {
    dirty.add(client);
  }

  /**
   * Has the client read on in the next pass: of what is in the layers above its socket, the
   * selector does not know.
   */
  void markUnread(MqttClient client) {
    unread.add(client);
  }

  /**
   * Sends what is due, waits for the network, and handles what has come, but for what has to wait
   * for the next pass.
   *
   * @param waitMillis how long to wait when nothing comes; 0 not at all
   */
  public void pass(long waitMillis) throws IOException {
    flush();
    List<MqttClient> waiting = takeUnread();
    if (waitMillis > 0 && waiting.isEmpty()) {
      selector.select(ClientLoop::handle, waitMillis);
    } else {
      selector.selectNow(ClientLoop::handle);
    }
    waiting.forEach(MqttClient::readOn);
    flush();
    long now = System.nanoTime();
    if (now - lastTick >= TICK_NANOS) {
      lastTick = now;
      for (SelectionKey key : List.copyOf(selector.keys())) {
        ((MqttClient) key.attachment()).tick(now);
      }
      flush();
    }
  }

  private List<MqttClient> takeUnread() {
    if (unread.isEmpty()) {
      return List.of();
    }
    List<MqttClient> taken = List.copyOf(unread);
    unread.clear();
    taken.forEach(MqttClient::unmarkUnread);
    return taken;
  }

  private static void handle(SelectionKey key) {
    if (key.isValid()) {
      ((MqttClient) key.attachment()).onReady();
    }
  }

  /** A client that has to write again asks anew. */
  private void flush() {
    for (int i = 0; i < dirty.size(); i++) {
      dirty.get(i).flushDirty();
    }
    dirty.clear();
  }

  /** Ends the wait of a pass. Any thread. */
  public void wakeUp() {
    selector.wakeup();
  }

  /** Closes all connections without a word. */
  @Override
  public void close() throws IOException {
    for (SelectionKey key : List.copyOf(selector.keys())) {
      ((MqttClient) key.attachment()).close();
    }
    selector.close();
  }
}
