/**
 * Retained messages: finding them for a new subscription, slice by slice, from the store, without a
 * gap to those that are routed but not durable yet.
 *
 * <p>Publishers call on their I/O threads, slices arrive on the I/O thread that asked, and the
 * store's writer says what has become durable. May import {@code routing}, {@code store}, {@code
 * packet}, {@code topic}, {@code config}, {@code metrics} and {@code eventloop}.
 */
@NullMarked
package io.signalbox.server.retained;

import org.jspecify.annotations.NullMarked;
