package io.signalbox.server.registry;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.gson.JsonObject;
import io.signalbox.pki.Certificates;
import io.signalbox.pki.Pem;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.RevocationCheck;
import io.signalbox.pki.RevocationList;
import io.signalbox.pki.RevocationListCheck;
import io.signalbox.pki.TrustedCa;
import io.signalbox.server.config.WebAddress;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * An authority elsewhere whose certificates are accepted.
 *
 * @param certificatePem one or more authorities' certificates, trusted under this name
 * @param autoRegister a device unknown so far is registered when it first connects
 * @param template by which, and whose ids its devices have in any case; null: with its id and
 *     nothing else
 * @param crlPem null: none
 * @param crlUrl null: none
 * @param ocspUrl null: the one in the certificate
 */
public record TrustedAuthority(
    String name,
    String certificatePem,
    boolean enabled,
    boolean autoRegister,
    @Nullable String template,
    @Nullable String crlPem,
    @Nullable String crlUrl,
    OcspMode ocspMode,
    @Nullable String ocspUrl,
    IdentityMapping mapping,
    Stamp stamp)
    implements Entry<TrustedAuthority> {

  /** Whether and how strictly an OCSP responder is asked. */
  public enum OcspMode {
    OFF,
    /** No answer is as good as a good one. */
    SOFT,
    /** No answer refuses. */
    HARD
  }

  static TrustedAuthority read(
      String name, Fields in, @Nullable TrustedAuthority earlier, Stamp stamp) {
    in.ignore("name", "fingerprint", "subject", "notAfter");
    Fields ocsp = in.part("ocsp");
    String pem = in.required("certificatePem", 262_144);
    String crl = in.optional("crlPem", 8_388_608);
    if (!in.isRow()) {
      List<X509Certificate> certificates = checkedCertificates(in, name, pem);
      if (crl != null && !certificates.isEmpty()) {
        checkCrl(in, crl, certificates);
      }
    }
    boolean autoRegister = in.flag("autoRegister", false);
    var made =
        new TrustedAuthority(
            name,
            pem,
            in.flag("enabled", true),
            autoRegister,
            in.optionalName("provisioningTemplate"),
            crl,
            url(in, "crlUrl"),
            OcspMode.valueOf(
                ocsp.choice("mode", "off", List.of("off", "soft", "hard"))
                    .toUpperCase(Locale.ROOT)),
            url(ocsp, "url"),
            IdentityMapping.read(in.part("identityMapping")),
            stamp);
    ocsp.endPart();
    return made;
  }

  /** Empty: there is a problem, which was noted. */
  private static List<X509Certificate> checkedCertificates(Fields in, String name, String pem) {
    if (pem.isEmpty()) {
      return List.of(); // noted already
    }
    try {
      List<X509Certificate> certificates = Pem.parseCertificates(pem, "certificatePem");
      return new TrustedCa(name, certificates, RevocationCheck.NONE).anchors();
    } catch (PkiException | IllegalArgumentException e) {
      in.problem("certificatePem", String.valueOf(e.getMessage()));
      return List.of();
    }
  }

  /**
   * One of them must have signed each: another list would keep the authority from being trusted.
   */
  private static void checkCrl(Fields in, String pem, List<X509Certificate> certificates) {
    try {
      for (RevocationList list : RevocationList.parseAll(pem.getBytes(US_ASCII), "crlPem")) {
        RevocationListCheck.of(list, certificates);
      }
    } catch (PkiException e) {
      in.problem("crlPem", e.getMessage());
    }
  }

  private static @Nullable String url(Fields in, String field) {
    String url = in.optional(field, 2_048);
    if (url != null) {
      try {
        URI _ = WebAddress.parse(url);
      } catch (IllegalArgumentException e) {
        in.problem(field, String.valueOf(e.getMessage()));
      }
    }
    return url;
  }

  /** The certificates; each is trusted by itself. */
  public List<X509Certificate> certificates() {
    try {
      return Pem.parseCertificates(certificatePem, "trusted CA \"" + name + "\"");
    } catch (PkiException e) {
      throw new IllegalStateException("a certificate that was checked cannot be read", e);
    }
  }

  @Override
  public Kind<TrustedAuthority> kind() {
    return Kind.TRUSTED_CA;
  }

  @Override
  public TrustedAuthority withStamp(Stamp other) {
    return new TrustedAuthority(
        name,
        certificatePem,
        enabled,
        autoRegister,
        template,
        crlPem,
        crlUrl,
        ocspMode,
        ocspUrl,
        mapping,
        other);
  }

  @Override
  public boolean isWithdrawnSince(TrustedAuthority earlier) {
    return earlier.enabled && !enabled;
  }

  @Override
  public void write(JsonObject out) {
    out.addProperty("certificatePem", certificatePem);
    out.addProperty("enabled", enabled);
    out.addProperty("autoRegister", autoRegister);
    JsonOut.optional(out, "provisioningTemplate", template);
    JsonOut.optional(out, "crlPem", crlPem);
    JsonOut.optional(out, "crlUrl", crlUrl);
    var ocsp = new JsonObject();
    ocsp.addProperty("mode", ocspMode.name().toLowerCase(Locale.ROOT));
    JsonOut.optional(ocsp, "url", ocspUrl);
    out.add("ocsp", ocsp);
    out.add("identityMapping", mapping.toJson());
  }

  /** Adds what the API tells about the first certificate. */
  public void describe(JsonObject out) {
    X509Certificate first = certificates().getFirst();
    out.addProperty("fingerprint", Certificates.fingerprint(first));
    out.addProperty("subject", first.getSubjectX500Principal().getName());
    out.addProperty("notAfter", first.getNotAfter().toInstant().toString());
  }
}
