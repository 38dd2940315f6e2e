package io.signalbox.server.config;

import java.time.Duration;

/**
 * What one client, and all clients together, may take. Section {@code limits}.
 *
 * @param packetBytesMax 2..268,435,460; a larger packet ends the connection with 0x95; told to 5.0
 *     clients as Maximum Packet Size (section 3.2.2.3.6)
 * @param receiveMaximum 1..65,535 QoS 1 and 2 publishes that a 5.0 client may have unacknowledged
 *     (section 3.2.2.3.3)
 * @param pendingAcksMax 1..65,535 acknowledgements owed to one connection, of either version,
 *     before it is read no further
 * @param outboundInflightMax 1..65,535 QoS 1 and 2 publishes unacknowledged by one client; the
 *     smaller of this and a 5.0 client's Receive Maximum counts
 * @param topicAliasMaximum 0..65,535 aliases a 5.0 client may set (section 3.2.2.3.8), with 1 KiB
 *     of names for each of them on average, or one of the longest names in all
 * @param outboundTopicAliasMax 0..65,535 aliases set towards a 5.0 client; the smaller of this and
 *     what it offers counts
 * @param clientIdBytesMax 23..65,535 bytes of UTF-8
 * @param topicLevelsMax 1..65,535 levels of a Topic Name or Topic Filter; bounds every walk over
 *     the subscription tree
 * @param userPropertiesMax 0..100,000 User Properties in one packet
 * @param filtersPerPacketMax 1..100,000 Topic Filters in one SUBSCRIBE
 * @param subscriptionsPerSessionMax 1..10,000,000; one more is answered with 0x97. A long filter
 *     counts as several: once more for each 512 bytes; a shared one as ten
 * @param connectionsMax 1..10,000,000 open connections over all listeners
 * @param halfOpenMax 1..10,000,000 connections, over all listeners, that have not completed CONNECT
 *     and serve no HTTP requests
 * @param halfOpenPerSourceMax 0..10,000,000 of them from one address; 0: half of {@code
 *     halfOpenMax}; as many as that or more: no bound of its own
 * @param httpConnectionsMax 1..10,000,000 connections, over all listeners, that serve HTTP
 *     requests; at most half of {@code connectionsMax} whatever it is
 * @param connectionsPerSourceMax 0..10,000,000 open connections of one address; 0: no bound
 * @param failuresPerMinutePerSource 0..1,000,000 TLS handshakes and credentials of one address that
 *     may fail in a minute, above which it is turned away for a while; 0: no bound
 * @param connectsPerSecondPerSource 0..1,000,000 new connections a second of one address, in bursts
 *     of four seconds' worth; 0: no bound
 * @param sessionsMax 1..100,000,000 MQTT sessions, the disconnected ones included
 * @param connectTimeout 100 ms..10 min from a ready connection to a complete CONNECT
 * @param handshakeTimeout 100 ms..10 min from accept to the end of the TLS handshake and the
 *     WebSocket upgrade
 * @param keepAliveSecondsMax 0..65,535; a 5.0 client that asks for more, or for none, is given this
 *     as Server Keep Alive; 3.1.1 clients cannot be told and are cut off after one and a half times
 *     this; 0: no bound
 * @param outputBytesHigh 4 KiB..1 GiB waiting for one connection's socket; above it QoS 0 is
 *     dropped and QoS 1 and 2 wait in the queue
 * @param outputBytesLow below it delivery goes on; less than {@code outputBytesHigh}
 * @param slowReaderTimeout 100 ms..1 h without one byte taken while output waits; then the
 *     connection is closed
 * @param lingerTimeout 10 ms..1 min for the last packet to reach a client and for it to close
 * @param webSocketFrameBytesMax 125..1 TiB of payload in one WebSocket frame; a larger one closes
 *     with 1009
 * @param httpHeaderBytesMax 1 KiB..1 MiB of request line and headers
 * @param httpHeadersMax 10..10,000 headers of a request
 * @param httpBodyBytesMax 0..1 TiB of a request's body; 0: no bound but those that what serves it
 *     has itself, such as 64 MiB of the admin API
 * @param httpHeaderTimeout 100 ms..10 min from a request's first byte to the end of its headers
 * @param httpIdleTimeout 100 ms..1 h between two requests of one connection
 * @param httpBodyTimeout 100 ms..1 h from the end of a request's headers to the end of its body
 * @param bufferedBytesMax 0..1 TiB of output, in-memory queues, names behind Topic Aliases, wills
 *     that are not stored and CONNECTs that are being checked over all clients: from half of it on
 *     publishers wait, from three quarters queues in memory take little, above it clients are
 *     turned away; 0: a quarter of the heap
 * @param retainedMessagesMax 0..1,000,000,000
 * @param retainedBytesMax 0..1 PiB of topics, properties and payloads of retained messages
 */
