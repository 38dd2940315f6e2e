package io.signalbox.server.auth;

import io.signalbox.pki.CertificateVerifier;
import io.signalbox.pki.ClientIdentity;
import io.signalbox.pki.SubjectNames;
import io.signalbox.pki.Verification;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics.AuthFailure;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.CertificateFields;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.principal.TrustPath;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Turns a client's certificate into a principal. TLS has checked the chain, but maybe long ago: a
 * resumed connection brings the certificate of the first handshake, so time and revocation are
 * looked at for every CONNECT. Any thread; {@link #verify} costs signature checks.
 *
 * <p>Device ids are one name space over all trusted authorities: whoever registers an authority
 * lets it name any device, except where policies ask for the authority.
 */
final class CertificateAuthenticator {
  /** Chains remembered so that a reconnect costs no signature check. */
  private static final int KNOWN_MAX = 10_000;

  /** A chain that was found good, and by whom: another verifier has other authorities. */
  private record Known(CertificateVerifier by, Verification.Accepted accepted) {}

  private final Supplier<CertificateVerifier> verifier;
  private final Devices devices;
  private final Clocks clocks;
  private final Map<X509Certificate, Known> known =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<X509Certificate, Known> eldest) {
          return size() > KNOWN_MAX;
        }
      };

  /**
   * @param verifier the current one; asked anew for each client
   */
  CertificateAuthenticator(Supplier<CertificateVerifier> verifier, Devices devices, Clocks clocks) {
    this.verifier = verifier;
    this.devices = devices;
    this.clocks = clocks;
  }

  /**
   * Whose certificate it is, if its chain was verified before and nothing has changed since; quick
   * enough for an I/O thread.
   *
   * @param chain the client's certificate first; not empty
   */
  @Nullable Principal known(List<X509Certificate> chain) throws CredentialException {
    CertificateVerifier now = verifier.get();
    Known before;
    synchronized (known) {
      before = known.get(chain.getFirst());
    }
    if (before == null || before.by != now || !isPathOf(chain, before.accepted.path())) {
      return null;
    }
    Verification.Accepted accepted = accepted(now.recheck(before.accepted, instant()));
    String id = devices.idOf(accepted.caName(), accepted.identity());
    return mustRegister(accepted, id) ? null : principal(accepted, id);
  }

  private boolean mustRegister(Verification.Accepted accepted, String id) {
    return devices.mustRegister(accepted.caName(), id, accepted.identity().fingerprint());
  }

  /** A certificate may come again with other ones behind it. */
  private static boolean isPathOf(List<X509Certificate> chain, List<X509Certificate> path) {
    int below = path.size() - 1;
    return below <= chain.size() && path.subList(0, below).equals(chain.subList(0, below));
  }

  /**
   * Checks the chain as a whole, and registers what its authority wants registered: a new device,
   * and the certificate of one that is known where certificates must be.
   *
   * @param chain the client's certificate first; not empty
   * @param from whence it came, for the audit log; null: not known
   */
  Principal verify(List<X509Certificate> chain, @Nullable InetAddress from)
      throws CredentialException {
    Verification.Accepted accepted = verified(chain);
    String id = devices.idOf(accepted.caName(), accepted.identity());
    if (mustRegister(accepted, id)) {
      devices.register(accepted.caName(), id, chain.getFirst(), from);
    }
    return principal(accepted, id);
  }

  /**
   * As {@link #verify}, and registers nobody: whoever asks has not shown that the key is theirs.
   */
  Principal look(List<X509Certificate> chain) throws CredentialException {
    Verification.Accepted accepted = verified(chain);
    return principal(accepted, devices.idOf(accepted.caName(), accepted.identity()));
  }

  private Verification.Accepted verified(List<X509Certificate> chain) throws CredentialException {
    CertificateVerifier now = verifier.get();
    Verification.Accepted accepted = accepted(now.verify(chain, instant()));
    synchronized (known) {
      known.put(chain.getFirst(), new Known(now, accepted));
    }
    return accepted;
  }

  /** Why a chain by which a certificate was accepted is no longer good, or no longer a device's. */
  Optional<String> problem(
      CertificateFields certificate, String deviceId, List<X509Certificate> chain) {
    return verifier
        .get()
        .recheck(
            chain,
            Objects.requireNonNull(certificate.path()).of(chain),
            certificate.ca(),
            instant())
        // A source of revocations that is down for a while must not end what is connected.
        .filter(rejected -> rejected.reason() != Verification.Reason.REVOCATION_UNKNOWN)
        .map(Verification.Rejected::text)
        .or(() -> renamed(certificate, deviceId));
  }

  /** The authority may map its certificates to devices in another way by now. */
  private Optional<String> renamed(CertificateFields certificate, String deviceId) {
    try {
      String now = devices.idOf(certificate.ca(), identity(certificate));
      return now.equals(deviceId)
          ? Optional.empty()
          : Optional.of(
              "certificate "
                  + certificate.serial()
                  + " of "
                  + certificate.ca()
                  + " is of the device "
                  + LogText.quote(now)
                  + " now");
    } catch (CredentialException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /** What {@link #principal} kept of it; reading the certificate anew would cost each client. */
  private static ClientIdentity identity(CertificateFields certificate) {
    return new ClientIdentity(
        new SubjectNames(
            certificate.commonName(),
            certificate.organizationalUnits(),
            certificate.dnsNames(),
            List.of(),
            certificate.uris(),
            certificate.emails()),
        "",
        certificate.issuerCommonName(),
        certificate.serial(),
        certificate.fingerprint(),
        Instant.EPOCH,
        Instant.ofEpochMilli(certificate.notAfterMillis()));
  }

  private Instant instant() {
    return Instant.ofEpochMilli(clocks.wallMillis());
  }

  private static Verification.Accepted accepted(Verification verification)
      throws CredentialException {
    return switch (verification) {
      case Verification.Accepted accepted -> accepted;
      case Verification.Rejected(var reason, String text) ->
          throw CredentialException.ofCertificate(failure(reason), text);
    };
  }

  private static Principal principal(Verification.Accepted accepted, String deviceId) {
    ClientIdentity identity = accepted.identity();
    var certificate =
        new CertificateFields(
            accepted.caName(),
            identity.commonName(),
            identity.serialHex(),
            identity.fingerprint(),
            identity.issuerCommonName(),
            identity.names().organizationalUnits(),
            identity.names().dnsNames(),
            identity.names().uris(),
            identity.names().emails(),
            identity.notAfter().toEpochMilli(),
            new TrustPath(accepted.path().size() - 1, accepted.path().getLast()));
    return new Principal(
        "device:" + deviceId,
        AuthMethod.CERTIFICATE,
        deviceId,
        null,
        List.of(),
        Map.of(),
        certificate,
        null);
  }

  private static AuthFailure failure(Verification.Reason reason) {
    return switch (reason) {
      case EXPIRED, NOT_YET_VALID, CA_NOT_VALID -> AuthFailure.CERTIFICATE_EXPIRED;
      case MALFORMED -> AuthFailure.CERTIFICATE_IDENTITY;
      case REVOKED, REVOCATION_UNKNOWN -> AuthFailure.CERTIFICATE_REVOKED;
      case UNKNOWN_CA, WRONG_USAGE, BAD_SIGNATURE, WEAK_ALGORITHM, CONSTRAINT_VIOLATED ->
          AuthFailure.CERTIFICATE_UNTRUSTED;
    };
  }
}
