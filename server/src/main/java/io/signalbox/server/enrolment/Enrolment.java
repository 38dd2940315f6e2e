package io.signalbox.server.enrolment;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.signalbox.pki.CertificateSigningRequest;
import io.signalbox.pki.Certificates;
import io.signalbox.pki.EstMessages;
import io.signalbox.pki.PkiException;
import io.signalbox.server.auth.EnrolmentTokens.Invitation;
import io.signalbox.server.auth.Provisioning;
import io.signalbox.server.config.AdminConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.principal.CertificateFields;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.registry.Authorities;
import io.signalbox.server.registry.CertificateContent;
import io.signalbox.server.registry.CertificateRequest;
import io.signalbox.server.registry.Claims;
import io.signalbox.server.registry.CsrRules;
import io.signalbox.server.registry.Device;
import io.signalbox.server.registry.DeviceCertificate;
import io.signalbox.server.registry.Entry;
import io.signalbox.server.registry.Inventory;
import io.signalbox.server.registry.IssuingAuthority;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.ProvisioningTemplate;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.Written;
import io.undertow.util.StatusCodes;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Issues certificates to devices that ask for themselves. Signs and waits for the disk: worker
 * threads only. The same request again, by the same certificate or token for the device if by one,
 * gets the same certificate, so that a lost answer costs nothing.
 */
public final class Enrolment {
  private static final Logger LOG = System.getLogger(Enrolment.class.getName());
  private static final String LABEL_START = "est-";
  private static final int LABEL_DIGITS = 12;
  private static final int PLACES = 64;

  /** Whatever token it is: the certificates of new devices are told apart by the request alone. */
  private static final String BY_TEMPLATE = "";

  private final Registry registry;
  private final Authorities authorities;
  private final Inventory inventory;
  private final Claims claims;
  private final Provisioning provisioning;
  private final AdminConfig.Roles roles;
  private final int certificatesPerDevicePerDayMax;
  private final Clocks clocks;
  private final Metrics metrics;

  /** Each stands for some names of devices: who asks for a new one is served after the other. */
  private final List<Object> places = Stream.generate(Object::new).limit(PLACES).toList();

  /**
   * @param certificatesPerDevicePerDayMax new ones; as many requests as come at once may pass it
   */
  public Enrolment(
      Registry registry,
      Authorities authorities,
      Inventory inventory,
      Claims claims,
      Provisioning provisioning,
      AdminConfig.Roles roles,
      int certificatesPerDevicePerDayMax,
      Clocks clocks,
      Metrics metrics) {
    this.registry = registry;
    this.authorities = authorities;
    this.inventory = inventory;
    this.claims = claims;
    this.provisioning = provisioning;
    this.roles = roles;
    this.certificatesPerDevicePerDayMax = certificatesPerDevicePerDayMax;
    this.clocks = clocks;
    this.metrics = metrics;
  }

  /**
   * The authority of a name, who issues in its place if it has a successor, and those above them,
   * for whoever is to trust its certificates.
   */
  List<X509Certificate> authorities(@Nullable String ca) throws EnrolmentException {
    String name = ca == null ? registry.config().defaultCa() : ca;
    Set<X509Certificate> chain = new LinkedHashSet<>();
    for (String one : List.of(name, authorities.issuerFor(name))) {
      IssuingAuthority entry = registry.find(Kind.ISSUING_CA, one);
      chain.addAll(entry == null ? List.of() : authorities.chain(entry));
    }
    if (chain.isEmpty()) {
      throw new EnrolmentException(StatusCodes.NOT_FOUND, "there is no such issuing authority");
    }
    return List.copyOf(chain);
  }

  /**
   * What an applicant got.
   *
   * @param isNew false: the same request got it before
   * @param isNewDevice whether the device was registered for it
   */
  record Issued(
      X509Certificate certificate, DeviceCertificate entry, boolean isNew, boolean isNewDevice) {}

