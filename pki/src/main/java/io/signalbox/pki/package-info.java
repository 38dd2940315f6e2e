/**
 * The certificate authority library of Signalbox: keys, PEM files, certificate authorities, signing
 * requests, verification of client certificates and the TLS objects built from them.
 *
 * <p>It may import the JDK and BouncyCastle (bcpkix, bcprov, bcutil) and no other module of
 * Signalbox. BouncyCastle builds and reads the structures; every signature, key and digest comes
 * from the JDK's own providers, and the BouncyCastle provider is never registered. BouncyCastle
 * types do not appear in public signatures.
 *
 * <p>No class here starts a thread, opens a socket or reads the system clock by itself: time
 * ({@link java.time.Clock} or {@link java.time.Instant}) and randomness ({@link
 * java.security.SecureRandom}) are parameters. Types are immutable and safe for use by many threads
 * unless they say otherwise. Signing and verifying cost 0.1 to 1 ms of CPU each: call them off
 * event loops.
 */
@NullMarked
package io.signalbox.pki;

import org.jspecify.annotations.NullMarked;
