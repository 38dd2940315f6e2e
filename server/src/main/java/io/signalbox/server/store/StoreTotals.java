package io.signalbox.server.store;

/**
 * Counts of the whole store.
 *
 * @param sessions that are durable, the disconnected ones included
 * @param retainedBytes of retained messages with their keys, as stored
 */
public record StoreTotals(long sessions, long retainedMessages, long retainedBytes) {}
