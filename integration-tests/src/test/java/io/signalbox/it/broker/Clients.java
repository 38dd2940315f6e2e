package io.signalbox.it.broker;

import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import io.signalbox.it.wire.WebSocketClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Opens a test's connections and closes them after it. Names it gives out are unique in the whole
 * run, so that tests on one broker do not meet.
 */
public final class Clients implements AfterEachCallback {
  private static final AtomicLong NAMES = new AtomicLong();

  /** Differs from run to run, for brokers that outlive one. */
  private static final String RUN =
      Integer.toString(ThreadLocalRandom.current().nextInt(1296, 46_656), 36);

  private final Broker broker;
  private final Transport transport;
  private final Version version;
  private final List<AutoCloseable> opened = new ArrayList<>();

  public Clients(Broker broker, Transport transport, Version version) {
    this.broker = broker;
    this.transport = transport;
    this.version = version;
  }

  /** On the shared broker. */
  public Clients(Transport transport, Version version) {
    this(SharedBroker.get(), transport, version);
  }

  public Broker broker() {
    return broker;
  }

  public Transport transport() {
    return transport;
  }

  public Version version() {
    return version;
  }

  /** A name that no other test has. */
  public static String unique(String prefix) {
    return prefix + RUN + NAMES.incrementAndGet();
  }

  /** A topic that no other test has; levels may be added. */
  public String topic() {
    return unique("t/");
  }

  /** A connection with a new Client Identifier; nothing is sent yet. */
  public Peer peer() {
    return peer(version);
  }

  public Peer peer(Version other) {
    return peer(other, unique("c"));
  }

  /** A connection for a Client Identifier that is known. */
  public Peer peer(String clientId) {
    return peer(version, clientId);
  }

  public Peer peer(Version other, String clientId) {
    return peer(transport, other, clientId);
  }

  public Peer peer(Transport over, Version other, String clientId) {
    return keep(new Peer(raw(over, other), clientId));
  }

  /** A new client that is connected already. */
  public Peer connected() {
    return connected(version);
  }

  public Peer connected(Version other) {
    Peer peer = peer(other);
    peer.connect();
    return peer;
  }

  public RawClient raw() {
    return raw(transport, version);
  }

  public RawClient raw(Transport over, Version other) {
    try {
      return keep(RawClient.open(broker.endpoint(over), other));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A connection that is not read and for which the kernel buffers little. */
  public Peer slow() {
    try {
      return keep(
          new Peer(RawClient.openSlow(broker.endpoint(transport), version), unique("slow")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public WebSocketClient webSocket() {
    try {
      return keep(WebSocketClient.open(broker.endpoint(transport)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Closes the client after the test. */
  public <C extends AutoCloseable> C keep(C client) {
    opened.add(client);
    return client;
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    for (AutoCloseable client : opened.reversed()) {
      client.close();
    }
    opened.clear();
  }
}
