package io.signalbox.server.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Certificates of all TLS listeners. Section {@code tls}.
 *
 * @param certificateFile PEM, the server's certificate first, then its chain; null: the development
 *     PKI of the data directory
 * @param privateKeyFile PEM, PKCS#8, may be the same file; null exactly when {@code
 *     certificateFile} is
 * @param moreCertificates chosen by the server name that a client asks for (SNI); the one above is
 *     for all other names
 * @param ocspStapling whether the certificates' OCSP responders are asked for the answer that TLS
 *     hands to clients
 * @param trustedCas authorities whose client certificates are accepted, beside the development
 *     PKI's own while that is in use
 * @param trustDevelopmentCa whether the development PKI is in use beside {@code certificateFile},
 *     for the devices that it has certified; without one it is in any case
 * @param protocols TLS versions offered; not empty
 * @param crypto whose elliptic curves handshakes use
 */
public record TlsConfig(
    @Nullable Path certificateFile,
    @Nullable Path privateKeyFile,
    List<KeyPairFiles> moreCertificates,
    boolean ocspStapling,
    List<TrustedCa> trustedCas,
    boolean trustDevelopmentCa,
    Set<Version> protocols,
    Crypto crypto) {

  /** Whose elliptic curves, which are most of what a handshake costs. */
  public enum Crypto {
    /** OpenSSL's, if the system has its version 3; otherwise the JDK's. */
    AUTO,
    JDK
  }

  /**
   * A certificate and its key.
   *
   * @param certificateFile PEM, the server's certificate first, then its chain
   * @param privateKeyFile PEM, PKCS#8; may be the same file
   */
  public record KeyPairFiles(Path certificateFile, Path privateKeyFile) {
    static KeyPairFiles read(Section pair) {
      Path certificate = pair.requiredFile("certificate-file");
      Path key = pair.requiredFile("private-key-file");
      KeyPairFiles files = new KeyPairFiles(certificate, key);
      return pair.make(files, () -> files);
    }
  }

  /**
   * An authority for client certificates.
   *
   * @param name unique, also beside the development PKI; policies call it by this name
   * @param file PEM, one or more certificates
   * @param revocation where to learn which of its certificates are revoked
   */
  public record TrustedCa(String name, Path file, Revocation revocation) {
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
      Revocation revocation = Revocation.read(ca.section("revocation"));
      return ca.make(
          new TrustedCa("ca", file, Revocation.NONE), () -> new TrustedCa(name, file, revocation));
    }
  }

  /**
   * Where to learn which certificates of an authority are revoked.
   *
   * @param crlFiles DER or PEM; read again when they change
   * @param crlUrls http or https addresses of lists
   * @param crlRefresh 1 s..1 d between two looks at the addresses
   * @param ocsp whether a responder is asked about each client and each authority that it sends
   * @param ocspUrl its address; null: the one that the certificate asked about names
   * @param ocspRefresh 1 s..1 d between two questions about a client that stays connected, or comes
   *     while its certificate is on hold
   * @param ocspAnswersMax 1..10,000,000 answers remembered
   * @param unknown what happens to a new client when none of these can tell
   */
  public record Revocation(
      List<Path> crlFiles,
      List<URI> crlUrls,
      Duration crlRefresh,
      boolean ocsp,
      @Nullable URI ocspUrl,
      Duration ocspRefresh,
      int ocspAnswersMax,
      Unknown unknown) {

    /** For a certificate whose status cannot be told. */
    public enum Unknown {
      REFUSE,
      ACCEPT
    }

    static final Range CRL_REFRESH =
        Range.seconds("tls.trusted-cas.revocation.crl-refresh-seconds", 1, 86_400);
    static final Range OCSP_REFRESH =
        Range.seconds("tls.trusted-cas.revocation.ocsp-refresh-seconds", 1, 86_400);
    static final Range OCSP_ANSWERS_MAX =
        Range.of("tls.trusted-cas.revocation.ocsp-answers-max", 1, 10_000_000);

    public static final Revocation NONE =
        new Revocation(
            List.of(),
            List.of(),
            Duration.ofMinutes(5),
            false,
            null,
            Duration.ofMinutes(5),
            10_000,
            Unknown.REFUSE);

    public Revocation {
      crlFiles = List.copyOf(crlFiles);
      crlUrls = List.copyOf(crlUrls);
      CRL_REFRESH.check(crlRefresh);
      OCSP_REFRESH.check(ocspRefresh);
      OCSP_ANSWERS_MAX.check(ocspAnswersMax);
      if (ocspUrl != null && !ocsp) {
        throw new IllegalArgumentException(
            "tls.trusted-cas.revocation.ocsp-url: nobody is asked there; write ocsp: true");
      }
    }

    public boolean hasLists() {
      return !crlFiles.isEmpty() || !crlUrls.isEmpty();
    }

    static Revocation read(Section revocation) {
      Revocation d = NONE;
      return revocation.make(
          d,
          () ->
              new Revocation(
                  revocation.files("crl-files"),
                  revocation.values("crl-urls", WebAddress::parse, d.crlUrls),
                  revocation.duration(CRL_REFRESH, d.crlRefresh),
                  revocation.bool("ocsp", d.ocsp),
                  revocation.address("ocsp-url"),
                  revocation.duration(OCSP_REFRESH, d.ocspRefresh),
                  revocation.integer(OCSP_ANSWERS_MAX, d.ocspAnswersMax),
                  revocation.choice("unknown", Unknown.class, d.unknown)));
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

  /** Under this name policies know the authority of the development PKI. */
  public static final String DEVELOPMENT_CA = "dev-ca";

  public static final TlsConfig DEFAULTS =
      new TlsConfig(
          null, null, List.of(), false, List.of(), false, Set.of(Version.values()), Crypto.AUTO);

  public TlsConfig {
    moreCertificates = List.copyOf(moreCertificates);
    trustedCas = List.copyOf(trustedCas);
    protocols = Set.copyOf(protocols);
    if ((certificateFile == null) != (privateKeyFile == null)) {
      throw new IllegalArgumentException(
          "tls.certificate-file: goes together with tls.private-key-file; name both or none");
    }
    if (certificateFile == null && !moreCertificates.isEmpty()) {
      throw new IllegalArgumentException(
          "tls.more-certificates: come beside tls.certificate-file, the one for all other names;"
              + " name that first");
    }
    if (protocols.isEmpty()) {
      throw new IllegalArgumentException(
          "tls.protocols: none left; name at least one of TLSv1.2 and TLSv1.3");
    }
    Set<String> names = new HashSet<>();
    boolean usesDevelopmentPki = certificateFile == null || trustDevelopmentCa;
    for (TrustedCa ca : trustedCas) {
      if (usesDevelopmentPki && ca.name.equals(DEVELOPMENT_CA)) {
        throw new IllegalArgumentException(
            "tls.trusted-cas: the name \""
                + DEVELOPMENT_CA
                + "\" is that of the development PKI, which is in use; choose another");
      }
      if (!names.add(ca.name)) {
        throw new IllegalArgumentException(
            "tls.trusted-cas: the name \"" + ca.name + "\" is used twice");
      }
    }
  }

  /** Whether the authority of the development PKI is trusted and signs. */
  public boolean usesDevelopmentPki() {
    return certificateFile == null || trustDevelopmentCa;
  }

  /** All pairs of files, the default one first; empty with the development PKI. */
  public List<KeyPairFiles> keyPairs() {
    if (certificateFile == null || privateKeyFile == null) {
      return List.of();
    }
    List<KeyPairFiles> all = new ArrayList<>();
    all.add(new KeyPairFiles(certificateFile, privateKeyFile));
    all.addAll(moreCertificates);
    return List.copyOf(all);
  }

  static TlsConfig read(Section tls) {
    TlsConfig d = DEFAULTS;
    return tls.make(
        d,
        () ->
            new TlsConfig(
                tls.file("certificate-file"),
                tls.file("private-key-file"),
                tls.list("more-certificates", KeyPairFiles::read, d.moreCertificates),
                tls.bool("ocsp-stapling", d.ocspStapling),
                tls.list("trusted-cas", TrustedCa::read, d.trustedCas),
                tls.bool("trust-development-ca", d.trustDevelopmentCa),
                Set.copyOf(tls.choices("protocols", Version.class, List.copyOf(d.protocols))),
                tls.choice("crypto", Crypto.class, d.crypto)));
  }
}
