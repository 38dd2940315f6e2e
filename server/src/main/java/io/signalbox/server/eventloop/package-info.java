/**
 * One I/O thread seen without its sockets, and time.
 *
 * <p>Everything that belongs to one I/O thread (a connection, an MQTT session, their timers) is
 * reached through its {@link io.signalbox.server.eventloop.EventLoop}. The implementation on XNIO
 * lives in {@code transport}; tests and the simulation bring their own. Imports nothing of ours;
 * every package may import it.
 */
@NullMarked
package io.signalbox.server.eventloop;

import org.jspecify.annotations.NullMarked;
