package io.signalbox.acl.decision;

import io.signalbox.acl.subject.Attribute;
import java.util.Locale;

/**
 * An explicit binding, beside what a policy's own {@code match} binds.
 *
 * @param policy {@code namespace:name}
 * @param target device id, group, user name, certificate fingerprint, or configured issuer
 */
public record Attachment(String policy, Kind kind, String target) {
  /** What a policy can be attached to. */
  public enum Kind {
    DEVICE(Attribute.Kind.DEVICE_ID),
    GROUP(Attribute.Kind.GROUP),
    USER(Attribute.Kind.USER_NAME),
    CERTIFICATE(Attribute.Kind.CERT_FINGERPRINT),
    JWT_ISSUER(Attribute.Kind.JWT_ISSUER);

    private final Attribute.Kind attribute;

    Kind(Attribute.Kind attribute) {
      this.attribute = attribute;
    }

    public Attribute attribute() {
      return new Attribute(attribute);
    }

    /** {@code device}, {@code jwt_issuer}, ... */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public Attachment {
    if (policy.isEmpty() || target.isEmpty()) {
      throw new IllegalArgumentException("an attachment names a policy and a target");
    }
    if (kind == Kind.CERTIFICATE) {
      target = target.replace(":", "").toLowerCase(Locale.ROOT);
    }
  }
}
