package io.signalbox.server.registry;

/**
 * What is wrong with one field of what somebody sent.
 *
 * @param pointer where, as RFC 6901 writes it
 * @param detail for people; never a secret
 */
public record FieldProblem(String pointer, String detail) {}