  /**
   * A first certificate, or one more.
   *
   * @param label authority that the applicant asks for; null: does not say
   */
  Issued enrol(byte[] body, Applicant applicant, @Nullable String label)
      throws EnrolmentException, InterruptedException {
    CertificateSigningRequest request = request(body);
    return switch (applicant) {
      case Applicant.Stranger stranger -> throw unauthorized(stranger);
      case Applicant.Holder holder -> {
        String id = idOf(holder);
        if (!request.names().commonName().equals(id)) {
          throw new EnrolmentException(
              StatusCodes.FORBIDDEN,
              "a device enrols itself only: the common name must be " + LogText.quote(id));
        }
        yield issue(
            id,
            label(request, holder),
            request,
            boundAs(holder, CsrRules.ID_ONLY),
            asked(caOf(holder), label),
            holder);
      }
      case Applicant.Claimant claimant -> claimed(request, claimant, label);
      case Applicant.Invited(Invitation.OfDevice invited) -> {
        String id = invited.id();
        if (!request.names().commonName().equals(id)) {
          throw new EnrolmentException(
              StatusCodes.FORBIDDEN, "the enrolment token is for the device " + id + " alone");
        }
        requireSame(id, registry.device(id), invited.createdAtMillis());
        String ca = asked(registry.config().defaultCa(), label);
        var bounds = new Bounds(0, CsrRules.ID_ONLY);
        yield issue(id, label(request, invited.tokenId()), request, bounds, ca, applicant);
      }
      case Applicant.Invited(Invitation.OfTemplate invited) -> {
        String name = invited.name();
        synchronized (placeOf(request)) {
          ProvisioningTemplate template = registry.find(Kind.TEMPLATE, name);
          if (template == null || !template.enabled()) {
            throw new EnrolmentException(
                StatusCodes.FORBIDDEN, "the template " + name + " is not there or disabled");
          }
          requireSame(name, template, invited.createdAtMillis());
          yield byTemplate(request, template, name, null, label);
        }
      }
    };
  }

  /**
   * A token ends with what it was made for: another device or template of that name may be somebody
   * else's.
   *
   * @param createdAtMillis of what it was made for; null: any of that name will do
   */
  private static void requireSame(
      String name, @Nullable Entry<?> present, @Nullable Long createdAtMillis)
      throws EnrolmentException {
    if (present == null
        || (createdAtMillis != null && createdAtMillis != present.stamp().createdAtMillis())) {
      throw new EnrolmentException(
          StatusCodes.FORBIDDEN,
          "the enrolment token was made for one of the name " + name + " that has been removed");
    }
  }

  /**
   * Another certificate in place of the one that the connection rests on.
   *
   * @param label authority that the applicant asks for; null: does not say
   */
  Issued renew(byte[] body, Applicant applicant, @Nullable String label)
      throws EnrolmentException, InterruptedException {
    if (!(applicant instanceof Applicant.Holder holder)) {
      throw new EnrolmentException(
          StatusCodes.UNAUTHORIZED, "renewal needs the certificate that is to be renewed, in TLS");
    }
    CertificateSigningRequest request = request(body);
    try {
      EstMessages.requireSameNames(request, holder.certificate());
    } catch (PkiException e) {
      throw new EnrolmentException(StatusCodes.FORBIDDEN, String.valueOf(e.getMessage()));
    }
    boolean ours = issuerOf(holder) != null; // others decide for their own names
    return issue(
        idOf(holder),
        label(request, holder),
        request,
        boundAs(holder, ours ? CsrRules.SAME_NAMES : CsrRules.ID_ONLY),
        asked(caOf(holder), label),
        holder);
  }

  /**
   * What a certificate may be.
   *
   * @param validityHours 0: the default
   */
  private record Bounds(int validityHours, CsrRules rules) {}

  /** A device sheds nothing of what its certificate was made for by asking with it. */
  private Bounds boundAs(Applicant.Holder holder, CsrRules names) {
    DeviceCertificate current = certificateOf(holder);
    return current == null
        ? new Bounds(0, names)
        : new Bounds(current.validityHours(), names.withKeyTypes(current.keyTypes()));
  }

  /** Null: it is not registered. */
  private @Nullable DeviceCertificate certificateOf(Applicant.Holder holder) {
    return registry.certificate(Certificates.fingerprint(holder.certificate()));
  }

  /** The authority here that has issued the holder's certificate; null: it is not known or gone. */
  private @Nullable String issuerOf(Applicant.Holder holder) {
    DeviceCertificate current = certificateOf(holder);
    String issuer = current == null ? null : current.ca();
    return issuer == null || registry.find(Kind.ISSUING_CA, issuer) == null ? null : issuer;
  }

  /**
   * The authority for whoever has a certificate: the one here that it is of, so that no device gets
   * another {@code cert.ca} than it was given; else the default one.
   */
  private String caOf(Applicant.Holder holder) {
    String issuer = issuerOf(holder);
    if (issuer != null) {
      return issuer;
    }
    CertificateFields certificate = holder.device().certificate();
    return certificate != null && authorities.isHere(certificate.ca())
        ? certificate.ca()
        : registry.config().defaultCa();
  }

