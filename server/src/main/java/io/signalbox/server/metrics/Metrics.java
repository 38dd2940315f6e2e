package io.signalbox.server.metrics;

import java.util.List;

/**
 * Every counter, gauge and histogram of the broker, with its name, label and help.
 *
 * <p>Names start with {@code signalbox_} and carry their unit; the exposition adds {@code _total}
 * to counters. A new limit or a new reason to drop something gets its line here.
 */
public final class Metrics extends MetricSet {

  /** Why a message did not reach a session that was to have it, or was not kept. */
  public enum Drop {
    /** Its Message Expiry Interval passed. */
    EXPIRED,
    /** The session's queue on disk is full, in messages or bytes. */
    SESSION_QUEUE_FULL,
    /** The session's queue in memory is full. */
    MEMORY_QUEUE_FULL,
    /** The store's quota or the disk is full. */
    STORE_FULL,
    /** QoS 0 to a client whose output is over its high mark. */
    OUTPUT_CONGESTED,
    /** Larger than the client's Maximum Packet Size. */
    TOO_LARGE_FOR_CLIENT,
    /** A policy forbids the client to receive it. */
    NOT_AUTHORIZED,
    /**
     * A retained message over the count or the bytes allowed: refused as a whole; or, such as a
     * Will, whose publisher cannot be told, delivered and not retained.
     */
    RETAINED_LIMIT
  }

  /** Why a CONNECT was refused. */
  public enum Refusal {
    MALFORMED,
    PROTOCOL_ERROR,
    UNSUPPORTED_VERSION,
    CLIENT_ID_INVALID,
    BAD_CREDENTIALS,
    NOT_AUTHORIZED,
    BAD_AUTHENTICATION_METHOD,
    PACKET_TOO_LARGE,
    QUOTA_EXCEEDED,
    SERVER_BUSY,
    SERVER_UNAVAILABLE
  }

  /** Why a connection ended. */
  public enum Close {
    /** Of a listener for WebSockets or HTTP, and not upgraded. */
    HTTP,
    CLIENT_DISCONNECT,
    PEER_CLOSED,
    PEER_RESET,
    KEEP_ALIVE_TIMEOUT,
    CONNECT_TIMEOUT,
    HANDSHAKE_TIMEOUT,
    HANDSHAKE_FAILED,
    SLOW_READER,
    MALFORMED_PACKET,
    PROTOCOL_ERROR,
    REFUSED,
    TAKEN_OVER,
    CREDENTIALS_EXPIRED,
    CREDENTIALS_WITHDRAWN,
    ADMINISTRATIVE,
    NOT_AUTHORIZED,
    QUOTA_EXCEEDED,
    SERVER_SHUTDOWN,
    INTERNAL_ERROR
  }

  /** Why credentials were not accepted. */
  public enum AuthFailure {
    NO_CREDENTIALS,
    CERTIFICATE_UNTRUSTED,
    CERTIFICATE_EXPIRED,
    CERTIFICATE_IDENTITY,
    CERTIFICATE_REVOKED,
    DEVICE_NOT_ADMITTED,
    TOKEN_MALFORMED,
    TOKEN_ALGORITHM,
    TOKEN_SIGNATURE,
    TOKEN_ISSUER,
    TOKEN_AUDIENCE,
    TOKEN_EXPIRED,
    TOKEN_NOT_YET_VALID,
    TOKEN_LIFETIME,
    TOKEN_CLAIMS,
    TOKEN_BINDING,
    TOKEN_REVOKED,
    USER_NAME_MISMATCH,
    /** Wrong, or of a user that is not there: nobody is told which. */
    PASSWORD,
    /** Looks like that of the file admin.token, and is not, or no more. */
    ADMIN_TOKEN,
    EXCHANGE_MALFORMED,
    OVERLOADED
  }

  /** How the re-authentication of a connected client ended. */
  public enum Reauthentication {
    RENEWED,
    REFUSED
  }

