package io.signalbox.pki;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

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
  private final AuthorityGenerations issuing;
  private final X509Certificate root;
  private final VerifiedFolder opened;
  private final Clock clock;
  private final SecureRandom random;

  /** {@link #server} has noted what it verified, or could not. */
  private boolean asked;

  private DevelopmentPki(
      PkiFolder files,
      AuthorityGenerations issuing,
      X509Certificate root,
      VerifiedFolder opened,
      Clock clock,
      SecureRandom random) {
    this.files = files;
    this.issuing = issuing;
    this.root = root;
    this.opened = opened;
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
    return open(files, clock, random);
  }

  /** Whether a folder has a hierarchy. */
  public static boolean exists(Path folder) {
    return Files.exists(new PkiFolder(folder).rootCertificate());
  }

  /** What the peers of a folder's hierarchy trust. */
  public static X509Certificate rootOf(Path folder) throws PkiException {
    return Pem.readCertificates(new PkiFolder(folder).rootCertificate()).getFirst();
  }

  /**
   * Leaves word in a folder for those who issue from it.
   *
   * @param whyNot why what they issue is refused; empty: it counts
   */
  public static void noteUse(Path folder, Optional<String> whyNot) throws PkiException {
    Path note = new PkiFolder(folder).outOfUse();
    if (whyNot.isPresent()) {
      AtomicFile.writePublic(note, whyNot.get() + "\n");
      return;
    }
    try {
      Files.deleteIfExists(note);
    } catch (IOException e) {
      throw FileProblems.explain("delete", note, e);
    }
  }

  /**
   * Why what is issued from a folder is refused, as {@link #noteUse} said last; empty: it counts.
   */
  public static Optional<String> outOfUse(Path folder) throws PkiException {
    Path note = new PkiFolder(folder).outOfUse();
    try {
      return Files.exists(note) ? Optional.of(Files.readString(note).strip()) : Optional.empty();
    } catch (IOException e) {
      throw FileProblems.explain("read", note, e);
    }
  }

  private static DevelopmentPki open(PkiFolder files, Clock clock, SecureRandom random)
      throws PkiException {
    new IssuingRotation(files).finish();
    VerifiedFolder opened = VerifiedFolder.look(files);
    X509Certificate root = Pem.readCertificates(files.rootCertificate()).getFirst();
    warnIfReadable(files.issuingKey());
    CertificateAuthority current =
        readAuthority(files.issuingCertificate(), files.issuingKey(), root, opened, clock, random);
    List<CertificateAuthority> retired = new ArrayList<>();
    for (Path certificate : files.retiredCertificates()) {
      Path key = PkiFolder.keyBeside(certificate);
      CertificateAuthority old = readAuthority(certificate, key, root, opened, clock, random);
      if (!old.certificate()
          .equals(current.certificate())) { // kept by a change that crashed right then
        retired.add(old);
      }
    }
    if (opened.isKnown() && !opened.isStill()) {
      return open(files, clock, random); // they were replaced meanwhile
    }
    retired.sort(
        Comparator.comparing((CertificateAuthority old) -> old.certificate().getNotBefore())
            .reversed());
    if (Files.notExists(files.trustedCertificates())) {
      AtomicFile.writePublic(files.trustedCertificates(), Pem.encode(List.of(root)));
    }
    return new DevelopmentPki(
        files, new AuthorityGenerations(current, retired), root, opened, clock, random);
  }

  /**
   * Replaces the issuing authority by a new one below the same root. The old one stays trusted
   * until it expires; devices keep their certificates. Needs {@code root.key} in the folder.
   *
   * @return the hierarchy as it is now; ask it for {@link #server} anew
   */
  public DevelopmentPki replaceIssuing() throws PkiException {
    if (Files.notExists(files.rootKey())) {
      throw new PkiException(
          "\"" + files.rootKey() + "\" is not here: bring it back to make a new issuing authority");
    }
    var rootAuthority =
        CertificateAuthority.of(Pem.readPrivateKey(files.rootKey()), List.of(root), clock, random);
    CertificateAuthority next = createIssuing(rootAuthority, random);
    AuthorityGenerations generations = issuing.followedBy(next, clock.instant());
    new IssuingRotation(files).replace(issuing.current(), next);
    LOG.log(System.Logger.Level.INFO, "replaced the issuing authority in {0}", files.folder());
    return new DevelopmentPki(files, generations, root, opened, clock, random);
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
    VerifiedFolder now = VerifiedFolder.look(files);
    Optional<TlsIdentity> stored = stored(hostNames, now.isKnown());
    if (now.isKnown() && !now.isStill()) {
      stored = stored(hostNames, false); // they were replaced meanwhile
    }
    if (stored.isEmpty()) {
      return new ServerCertificate(files, issuing(), false, clock, random).renew(hostNames);
    }
    if (!asked && now.digest().equals(opened.digest())) { // the others were verified by open
      now.note();
    }
    asked = true;
    return stored.get();
  }

  private Optional<TlsIdentity> stored(List<String> hostNames, boolean isVerified)
      throws PkiException {
    return new ServerCertificate(files, issuing(), isVerified, clock, random).load(hostNames);
  }

  /** A certificate and a fresh EC P-256 key for a device. */
  public TlsIdentity issueDevice(String deviceId) throws PkiException {
    SubjectNames names = SubjectNames.ofCommonName(DeviceId.check(deviceId));
    var keys = KeyAlgorithm.EC_P256.generate(random);
    X509Certificate certificate =
        issuing().issue(keys.getPublic(), names, CertificateProfile.DEVICE);
    return new TlsIdentity(keys.getPrivate(), issuing().presentedChainOf(certificate));
  }

  /**
   * A certificate for a device that keeps its own key; its id is the request's common name.
   *
   * @return the device's certificate, then the issuing authority's
   */
  public List<X509Certificate> signDeviceCsr(CertificateSigningRequest request)
      throws PkiException {
    DeviceId.check(request.names().commonName());
    return issuing().presentedChainOf(issuing().issue(request, CertificateProfile.DEVICE));
  }

  /** The authority that signs devices and servers. */
  public CertificateAuthority issuing() {
    return issuing.current();
  }

  /** That authority and those it replaced. */
  public AuthorityGenerations issuingGenerations() {
    return issuing;
  }

  /** What the peers of this hierarchy trust. */
  public X509Certificate root() {
    return root;
  }

  /**
   * The authorities whose devices a server accepts, under one name: the issuing ones too, for
   * devices that send no chain.
   */
  public TrustedCa trustedCa(String name) {
    List<X509Certificate> anchors =
        Stream.concat(Stream.of(root), issuing.certificates().stream()).toList();
    return new TrustedCa(name, anchors, RevocationCheck.NONE);
  }

  /** The file with {@link #root}, to copy to clients. */
  public Path trustedCertificatesFile() {
    return files.trustedCertificates();
  }

  private static void create(PkiFolder files, Clock clock, SecureRandom random)
      throws PkiException {
    var root =
        CertificateAuthority.createRoot(
            "Signalbox development root " + number(random),
            KeyAlgorithm.EC_P256,
            CertificateProfile.ROOT,
            clock,
            random);
    files.create(root, createIssuing(root, random));
    LOG.log(System.Logger.Level.INFO, "made a certificate hierarchy in {0}", files.folder());
  }

  private static CertificateAuthority createIssuing(CertificateAuthority root, SecureRandom random)
      throws PkiException {
    return root.createIssuing(
        "Signalbox development issuing " + number(random),
        KeyAlgorithm.EC_P256,
        CertificateProfile.ISSUING);
  }

  /** Keeps two authorities apart for a browser that has seen both. */
  private static String number(SecureRandom random) {
    byte[] number = new byte[4];
    random.nextBytes(number);
    return HexFormat.of().formatHex(number);
  }

  private static CertificateAuthority readAuthority(
      Path certificate,
      Path key,
      X509Certificate root,
      VerifiedFolder opened,
      Clock clock,
      SecureRandom random)
      throws PkiException {
    PrivateKey signing = Pem.readPrivateKey(key);
    List<X509Certificate> chain = List.of(Pem.readCertificates(certificate).getFirst(), root);
    return opened.isKnown()
        ? CertificateAuthority.ofVerified(signing, chain, clock, random)
        : CertificateAuthority.of(signing, chain, clock, random);
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