  /**
   * The authority that an applicant may have a certificate of, unless it asks for another one:
   * policies count on it that no client chooses.
   */
  private String asked(String ca, @Nullable String label) throws EnrolmentException {
    if (label != null && !authorities.issuerFor(label).equals(authorities.issuerFor(ca))) {
      throw new EnrolmentException(
          StatusCodes.FORBIDDEN,
          "you may have a certificate of the issuing CA \""
              + ca
              + "\" or its successor, not of "
              + LogText.quote(label));
    }
    return ca;
  }

  private static CertificateSigningRequest request(byte[] body) throws EnrolmentException {
    try {
      return EstMessages.parseRequest(body, "the request");
    } catch (PkiException e) {
      throw new EnrolmentException(StatusCodes.BAD_REQUEST, String.valueOf(e.getMessage()));
    }
  }

  private static EnrolmentException unauthorized(Applicant.Stranger stranger) {
    String why = stranger.why();
    return new EnrolmentException(
        StatusCodes.UNAUTHORIZED,
        why != null
            ? why
            : "enrolment needs a claim token (HTTP Basic: its name and secret) or a client"
                + " certificate");
  }

  private static String idOf(Applicant.Holder holder) throws EnrolmentException {
    String id = holder.device().deviceId();
    if (id == null) {
      throw new EnrolmentException(StatusCodes.FORBIDDEN, "the certificate is no device's");
    }
    return id;
  }

  private Issued claimed(
      CertificateSigningRequest request, Applicant.Claimant claimant, @Nullable String label)
      throws EnrolmentException, InterruptedException {
    synchronized (placeOf(request)) {
      try {
        ProvisioningTemplate template =
            claims.template(claimant.token(), claimant.secret(), claimant.from());
        return byTemplate(request, template, claimant.token(), claimant, label);
      } catch (RegistryException e) {
        throw refused(e);
      }
    }
  }

  private Object placeOf(CertificateSigningRequest request) {
    return places.get(Math.floorMod(request.names().commonName().hashCode(), PLACES));
  }

  /**
   * A template makes new devices. Who may have the name of one that has a certificate, be it
   * switched off, is for that device to say, or for an administrator. Holds until its {@link
   * #placeOf} is left.
   */
  private void requireNotTaken(CertificateSigningRequest request) throws EnrolmentException {
    String id = request.names().commonName();
    String label = label(request, BY_TEMPLATE);
    boolean taken =
        registry.certificatesOf(id).stream()
            .filter(one -> one.revoked() == null && !one.label().equals(label))
            .anyMatch(one -> !inventory.isStranded(one, request));
    if (taken) {
      throw new EnrolmentException(
          StatusCodes.CONFLICT,
          "the device "
              + LogText.quote(id)
              + " has a certificate: renew with it, or have an administrator revoke it first");
    }
  }

  /**
   * What the template refuses and what was issued before costs no use of a claim.
   *
   * @param claimant whose claim is used; null: nothing is
   */
  private Issued byTemplate(
      CertificateSigningRequest request,
      ProvisioningTemplate template,
      String claim,
      Applicant.@Nullable Claimant claimant,
      @Nullable String label)
      throws EnrolmentException, InterruptedException {
    try {
      template.rules().check(request);
    } catch (PkiException e) {
      throw new EnrolmentException(
          StatusCodes.BAD_REQUEST, "by the template " + template.name() + ", " + e.getMessage());
    }
    String id = request.names().commonName();
    Optional<String> wanted = template.deviceId(Map.of("id", id, "claim", claim));
    if (wanted.isEmpty() || !wanted.get().equals(id)) {
      throw new EnrolmentException(
          StatusCodes.FORBIDDEN,
          "the template "
              + template.name()
              + " wants the common name "
              + wanted.map(LogText::quote).orElse("that it cannot make of this request")
              + ", not "
              + LogText.quote(id));
    }
    String templateCa = template.ca();
    String ca = asked(templateCa == null ? registry.config().defaultCa() : templateCa, label);
    String authority = authorities.issuerFor(ca);
    DeviceCertificate earlier = inventory.issued(request, authority);
    if (earlier != null) {
      return new Issued(certificate(earlier), earlier, false, false);
    }
    requireNotTaken(request);
    requireSigning(authority);
    return claimant == null
        ? made(request, template, ca, null)
        : madeWith(claimant, request, template, ca);
  }

