package io.signalbox.server.store;

/**
 * Counts of the whole store.
 *
 * @param sessions that are durable, the disconnected ones included
 * @param retainedBytes of retained messages with their keys, as stored
 * @param queuedMessages in the queues of all sessions
 * @param queuedBytes of those, as queues count them
 */
public record StoreTotals(
    long sessions,
    long retainedMessages,
    long retainedBytes,
    long queuedMessages,
    long queuedBytes) {}
