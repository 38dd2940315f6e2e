/**
 * How devices get and renew certificates, and how others learn which are revoked: Enrolment over
 * Secure Transport (RFC 7030), revocation lists, the OCSP responder, as HTTP handlers. Whatever
 * signs or waits for the disk runs on a worker thread. May import registry, auth, principal,
 * config, metrics, eventloop and the module pki.
 */
@NullMarked
package io.signalbox.server.enrolment;

import org.jspecify.annotations.NullMarked;