  /** Before a device is made for a certificate that nobody signs. */
  private void requireSigning(String authority) throws EnrolmentException {
    try {
      authorities.signer(authority);
    } catch (RegistryException e) {
      throw refused(e);
    }
  }

  private Issued madeWith(
      Applicant.Claimant claimant,
      CertificateSigningRequest request,
      ProvisioningTemplate template,
      String ca)
      throws EnrolmentException, InterruptedException {
    String id = request.names().commonName();
    boolean wasThere = registry.device(id) != null;
    try (Claims.Use use = claims.begin(claimant.token(), claimant.secret(), claimant.from())) {
      boolean isOver = false;
      try {
        Issued issued = made(request, template, ca, use);
        isOver = true;
        return issued;
      } catch (InterruptedException e) {
        isOver = true;
        throw e;
      } catch (EnrolmentException e) {
        isOver = e.isInterrupt(); // it may be written yet
        throw e;
      } finally {
        if (!isOver && !wasThere && registry.device(id) != null) {
          count(use, claimant.token());
        }
      }
    } catch (RegistryException e) {
      throw refused(e);
    }
  }

  /** Of a device without a certificate; else one token could fill the registry. */
  private static void count(Claims.Use use, String token) throws InterruptedException {
    try {
      use.count();
    } catch (RegistryException e) {
      LOG.log(
          Level.WARNING,
          "a device was made by the claim token {0} for nothing, and that is not counted: {1}",
          LogText.quote(token),
          e.getMessage());
    }
  }

  /**
   * @param use counted with a new certificate; null: none is
   */
  private Issued made(
      CertificateSigningRequest request,
      ProvisioningTemplate template,
      String ca,
      Claims.@Nullable Use use)
      throws EnrolmentException, InterruptedException {
    String id = request.names().commonName();
    boolean isNewDevice;
    try {
      Written<Device> device = provisioning.device(id, template);
      isNewDevice = device.isCreated();
      requireNoRoleBeside(template, device.entry());
    } catch (RegistryException e) {
      throw refused(e);
    }
    var bounds = new Bounds(template.validityHours(), template.rules());
    try {
      Issued issued = issue(id, label(request, BY_TEMPLATE), request, bounds, ca, null, use);
      return new Issued(issued.certificate, issued.entry, issued.isNew, isNewDevice);
    } catch (EnrolmentException e) {
      throw isNewDevice ? e.ofNewDevice(id) : e;
    } catch (InterruptedException e) {
      throw interrupted(e, isNewDevice ? id : null);
    }
  }

  /** Where a device is to be written down; else the interrupt itself says it all. */
  private static EnrolmentException interrupted(InterruptedException e, @Nullable String newDevice)
      throws InterruptedException {
    if (newDevice == null) {
      throw e;
    }
    return EnrolmentException.interrupted(newDevice);
  }

  /**
   * Whoever made the token could give the roles that the template gives. A device that is there and
   * has others keeps them for itself: whoever may give those makes its certificate or a token of
   * its own.
   */
  private void requireNoRoleBeside(ProvisioningTemplate template, Device device)
      throws EnrolmentException {
    boolean hasOthers =
        device.groups().stream()
            .anyMatch(group -> roles.areGivenBy(group) && !template.groups().contains(group));
    if (hasOthers) {
      throw new EnrolmentException(
          StatusCodes.FORBIDDEN,
          "the device "
              + LogText.quote(device.name())
              + " has a role that the template "
              + template.name()
              + " does not give: enrol with a token for this device");
    }
  }

  /**
   * @param entitled whose right to a certificate of this device may end meanwhile
   */
  private Issued issue(
      String id,
      String label,
      CertificateSigningRequest request,
      Bounds bounds,
      String ca,
      Applicant entitled)
      throws EnrolmentException, InterruptedException {
    return issue(id, label, request, bounds, ca, entitled, null);
  }

