package io.signalbox.server.registry;

import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.CertificateSigningRequest;
import io.signalbox.pki.Certificates;
import io.signalbox.pki.ClientIdentity;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.Pem;
import io.signalbox.pki.PkiException;
import io.signalbox.pki.RevocationReason;
import io.signalbox.pki.SealedKey;
import io.signalbox.pki.SigningException;
import io.signalbox.pki.SubjectNames;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.registry.DeviceCertificate.Origin;
import io.signalbox.server.registry.RegistryException.Reason;
import java.io.Closeable;
import java.io.IOException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Issues, registers and revokes device certificates. A certificate counts once its entry is
 * durable; one whose entry was not written is never shown to anybody.
 */
public final class Inventory {
  private final Registry registry;
  private final Authorities authorities;
  private final Clocks clocks;
  private final SecureRandom random;

  /** Device and label of certificates that are being made. */
  private final Set<String> beingMade = ConcurrentHashMap.newKeySet();

  public Inventory(Registry registry, Authorities authorities, Clocks clocks, SecureRandom random) {
    this.registry = registry;
    this.authorities = authorities;
    this.clocks = clocks;
    this.random = random;
  }

  /** The newest certificate that a device has under a label, or null. */
  public @Nullable DeviceCertificate newest(String device, String label) {
    return registry.certificatesOf(device).stream()
        .filter(certificate -> certificate.label().equals(label))
        .max(Comparator.comparingLong(certificate -> certificate.stamp().createdAtMillis()))
        .orElse(null);
  }

  /**
   * How many certificates were made for a device in the time up to now and are under labels with
   * this beginning. What a clock that was ahead has stamped with a later time is not among them.
   */
  public long madeWithin(Duration time, long nowMillis, String device, String labelStart) {
    return registry.certificatesOf(device).stream()
        .filter(one -> one.stamp().createdAtMillis() > nowMillis - time.toMillis())
        .filter(one -> one.stamp().createdAtMillis() <= nowMillis)
        .filter(one -> one.label().startsWith(labelStart))
        .count();
  }

  /**
   * The newest certificate that an authority here has issued to a device for this very key and
   * these names, and that is good; or null. The device's id is the request's common name. Reads the
   * disk.
   */
  public @Nullable DeviceCertificate issued(CertificateSigningRequest request, String ca) {
    return registry.certificatesOf(request.names().commonName()).stream()
        .filter(one -> one.status(clocks.wallMillis()) == DeviceCertificate.Status.ACTIVE)
        .filter(one -> ca.equals(one.ca()) && isFor(one, request) && !isOrphaned(one))
        .max(Comparator.comparingLong(DeviceCertificate::notAfterMillis))
        .orElse(null);
  }

  /**
   * Whether a certificate is for this very key and these names, and worth nothing any more because
   * the authority that has issued it is gone. Reads the disk.
   */
  public boolean isStranded(DeviceCertificate entry, CertificateSigningRequest request) {
    return entry.active() && isOrphaned(entry) && isFor(entry, request);
  }

  private boolean isFor(DeviceCertificate entry, CertificateSigningRequest request) {
    X509Certificate certificate = certificate(entry);
    try {
      return certificate != null && request.isMetBy(certificate);
    } catch (PkiException e) {
      throw unreadable(e);
    }
  }

  /** Whether the authority here that has issued it is gone, be it that another has its name. */
  private boolean isOrphaned(DeviceCertificate entry) {
    X509Certificate certificate = entry.ca() == null ? null : certificate(entry);
    return certificate != null && authorities.issuers(entry, certificate).isEmpty();
  }

  private @Nullable X509Certificate certificate(DeviceCertificate entry) {
    CertificateContent content = registry.content(entry.name());
    try {
      return content == null ? null : Certificates.parse(content.der(), "an issued certificate");
    } catch (PkiException e) {
      throw unreadable(e);
    }
  }

  private static IllegalStateException unreadable(PkiException e) {
    return new IllegalStateException("a certificate that was issued cannot be read", e);
  }

