package io.signalbox.pki;

import java.math.BigInteger;
import java.time.Instant;

/**
 * One entry of a revocation list.
 *
 * @param serialNumber of the certificate, among those of its issuer
 * @param since when it was revoked
 */
public record RevokedCertificate(BigInteger serialNumber, Instant since, RevocationReason reason) {}
