/**
 * What an operator registers: devices and their certificates, groups, JWT issuers, trusted and
 * issuing authorities, provisioning templates, claim tokens and users.
 *
 * <p>{@link io.signalbox.server.registry.Registry} holds all of it in memory, so that any thread
 * may ask at connect time without touching the disk, and writes through the store's commands: the
 * memory changes after the commit, in the order of commits, on the store's thread. Each entry is
 * one row, {@link io.signalbox.server.registry.Row}, and is written as a whole or not at all.
 *
 * <p>May import {@code store}, {@code scram}, {@code principal}, {@code config}, {@code metrics},
 * {@code eventloop} and the module {@code pki}.
 */
@NullMarked
package io.signalbox.server.registry;

import org.jspecify.annotations.NullMarked;
