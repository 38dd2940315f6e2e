package io.signalbox.pki;

import java.time.Instant;

/**
 * What a responder says about a certificate; it was checked when it was read.
 *
 * @param validUntil when to ask again
 */
public record OcspAnswer(RevocationStatus status, Instant thisUpdate, Instant validUntil) {}
