package io.signalbox.server.admin;

import com.google.gson.JsonObject;
import io.signalbox.pki.Certificates;
import io.signalbox.pki.Pem;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.RevocationReason;
import io.signalbox.server.auth.KeyRefresh;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.registry.Authorities;
import io.signalbox.server.registry.CertificateContent;
import io.signalbox.server.registry.ClaimToken;
import io.signalbox.server.registry.Device;
import io.signalbox.server.registry.DeviceCertificate;
import io.signalbox.server.registry.Entry;
import io.signalbox.server.registry.Group;
import io.signalbox.server.registry.IssuingAuthority;
import io.signalbox.server.registry.JsonOut;
import io.signalbox.server.registry.JwtIssuer;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.ProvisioningTemplate;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.Stamp;
import io.signalbox.server.registry.StoredPolicy;
import io.signalbox.server.registry.TrustedAuthority;
import io.signalbox.server.registry.User;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Entries as the API shows them: never a secret. */
final class Views {
  private final Registry registry;
  private final Authorities authorities;
  private final PolicyViews policies;
  private final Function<JwtIssuer, KeyRefresh> keyRefresh;
  private final Clocks clocks;

  Views(
      Registry registry,
      Authorities authorities,
      PolicyViews policies,
      Function<JwtIssuer, KeyRefresh> keyRefresh,
      Clocks clocks) {
    this.policies = policies;
    this.keyRefresh = keyRefresh;
    this.registry = registry;
    this.authorities = authorities;
    this.clocks = clocks;
  }

  @Nullable JsonObject orNull(@Nullable Entry<?> entry) {
    return entry == null ? null : of(entry);
  }

  /** With what is large, of policies. */
  JsonObject whole(Entry<?> entry) {
    if (!(entry instanceof StoredPolicy policy)) {
      return of(entry);
    }
    var out = new JsonObject();
    policies.policy(out, policy, true);
    stamp(out, entry.stamp());
    return out;
  }

  /** A policy that is there no more. */
  void forgetPolicy(String name) {
    policies.forget(name);
  }

  /** Of a certificate or policy without what is large. */
  JsonObject of(Entry<?> entry) {
    var out = new JsonObject();
    switch (entry) {
      case DeviceCertificate certificate -> {
        return certificate(certificate, false);
      }
      case Device device -> {
        out.addProperty("id", device.name());
        device.write(out);
      }
      case Group group -> {
        named(out, group);
        out.addProperty("memberCount", registry.members(group.name()).size());
      }
      case TrustedAuthority ca -> {
        named(out, ca);
        ca.describe(out);
      }
      case IssuingAuthority ca -> issuing(out, ca);
      case StoredPolicy policy -> policies.policy(out, policy, false);
      case PolicyAttachment attachment -> policies.attachment(out, attachment);
      case JwtIssuer issuer -> {
        named(out, issuer);
        if (issuer.keys() instanceof JwtIssuer.Keys.JwksUri
            || issuer.keys() instanceof JwtIssuer.Keys.UnreadableSecret) {
          keyRefresh(out, keyRefresh.apply(issuer));
        }
      }
      case ProvisioningTemplate _, ClaimToken _, User _ -> named(out, entry);
    }
    stamp(out, entry.stamp());
    return out;
  }

  /** Whether nothing in its view changes without its revision. */
  static boolean isOnlyStored(Entry<?> entry) {
    return switch (entry) {
      case Device _,
          TrustedAuthority _,
          StoredPolicy _,
          ProvisioningTemplate _,
          ClaimToken _,
          User _ ->
          true;
      case Group _, IssuingAuthority _, JwtIssuer _, PolicyAttachment _, DeviceCertificate _ ->
          false;
    };
  }

  private static void named(JsonObject out, Entry<?> entry) {
    out.addProperty("name", entry.name());
    entry.write(out);
  }

