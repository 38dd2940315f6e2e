package io.signalbox.server.auth;

import io.signalbox.pki.Certificates;
import io.signalbox.pki.RevocationReason;
import io.signalbox.pki.RevocationStatus;
import io.signalbox.server.config.TlsConfig.Revocation;
import io.signalbox.server.config.WebAddress;
import io.signalbox.server.registry.Authorities;
import io.signalbox.server.registry.DeviceCertificate;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.TrustedAuthority;
import io.signalbox.server.registry.TrustedAuthority.OcspMode;
import io.signalbox.server.trust.AuthoritySpec;
import io.signalbox.server.trust.TrustedAuthorities;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Makes the registry's authorities those that are trusted. One thread at a time. */
public final class RegisteredAuthorities {
  private static final Logger LOG = System.getLogger(RegisteredAuthorities.class.getName());

  private final Registry registry;
  private final Authorities issuing;
  private final TrustedAuthorities trusted;

  public RegisteredAuthorities(Registry registry, Authorities issuing, TrustedAuthorities trusted) {
    this.registry = registry;
    this.issuing = issuing;
    this.trusted = trusted;
  }

  /**
   * From now on those are trusted that are registered now. One that cannot be used, such as with an
   * address that earlier versions took, is left out: its clients are refused, and nobody else's.
   */
  public void apply() {
    List<AuthoritySpec> specs = new ArrayList<>();
    issuing
        .anchors()
        .forEach((name, own) -> add(specs, name, () -> AuthoritySpec.of(name, List.of(own))));
    for (TrustedAuthority foreign : registry.all(Kind.TRUSTED_CA)) {
      if (foreign.enabled()) {
        add(specs, foreign.name(), () -> spec(foreign));
      }
    }
    Map<String, RevocationStatus.Revoked> withdrawn = issuing.withdrawn();
    trusted.register(
        specs,
        (certificate, _, _) -> {
          RevocationStatus registered = status(certificate); // a device's may be an authority's too
          return registered instanceof RevocationStatus.Good && Certificates.isCa(certificate)
              ? statusOfAuthority(certificate, withdrawn)
              : registered;
        });
  }

  private static void add(List<AuthoritySpec> specs, String name, Supplier<AuthoritySpec> spec) {
    try {
      specs.add(spec.get());
    } catch (RuntimeException e) { // whatever it is: a fault of one must not cost the others
      LOG.log(
          Level.ERROR,
          "the registered authority \"{0}\" is not trusted: {1}",
          name,
          String.valueOf(e.getMessage()));
    }
  }

  private static AuthoritySpec spec(TrustedAuthority foreign) {
    Revocation d = Revocation.NONE;
    String list = foreign.crlUrl();
    String responder = foreign.ocspUrl();
    boolean asks = foreign.ocspMode() != OcspMode.OFF;
    return new AuthoritySpec(
        foreign.name(),
        foreign.certificates(),
        new Revocation(
            List.of(),
            list == null ? List.of() : List.of(WebAddress.parse(list)),
            d.crlRefresh(),
            asks,
            asks && responder != null ? WebAddress.parse(responder) : null,
            d.ocspRefresh(),
            d.ocspAnswersMax(),
            foreign.ocspMode() == OcspMode.SOFT ? Revocation.Unknown.ACCEPT : d.unknown()),
        foreign.crlPem());
  }

  private static RevocationStatus statusOfAuthority(
      X509Certificate certificate, Map<String, RevocationStatus.Revoked> withdrawn) {
    RevocationStatus.Revoked how = withdrawn.get(Certificates.keyFingerprint(certificate));
    return how == null ? new RevocationStatus.Good() : how;
  }

  private RevocationStatus status(X509Certificate certificate) {
    DeviceCertificate known = registry.certificate(Certificates.fingerprint(certificate));
    if (known == null || known.mayConnect()) {
      return new RevocationStatus.Good();
    }
    DeviceCertificate.Revoked how = known.revoked();
    return how == null
        ? new RevocationStatus.Revoked(
            Instant.ofEpochMilli(known.stamp().updatedAtMillis()),
            RevocationReason.CERTIFICATE_HOLD)
        : new RevocationStatus.Revoked(Instant.ofEpochMilli(how.atMillis()), how.reason());
  }
}