  /**
   * A certificate that a device has under a label, or is to have. While it is to have one, nobody
   * else makes one there, until this is closed.
   */
  public final class Prepared implements AutoCloseable {
    private final Device device;
    private final String place;
    private @Nullable DeviceCertificate existing;
    private @Nullable Made made;
    private Registry.@Nullable Put<DeviceCertificate> put;

    private Prepared(Device device, String place) {
      this.device = device;
      this.place = place;
    }

    /**
     * Hands it to the store if it is new. Inside {@link Registry#writing}, until it is {@link
     * #finish finished}.
     *
     * @throws RegistryException also if the device or the authority was removed meanwhile
     */
    public void begin() throws RegistryException {
      Made fresh = made;
      if (fresh != null) {
        requireStillThere(device, fresh);
        put = registry.begin(fresh.entry, fresh.content);
      }
    }

    /** Waits until it is durable. */
    public Written<DeviceCertificate> finish() throws RegistryException, InterruptedException {
      return made == null
          ? new Written<>(existing, existing)
          : Objects.requireNonNull(put, "begun").finish();
    }

    /**
     * In place of {@link #begin} and {@link #finish}: what is new is written in one command with
     * another change, both or none. Inside {@link Registry#writing}.
     *
     * @param beside not made where the device has the certificate already
     * @throws RegistryException also if the device or the authority was removed meanwhile
     */
    public Written<DeviceCertificate> finishWith(Edit<?> beside)
        throws RegistryException, InterruptedException {
      Made fresh = made;
      if (fresh == null) {
        return new Written<>(existing, existing);
      }
      requireStillThere(device, fresh);
      return registry.put(fresh.entry, fresh.content, beside);
    }

    @Override
    public void close() {
      if (made != null) {
        beingMade.remove(place);
      }
    }
  }

  /**
   * What was removed while a key was made gets no certificate, nor does another device of its name:
   * it was not the one that was asked for; nor what was found compromised meanwhile.
   */
  private void requireStillThere(Device device, Made made) throws RegistryException {
    Device now = registry.device(device.name());
    if (now == null || now.stamp().createdAtMillis() != device.stamp().createdAtMillis()) {
      throw removedMeanwhile(Kind.DEVICE, device.name());
    }
    String ca = made.entry.ca();
    if (ca != null && authorities.issuers(made.entry, made.certificate).isEmpty()) {
      throw removedMeanwhile(Kind.ISSUING_CA, ca);
    }
    refuseCompromised(device.name(), made.certificate.getPublicKey());
  }

  private static RegistryException removedMeanwhile(Kind<?> kind, String name) {
    return new RegistryException(
        Reason.UNAVAILABLE,
        "the "
            + kind
            + " \""
            + name
            + "\" was removed while the certificate was made; repeat the request");
  }

  /**
   * Makes sure that a device has a certificate as requested, under a label. Costs a signature or
   * two, and waits for the disk.
   *
   * @param onlyCreate refuse if there is one already
   */
  public Written<DeviceCertificate> ensure(
      String device, String label, CertificateRequest request, boolean onlyCreate)
      throws RegistryException, InterruptedException {
    try (Prepared prepared = prepare(device, label, request, onlyCreate);
        Closeable _ = registry.writing()) {
      prepared.begin();
      return prepared.finish();
    } catch (IOException e) {
      throw new IllegalStateException("a lock does no I/O", e);
    }
  }

  /**
   * The same without the disk. Outside {@link Registry#writing}: keys of some types take seconds, a
   * token may take for ever, and a removal that waits for that would keep everybody else waiting.
   *
   * @return to be closed
   */
  public Prepared prepare(
      String device, String label, CertificateRequest request, boolean onlyCreate)
      throws RegistryException {
    Device owner = registry.device(device);
    if (owner == null) {
      throw RegistryException.notFound(Kind.DEVICE, device);
    }
    if (!Names.isName(label)) {
      throw RegistryException.invalid("", "the name of a certificate must be " + Names.RULE);
    }
    String place = device + "/" + label;
    if (!beingMade.add(place)) {
      throw new RegistryException(
          Reason.UNAVAILABLE,
          "another request makes the certificate \""
              + label
              + "\" of device \""
              + device
              + "\" right now; repeat this one");
    }
    var prepared = new Prepared(owner, place);
    try {
      byte[] hash = request.hash(registry.config().defaultCa());
      DeviceCertificate newest = newest(device, label);
      if (newest != null && keeps(newest, request, hash, onlyCreate)) {
        prepared.existing = newest;
      } else {
        prepared.made = make(device, label, request, hash);
      }
      return prepared;
    } finally {
      if (prepared.made == null) {
        beingMade.remove(place);
      }
    }
  }

