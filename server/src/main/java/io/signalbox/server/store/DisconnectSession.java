package io.signalbox.server.store;

/**
 * The connection of a session ended; the session stays until it expires. Result: null.
 *
 * @param expirySeconds as last given by the client (MQTT 5.0 section 3.14.2.2.2)
 * @param nowMillis wall clock
 * @param willDueMillis wall clock at which the will is to be published; 0: it is discarded
 */
public record DisconnectSession(
    long number, long epoch, long expirySeconds, long nowMillis, long willDueMillis)
    implements Command {}
