/**
 * Who a client is and how it reached us: {@link io.signalbox.server.principal.Principal} and {@link
 * io.signalbox.server.principal.Peer}. Immutable values for any thread; imports nothing of ours.
 */
@NullMarked
package io.signalbox.server.principal;

import org.jspecify.annotations.NullMarked;
