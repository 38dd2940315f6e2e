package io.signalbox.server.registry;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An authority whose key lives in the data directory.
 *
 * @param parent issuing authority that signed it; null: itself, or somebody elsewhere
 * @param offline whether somebody elsewhere signs it
 * @param successor issuing authority that issues in its place from now on; null: none
 * @param keyFile name of its key in the folder of authorities
 * @param chainPem its certificate and those above it; null while it waits for them
 * @param csrPem its signing request, if somebody elsewhere signs it
 */
public record IssuingAuthority(
    String name,
    String commonName,
    String keyType,
    @Nullable String parent,
    boolean offline,
    int validityHours,
    int pathLength,
    boolean enabled,
    @Nullable String successor,
    String keyFile,
    @Nullable String chainPem,
    @Nullable String csrPem,
    Stamp stamp)
    implements Entry<IssuingAuthority> {

  /** Those that everybody's TLS library reads. */
  static final List<String> KEY_TYPES =
      List.of("ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519");

  static final int VALIDITY_HOURS_MAX = 876_000;

  static IssuingAuthority read(
      String name, Fields in, @Nullable IssuingAuthority earlier, Stamp stamp) {
    in.ignore("name", "state", "certificatePem", "fingerprint", "notAfter");
    if (!in.isRow()) {
      in.ignore("chainPem", "csrPem");
    }
    // What cannot change need not be said again.
    String parent =
        earlier != null && !in.has("parent") ? earlier.parent : in.optionalName("parent");
    boolean offline = in.flag("offline", earlier != null && earlier.offline);
    if (parent != null && offline) {
      in.problem("offline", "goes with parent only one at a time");
    }
    String successor = in.optionalName("successor");
    if (name.equals(successor)) {
      in.problem("successor", "must be another authority");
    }
    String commonName = in.text("commonName", earlier == null ? name : earlier.commonName, 64);
    if (commonName.isBlank()) {
      in.problem("commonName", "must not be empty");
    }
    return new IssuingAuthority(
        name,
        commonName,
        in.choice("keyType", earlier == null ? "ec-p256" : earlier.keyType, KEY_TYPES),
        parent,
        offline,
        (int)
            in.number(
                "validityHours",
                earlier == null ? 87_600 : earlier.validityHours,
                1,
                VALIDITY_HOURS_MAX),
        (int) in.number("pathLength", earlier == null ? 0 : earlier.pathLength, 0, 4),
        in.flag("enabled", true),
        successor,
        in.isRow() ? in.required("keyFile", 256) : earlier == null ? "" : earlier.keyFile,
        in.isRow() ? in.optional("chainPem", 1 << 20) : earlier == null ? null : earlier.chainPem,
        in.isRow() ? in.optional("csrPem", 1 << 20) : earlier == null ? null : earlier.csrPem,
        stamp);
  }

  /** Whether what cannot change later is the same. */
  boolean hasSameKeyAs(IssuingAuthority other) {
    return commonName.equals(other.commonName)
        && keyType.equals(other.keyType)
        && Objects.equals(parent, other.parent)
        && offline == other.offline
        && validityHours == other.validityHours
        && pathLength == other.pathLength;
  }

  IssuingAuthority withKey(String file, @Nullable String chain, @Nullable String csr) {
    return new IssuingAuthority(
        name,
        commonName,
        keyType,
        parent,
        offline,
        validityHours,
        pathLength,
        enabled,
        successor,
        file,
        chain,
        csr,
        stamp);
  }

  /** With what may change of an authority that exists. */
  IssuingAuthority withStateOf(IssuingAuthority wanted) {
    return new IssuingAuthority(
        name,
        commonName,
        keyType,
        parent,
        offline,
        validityHours,
        pathLength,
        wanted.enabled,
        wanted.successor,
        keyFile,
        chainPem,
        csrPem,
        stamp);
  }

  @Override
  public Kind<IssuingAuthority> kind() {
    return Kind.ISSUING_CA;
  }

  @Override
  public IssuingAuthority withStamp(Stamp other) {
    return new IssuingAuthority(
        name,
        commonName,
        keyType,
        parent,
        offline,
        validityHours,
        pathLength,
        enabled,
        successor,
        keyFile,
        chainPem,
        csrPem,
        other);
  }

  @Override
  public void write(JsonObject out) {
    out.addProperty("commonName", commonName);
    out.addProperty("keyType", keyType);
    JsonOut.optional(out, "parent", parent);
    out.addProperty("offline", offline);
    out.addProperty("validityHours", validityHours);
    out.addProperty("pathLength", pathLength);
    out.addProperty("enabled", enabled);
    JsonOut.optional(out, "successor", successor);
    JsonOut.optional(out, "chainPem", chainPem);
    JsonOut.optional(out, "csrPem", csrPem);
  }

  @Override
  public void writeHidden(JsonObject out) {
    out.addProperty("keyFile", keyFile);
  }
}
