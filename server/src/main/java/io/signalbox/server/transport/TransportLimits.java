package io.signalbox.server.transport;

import io.signalbox.server.config.IoConfig;
import io.signalbox.server.config.LimitsConfig;
import java.time.Duration;

/**
 * Bounds of sockets and buffers.
 *
 * @param readBufferBytes at least 32 KiB; one buffer a loop, a TLS record needs 17 KiB of it
 * @param dirtyConnectionsMax connections with unwritten output in one pass, above which they are
 *     written before its end
 * @param handoverEntriesMax tasks on their way from one loop to another, above which the sender
 *     stops reading
 * @param acceptBacklog connections that the system holds until they are accepted
 * @param connectionsMax open connections over all listeners
 * @param halfOpenMax connections that have not completed CONNECT and serve no HTTP requests, over
 *     all listeners
 * @param halfOpenPerSourceMax those of one address, at least 1
 * @param httpConnectionsMax connections that serve HTTP requests, over all listeners; those of one
 *     address have the bound {@code halfOpenPerSourceMax} too
 * @param connectionsPerSourceMax open connections of one address; 0: no bound
 * @param connectsPerSecondPerSource new connections of one address, bursts of four seconds' worth
 *     allowed; 0: no bound
 * @param failuresPerMinutePerSource handshakes and credentials of one address that may fail, above
 *     which it is turned away; 0: no bound
 * @param handshakeTimeout from accept to the end of PROXY header, TLS handshake and WebSocket
 *     upgrade
 * @param connectTimeout from there to a complete CONNECT
 * @param outputBytesHigh waiting for one socket, above which the connection is congested
 * @param outputBytesLow below which it is no longer
 * @param slowReaderTimeout without a byte taken while output waits
 * @param lingerTimeout for the last packet to reach the peer, and for the peer to close
 * @param bufferedBytesMax buffers of all connections together
 * @param carryBytesWhenTight an incomplete packet may hold so much although all buffers are full
 * @param userPropertiesMax User Properties of one packet; one with more ends its connection
 * @param webSocketFrameBytesMax payload of one frame; a larger one closes with 1009
 * @param httpHeaderBytesMax request line and headers
 * @param httpHeadersMax number of headers
 * @param httpBodyBytesMax body of a request; 0: no bound
 * @param httpHeaderTimeout from a request's first byte to the end of its headers
 * @param httpIdleTimeout between two requests of one connection
 * @param httpBodyTimeout from the end of a request's headers to the end of its body
 */
public record TransportLimits(
    int readBufferBytes,
    int dirtyConnectionsMax,
    int handoverEntriesMax,
    int acceptBacklog,
    int connectionsMax,
    int halfOpenMax,
    int halfOpenPerSourceMax,
    int httpConnectionsMax,
    int connectionsPerSourceMax,
    int connectsPerSecondPerSource,
    int failuresPerMinutePerSource,
    Duration handshakeTimeout,
    Duration connectTimeout,
    int outputBytesHigh,
    int outputBytesLow,
    Duration slowReaderTimeout,
    Duration lingerTimeout,
    long bufferedBytesMax,
    int carryBytesWhenTight,
    int userPropertiesMax,
    long webSocketFrameBytesMax,
    int httpHeaderBytesMax,
    int httpHeadersMax,
    long httpBodyBytesMax,
    Duration httpHeaderTimeout,
    Duration httpIdleTimeout,
    Duration httpBodyTimeout) {

  public static final TransportLimits DEFAULTS =
      new TransportLimits(
          64 * 1024,
          1_024,
          65_536,
          1_024,
          100_000,
          10_000,
          5_000,
          10_000,
          0,
          0,
          0,
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          1 << 20,
          1 << 18,
          Duration.ofSeconds(60),
          Duration.ofSeconds(2),
          256L << 20,
          4_096,
          100,
          64L << 20,
          16 * 1024,
          100,
          1 << 20,
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          Duration.ofSeconds(30));

  public TransportLimits {
    if (readBufferBytes < 32 * 1024) {
      throw new IllegalArgumentException(
          "a read buffer of " + readBufferBytes + " bytes; at least 32768 are needed");
    }
    if (outputBytesLow < 0 || outputBytesLow >= outputBytesHigh) {
      throw new IllegalArgumentException(
          "the low mark of the output, "
              + outputBytesLow
              + ", is not below the high mark, "
              + outputBytesHigh);
    }
  }

  /** What the operator configured, and the defaults for what is not in the file. */
  public static TransportLimits of(IoConfig io, LimitsConfig limits) {
    TransportLimits d = DEFAULTS;
    long bufferedBytesMax =
        limits.bufferedBytesMax() > 0
            ? limits.bufferedBytesMax()
            : Runtime.getRuntime().maxMemory() / 4;
    int halfOpenPerSourceMax =
        limits.halfOpenPerSourceMax() > 0
            ? limits.halfOpenPerSourceMax()
            : Math.max(1, limits.halfOpenMax() / 2);
    return new TransportLimits(
        io.readBufferBytes(),
        d.dirtyConnectionsMax,
        io.handoverEntriesMax(),
        io.acceptBacklog(),
        limits.connectionsMax(),
        limits.halfOpenMax(),
        halfOpenPerSourceMax,
        limits.httpConnectionsMax(),
        limits.connectionsPerSourceMax(),
        limits.connectsPerSecondPerSource(),
        limits.failuresPerMinutePerSource(),
        limits.handshakeTimeout(),
        limits.connectTimeout(),
        limits.outputBytesHigh(),
        limits.outputBytesLow(),
        limits.slowReaderTimeout(),
        limits.lingerTimeout(),
        bufferedBytesMax,
        d.carryBytesWhenTight,
        limits.userPropertiesMax(),
        limits.webSocketFrameBytesMax(),
        limits.httpHeaderBytesMax(),
        limits.httpHeadersMax(),
        limits.httpBodyBytesMax(),
        limits.httpHeaderTimeout(),
        limits.httpIdleTimeout(),
        limits.httpBodyTimeout());
  }
}
