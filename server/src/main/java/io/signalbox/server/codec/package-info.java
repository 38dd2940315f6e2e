/**
 * Control Packets from and to bytes, for both versions of MQTT: one file a packet family with
 * decode, encode and length side by side.
 *
 * <p>A decoder belongs to one connection and its I/O thread; encoding has no state. Imports {@code
 * packet} and {@code topic}.
 */
@NullMarked
package io.signalbox.server.codec;

import org.jspecify.annotations.NullMarked;
