package io.signalbox.server.registry;

import com.google.gson.JsonObject;
import io.signalbox.pki.RevocationReason;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A certificate in the inventory. What is large stays on disk: {@link Registry#content}.
 *
 * @param name its fingerprint: SHA-256 of the DER form, 64 lower-case hexadecimal digits
 * @param serial lower-case hexadecimal, without leading zeros
 * @param device whose it is
 * @param label under which the device has it
 * @param ca issuing authority of this broker; null if it was made elsewhere
 * @param active false: switched off, for now
 * @param revoked null if it is not
 * @param validityHours that it was made for, and what its device gets by it is; 0: the default
 * @param keyTypes that what its device gets by it may have; empty: all
 */
public record DeviceCertificate(
    String name,
    String serial,
    String device,
    String label,
    @Nullable String ca,
    Origin origin,
    boolean active,
    long notBeforeMillis,
    long notAfterMillis,
    @Nullable Revoked revoked,
    int validityHours,
    List<String> keyTypes,
    Stamp stamp)
    implements Entry<DeviceCertificate> {

  public DeviceCertificate {
    keyTypes = List.copyOf(keyTypes);
  }

  /** Where a certificate comes from. */
  public enum Origin {
    /** Issued here, from a signing request. */
    CSR,
    /** Issued here, with a key made here. */
    GENERATED,
    /** Made elsewhere. */
    IMPORTED
  }

  /** What may be said of a certificate at some time. */
  public enum Status {
    ACTIVE,
    INACTIVE,
    REVOKED,
    EXPIRED
  }

  /** When and why a certificate was revoked. */
  public record Revoked(long atMillis, RevocationReason reason) {}

  static DeviceCertificate read(
      String fingerprint, Fields in, @Nullable DeviceCertificate earlier, Stamp stamp) {
    String ca = in.optional("ca", 64);
    long revokedAt = in.number("revokedAtMillis", 0, 0, Long.MAX_VALUE);
    int reason = (int) in.number("revocationReason", 0, 0, 10);
    return new DeviceCertificate(
        fingerprint,
        in.required("serial", 64),
        in.required("device", 64),
        in.required("label", 64).intern(), // few different ones
        ca == null ? null : ca.intern(),
        Origin.valueOf(in.choice("origin", "IMPORTED", List.of("CSR", "GENERATED", "IMPORTED"))),
        in.flag("active", true),
        in.number("notBeforeMillis", 0, Long.MIN_VALUE, Long.MAX_VALUE),
        in.number("notAfterMillis", 0, Long.MIN_VALUE, Long.MAX_VALUE),
        revokedAt == 0 ? null : new Revoked(revokedAt, RevocationReason.of(reason)),
        (int) in.number("validityHours", 0, 0, AuthorityForm.VALIDITY_HOURS_MAX),
        CsrRules.readKeyTypes(in),
        stamp);
  }

  public Status status(long nowMillis) {
    if (revoked != null) {
      return Status.REVOKED;
    }
    if (!active) {
      return Status.INACTIVE;
    }
    return nowMillis > notAfterMillis ? Status.EXPIRED : Status.ACTIVE;
  }

  /** Whether a connection may rest on it, its time aside. */
  public boolean mayConnect() {
    return active && revoked == null;
  }

  public DeviceCertificate withActive(boolean other) {
    return with(other, revoked, stamp);
  }

  public DeviceCertificate withRevoked(Revoked other) {
    return with(active, other, stamp);
  }

  private DeviceCertificate with(boolean isActive, @Nullable Revoked isRevoked, Stamp other) {
    return new DeviceCertificate(
        name,
        serial,
        device,
        label,
        ca,
        origin,
        isActive,
        notBeforeMillis,
        notAfterMillis,
        isRevoked,
        validityHours,
        keyTypes,
        other);
  }

  @Override
  public Kind<DeviceCertificate> kind() {
    return Kind.CERTIFICATE;
  }

  @Override
  public DeviceCertificate withStamp(Stamp other) {
    return with(active, revoked, other);
  }

  @Override
  public boolean isWithdrawnSince(DeviceCertificate earlier) {
    return (earlier.active && !active) || (earlier.revoked == null && revoked != null);
  }

  @Override
  public void write(JsonObject out) {
    out.addProperty("serial", serial);
    out.addProperty("device", device);
    out.addProperty("label", label);
    JsonOut.optional(out, "ca", ca);
    out.addProperty("origin", origin.name());
    out.addProperty("active", active);
    out.addProperty("notBeforeMillis", notBeforeMillis);
    out.addProperty("notAfterMillis", notAfterMillis);
    if (revoked != null) {
      out.addProperty("revokedAtMillis", revoked.atMillis());
      out.addProperty("revocationReason", revoked.reason().code());
    }
    if (validityHours > 0) {
      out.addProperty("validityHours", validityHours);
    }
    if (!keyTypes.isEmpty()) {
      out.add("keyTypes", JsonOut.list(keyTypes));
    }
  }
}
