package io.signalbox.server.store;

/**
 * Rows of a session up to this one may have been sent: after a crash they go out with DUP. Stored
 * in blocks, ahead of the sending, so that a send needs no write of its own; when the connection
 * ends, or its client takes no more, the mark goes back to the last row that was sent, because rows
 * above it were not. Result: null.
 */
public record MarkSent(long number, long epoch, long upToSequence) implements Command {}
