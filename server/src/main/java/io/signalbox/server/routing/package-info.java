/**
 * From a Topic Name to the clients that get the message: the subscription index, the per-thread
 * caches in front of it, Shared Subscriptions, and what travels inside the broker.
 *
 * <p>{@link io.signalbox.server.routing.SubscriptionTrie} is shared by all I/O threads: writers
 * take turns, readers never wait. A {@link io.signalbox.server.routing.Router} belongs to one I/O
 * thread. Everything else is immutable or says which thread may call it. Imports {@code topic},
 * {@code packet}, {@code codec}, {@code config}, {@code metrics} and {@code eventloop}; who takes
 * messages is known only as {@link io.signalbox.server.routing.Subscriber}.
 */
@NullMarked
package io.signalbox.server.routing;

import org.jspecify.annotations.NullMarked;