  /**
   * @param entitled as above; null: it is by a template
   * @param use counted in one step with a new certificate; null: none is
   */
  private Issued issue(
      String id,
      String label,
      CertificateSigningRequest request,
      Bounds bounds,
      String ca,
      @Nullable Applicant entitled,
      Claims.@Nullable Use use)
      throws EnrolmentException, InterruptedException {
    var wanted =
        new CertificateRequest(
            new CertificateRequest.Source.Csr(request.toPem()),
            ca,
            bounds.validityHours,
            0,
            null,
            true,
            bounds.rules);
    requireRoom(id, label);
    boolean isNewDevice = false;
    try {
      isNewDevice = entitled instanceof Applicant.Holder holder && registered(id, holder);
      Written<DeviceCertificate> written;
      try (Inventory.Prepared prepared = inventory.prepare(id, label, wanted, false);
          Closeable _ = registry.writing()) {
        requireGood(entitled); // a removal of the device may have come before
        if (use == null) {
          prepared.begin();
          written = prepared.finish();
        } else {
          written = prepared.finishWith(use.edit());
        }
      }
      DeviceCertificate issued = written.entry();
      LOG.log(
          Level.INFO,
          "device {0} has the certificate {1} by enrolment",
          LogText.quote(id),
          issued.serial());
      return new Issued(certificate(issued), issued, written.isCreated(), isNewDevice);
    } catch (RegistryException e) {
      throw isNewDevice ? refused(e).ofNewDevice(id) : refused(e);
    } catch (EnrolmentException e) {
      throw isNewDevice ? e.ofNewDevice(id) : e;
    } catch (InterruptedException e) {
      throw interrupted(e, isNewDevice ? id : null);
    } catch (IOException e) {
      throw new IllegalStateException("a lock cannot be released", e);
    }
  }

  /**
   * A device that asks for one certificate after the other fills the inventory for all. What it got
   * before it gets again.
   */
  private void requireRoom(String id, String label) throws EnrolmentException {
    if (inventory.newest(id, label) == null
        && inventory.madeWithin(Duration.ofDays(1), clocks.wallMillis(), id, LABEL_START)
            >= certificatesPerDevicePerDayMax) {
      metrics.limitsReached.inc(Metrics.Limit.CERTIFICATES_PER_DEVICE);
      throw new EnrolmentException(
          StatusCodes.TOO_MANY_REQUESTS,
          "the device "
              + LogText.quote(id)
              + " got "
              + certificatesPerDevicePerDayMax
              + " certificates within 24 hours, as many as"
              + " enrolment.certificates-per-device-per-day-max allows; come again later");
    }
  }

  /**
   * Makes the device of a certificate that is good and older than the registry.
   *
   * @return whether it did: there was none
   */
  private boolean registered(String id, Applicant.Holder holder)
      throws EnrolmentException, RegistryException, InterruptedException, IOException {
    try (Closeable _ = registry.writing()) {
      requireGood(holder); // a removal of the device may have come before
      return provisioning.ofHolder(id).isCreated();
    }
  }

  private void requireGood(@Nullable Applicant entitled) throws EnrolmentException {
    if (entitled instanceof Applicant.Holder holder
        && registry.isRefused(Certificates.fingerprint(holder.certificate()))) {
      throw new EnrolmentException(
          StatusCodes.UNAUTHORIZED, "the client certificate is not accepted any more");
    }
    if (entitled instanceof Applicant.Invited(Invitation.OfDevice device)) {
      requireSame(device.id(), registry.device(device.id()), device.createdAtMillis());
    }
  }

  private X509Certificate certificate(DeviceCertificate issued) {
    CertificateContent content = registry.content(issued.name());
    if (content == null) {
      throw new IllegalStateException("a certificate that was issued is not on disk");
    }
    try {
      return Certificates.parse(content.der(), "the issued certificate");
    } catch (PkiException e) {
      throw new IllegalStateException("a certificate that was issued cannot be read", e);
    }
  }

  /**
   * The same request has the same place in the inventory, a new one has its own. With some types of
   * keys (RSA, Ed25519) a request for the same key has the same bytes each time, and by the next
   * certificate it is a renewal all the same, and by the next token it begins anew.
   *
   * @param right what tells the certificate or token that the applicant comes with; {@link
   *     #BY_TEMPLATE} of one that makes new devices
   */
  private static String label(CertificateSigningRequest request, String right) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update(right.getBytes(US_ASCII));
      byte[] hash = sha256.digest(request.encoded());
      return LABEL_START + HexFormat.of().formatHex(hash).substring(0, LABEL_DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static String label(CertificateSigningRequest request, Applicant.Holder holder) {
    return label(request, Certificates.fingerprint(holder.certificate()));
  }

  private static EnrolmentException refused(RegistryException e) {
    int status =
        switch (e.reason()) {
          case NOT_FOUND -> StatusCodes.UNAUTHORIZED;
          case INVALID -> StatusCodes.BAD_REQUEST;
          case CONFLICT, REVISION_CONFLICT -> StatusCodes.FORBIDDEN;
          case LIMIT_REACHED, UNAVAILABLE -> StatusCodes.SERVICE_UNAVAILABLE;
        };
    return new EnrolmentException(status, e.getMessage());
  }
}
