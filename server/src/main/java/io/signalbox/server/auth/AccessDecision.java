package io.signalbox.server.auth;

/**
 * Whether something is allowed, and by which rule. Shared and immutable, so that the hot path
 * allocates nothing.
 *
 * @param rule {@code policy#statement} that decided, or why none did; for the log and, where the
 *     client asked for problem information, the Reason String
 * @param disconnect the policy ends the connection when this is denied, rather than dropping the
 *     message
 */
public record AccessDecision(boolean allowed, String rule, boolean disconnect) {}
