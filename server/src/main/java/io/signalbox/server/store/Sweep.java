package io.signalbox.server.store;

/**
 * Deletes a slice of the rows that ended sessions left. Submitted by the store itself. Result:
 * whether more is left.
 *
 * @param rowsMax 1 or more
 */
record Sweep(int rowsMax) implements Command {}
