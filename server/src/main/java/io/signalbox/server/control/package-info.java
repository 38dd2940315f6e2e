/**
 * The way of this machine's commands to a running broker: a Unix domain socket in the data
 * directory, in a folder that only its owner may enter. One request a connection, one line; the
 * answer is {@code ok} or {@code failed}, then text. Runs on threads of its own.
 *
 * <p>Imports nothing of ours.
 */
@NullMarked
package io.signalbox.server.control;

import org.jspecify.annotations.NullMarked;
