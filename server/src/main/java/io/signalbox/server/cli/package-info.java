/**
 * The command line: one class a command. Runs on the main thread and is gone when the command ends;
 * what starts the broker and what signs tokens is handed in by {@code Main}.
 *
 * <p>May import config, topic, packet, codec, bench, scram and the modules pki and acl-policies.
 */
@NullMarked
package io.signalbox.server.cli;

import org.jspecify.annotations.NullMarked;
