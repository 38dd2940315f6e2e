package io.signalbox.server.registry;

import com.google.gson.JsonObject;

/**
 * One thing that is registered. Immutable.
 *
 * @param <E> the entry's own type
 */
public sealed interface Entry<E extends Entry<E>>
    permits Device,
        DeviceCertificate,
        Group,
        JwtIssuer,
        TrustedAuthority,
        IssuingAuthority,
        ProvisioningTemplate,
        ClaimToken,
        User,
        StoredPolicy,
        PolicyAttachment {

  Kind<E> kind();

  /** Unique within its kind. */
  String name();

  Stamp stamp();

  E withStamp(Stamp stamp);

  /** Whether nobody has changed it since it had this revision. What counts itself is no change. */
  default boolean isAsAt(long revision) {
    return stamp().revision() == revision;
  }

  /**
   * Whether it counts for less than an earlier one did: disabled, switched off or revoked since.
   */
  default boolean isWithdrawnSince(E earlier) {
    return false;
  }

  /** Writes what a caller may know and set: no secret, neither name nor stamp. */
  void write(JsonObject out);

  /** Writes what the row holds beside {@link #write}: hashes, verifiers, secrets. */
  default void writeHidden(JsonObject out) {}
}
