/**
 * Answers about all clients that could exist, not only about those that do: is there any client to
 * whom this happens? Finds one and shows it, or proves that there is none. For tools and tests,
 * never on a hot path; single use, one thread. May import {@code decision}, {@code model}, {@code
 * subject} and {@code filter}.
 */
@NullMarked
package io.signalbox.acl.proof;

import org.jspecify.annotations.NullMarked;