  /** What the broker fetched over HTTP to know whom to believe. */
  public enum Fetched {
    CRL,
    OCSP,
    JWKS
  }

  /** What a policy denied. */
  public enum Denial {
    CONNECT,
    PUBLISH,
    SUBSCRIBE,
    RECEIVE,
    WILL
  }

  /** How a connection comes in. */
  public enum Transport {
    TCP,
    TLS,
    WS,
    WSS,
    /** A port for HTTP alone. */
    HTTP
  }

  /** Why a connection was turned away before MQTT began. */
  public enum Turnaway {
    CONNECTION_LIMIT,
    /** The system's limit of open files leaves no room for another connection. */
    FILE_LIMIT,
    HALF_OPEN_LIMIT,
    /** Connections that serve HTTP requests. */
    HTTP_LIMIT,
    LISTENER_LIMIT,
    MEMORY_LIMIT,
    /** Open connections of one address. */
    SOURCE_CONNECTIONS,
    /** Connections of one address that have not completed CONNECT. */
    SOURCE_HALF_OPEN,
    /** Connections of one address that serve HTTP requests. */
    SOURCE_HTTP,
    /** New connections a second of one address. */
    SOURCE_RATE,
    /** Failed handshakes and credentials of one address. */
    SOURCE_FAILURES,
    /** Too many came at once, and its handshake had not begun in time. */
    HANDSHAKE_QUEUE,
    PROXY_HEADER,
    ORIGIN,
    SUBPROTOCOL,
    UPGRADE
  }

  /** Where a step of a TLS handshake ran. */
  public enum StepThread {
    /** On the I/O thread of its connection. */
    IO,
    /** On a thread for such steps. */
    OWN
  }

  /** What is wrong with a WebSocket frame. */
  public enum BadFrame {
    TEXT,
    UNMASKED,
    RESERVED_BITS,
    OPCODE,
    CONTROL_LENGTH,
    FRAGMENTATION,
    TOO_LARGE,
    CLOSE_CODE
  }

  /**
   * A bound that a client, or a request over HTTP, ran into: it is refused with a Reason Code or a
   * status, has to wait or loses its connection, and no message is dropped.
   */
  public enum Limit {
    SUBSCRIPTIONS,
    FILTERS_PER_PACKET,
    TOPIC_LEVELS,
    USER_PROPERTIES,
    RECEIVE_MAXIMUM,
    TOPIC_ALIAS,
    CLIENT_ID_BYTES,
    SESSIONS,
    PENDING_ACKS,
    PENDING_AUTHENTICATIONS,
    EXCHANGES,
    /** More of a kind than the registry may hold. */
    REGISTRY_ENTRIES,
    /** More certificates than one device gets by EST in a day. */
    CERTIFICATES_PER_DEVICE,
    /** More requests of the admin API than may wait. */
    ADMIN_REQUESTS,
    /** The body of an HTTP request was not there in time. */
    HTTP_BODY_TIME,
    /** A connection for HTTP gave its place to a new one. */
    HTTP_CONNECTIONS
  }

  /** What became of a request of the admin API. */
  public enum AdminRequest {
    READ,
    CHANGED,
    UNCHANGED,
    UNAUTHENTICATED,
    FORBIDDEN,
    INVALID,
    CONFLICT,
    FAILED
  }

  /** What became of a request for a certificate by EST. */
  public enum EnrolmentOutcome {
    ISSUED,
    RENEWED,
    UNAUTHORIZED,
    REFUSED,
    INVALID,
    FAILED
  }

  private static final List<String> QOS = List.of("0", "1", "2");
  private static final List<String> PACKET_TYPES =
      List.of(
          "reserved",
          "connect",
          "connack",
          "publish",
          "puback",
          "pubrec",
          "pubrel",
          "pubcomp",
          "subscribe",
          "suback",
          "unsubscribe",
          "unsuback",
          "pingreq",
          "pingresp",
          "disconnect",
          "auth");

