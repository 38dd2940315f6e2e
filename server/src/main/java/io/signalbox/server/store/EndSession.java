package io.signalbox.server.store;

/**
 * The session is over: it expired, was wiped by a Clean Start, or an operator removed it. Its rows
 * are swept later in slices. Result: whether it existed.
 *
 * @param epoch {@link #ANY_EPOCH} from anybody but its own connection
 */
public record EndSession(long number, long epoch) implements Command {}