  private boolean keeps(
      DeviceCertificate newest, CertificateRequest request, byte[] hash, boolean onlyCreate)
      throws RegistryException {
    CertificateContent content = registry.content(newest.name());
    boolean same = content != null && content.isOf(hash);
    boolean imported = same && newest.origin() == Origin.IMPORTED;
    long left = newest.notAfterMillis() - clocks.wallMillis();
    boolean good =
        newest.revoked() == null
            && (imported || left > Duration.ofHours(request.renewBeforeHours()).toMillis())
            && !isOrphaned(newest);
    if (imported && newest.revoked() != null) {
      throw new RegistryException(
          Reason.CONFLICT,
          "the certificate " + newest.name() + " is revoked for good; register another one");
    }
    if (good && onlyCreate) {
      throw new RegistryException(
          Reason.REVISION_CONFLICT,
          "the device has a certificate of this name, and it was to be created only");
    }
    if (good && !same && left > 0 && !newest.name().equals(request.replaces())) {
      throw new RegistryException(
          Reason.CONFLICT,
          "the device has a good certificate \""
              + newest.label()
              + "\" that was made from another request; name its fingerprint in replaces, revoke"
              + " it, or use another name");
    }
    return good && same;
  }

  private record Made(
      DeviceCertificate entry, CertificateContent content, X509Certificate certificate) {}

  private Made make(String device, String label, CertificateRequest request, byte[] hash)
      throws RegistryException {
    return switch (request.source()) {
      case CertificateRequest.Source.Csr(String pem) -> {
        CertificateAuthority authority = authorities.signer(caOf(request));
        try {
          CertificateSigningRequest csr = CertificateSigningRequest.parsePem(pem, "csrPem");
          if (!csr.names().commonName().equals(device)) {
            throw new PkiException(
                "the common name is \""
                    + csr.names().commonName()
                    + "\", but the device is \""
                    + device
                    + "\"; make the request with the device's id");
          }
          refuseCompromised(device, csr.publicKey());
          yield made(
              device,
              label,
              request,
              hash,
              permitted(authority, authority.issue(csr, profile(request))),
              Origin.CSR,
              null);
        } catch (SigningException e) {
          throw Authorities.comeAgain(caOf(request), e.getMessage());
        } catch (PkiException e) {
          throw RegistryException.invalid("/csrPem", e.getMessage());
        }
      }
      case CertificateRequest.Source.Made(String pem) -> {
        X509Certificate certificate = parsed(pem);
        refuseCompromised(device, certificate.getPublicKey());
        yield made(device, label, request, hash, certificate, Origin.IMPORTED, null);
      }
      case CertificateRequest.Source.Generated(String sealTo, KeyAlgorithm keyType) -> {
        CertificateAuthority authority = authorities.signer(caOf(request));
        try {
          KeyPair keys = keyType.generate(random);
          String sealed = SealedKey.seal(keys.getPrivate(), sealTo, "sealToPem", random);
          X509Certificate certificate =
              permitted(
                  authority,
                  authority.issue(
                      keys.getPublic(), SubjectNames.ofCommonName(device), profile(request)));
          yield made(device, label, request, hash, certificate, Origin.GENERATED, sealed);
        } catch (SigningException e) {
          throw Authorities.comeAgain(caOf(request), e.getMessage());
        } catch (PkiException e) {
          throw RegistryException.invalid("/sealToPem", e.getMessage());
        }
      }
    };
  }

  /** A key that somebody else may know is never the device's again. Reads the disk. */
  private void refuseCompromised(String device, PublicKey key) throws RegistryException {
    for (DeviceCertificate entry : registry.certificatesOf(device)) {
      DeviceCertificate.Revoked revoked = entry.revoked();
      if (revoked == null || revoked.reason() != RevocationReason.KEY_COMPROMISE) {
        continue;
      }
      X509Certificate certificate = certificate(entry);
      if (certificate != null
          && Arrays.equals(certificate.getPublicKey().getEncoded(), key.getEncoded())) {
        throw new RegistryException(
            Reason.CONFLICT,
            "the key is compromised: certificate "
                + entry.name()
                + " of the same key was revoked for that; make a new key");
      }
    }
  }

