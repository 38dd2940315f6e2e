package io.signalbox.server.transport;

import java.time.Duration;
import java.util.function.Consumer;

/** {@link TransportLimits} that differ from the defaults in a few values. */
final class Limits {
  private static final TransportLimits D = TransportLimits.DEFAULTS;

  int handoverEntriesMax = D.handoverEntriesMax();
  int connectionsMax = D.connectionsMax();
  int halfOpenMax = D.halfOpenMax();
  int halfOpenPerSource = D.halfOpenPerSourceMax();
  int httpConnectionsMax = D.httpConnectionsMax();
  int connectionsPerSource = D.connectionsPerSourceMax();
  int connectionsPerSecond = D.connectsPerSecondPerSource();
  int failuresPerMinute = D.failuresPerMinutePerSource();
  long handshakeMillis = D.handshakeTimeout().toMillis();
  long connectMillis = D.connectTimeout().toMillis();
  long slowReaderMillis = D.slowReaderTimeout().toMillis();
  long lingerMillis = D.lingerTimeout().toMillis();
  long bufferedBytesMax = D.bufferedBytesMax();
  long frameBytesMax = D.webSocketFrameBytesMax();
  long httpHeaderMillis = D.httpHeaderTimeout().toMillis();
  long httpIdleMillis = D.httpIdleTimeout().toMillis();
  long httpBodyMillis = D.httpBodyTimeout().toMillis();

  private Limits() {}

  static TransportLimits with(Consumer<Limits> change) {
    Limits limits = new Limits();
    change.accept(limits);
    return limits.build();
  }

  private TransportLimits build() {
    return new TransportLimits(
        D.readBufferBytes(),
        D.dirtyConnectionsMax(),
        handoverEntriesMax,
        D.acceptBacklog(),
        connectionsMax,
        halfOpenMax,
        halfOpenPerSource,
        httpConnectionsMax,
        connectionsPerSource,
        connectionsPerSecond,
        failuresPerMinute,
        Duration.ofMillis(handshakeMillis),
        Duration.ofMillis(connectMillis),
        D.outputBytesHigh(),
        D.outputBytesLow(),
        Duration.ofMillis(slowReaderMillis),
        Duration.ofMillis(lingerMillis),
        bufferedBytesMax,
        D.carryBytesWhenTight(),
        D.userPropertiesMax(),
        frameBytesMax,
        D.httpHeaderBytesMax(),
        D.httpHeadersMax(),
        D.httpBodyBytesMax(),
        Duration.ofMillis(httpHeaderMillis),
        Duration.ofMillis(httpIdleMillis),
        Duration.ofMillis(httpBodyMillis));
  }
}
