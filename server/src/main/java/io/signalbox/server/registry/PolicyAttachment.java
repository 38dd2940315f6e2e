package io.signalbox.server.registry;

import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An access policy bound to somebody by name, whatever the policy itself says about whom it binds.
 * Who it is need not be registered: a user may come from a file, a group from a token. Of what is
 * registered and removed no attachment stays, or another of the same name would inherit its rights.
 *
 * @param name {@code POLICY/KIND/TARGET}
 * @param policy {@code NAMESPACE:NAME}
 * @param target device id, group, user name, SHA-256 fingerprint of a certificate, or configured
 *     name of a token issuer; 1..{@value #TARGET_CHARS_MAX} characters
 */
public record PolicyAttachment(
    String name, String policy, TargetKind targetKind, String target, Stamp stamp)
    implements Entry<PolicyAttachment> {
  /** Policies of this namespace are those that the registry holds. */
  static final String NAMESPACE = "api:";

  static final int TARGET_CHARS_MAX = 256;

  private static final Pattern POLICY =
      Pattern.compile("(api|file|shipped):[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
  private static final Pattern FINGERPRINT = Pattern.compile("[0-9a-f]{64}");
  private static final int NAME_BYTES_MAX = 479; // and one of the kind: a key of the store

  /** To what a policy can be attached. */
  public enum TargetKind {
    DEVICE,
    GROUP,
    USER,
    CERTIFICATE,
    JWT_ISSUER;

    /** As the API writes it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    public static Optional<TargetKind> of(String word) {
      return Arrays.stream(values()).filter(kind -> kind.word().equals(word)).findFirst();
    }

    /** What a registered entry is as a target; empty: nothing is attached to its kind. */
    public static Optional<TargetKind> of(Kind<?> kind) {
      if (kind == Kind.DEVICE) {
        return Optional.of(DEVICE);
      }
      if (kind == Kind.GROUP) {
        return Optional.of(GROUP);
      }
      if (kind == Kind.USER) {
        return Optional.of(USER);
      }
      if (kind == Kind.CERTIFICATE) {
        return Optional.of(CERTIFICATE);
      }
      return kind == Kind.JWT_ISSUER ? Optional.of(JWT_ISSUER) : Optional.empty();
    }

    static List<String> words() {
      return Arrays.stream(values()).map(TargetKind::word).toList();
    }
  }

  /** Whom an attachment of a name is for; null: no attachment has such a name. */
  static PolicyRevision.@Nullable Target target(String name) {
    String[] parts = name.split("/", 3); // a user's name may have slashes too
    return parts.length < 3
        ? null
        : TargetKind.of(parts[1])
            .map(kind -> new PolicyRevision.Target(kind, parts[2]))
            .orElse(null);
  }

  /**
   * A new one.
   *
   * @param kind {@link TargetKind#word}
   * @throws RegistryException one of the three cannot be
   */
  public static PolicyAttachment of(String policy, String kind, String target)
      throws RegistryException {
    Optional<TargetKind> known = TargetKind.of(kind);
    if (known.isEmpty()) {
      throw RegistryException.invalid(
          "", "a policy is attached to one of the kinds " + String.join(", ", TargetKind.words()));
    }
    var attachment =
        new PolicyAttachment(
            policy + "/" + kind + "/" + target, policy, known.get(), target, Stamp.NEW);
    Optional<String> fault = attachment.fault();
    if (fault.isPresent()) {
      throw RegistryException.invalid("", fault.get());
    }
    return attachment;
  }

  static PolicyAttachment read(
      String name, Fields in, @Nullable PolicyAttachment earlier, Stamp stamp) {
    String kind = in.choice("kind", "device", TargetKind.words());
    return new PolicyAttachment(
        name,
        in.required("policy", 256),
        TargetKind.of(kind).orElseThrow(),
        in.required("target", TARGET_CHARS_MAX),
        stamp);
  }

  /** Whether a text names a policy: with its namespace, or the API's without. */
  static boolean isPolicy(String text) {
    return POLICY.matcher(ref(text)).matches();
  }

  /** The name of a policy with its namespace, which those of the API may go without. */
  public static String ref(String policy) {
    return policy.indexOf(':') < 0 ? NAMESPACE + policy : policy;
  }

  private Optional<String> fault() {
    if (!POLICY.matcher(policy).matches()) {
      return Optional.of(
          "the policy of an attachment is named with its namespace: api:NAME, file:NAME or"
              + " shipped:NAME");
    }
    if (target.isEmpty() || target.length() > TARGET_CHARS_MAX) {
      return Optional.of(
          "the target of an attachment has 1 to " + TARGET_CHARS_MAX + " characters");
    }
    if (target.chars().anyMatch(c -> c < ' ' || c == 0x7F)) {
      return Optional.of("the target of an attachment has no control characters");
    }
    if (targetKind == TargetKind.CERTIFICATE && !FINGERPRINT.matcher(target).matches()) {
      return Optional.of(
          "a certificate is named by its SHA-256 fingerprint, 64 lower-case hexadecimal digits");
    }
    return Names.isShort(name, NAME_BYTES_MAX)
        ? Optional.empty()
        : Optional.of("policy, kind and target together have at most 479 bytes");
  }

  /** The name of the policy if it is one of the API. */
  Optional<String> apiPolicy() {
    return policy.startsWith(NAMESPACE)
        ? Optional.of(policy.substring(NAMESPACE.length()))
        : Optional.empty();
  }

  @Override
  public Kind<PolicyAttachment> kind() {
    return Kind.ATTACHMENT;
  }

  @Override
  public PolicyAttachment withStamp(Stamp other) {
    return new PolicyAttachment(name, policy, targetKind, target, other);
  }

  @Override
  public void write(JsonObject out) {
    out.addProperty("policy", policy);
    out.addProperty("kind", targetKind.word());
    out.addProperty("target", target);
  }
}