  private static X509Certificate permitted(CertificateAuthority authority, X509Certificate issued)
      throws PkiException {
    authority.requirePermitted(issued);
    return issued;
  }

  private String caOf(CertificateRequest request) {
    String ca = request.ca();
    return authorities.issuerFor(ca == null ? registry.config().defaultCa() : ca);
  }

  private CertificateProfile profile(CertificateRequest request) {
    return request
        .rules()
        .of(CertificateProfile.DEVICE)
        .withValidity(
            request.validityHours() == 0
                ? registry.config().certificateValidity()
                : Duration.ofHours(request.validityHours()));
  }

  private X509Certificate parsed(String pem) throws RegistryException {
    try {
      List<X509Certificate> certificates = Pem.parseCertificates(pem, "certificatePem");
      X509Certificate certificate = certificates.getFirst();
      ClientIdentity.of(certificate); // refuses what a connection would be refused for
      if (certificate.getBasicConstraints() >= 0) {
        throw new PkiException("is an authority's; register it under /trusted-cas");
      }
      if (KeyAlgorithm.of(certificate.getPublicKey()).isEmpty()) {
        throw new PkiException("has a key of a type or size that is not supported; use EC P-256");
      }
      if (certificate.getNotAfter().toInstant().toEpochMilli() <= clocks.wallMillis()) {
        throw new PkiException("ended at " + certificate.getNotAfter().toInstant());
      }
      return certificate;
    } catch (PkiException e) {
      throw RegistryException.invalid("/certificatePem", e.getMessage());
    }
  }

  private Made made(
      String device,
      String label,
      CertificateRequest request,
      byte[] hash,
      X509Certificate certificate,
      Origin origin,
      @Nullable String sealedKey)
      throws RegistryException {
    String fingerprint = Certificates.fingerprint(certificate);
    DeviceCertificate other = registry.certificate(fingerprint);
    if (other != null) {
      throw new RegistryException(
          Reason.CONFLICT,
          "the certificate is registered as \""
              + other.label()
              + "\" of the device \""
              + other.device()
              + "\"");
    }
    try {
      return new Made(
          new DeviceCertificate(
              fingerprint,
              Certificates.serialHex(certificate),
              device,
              label,
              origin == Origin.IMPORTED ? null : caOf(request),
              origin,
              request.active(),
              certificate.getNotBefore().toInstant().toEpochMilli(),
              certificate.getNotAfter().toInstant().toEpochMilli(),
              null,
              origin == Origin.IMPORTED ? 0 : request.validityHours(),
              request.rules().keyTypes(),
              Stamp.NEW),
          new CertificateContent(hash, certificate.getEncoded(), sealedKey),
          certificate);
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a certificate that was read cannot be written", e);
    }
  }

  /** Switches a certificate on or off; a revoked one stays what it is. */
  public Written<DeviceCertificate> setActive(
      String fingerprint, boolean active, Condition condition)
      throws RegistryException, InterruptedException {
    return registry.put(
        Kind.CERTIFICATE,
        fingerprint,
        condition,
        existing -> {
          DeviceCertificate certificate = required(existing, fingerprint);
          if (certificate.revoked() != null) {
            throw new RegistryException(
                Reason.CONFLICT, "the certificate is revoked, which is for good; issue a new one");
          }
          return certificate.withActive(active);
        });
  }

  /**
   * Revokes for good. The same again changes nothing, but that a key is compromised may be found
   * out later.
   */
  public Written<DeviceCertificate> revoke(
      String fingerprint, RevocationReason reason, Condition condition)
      throws RegistryException, InterruptedException {
    return registry.put(
        Kind.CERTIFICATE,
        fingerprint,
        condition,
        existing -> revoked(existing, fingerprint, reason));
  }

