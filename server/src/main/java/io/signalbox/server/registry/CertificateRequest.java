package io.signalbox.server.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.pki.KeyAlgorithm;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What somebody wants a device's certificate to be.
 *
 * @param source what it is made from
 * @param ca issuing authority; null: the default one
 * @param validityHours 0: the default
 * @param renewBeforeHours a certificate with less time left is made anew
 * @param replaces fingerprint of a good certificate from another request, beside which this one may
 *     be made; null: none
 * @param active whether a new one is switched on
 * @param rules what of it may be certified
 */
public record CertificateRequest(
    Source source,
    @Nullable String ca,
    int validityHours,
    int renewBeforeHours,
    @Nullable String replaces,
    boolean active,
    CsrRules rules) {

  private static final int PEM_CHARS_MAX = 262_144;
  private static final int FINGERPRINT_CHARS = 64;

  /** What a certificate is made from. */
  public sealed interface Source {
    /** A signing request of the device's own key. */
    record Csr(String pem) implements Source {}

    /** A certificate made elsewhere. */
    record Made(String pem) implements Source {}

    /** A key made here and sealed to somebody. */
    record Generated(String sealToPem, KeyAlgorithm keyType) implements Source {}
  }

  /** Reads a request; call {@link Fields#end} afterwards. */
  public static CertificateRequest read(Fields in) {
    String csr = in.optional("csrPem", PEM_CHARS_MAX);
    String made = in.optional("certificatePem", PEM_CHARS_MAX);
    String sealTo = in.optional("sealToPem", PEM_CHARS_MAX);
    String keyType = in.choice("keyType", "ec-p256", AuthorityForm.KEY_TYPES);
    int given = (csr == null ? 0 : 1) + (made == null ? 0 : 1) + (sealTo == null ? 0 : 1);
    if (given != 1) {
      in.problem(
          "csrPem", "give exactly one of csrPem, certificatePem and sealToPem; there are " + given);
    }
    if (sealTo == null && in.has("keyType")) {
      in.problem("keyType", "goes with sealToPem only; otherwise the key is there already");
    }
    return new CertificateRequest(
        source(csr, made, sealTo, keyType),
        in.optionalName("ca"),
        (int) in.number("validityHours", 0, 1, AuthorityForm.VALIDITY_HOURS_MAX),
        (int) in.number("renewBeforeHours", 0, 0, AuthorityForm.VALIDITY_HOURS_MAX),
        in.optional("replaces", FINGERPRINT_CHARS),
        in.choice("status", "active", List.of("active", "inactive")).equals("active"),
        CsrRules.ID_ONLY);
  }

  private static Source source(
      @Nullable String csr, @Nullable String made, @Nullable String sealTo, String keyType) {
    if (csr != null) {
      return new Source.Csr(csr);
    }
    if (made != null) {
      return new Source.Made(made);
    }
    for (KeyAlgorithm algorithm : KeyAlgorithm.values()) {
      if (algorithm.configName().equals(keyType)) {
        return new Source.Generated(sealTo == null ? "" : sealTo, algorithm);
      }
    }
    throw new IllegalStateException("a key type that was checked is unknown");
  }

  /** SHA-256 of all that decides what the certificate is. */
  byte[] hash(String defaultCa) {
    String text =
        switch (source) {
          case Source.Csr(String pem) -> "csr\n" + pem.strip();
          case Source.Made(String pem) -> "made\n" + pem.strip();
          case Source.Generated(String pem, KeyAlgorithm type) ->
              "generated\n" + type + "\n" + pem.strip();
        };
    String rest =
        source instanceof Source.Made ? "" : (ca == null ? defaultCa : ca) + "\n" + validityHours;
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update(text.getBytes(UTF_8));
      return sha256.digest(("\0" + rest).getBytes(UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
