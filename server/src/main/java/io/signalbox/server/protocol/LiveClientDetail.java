package io.signalbox.server.protocol;

import io.signalbox.server.session.Traffic;

/**
 * What only its I/O thread knows of a connected client.
 *
 * @param durable whether the session outlives the connection
 * @param sessionExpirySeconds granted; 0 for a session that ends with the connection
 * @param inflight QoS 1 and 2 messages sent and not acknowledged
 * @param queuedInMemory messages that wait for the client to take them
 */
public record LiveClientDetail(
    LiveClient client,
    Traffic traffic,
    boolean durable,
    long sessionExpirySeconds,
    int subscriptions,
    int inflight,
    int queuedInMemory) {}