public record LimitsConfig(
    int packetBytesMax,
    int receiveMaximum,
    int pendingAcksMax,
    int outboundInflightMax,
    int topicAliasMaximum,
    int outboundTopicAliasMax,
    int clientIdBytesMax,
    int topicLevelsMax,
    int userPropertiesMax,
    int filtersPerPacketMax,
    int subscriptionsPerSessionMax,
    int connectionsMax,
    int halfOpenMax,
    int halfOpenPerSourceMax,
    int httpConnectionsMax,
    int connectionsPerSourceMax,
    int connectsPerSecondPerSource,
    int failuresPerMinutePerSource,
    int sessionsMax,
    Duration connectTimeout,
    Duration handshakeTimeout,
    int keepAliveSecondsMax,
    int outputBytesHigh,
    int outputBytesLow,
    Duration slowReaderTimeout,
    Duration lingerTimeout,
    long webSocketFrameBytesMax,
    int httpHeaderBytesMax,
    int httpHeadersMax,
    long httpBodyBytesMax,
    Duration httpHeaderTimeout,
    Duration httpIdleTimeout,
    Duration httpBodyTimeout,
    long bufferedBytesMax,
    long retainedMessagesMax,
    long retainedBytesMax) {

  private static final Range PACKET_BYTES_MAX = Range.of("limits.packet-bytes-max", 2, 268_435_460);
  private static final Range RECEIVE_MAXIMUM = Range.of("limits.receive-maximum", 1, 65_535);
  private static final Range PENDING_ACKS_MAX = Range.of("limits.pending-acks-max", 1, 65_535);
  private static final Range OUTBOUND_INFLIGHT_MAX =
      Range.of("limits.outbound-inflight-max", 1, 65_535);
  private static final Range TOPIC_ALIAS_MAXIMUM =
      Range.of("limits.topic-alias-maximum", 0, 65_535);
  private static final Range OUTBOUND_TOPIC_ALIAS_MAX =
      Range.of("limits.outbound-topic-alias-max", 0, 65_535);
  private static final Range CLIENT_ID_BYTES_MAX =
      Range.of("limits.client-id-bytes-max", 23, 65_535);
  private static final Range TOPIC_LEVELS_MAX = Range.of("limits.topic-levels-max", 1, 65_535);
  private static final Range USER_PROPERTIES_MAX =
      Range.of("limits.user-properties-max", 0, 100_000);
  private static final Range FILTERS_PER_PACKET_MAX =
      Range.of("limits.filters-per-packet-max", 1, 100_000);
  private static final Range SUBSCRIPTIONS_PER_SESSION_MAX =
      Range.of("limits.subscriptions-per-session-max", 1, 10_000_000);
  private static final Range CONNECTIONS_MAX = Range.of("limits.connections-max", 1, 10_000_000);
  private static final Range HALF_OPEN_MAX = Range.of("limits.half-open-max", 1, 10_000_000);
  private static final Range HALF_OPEN_PER_SOURCE_MAX =
      Range.of("limits.half-open-per-source-max", 0, 10_000_000);
  private static final Range HTTP_CONNECTIONS_MAX =
      Range.of("limits.http-connections-max", 1, 10_000_000);
  private static final Range CONNECTIONS_PER_SOURCE_MAX =
      Range.of("limits.connections-per-source-max", 0, 10_000_000);
  private static final Range CONNECTS_PER_SECOND_PER_SOURCE =
      Range.of("limits.connects-per-second-per-source", 0, 1_000_000);
  private static final Range FAILURES_PER_MINUTE_PER_SOURCE =
      Range.of("limits.failures-per-minute-per-source", 0, 1_000_000);
  private static final Range SESSIONS_MAX = Range.of("limits.sessions-max", 1, 100_000_000);
  private static final Range CONNECT_TIMEOUT =
      Range.millis("limits.connect-timeout-millis", 100, 600_000);
  private static final Range HANDSHAKE_TIMEOUT =
      Range.millis("limits.handshake-timeout-millis", 100, 600_000);
  private static final Range KEEP_ALIVE_SECONDS_MAX =
      Range.of("limits.keep-alive-seconds-max", 0, 65_535);
  private static final Range OUTPUT_BYTES_HIGH =
      Range.of("limits.output-bytes-high", 4_096, 1 << 30);
  private static final Range OUTPUT_BYTES_LOW = Range.of("limits.output-bytes-low", 0, 1 << 30);
  private static final Range SLOW_READER_TIMEOUT =
      Range.millis("limits.slow-reader-timeout-millis", 100, 3_600_000);
  private static final Range LINGER_TIMEOUT_MILLIS =
      Range.millis("limits.linger-timeout-millis", 10, 60_000);
  private static final Range WEB_SOCKET_FRAME_BYTES_MAX =
      Range.of("limits.web-socket-frame-bytes-max", 125, 1_099_511_627_776L);
  private static final Range HTTP_HEADER_BYTES_MAX =
      Range.of("limits.http-header-bytes-max", 1_024, 1_048_576);
  private static final Range HTTP_HEADERS_MAX = Range.of("limits.http-headers-max", 10, 10_000);
  private static final Range HTTP_BODY_BYTES_MAX =
      Range.of("limits.http-body-bytes-max", 0, 1_099_511_627_776L);
  private static final Range HTTP_HEADER_TIMEOUT_MILLIS =
      Range.millis("limits.http-header-timeout-millis", 100, 600_000);
  private static final Range HTTP_IDLE_TIMEOUT_MILLIS =
      Range.millis("limits.http-idle-timeout-millis", 100, 3_600_000);
  private static final Range HTTP_BODY_TIMEOUT_MILLIS =
      Range.millis("limits.http-body-timeout-millis", 100, 3_600_000);
  private static final Range BUFFERED_BYTES_MAX =
      Range.of("limits.buffered-bytes-max", 0, 1L << 40);
  private static final Range RETAINED_MESSAGES_MAX =
      Range.of("limits.retained-messages-max", 0, 1_000_000_000);
  private static final Range RETAINED_BYTES_MAX =
      Range.of("limits.retained-bytes-max", 0, 1L << 50);

  public static final LimitsConfig DEFAULTS =
      new LimitsConfig(
          1 << 20,
          1_000,
          1_000,
          1_000,
          64,
          64,
          256,
          128,
          100,
          1_000,
          10_000,
          100_000,
          10_000,
          0,
          10_000,
          0,
          0,
          600,
          1_000_000,
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          0,
          1 << 20,
          1 << 18,
          Duration.ofSeconds(60),
          Duration.ofSeconds(2),
          64L << 20,
          16 * 1024,
          100,
          1 << 20,
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          Duration.ofSeconds(30),
          0,
          1_000_000,
          1L << 30);

  public LimitsConfig {
    PACKET_BYTES_MAX.check(packetBytesMax);
    RECEIVE_MAXIMUM.check(receiveMaximum);
    PENDING_ACKS_MAX.check(pendingAcksMax);
    OUTBOUND_INFLIGHT_MAX.check(outboundInflightMax);
    TOPIC_ALIAS_MAXIMUM.check(topicAliasMaximum);
    OUTBOUND_TOPIC_ALIAS_MAX.check(outboundTopicAliasMax);
    CLIENT_ID_BYTES_MAX.check(clientIdBytesMax);
    TOPIC_LEVELS_MAX.check(topicLevelsMax);
    USER_PROPERTIES_MAX.check(userPropertiesMax);
    FILTERS_PER_PACKET_MAX.check(filtersPerPacketMax);
    SUBSCRIPTIONS_PER_SESSION_MAX.check(subscriptionsPerSessionMax);
    CONNECTIONS_MAX.check(connectionsMax);
    HALF_OPEN_MAX.check(halfOpenMax);
    HALF_OPEN_PER_SOURCE_MAX.check(halfOpenPerSourceMax);
    HTTP_CONNECTIONS_MAX.check(httpConnectionsMax);
    CONNECTIONS_PER_SOURCE_MAX.check(connectionsPerSourceMax);
    CONNECTS_PER_SECOND_PER_SOURCE.check(connectsPerSecondPerSource);
    FAILURES_PER_MINUTE_PER_SOURCE.check(failuresPerMinutePerSource);
    SESSIONS_MAX.check(sessionsMax);
    CONNECT_TIMEOUT.check(connectTimeout);
    HANDSHAKE_TIMEOUT.check(handshakeTimeout);
    KEEP_ALIVE_SECONDS_MAX.check(keepAliveSecondsMax);
    OUTPUT_BYTES_HIGH.check(outputBytesHigh);
    OUTPUT_BYTES_LOW.check(outputBytesLow);
    if (outputBytesLow >= outputBytesHigh) {
      throw new IllegalArgumentException(
          "limits.output-bytes-low: "
              + outputBytesLow
              + " is not below limits.output-bytes-high: "
              + outputBytesHigh);
    }
    SLOW_READER_TIMEOUT.check(slowReaderTimeout);
    LINGER_TIMEOUT_MILLIS.check(lingerTimeout);
    WEB_SOCKET_FRAME_BYTES_MAX.check(webSocketFrameBytesMax);
    HTTP_HEADER_BYTES_MAX.check(httpHeaderBytesMax);
    HTTP_HEADERS_MAX.check(httpHeadersMax);
    HTTP_BODY_BYTES_MAX.check(httpBodyBytesMax);
    HTTP_HEADER_TIMEOUT_MILLIS.check(httpHeaderTimeout);
    HTTP_IDLE_TIMEOUT_MILLIS.check(httpIdleTimeout);
    HTTP_BODY_TIMEOUT_MILLIS.check(httpBodyTimeout);
    BUFFERED_BYTES_MAX.check(bufferedBytesMax);
    RETAINED_MESSAGES_MAX.check(retainedMessagesMax);
    RETAINED_BYTES_MAX.check(retainedBytesMax);
  }

  static LimitsConfig read(Section limits) {
    LimitsConfig d = DEFAULTS;
    return limits.make(
        d,
        () ->
            new LimitsConfig(
                limits.integer(PACKET_BYTES_MAX, d.packetBytesMax),
                limits.integer(RECEIVE_MAXIMUM, d.receiveMaximum),
                limits.integer(PENDING_ACKS_MAX, d.pendingAcksMax),
                limits.integer(OUTBOUND_INFLIGHT_MAX, d.outboundInflightMax),
                limits.integer(TOPIC_ALIAS_MAXIMUM, d.topicAliasMaximum),
                limits.integer(OUTBOUND_TOPIC_ALIAS_MAX, d.outboundTopicAliasMax),
                limits.integer(CLIENT_ID_BYTES_MAX, d.clientIdBytesMax),
                limits.integer(TOPIC_LEVELS_MAX, d.topicLevelsMax),
                limits.integer(USER_PROPERTIES_MAX, d.userPropertiesMax),
                limits.integer(FILTERS_PER_PACKET_MAX, d.filtersPerPacketMax),
                limits.integer(SUBSCRIPTIONS_PER_SESSION_MAX, d.subscriptionsPerSessionMax),
                limits.integer(CONNECTIONS_MAX, d.connectionsMax),
                limits.integer(HALF_OPEN_MAX, d.halfOpenMax),
                limits.integer(HALF_OPEN_PER_SOURCE_MAX, d.halfOpenPerSourceMax),
                limits.integer(HTTP_CONNECTIONS_MAX, d.httpConnectionsMax),
                limits.integer(CONNECTIONS_PER_SOURCE_MAX, d.connectionsPerSourceMax),
                limits.integer(CONNECTS_PER_SECOND_PER_SOURCE, d.connectsPerSecondPerSource),
                limits.integer(FAILURES_PER_MINUTE_PER_SOURCE, d.failuresPerMinutePerSource),
                limits.integer(SESSIONS_MAX, d.sessionsMax),
                limits.duration(CONNECT_TIMEOUT, d.connectTimeout),
                limits.duration(HANDSHAKE_TIMEOUT, d.handshakeTimeout),
                limits.integer(KEEP_ALIVE_SECONDS_MAX, d.keepAliveSecondsMax),
                limits.integer(OUTPUT_BYTES_HIGH, d.outputBytesHigh),
                limits.integer(OUTPUT_BYTES_LOW, d.outputBytesLow),
                limits.duration(SLOW_READER_TIMEOUT, d.slowReaderTimeout),
                limits.duration(LINGER_TIMEOUT_MILLIS, d.lingerTimeout),
                limits.number(WEB_SOCKET_FRAME_BYTES_MAX, d.webSocketFrameBytesMax),
                limits.integer(HTTP_HEADER_BYTES_MAX, d.httpHeaderBytesMax),
                limits.integer(HTTP_HEADERS_MAX, d.httpHeadersMax),
                limits.number(HTTP_BODY_BYTES_MAX, d.httpBodyBytesMax),
                limits.duration(HTTP_HEADER_TIMEOUT_MILLIS, d.httpHeaderTimeout),
                limits.duration(HTTP_IDLE_TIMEOUT_MILLIS, d.httpIdleTimeout),
                limits.duration(HTTP_BODY_TIMEOUT_MILLIS, d.httpBodyTimeout),
                limits.number(BUFFERED_BYTES_MAX, d.bufferedBytesMax),
                limits.number(RETAINED_MESSAGES_MAX, d.retainedMessagesMax),
                limits.number(RETAINED_BYTES_MAX, d.retainedBytesMax)));
  }
}