  // ---- connections
  public final Gauge connectionsOpen;
  public final Counters<Transport> connectionsAccepted;
  public final Counters<Turnaway> connectionsTurnedAway;
  public final Counter acceptsFailed;
  public final Counters<Close> connectionsClosed;
  public final Counter tlsHandshakes;
  public final Counter tlsHandshakesFailed;
  public final Counters<StepThread> handshakeSteps;
  public final Gauge tlsHandshakesWaiting;
  public final Gauge tlsNativeCrypto;
  public final Gauge tlsCertificatesStale;
  public final Gauge tlsCertificateEndTime;
  public final Counters<BadFrame> webSocketBadFrames;
  public final Counter bytesReceived;
  public final Counter bytesSent;
  public final Counter socketWrites;
  public final Counter slowReaders;
  public final Counter outputCongested;
  public final Counter readsSuspended;
  public final Gauge bufferedBytes;

  // ---- protocol
  public final NumberedCounters packetsReceived;
  public final NumberedCounters packetsSent;
  public final Counter connectsAccepted;
  public final Counters<Refusal> connectsRefused;
  public final Counter malformedPackets;
  public final Counter protocolErrors;
  public final Counter packetsReceivedTooLarge;
  public final Counter packetsUnsentTooLarge;
  public final Counters<Limit> limitsReached;

  // ---- identity
  public final Counters<AuthFailure> authenticationFailures;
  public final Counters<Denial> policyDenials;
  public final Gauge authenticationsPending;
  public final Gauge authenticationExchanges;
  public final Counters<Reauthentication> reauthentications;
  public final Counter usersReloadsFailed;
  public final Gauge credentialFilesStale;
  public final Counter revokedTokensReloadsFailed;
  public final Counter policyReloadsFailed;
  public final Counters<Fetched> fetches;
  public final Counters<Fetched> fetchesFailed;
  public final Gauge policyRevision;
  public final Gauge policyRevisionsKept;
  public final Gauge policiesStale;
  public final Counters<Denial> policyDifferences;
  public final Counter policyReviews;
  public final Counter subscriptionsRevoked;

  // ---- messages
  public final NumberedCounters publishReceived;
  public final NumberedCounters publishSent;
  public final Counters<Drop> messagesDropped;
  public final Counter messagesUnmatched;
  public final Counter publishQos2Duplicates;
  public final Counter acksUnexpected;
  public final Counter acksHeldBack;
  public final Counter sharedHandovers;
  public final Counter acksBeforeCommit;
  public final Counter publishersSuspended;
  public final Counter willsSent;
  public final Gauge retainedMessages;
  public final Gauge retainedBytes;

  // ---- registry and admin API
  public final Gauge registryDevices;
  public final Gauge registryCertificates;
  public final Gauge registrySecretsUnreadable;
  public final Gauge issuingAuthoritiesUnavailable;
  public final Counters<AdminRequest> adminRequests;
  public final Counters<EnrolmentOutcome> enrolments;
  public final Counter auditFailures;
  public final Counter logLinesLeftOut;

  // ---- sessions
  public final Gauge sessions;
  public final Gauge sessionsConnected;
  public final Counter sessionTakeovers;
  public final Counter sessionsExpired;
  public final Gauge subscriptions;

  // ---- store
  public final Counter storeCommits;
  public final Counter storeCommands;
  public final Counter storeCommandsCoalesced;
  public final Counter storeFailures;
  public final Histogram storeBatchCommands;
  public final Histogram storeCommitSeconds;
  public final Gauge storeQueueCommands;
  public final Gauge storeQueueBytes;
  public final Gauge storeUsedBytes;
  public final Gauge storeFull;
  public final Gauge queuedMessages;
  public final Gauge queuedBytes;
  public final Counter storeCongested;
  public final Gauge storeWaiting;
  public final Counter storeSlicesRead;

  // ---- threads
  public final Counter loopTaskFailures;
  public final Counter loopHandovers;
  public final Counter loopCongested;

