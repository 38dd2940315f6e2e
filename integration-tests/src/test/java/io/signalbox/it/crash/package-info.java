/**
 * What is left after the process was killed, the power was cut, or the disk failed. Clients of raw
 * bytes work on a broker that is killed again and again; a {@link io.signalbox.it.crash.History}
 * outside of it knows what each of them was told and judges what comes back.
 *
 * <p>{@link io.signalbox.it.crash.Stage} starts and kills, each {@link io.signalbox.it.crash.Actor}
 * plays one client over all its connections, and an {@link io.signalbox.it.crash.Inbox} is what a
 * receiving client keeps as its own session state.
 */
@NullMarked
package io.signalbox.it.crash;

import org.jspecify.annotations.NullMarked;
