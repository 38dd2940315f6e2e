package io.signalbox.server.auth;

import io.signalbox.acl.subject.AuthMethod;
import io.signalbox.acl.subject.CertificateAttributes;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.TlsVersion;
import io.signalbox.acl.subject.TokenAttributes;
import io.signalbox.acl.subject.TokenAttributes.AclClaim;
import io.signalbox.acl.subject.Transport;
import io.signalbox.server.principal.CertificateFields;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.principal.TokenClaims;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** Makes authorizers that ask the policies of a {@link PolicyStore}. Any thread. */
public final class PolicyAuthorizers implements Authorizers {
  private final PolicyStore policies;

  public PolicyAuthorizers(PolicyStore policies) {
    this.policies = policies;
  }

  @Override
  public Authorizer of(
      Principal principal,
      String clientId,
      String listener,
      String transport,
      @Nullable InetAddress remoteAddress,
      String tlsVersion) {
    Subject subject = subject(principal, clientId, listener, transport, remoteAddress, tlsVersion);
    return new PolicyAuthorizer(policies, subject, principal.id());
  }

  /** What the policies see of a client; the parameters are those of {@link #of}. */
  public Subject subject(
      Principal principal,
      String clientId,
      String listener,
      String transport,
      @Nullable InetAddress remoteAddress,
      String tlsVersion) {
    return Subject.builder(clientId)
        .userName(orEmpty(principal.userName()))
        .device(orEmpty(principal.deviceId()))
        .deviceAttributes(principal.attributes())
        .groups(principal.groups())
        .certificate(certificate(principal.certificate()))
        .token(token(principal.token()))
        .listener(listener)
        .transport(transport(transport))
        .source(remoteAddress)
        .tlsVersion(TlsVersion.of(tlsVersion).orElse(null))
        .authMethod(method(principal))
        .build();
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  private static @Nullable CertificateAttributes certificate(@Nullable CertificateFields fields) {
    return fields == null
        ? null
        : new CertificateAttributes(
            fields.ca(),
            fields.commonName(),
            fields.serial(),
            fields.fingerprint(),
            fields.issuerCommonName(),
            fields.organizationalUnits(),
            fields.dnsNames(),
            fields.uris(),
            fields.emails());
  }

  private static @Nullable TokenAttributes token(@Nullable TokenClaims claims) {
    return claims == null
        ? null
        : new TokenAttributes(
            claims.issuer(),
            claims.subject(),
            claims.audiences(),
            claims.claims(),
            claims.aclGrants() ? AclClaim.GRANT : AclClaim.NARROW);
  }

  /**
   * What policies call the transport of a listener.
   *
   * @param name {@code tcp}, {@code tls}, {@code ws} or {@code wss}
   */
  public static Transport transport(String name) {
    return switch (name) {
      case "tcp" -> Transport.MQTT;
      case "tls" -> Transport.MQTTS;
      case "ws" -> Transport.WS;
      case "wss" -> Transport.WSS;
      default -> throw new IllegalArgumentException("transport \"" + name + "\"");
    };
  }

  private static AuthMethod method(Principal principal) {
    return switch (principal.method()) {
      case CERTIFICATE -> AuthMethod.CERTIFICATE;
      case JWT -> AuthMethod.JWT;
      case PASSWORD -> AuthMethod.PASSWORD;
      case SCRAM -> AuthMethod.ENHANCED;
      case ANONYMOUS -> AuthMethod.ANONYMOUS;
    };
  }
}
