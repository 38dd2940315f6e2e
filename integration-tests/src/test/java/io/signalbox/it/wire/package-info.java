/**
 * The wire as a test sees it: bytes of every packet laid out as the standard's figures, clients
 * that send exactly those bytes over TCP, TLS and WebSocket, and a decoder of what the server
 * answers.
 *
 * <p>Nothing here imports the server's codec: a mistake made there must not be made here a second
 * time. Every object belongs to the thread of its test.
 */
@NullMarked
package io.signalbox.it.wire;

import org.jspecify.annotations.NullMarked;
