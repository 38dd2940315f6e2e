package io.signalbox.server.config;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Certificates of all TLS listeners. Section {@code tls}.
 *
 * @param certificateFile PEM, the server's certificate first, then its chain; null: the development
 *     PKI of the data directory
 * @param privateKeyFile PEM, PKCS#8; null exactly when {@code certificateFile} is
 * @param trustedCas authorities whose client certificates are accepted, beside the development
 *     PKI's own while that is in use
 * @param protocols TLS versions offered; not empty
 */
public record TlsConfig(
    @Nullable Path certificateFile,
    @Nullable Path privateKeyFile,
    List<TrustedCa> trustedCas,
    Set<Version> protocols) {

  /**
   * An authority for client certificates.
   *
   * @param name unique; policies call it by this name
   * @param file PEM, one or more certificates
   */
  public record TrustedCa(String name, Path file) {
    public TrustedCa {
      if (!name.matches("[a-z0-9-]{1,64}")) {
        throw new IllegalArgumentException(
            "tls.trusted-cas.name: \""
                + name
                + "\" is not 1 to 64 lower-case letters, digits and hyphens");
      }
    }

    static TrustedCa read(Section ca) {
      String name = ca.required("name", "ca");
      Path file = ca.requiredFile("file");
      return ca.make(new TrustedCa("ca", file), () -> new TrustedCa(name, file));
    }
  }

  /** Older versions are not offered (RFC 8996). */
  public enum Version {
    TLS_1_2("TLSv1.2"),
    TLS_1_3("TLSv1.3");

    private final String text;

    Version(String text) {
      this.text = text;
    }

    /** The name JSSE knows it by, and the configuration file. */
    @Override
    public String toString() {
      return text;
    }
  }

  public static final TlsConfig DEFAULTS =
      new TlsConfig(null, null, List.of(), Set.of(Version.values()));

  public TlsConfig {
    trustedCas = List.copyOf(trustedCas);
    protocols = Set.copyOf(protocols);
    if ((certificateFile == null) != (privateKeyFile == null)) {
      throw new IllegalArgumentException(
          "tls.certificate-file: goes together with tls.private-key-file; name both or none");
    }
    if (protocols.isEmpty()) {
      throw new IllegalArgumentException(
          "tls.protocols: none left; name at least one of TLSv1.2 and TLSv1.3");
    }
    Set<String> names = new HashSet<>();
    for (TrustedCa ca : trustedCas) {
      if (!names.add(ca.name)) {
        throw new IllegalArgumentException(
            "tls.trusted-cas: the name \"" + ca.name + "\" is used twice");
      }
    }
  }

  static TlsConfig read(Section tls) {
    TlsConfig d = DEFAULTS;
    return tls.make(
        d,
        () ->
            new TlsConfig(
                tls.file("certificate-file"),
                tls.file("private-key-file"),
                tls.list("trusted-cas", TrustedCa::read, d.trustedCas),
                Set.copyOf(tls.choices("protocols", Version.class, List.copyOf(d.protocols)))));
  }
}