  private static void keyRefresh(JsonObject out, KeyRefresh last) {
    out.addProperty("lastRefreshStatus", last.status().name().toLowerCase(Locale.ROOT));
    if (!last.problem().isEmpty()) {
      out.addProperty("lastRefreshProblem", last.problem());
    }
  }

  private static void stamp(JsonObject out, Stamp stamp) {
    out.addProperty("createdAt", time(stamp.createdAtMillis()));
    out.addProperty("updatedAt", time(stamp.updatedAtMillis()));
    out.addProperty("revision", stamp.revision());
  }

  static String time(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }

  private void issuing(JsonObject out, IssuingAuthority ca) {
    named(out, ca);
    String state = authorities.state(ca).name().toLowerCase(Locale.ROOT).replace('_', '-');
    out.addProperty("state", state);
    List<X509Certificate> chain = authorities.chain(ca);
    if (chain.isEmpty()) {
      return;
    }
    X509Certificate own = chain.getFirst();
    out.addProperty("certificatePem", Pem.encode(List.of(own)));
    out.addProperty("fingerprint", Certificates.fingerprint(own));
    out.addProperty("notAfter", own.getNotAfter().toInstant().toString());
    out.remove("csrPem");
  }

  /**
   * @param whole with the certificate itself, its chain and its sealed key
   */
  JsonObject certificate(DeviceCertificate certificate, boolean whole) {
    CertificateContent content = registry.content(certificate.name());
    var out = new JsonObject();
    out.addProperty("fingerprint", certificate.name());
    out.addProperty("serial", certificate.serial());
    out.addProperty("device", certificate.device());
    out.addProperty("name", certificate.label());
    JsonOut.optional(out, "ca", certificate.ca());
    out.addProperty("origin", certificate.origin().name().toLowerCase(Locale.ROOT));
    out.addProperty(
        "status", certificate.status(clocks.wallMillis()).name().toLowerCase(Locale.ROOT));
    X509Certificate parsed = content == null ? null : parse(content);
    out.addProperty("subject", parsed == null ? "" : parsed.getSubjectX500Principal().getName());
    out.addProperty("issuer", parsed == null ? "" : parsed.getIssuerX500Principal().getName());
    out.addProperty("notBefore", time(certificate.notBeforeMillis()));
    out.addProperty("notAfter", time(certificate.notAfterMillis()));
    DeviceCertificate.Revoked revoked = certificate.revoked();
    if (revoked != null) {
      out.addProperty("revokedAt", time(revoked.atMillis()));
      out.addProperty("revocationReason", word(revoked.reason()));
    }
    if (whole && parsed != null && content != null) {
      out.addProperty("certificatePem", Pem.encode(List.of(parsed)));
      out.addProperty("chainPem", authorities.presentedChain(certificate, parsed));
      JsonOut.optional(out, "sealedPrivateKey", content.sealedKey());
    }
    out.addProperty("createdAt", time(certificate.stamp().createdAtMillis()));
    out.addProperty("revision", certificate.stamp().revision());
    return out;
  }

  private static X509Certificate parse(CertificateContent content) {
    try {
      return Certificates.parse(content.der(), "the inventory");
    } catch (PkiException e) {
      throw new IllegalStateException("a certificate that was checked cannot be read", e);
    }
  }

  /** As RFC 5280 writes it. */
  static String word(RevocationReason reason) {
    return switch (reason) {
      case UNSPECIFIED -> "unspecified";
      case KEY_COMPROMISE -> "keyCompromise";
      case CA_COMPROMISE -> "caCompromise";
      case AFFILIATION_CHANGED -> "affiliationChanged";
      case SUPERSEDED -> "superseded";
      case CESSATION_OF_OPERATION -> "cessationOfOperation";
      case CERTIFICATE_HOLD -> "certificateHold";
      case PRIVILEGE_WITHDRAWN -> "privilegeWithdrawn";
      case AA_COMPROMISE -> "aaCompromise";
    };
  }
}
