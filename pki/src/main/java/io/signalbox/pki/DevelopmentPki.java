package io.signalbox.pki;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.HexFormat;
import java.util.List;

/**
 * A complete certificate hierarchy in one folder, made at first start: a root, an issuing authority
 * below it and, for a server, its certificate. Meant for getting started and for one machine; the
 * private keys lie in files with mode 0600.
 *
 * <p>The root's key may be moved away: it is needed to make another issuing authority only. One
 * process may serve from a folder while others issue device certificates from it; only the serving
 * one calls {@link #server}.
 */
public final class DevelopmentPki {
  private static final System.Logger LOG = System.getLogger(DevelopmentPki.class.getName());

  private final PkiFolder files;
  private final CertificateAuthority issuing;
  private final X509Certificate root;
  private final Clock clock;
  private final SecureRandom random;

  private DevelopmentPki(
      PkiFolder files,
      CertificateAuthority issuing,
      X509Certificate root,
      Clock clock,
      SecureRandom random) {
    this.files = files;
    this.issuing = issuing;
    this.root = root;
    this.clock = clock;
    this.random = random;
  }

  /**
   * Loads the hierarchy of a folder, after making one if the folder is missing or empty (about 0.3
   * s the first time in a process).
   *
   * @throws PkiException if files are missing, damaged, expired or do not belong together; nothing
   *     is overwritten then
   */
  public static DevelopmentPki openOrCreate(Path folder, Clock clock, SecureRandom random)
      throws PkiException {
    PkiFolder files = new PkiFolder(folder);
    if (files.isAbsent()) {
      create(files, clock, random);
    }
    X509Certificate root = Pem.readCertificates(files.rootCertificate()).getFirst();
    X509Certificate authority = Pem.readCertificates(files.issuingCertificate()).getFirst();
    warnIfReadable(files.issuingKey());
    CertificateAuthority issuing =
        CertificateAuthority.of(
            Pem.readPrivateKey(files.issuingKey()), List.of(authority, root), clock, random);
    if (Files.notExists(files.trustedCertificates())) {
      AtomicFile.writePublic(files.trustedCertificates(), Pem.encode(List.of(root)));
    }
    return new DevelopmentPki(files, issuing, root, clock, random);
  }

  /**
   * The server's key and chain: the stored one if it belongs to this hierarchy, holds all host
   * names and has more than a third of its time left; a fresh one otherwise. Call it at start and
   * about once a day.
   *
   * @param hostNames DNS names and IP literals by which clients reach the server; see {@link
   *     HostNames#ofThisMachine}
   */
  public TlsIdentity server(List<String> hostNames) throws PkiException {
    return new ServerCertificate(files, issuing, clock, random).loadOrRenew(hostNames);
  }

  /** A certificate and a fresh EC P-256 key for a device. */
  public TlsIdentity issueDevice(String deviceId) throws PkiException {
    SubjectNames names = SubjectNames.ofCommonName(DeviceId.check(deviceId));
    var keys = KeyAlgorithm.EC_P256.generate(random);
    X509Certificate certificate = issuing.issue(keys.getPublic(), names, CertificateProfile.DEVICE);
    return new TlsIdentity(keys.getPrivate(), issuing.presentedChainOf(certificate));
  }

  /**
   * A certificate for a device that keeps its own key; its id is the request's common name.
   *
   * @return the device's certificate, then the issuing authority's
   */
  public List<X509Certificate> signDeviceCsr(CertificateSigningRequest request)
      throws PkiException {
    DeviceId.check(request.names().commonName());
    return issuing.presentedChainOf(issuing.issue(request, CertificateProfile.DEVICE));
  }

  /** The authority that signs devices and servers. */
  public CertificateAuthority issuing() {
    return issuing;
  }

  /** What the peers of this hierarchy trust. */
  public X509Certificate root() {
    return root;
  }

  /**
   * The authorities whose devices a server accepts, under one name: the issuing one too, for
   * devices that send no chain.
   */
  public TrustedCa trustedCa(String name) {
    return new TrustedCa(name, List.of(root, issuing.certificate()), RevocationCheck.NONE);
  }

  /** The file with {@link #root}, to copy to clients. */
  public Path trustedCertificatesFile() {
    return files.trustedCertificates();
  }

  private static void create(PkiFolder files, Clock clock, SecureRandom random)
      throws PkiException {
    // A number in the names keeps two hierarchies apart for a browser that has seen both.
    byte[] number = new byte[4];
    random.nextBytes(number);
    String suffix = " " + HexFormat.of().formatHex(number);
    var root =
        CertificateAuthority.createRoot(
            "Signalbox development root" + suffix,
            KeyAlgorithm.EC_P256,
            CertificateProfile.ROOT,
            clock,
            random);
    files.create(
        root,
        root.createIssuing(
            "Signalbox development issuing" + suffix,
            KeyAlgorithm.EC_P256,
            CertificateProfile.ISSUING));
    LOG.log(System.Logger.Level.INFO, "made a certificate hierarchy in {0}", files.folder());
  }

  private static void warnIfReadable(Path key) throws PkiException {
    if (AtomicFile.othersMayRead(key)) {
      LOG.log(
          System.Logger.Level.WARNING,
          "others may read the private key {0}; run: chmod 600 {0}",
          key);
    }
  }
}