  private DeviceCertificate revoked(
      @Nullable DeviceCertificate existing, String fingerprint, RevocationReason reason)
      throws RegistryException {
    DeviceCertificate certificate = required(existing, fingerprint);
    DeviceCertificate.Revoked before = certificate.revoked();
    if (before == null) {
      return certificate.withRevoked(new DeviceCertificate.Revoked(clocks.wallMillis(), reason));
    }
    boolean isWorse =
        reason == RevocationReason.KEY_COMPROMISE
            && before.reason() != RevocationReason.KEY_COMPROMISE;
    return isWorse
        ? certificate.withRevoked(new DeviceCertificate.Revoked(before.atMillis(), reason))
        : certificate;
  }

  /** Refuses a certificate that has not ended: what is revoked must be known until then. */
  public void requireEnded(String fingerprint) throws RegistryException {
    DeviceCertificate certificate = required(registry.certificate(fingerprint), fingerprint);
    if (certificate.notAfterMillis() >= clocks.wallMillis()) {
      throw new RegistryException(
          Reason.CONFLICT,
          "the certificate is valid until "
              + Fields.time(certificate.notAfterMillis())
              + " and must be known until then; revoke it instead");
    }
  }

  private static DeviceCertificate required(
      @Nullable DeviceCertificate certificate, String fingerprint) throws RegistryException {
    if (certificate == null) {
      throw RegistryException.notFound(Kind.CERTIFICATE, fingerprint);
    }
    return certificate;
  }

  /**
   * Removes an entry with what hangs on it.
   *
   * @param <T> what was removed
   */
  @FunctionalInterface
  public interface Remover<T> {
    /**
     * Removes it.
     *
     * @param revocations of its certificates, to happen in the same step or not at all
     */
    T remove(List<Edit<DeviceCertificate>> revocations)
        throws RegistryException, InterruptedException;
  }

  /**
   * A device that was removed.
   *
   * @param late revocations of certificates that were issued while it was removed
   * @param <T> what was removed
   */
  public record Deleted<T>(T removed, List<Written<DeviceCertificate>> late) {}

  /**
   * Removes a device. Its certificates are revoked with it, so that they are refused whatever
   * happens next, and stay good if it cannot be removed.
   *
   * @param remover removes the device itself
   */
  public <T> Deleted<T> deleteDevice(String id, Condition condition, Remover<T> remover)
      throws RegistryException, InterruptedException {
    Device device = registry.device(id);
    if (device == null) {
      throw RegistryException.notFound(Kind.DEVICE, id);
    }
    condition.check(Kind.DEVICE, id, device);
    return new Deleted<>(removed(id, remover), revokeAll(id)); // what was issued in between
  }

  private <T> T removed(String id, Remover<T> remover)
      throws RegistryException, InterruptedException {
    while (true) {
      List<DeviceCertificate> certificates = registry.certificatesOf(id);
      try {
        return remover.remove(certificates.stream().map(this::revocation).toList());
      } catch (RegistryException e) {
        boolean areThere =
            certificates.stream()
                .allMatch(each -> registry.find(Kind.CERTIFICATE, each.name()) != null);
        if (areThere) {
          throw e;
        } // else one was removed meanwhile, and there are fewer to revoke
      }
    }
  }

  private Edit<DeviceCertificate> revocation(DeviceCertificate certificate) {
    return Edit.put(
        Kind.CERTIFICATE,
        certificate.name(),
        Condition.NONE,
        existing -> revoked(existing, certificate.name(), RevocationReason.CESSATION_OF_OPERATION));
  }

  private List<Written<DeviceCertificate>> revokeAll(String device)
      throws RegistryException, InterruptedException {
    List<Registry.Put<DeviceCertificate>> puts = new ArrayList<>();
    for (DeviceCertificate certificate : registry.certificatesOf(device)) {
      puts.add(
          registry.begin(
              Kind.CERTIFICATE,
              certificate.name(),
              Condition.NONE,
              existing ->
                  revoked(existing, certificate.name(), RevocationReason.CESSATION_OF_OPERATION)));
    }
    List<Written<DeviceCertificate>> written = new ArrayList<>();
    for (Registry.Put<DeviceCertificate> put : puts) {
      written.add(put.finish());
    }
    return written;
  }
}
