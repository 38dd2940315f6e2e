package io.signalbox.server.store;

/**
 * Answer to {@link OpenSession}.
 *
 * @param number names the session's rows; never used for another session
 * @param epoch what commands of this connection carry
 * @param sessionPresent whether an earlier session goes on
 */
public record OpenedSession(long number, long epoch, boolean sessionPresent) {}
