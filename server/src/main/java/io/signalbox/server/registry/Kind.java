package io.signalbox.server.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A kind of entry, and how its rows are found and read.
 *
 * @param <E> the entries
 */
public final class Kind<E extends Entry<E>> {
  public static final Kind<Device> DEVICE = new Kind<>("device", "devices", 'd', Device::read);
  public static final Kind<DeviceCertificate> CERTIFICATE =
      new Kind<>("certificate", "certificates", 'c', DeviceCertificate::read);
  public static final Kind<Group> GROUP = new Kind<>("group", "groups", 'g', Group::read);
  public static final Kind<JwtIssuer> JWT_ISSUER =
      new Kind<>("JWT issuer", "jwt-issuers", 'j', JwtIssuer::read);
  public static final Kind<TrustedAuthority> TRUSTED_CA =
      new Kind<>("trusted CA", "trusted-cas", 't', TrustedAuthority::read);
  public static final Kind<IssuingAuthority> ISSUING_CA =
      new Kind<>("issuing CA", "issuing-cas", 'i', IssuingAuthority::read);
  public static final Kind<ProvisioningTemplate> TEMPLATE =
      new Kind<>(
          "provisioning template", "provisioning-templates", 'p', ProvisioningTemplate::read);
  public static final Kind<ClaimToken> CLAIM_TOKEN =
      new Kind<>("claim token", "claim-tokens", 'k', ClaimToken::read);
  public static final Kind<User> USER = new Kind<>("user", "users", 'u', User::read);
  public static final Kind<StoredPolicy> POLICY =
      new Kind<>("policy", "policies", 'a', StoredPolicy::read);
  public static final Kind<PolicyAttachment> ATTACHMENT =
      new Kind<>("attachment", "attachments", 'b', PolicyAttachment::read);

  /** All of them; a row of another kind was written by a newer version. */
  public static final List<Kind<?>> ALL =
      List.of(
          DEVICE,
          CERTIFICATE,
          GROUP,
          JWT_ISSUER,
          TRUSTED_CA,
          ISSUING_CA,
          TEMPLATE,
          CLAIM_TOKEN,
          USER,
          POLICY,
          ATTACHMENT);

  /** Makes an entry of a row, or of what somebody sent. */
  @FunctionalInterface
  interface Reader<E> {
    /**
     * @param earlier what stands under the name now; null: nothing, or a row is read
     */
    E read(String name, Fields in, @Nullable E earlier, Stamp stamp);
  }

  private final String label;
  private final String path;
  private final byte prefix;
  private final Reader<E> reader;

  private Kind(String label, String path, char prefix, Reader<E> reader) {
    this.label = label;
    this.path = path;
    this.prefix = (byte) prefix;
    this.reader = reader;
  }

  /** For people. */
  public String label() {
    return label;
  }

  /** As the API names the collection. */
  public String path() {
    return path;
  }

  byte prefix() {
    return prefix;
  }

  E read(String name, Fields in, @Nullable E earlier, Stamp stamp) {
    return reader.read(name, in, earlier, stamp);
  }

  /**
   * Reads what somebody wants an entry to be; call {@link Fields#end} afterwards.
   *
   * @param existing what stands under the name now; null: nothing
   */
  public E read(String name, Fields in, @Nullable E existing) {
    in.ignore("createdAt", "updatedAt", "revision");
    return reader.read(name, in, existing, existing == null ? Stamp.NEW : existing.stamp());
  }

  /** The key of a row: the kind's letter and the name. */
  byte[] key(String name) {
    byte[] text = name.getBytes(UTF_8);
    byte[] key = new byte[text.length + 1];
    key[0] = prefix;
    System.arraycopy(text, 0, key, 1, text.length);
    return key;
  }

  @Override
  public String toString() {
    return label;
  }
}
