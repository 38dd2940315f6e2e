package io.signalbox.acl.proof;

import io.signalbox.acl.subject.Attribute;
import io.signalbox.acl.subject.Attribute.Kind;
import io.signalbox.acl.subject.AuthMethod;
import io.signalbox.acl.subject.CertificateAttributes;
import io.signalbox.acl.subject.ClaimPath;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.TlsVersion;
import io.signalbox.acl.subject.TokenAttributes;
import io.signalbox.acl.subject.TokenAttributes.AclClaim;
import io.signalbox.acl.subject.Transport;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Puts attribute values together to a {@link Subject}. */
final class SubjectDraft {
  private final Map<Attribute, List<String>> values;

  private SubjectDraft(Map<Attribute, List<String>> values) {
    this.values = values;
  }

  /** Empty when two claims of a token cannot be in one: {@code a} as a text and as a map. */
  static Optional<Subject> build(
      Map<Attribute, List<String>> values,
      Transport transport,
      @Nullable TlsVersion tls,
      InetAddress source) {
    SubjectDraft draft = new SubjectDraft(values);
    Map<String, Object> claims = new LinkedHashMap<>();
    Map<String, String> attributes = new HashMap<>();
    for (Map.Entry<Attribute, List<String>> entry : values.entrySet()) {
      Attribute attribute = entry.getKey();
      for (String value : entry.getValue()) {
        if (attribute.kind() == Kind.JWT_CLAIM
            && !ClaimPath.of(attribute.argument()).put(claims, value)) {
          return Optional.empty();
        }
        if (attribute.kind() == Kind.DEVICE_ATTRIBUTE) {
          attributes.put(attribute.argument(), value);
        }
      }
    }
    return Optional.of(
        Subject.builder(draft.one(Kind.CLIENT_ID))
            .userName(draft.one(Kind.USER_NAME))
            .device(draft.one(Kind.DEVICE_ID))
            .deviceAttributes(attributes)
            .groups(draft.all(Kind.GROUP))
            .certificate(draft.certificate())
            .token(draft.token(claims))
            .listener(draft.one(Kind.LISTENER))
            .transport(transport)
            .tlsVersion(tls)
            .source(source)
            .authMethod(AuthMethod.of(draft.one(Kind.AUTH_METHOD)).orElse(AuthMethod.ANONYMOUS))
            .build());
  }

  private @Nullable CertificateAttributes certificate() {
    return all(Kind.CERT_CA).isEmpty()
        ? null
        : new CertificateAttributes(
            one(Kind.CERT_CA),
            one(Kind.CERT_CN),
            one(Kind.CERT_SERIAL),
            one(Kind.CERT_FINGERPRINT),
            one(Kind.CERT_ISSUER_CN),
            all(Kind.CERT_OU),
            all(Kind.CERT_DNS_SAN),
            all(Kind.CERT_URI_SAN),
            all(Kind.CERT_EMAIL_SAN));
  }

  private @Nullable TokenAttributes token(Map<String, Object> claims) {
    return all(Kind.JWT_ISSUER).isEmpty()
        ? null
        : new TokenAttributes(
            one(Kind.JWT_ISSUER), one(Kind.JWT_SUB), all(Kind.JWT_AUD), claims, AclClaim.NARROW);
  }

  private String one(Kind kind) {
    List<String> all = all(kind);
    return all.isEmpty() ? "" : all.getFirst();
  }

  private List<String> all(Kind kind) {
    return values.getOrDefault(new Attribute(kind), List.of());
  }
}
