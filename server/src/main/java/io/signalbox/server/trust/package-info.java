/**
 * Whom to believe, kept current: trusted authorities with their revocation lists and OCSP answers,
 * and what must be fetched for that over HTTP. Nothing here decides about a client; {@code auth}
 * does. What is fetched replaces what was known only when it is good. Imports principal, config,
 * metrics, eventloop and the module pki.
 */
@NullMarked
package io.signalbox.server.trust;

import org.jspecify.annotations.NullMarked;
