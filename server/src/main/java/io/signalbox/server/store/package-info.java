/**
 * What survives: sessions, subscriptions, queued messages, QoS 2 state and retained messages in one
 * LMDB file, changed by {@link io.signalbox.server.store.Command}s and by nothing else.
 *
 * <p>The way of a change: any thread submits a command to {@link
 * io.signalbox.server.store.StoreWriter}; the writer thread gathers a batch, {@link
 * io.signalbox.server.store.StateMachine} applies it to one {@link
 * io.signalbox.server.store.WriteBatch}, one fsynced commit makes it durable, and each {@link
 * io.signalbox.server.store.Completion} runs on the I/O thread that asked. Long reads run on a few
 * reader threads and hand over heap objects: a {@code MemorySegment} never leaves the transaction
 * that gave it. {@link io.signalbox.server.store.Keys} shows all tables.
 *
 * <p>May import {@code routing}, {@code codec}, {@code packet}, {@code topic}, {@code principal},
 * {@code config}, {@code metrics} and {@code eventloop}.
 */
@NullMarked
package io.signalbox.server.store;

import org.jspecify.annotations.NullMarked;
