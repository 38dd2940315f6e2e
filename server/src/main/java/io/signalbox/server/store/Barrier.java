package io.signalbox.server.store;

/** Changes nothing; when it completes, all that was submitted before it is durable. */
public record Barrier() implements Command {}