  /**
   * @param loops number of I/O threads; their indices are 0..loops-1
   * @param version of this broker, shown as a label of {@code signalbox_build_info}
   */
  public Metrics(int loops, String version) {
    super(loops);
    info("build", "This build", "version", version);

    connectionsOpen =
        gauge("connections", "Open connections, those still in their handshake included");
    connectionsAccepted =
        counters("connections_accepted", "Connections accepted", "transport", Transport.class);
    connectionsTurnedAway =
        counters(
            "connections_turned_away",
            "Connections ended before MQTT began",
            "reason",
            Turnaway.class);
    acceptsFailed =
        counter(
            "accepts_failed",
            "Times the system did not hand over a connection, as when files cannot be opened; it"
                + " waits");
    connectionsClosed = counters("connections_closed", "Connections ended", "reason", Close.class);
    tlsHandshakes = counter("tls_handshakes", "TLS handshakes completed");
    tlsHandshakesFailed =
        counter("tls_handshakes_failed", "TLS handshakes that failed, timeouts included");
    webSocketBadFrames =
        counters(
            "websocket_bad_frames",
            "WebSocket frames that ended their connection",
            "reason",
            BadFrame.class);
    handshakeSteps =
        counters(
            "tls_handshake_steps",
            "Steps of TLS handshakes, by the kind of thread that ran them",
            "thread",
            StepThread.class);
    tlsHandshakesWaiting =
        gauge(
            "tls_handshakes_waiting",
            "Connections that wait for their handshake to begin, because too many came at once");
    tlsNativeCrypto =
        gauge(
            "tls_native_crypto",
            "1 while elliptic curves are computed by the system's OpenSSL, 0 while by the JDK");
    tlsCertificatesStale =
        gauge(
            "tls_certificates_stale",
            "Server certificates whose files cannot be used; the last good ones are served");
    tlsCertificateEndTime =
        gauge(
            "tls_certificate_end_time_seconds",
            "Unix time at which the first of the server certificates ends");
    bytesReceived =
        counter(
            "received_bytes", "Bytes of MQTT packets read, TLS and WebSocket framing not counted");
    bytesSent =
        counter(
            "sent_bytes", "Bytes written to clients, with the frames of WebSocket and without TLS");
    socketWrites =
        counter("socket_writes", "Writes to sockets; far fewer than packets when batching works");
    slowReaders =
        counter("slow_readers", "Connections closed because their output made no progress");
    outputCongested =
        counter("output_congested", "Times the output of a connection went over its high mark");
    readsSuspended =
        counter(
            "reads_suspended", "Times a connection was read no further until the broker caught up");
    bufferedBytes =
        gauge(
            "buffered_bytes",
            "Bytes of output, queues, topic alias names and wills in memory over all clients");

    packetsReceived =
        numbered("packets_received", "MQTT Control Packets read", "type", PACKET_TYPES);
    packetsSent = numbered("packets_sent", "MQTT Control Packets written", "type", PACKET_TYPES);
    connectsAccepted = counter("connects_accepted", "CONNECT packets answered with success");
    connectsRefused =
        counters("connects_refused", "CONNECT packets refused", "reason", Refusal.class);
    malformedPackets =
        counter("malformed_packets", "Malformed Packets received, each the end of its connection");
    protocolErrors =
        counter("protocol_errors", "Protocol Errors of clients, each the end of its connection");
    packetsReceivedTooLarge =
        counter(
            "packets_received_too_large",
            "Packets over limits.packet-bytes-max, each the end of its connection");
    packetsUnsentTooLarge =
        counter(
            "packets_unsent_too_large",
            "Packets not sent because they are over the client's Maximum Packet Size");
    registryDevices = gauge("registry_devices", "Devices in the registry");
    registryCertificates =
        gauge("registry_certificates", "Certificates in the inventory, those that ended included");
    registrySecretsUnreadable =
        gauge(
            "registry_secrets_unreadable",
            "JWT issuers whose tokens are refused because their secret does not open");
    issuingAuthoritiesUnavailable =
        gauge(
            "issuing_authorities_unavailable",
            "Enabled issuing CAs that sign nothing because their key or its token is not there");
    enrolments =
        counters(
            "enrolments",
            "Requests for a certificate by EST; what the same request got before counts again",
            "outcome",
            EnrolmentOutcome.class);
    adminRequests =
        counters("admin_requests", "Requests of the admin API", "outcome", AdminRequest.class);
    logLinesLeftOut =
        counter("log_lines_left_out", "Log lines beyond log.lines-per-second-max, not written");
    auditFailures = counter("audit_failures", "Entries that could not be written to the audit log");
    limitsReached =
        counters(
            "limits_reached",
            "Times somebody ran into a limit and was refused, had to wait or lost a connection",
            "limit",
            Limit.class);

    authenticationFailures =
        counters(
            "authentication_failures", "Credentials not accepted", "reason", AuthFailure.class);
    policyDenials =
        counters(
            "policy_denials",
            "Requests that no policy allows or that one denies",
            "action",
            Denial.class);
    authenticationsPending =
        gauge("authentications_pending", "Credentials waiting for a worker thread");
    authenticationExchanges =
        gauge("authentication_exchanges", "Exchanges of AUTH packets under way");
    reauthentications =
        counters(
            "reauthentications",
            "Re-authentications of connected clients",
            "outcome",
            Reauthentication.class);
    credentialFilesStale =
        gauge(
            "credential_files_stale",
            "How many of the users file, the revoked tokens and key sets in files cannot be used"
                + " as they are, so that what they held before is in force");
    usersReloadsFailed =
        counter(
            "users_reloads_failed",
            "Changed users files that could not be used; the last good one stayed in force");
    revokedTokensReloadsFailed =
        counter(
            "revoked_tokens_reloads_failed",
            "Changed lists of revoked tokens that could not be used; the last good one stayed in"
                + " force");
    policyReloadsFailed =
        counter(
            "policy_reloads_failed",
            "Policy reloads that failed; the last good policies stayed in force");
    fetches =
        counters(
            "trust_fetches",
            "Revocation lists, OCSP answers and key sets fetched",
            "what",
            Fetched.class);
    fetchesFailed =
        counters(
            "trust_fetches_failed",
            "Fetches that failed or brought nothing usable; what was known before stays in force",
            "what",
            Fetched.class);
    policyRevision = gauge("policy_revision", "Number of the policies in force");
    policyRevisionsKept =
        gauge(
            "policy_revisions_kept", "Changes of policies that can be looked at and gone back to");
    policiesStale =
        gauge("policies_stale", "1 while the policies on disk cannot be used and older ones are");
    policyDifferences =
        counters(
            "policy_differences",
            "Requests that policies in mode observe would have decided otherwise",
            "action",
            Denial.class);
    policyReviews =
        counter(
            "policy_reviews", "Clients whose rights were looked at again after a policy change");
    subscriptionsRevoked =
        counter("subscriptions_revoked", "Subscriptions that a policy change no longer allows");

    publishReceived =
        numbered("publishes_received", "PUBLISH packets accepted from clients", "qos", QOS);
    publishSent = numbered("publishes_sent", "PUBLISH packets sent to clients", "qos", QOS);
    messagesDropped =
        counters(
            "messages_dropped",
            "Messages that a session did not get, or that were not kept",
            "reason",
            Drop.class);
    messagesUnmatched = counter("messages_unmatched", "Messages nobody subscribed to");
    publishQos2Duplicates =
        counter(
            "publish_qos2_duplicates", "QoS 2 PUBLISH packets received again and not routed again");
    acksHeldBack =
        counter(
            "acks_held_back",
            "Times that a receiver's full queue delayed publishers' acknowledgements");
    acksBeforeCommit =
        counter(
            "acks_before_commit",
            "Publishes acknowledged before the disk had them, because their listener is lazy");
    publishersSuspended =
        counter(
            "publishers_suspended",
            "3.1.1 publishers left without acknowledgement because the store was full");
    acksUnexpected =
        counter("acks_unexpected", "Acknowledgements for Packet Identifiers that are not in use");
    sharedHandovers =
        counter(
            "shared_handovers",
            "Messages of Shared Subscriptions that went on from a member that left");
    willsSent = counter("wills_sent", "Will Messages published");
    retainedMessages = gauge("retained_messages", "Retained messages");
    retainedBytes =
        gauge("retained_bytes", "Bytes of retained messages with their topics and properties");

    sessions = gauge("sessions", "MQTT sessions, the disconnected ones included");
    sessionsConnected = gauge("sessions_connected", "MQTT sessions whose client is connected");
    sessionTakeovers =
        counter("session_takeovers", "Connections closed because their client connected again");
    sessionsExpired =
        counter("sessions_expired", "Sessions ended by their Session Expiry Interval");
    subscriptions = gauge("subscriptions", "Subscriptions, the shared ones included");

    storeCommits = counter("store_commits", "Transactions committed");
    storeCommands = counter("store_commands", "Commands applied");
    storeCommandsCoalesced =
        counter(
            "store_commands_coalesced",
            "Commands that cancelled each other before they reached the disk");
    storeFailures = counter("store_failures", "Transactions that failed");
    storeBatchCommands =
        histogram(
            "store_batch_commands", "Commands in a transaction", 1, 4, 16, 64, 256, 1_024, 4_096);
    storeCommitSeconds =
        histogram(
            "store_commit_seconds",
            "Time of a commit with its sync to disk",
            .0001,
            .00025,
            .0005,
            .001,
            .0025,
            .005,
            .01,
            .025,
            .05,
            .1,
            .25,
            1,
            5);
    storeQueueCommands = gauge("store_queue_commands", "Commands waiting for the writer");
    storeQueueBytes = gauge("store_queue_bytes", "Bytes of messages waiting for the writer");
    storeUsedBytes = gauge("store_used_bytes", "Bytes used in the data file");
    storeFull = gauge("store_full", "1 while what would take more room is refused, otherwise 0");
    queuedMessages = gauge("queued_messages", "Messages in the queues of all durable sessions");
    queuedBytes = gauge("queued_bytes", "Bytes of those messages, as queues count them");
    storeCongested =
        counter(
            "store_congested",
            "Times the writer's queue was full and a client's messages had to wait");
    storeWaiting =
        gauge(
            "store_waiting",
            "Waits for room in the store or in its queue: a client may wait more than once");
    storeSlicesRead = counter("store_slices_read", "Slices of rows read by the reader threads");

    loopTaskFailures =
        counter("loop_task_failures", "Tasks of I/O threads that failed; each is logged");
    loopHandovers = counter("loop_handovers", "Batches handed from one I/O thread to another");
    loopCongested =
        counter(
            "loop_congested",
            "Times the way from one I/O thread to another was full and publishers had to wait");

    measured("process_heap_used_bytes", "Bytes of heap in use", Jvm::heapUsedBytes);
    measured("process_heap_max_bytes", "Bytes the heap may grow to", Jvm::heapMaxBytes);
    measured("process_direct_buffer_bytes", "Bytes of direct buffers", Jvm::directBufferBytes);
    measured("process_threads", "Live threads", Jvm::threads);
    measured(
        "process_open_files",
        "Open file descriptors, sockets included; -1 where the system does not tell",
        Jvm::openFiles);
    measured(
        "process_open_files_max",
        "File descriptors the system allows the process; -1 where it does not tell",
        Jvm::openFilesMax);
    measured(
        "process_start_time_seconds",
        "Start of the process in seconds since 1970",
        Jvm::startTimeSeconds);
    measuredTotal("process_cpu_seconds", "CPU time of the process", Jvm::cpuSeconds);
    measuredTotal("process_gc_seconds", "Time in garbage collections", Jvm::gcSeconds);
    measuredTotal("process_gc_runs", "Garbage collections", Jvm::gcRuns);
  }
}
