/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677): the verifiers of passwords, the file that holds them, and the
 * server's half of an exchange. Pure computation and one file; any thread. Imports the module pki
 * only.
 */
@NullMarked
package io.signalbox.server.scram;

import org.jspecify.annotations.NullMarked;
