package io.signalbox.server.registry;

import com.google.gson.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * An authority whose key lives here.
 *
 * @param form what never changes
 * @param successor issuing authority that issues in its place from now on; null: none
 * @param keyFile name of its key in the folder of authorities, or on the token
 * @param chainPem its certificate and those above it; null while it waits for them
 * @param csrPem its signing request, if somebody elsewhere signs it
 */
public record IssuingAuthority(
    String name,
    AuthorityForm form,
    boolean enabled,
    @Nullable String successor,
    String keyFile,
    @Nullable String chainPem,
    @Nullable String csrPem,
    Stamp stamp)
    implements Entry<IssuingAuthority> {

  static IssuingAuthority read(
      String name, Fields in, @Nullable IssuingAuthority earlier, Stamp stamp) {
    in.ignore("name", "state", "certificatePem", "fingerprint", "notAfter");
    if (!in.isRow()) {
      in.ignore("chainPem", "csrPem");
    }
    String successor = in.optionalName("successor");
    if (name.equals(successor)) {
      in.problem("successor", "must be another authority");
    }
    return new IssuingAuthority(
        name,
        AuthorityForm.read(name, in, earlier == null ? null : earlier.form),
        in.flag("enabled", true),
        successor,
        in.isRow() ? in.required("keyFile", 256) : earlier == null ? "" : earlier.keyFile,
        in.isRow() ? in.optional("chainPem", 1 << 20) : earlier == null ? null : earlier.chainPem,
        in.isRow() ? in.optional("csrPem", 1 << 20) : earlier == null ? null : earlier.csrPem,
        stamp);
  }

  IssuingAuthority withKey(String file, @Nullable String chain, @Nullable String csr) {
    return new IssuingAuthority(name, form, enabled, successor, file, chain, csr, stamp);
  }

  /** With what may change of an authority that exists. */
  IssuingAuthority withStateOf(IssuingAuthority wanted) {
    return new IssuingAuthority(
        name, form, wanted.enabled, wanted.successor, keyFile, chainPem, csrPem, stamp);
  }

  @Override
  public Kind<IssuingAuthority> kind() {
    return Kind.ISSUING_CA;
  }

  @Override
  public IssuingAuthority withStamp(Stamp other) {
    return new IssuingAuthority(name, form, enabled, successor, keyFile, chainPem, csrPem, other);
  }

  @Override
  public boolean isWithdrawnSince(IssuingAuthority earlier) {
    return earlier.enabled && !enabled;
  }

  @Override
  public void write(JsonObject out) {
    form.write(out);
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
