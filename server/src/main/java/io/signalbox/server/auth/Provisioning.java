package io.signalbox.server.auth;

import io.signalbox.pki.Certificates;
import io.signalbox.pki.Pem;
import io.signalbox.server.metrics.Metrics.AuthFailure;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.registry.CertificateRequest;
import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.CsrRules;
import io.signalbox.server.registry.Device;
import io.signalbox.server.registry.DeviceCertificate;
import io.signalbox.server.registry.Inventory;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.ProvisioningTemplate;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.Stamp;
import io.signalbox.server.registry.Written;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Makes devices as a template says. Waits for the disk: not on an I/O thread. The same again
 * changes nothing, whoever comes first.
 */
public final class Provisioning {
  private static final Logger LOG = System.getLogger(Provisioning.class.getName());
  private static final String STOPS = "the broker stops while a device is registered";
  private static final int LABEL_DIGITS = 12;
  private static final int PLACES = 256;

  /** What is proved of a device's policies may take minutes, and threads that wait serve nobody. */
  private static final long WAIT_MILLIS = 2_000;

  private final Registry registry;
  private final Inventory inventory;
  private final ApiPolicies policies;
  private volatile ProvisioningAudit audit = ProvisioningAudit.NONE;

  /** Each stands for some devices: first connections of one device are served one by one. */
  private final List<Lock> places =
      Stream.<Lock>generate(ReentrantLock::new).limit(PLACES).toList();

  public Provisioning(Registry registry, Inventory inventory, ApiPolicies policies) {
    this.registry = registry;
    this.inventory = inventory;
    this.policies = policies;
  }

  /** Where devices are written down that connect for the first time; while it cannot, none is. */
  public void writtenDownBy(ProvisioningAudit other) {
    audit = other;
  }

  /**
   * A device as a template wants it, with the policies that are attached to it; one that is there
   * stays as it is.
   *
   * @param template null: its id and nothing else
   */
  public Written<Device> device(String id, @Nullable ProvisioningTemplate template)
      throws RegistryException, InterruptedException {
    return device(fresh(id, template), template);
  }

  /**
   * A device whose certificate is older than its entry; one that is there stays as it is. It may
   * use any Client Identifier, as until now: a narrower pin would end its connections.
   */
  public Written<Device> ofHolder(String id) throws RegistryException, InterruptedException {
    return device(new Device(id, "", Map.of(), List.of(), true, false, "*", Stamp.NEW), null);
  }

  private Written<Device> device(Device fresh, @Nullable ProvisioningTemplate template)
      throws RegistryException, InterruptedException {
    String id = fresh.name();
    Device known = registry.device(id);
    if (known != null) {
      return new Written<>(known, known);
    }
    Written<Device> made;
    if (template == null || template.policies().isEmpty()) {
      made =
          registry.put(
              Kind.DEVICE, id, Condition.NONE, existing -> existing != null ? existing : fresh);
    } else {
      made =
          policies.provision(
              fresh, template.policies().stream().map(PolicyAttachment::ref).distinct().toList());
    }
    if (made.isCreated()) {
      LOG.log(
          Level.INFO,
          "device {0} was registered{1}{2}",
          LogText.quote(id),
          template == null ? "" : " by the template " + template.name(),
          made.entry().pendingApproval() ? " and waits for approval" : "");
    }
    return made;
  }

  private static Device fresh(String id, @Nullable ProvisioningTemplate template) {
    if (template == null) {
      return new Device(id, "", Map.of(), List.of(), true, false, id, Stamp.NEW);
    }
    String pin = template.clientIdPin();
    return new Device(
        id,
        "",
        template.attributes(),
        template.groups(),
        true,
        template.manualApproval(),
        pin == null ? id : pin,
        Stamp.NEW);
  }

  /**
   * A device, if it is not there, with a certificate that it connects with for the first time. It
   * may do so by several connections at once: all but one of them wait, and find it registered,
   * unless that takes too long.
   */
  void register(
      String id,
      @Nullable ProvisioningTemplate template,
      X509Certificate certificate,
      @Nullable InetAddress from)
      throws CredentialException {
    Lock place = places.get(Math.floorMod(id.hashCode(), PLACES));
    try {
      if (!place.tryLock(WAIT_MILLIS, TimeUnit.MILLISECONDS)) {
        throw CredentialException.ofCertificate(
            AuthFailure.OVERLOADED,
            cannotBeRegistered(
                id, "another connection of it is being registered, try again later"));
      }
    } catch (InterruptedException _) {
      throw stops();
    }
    try {
      registerAlone(id, template, certificate, from);
    } finally {
      place.unlock();
    }
  }

  private static CredentialException stops() {
    Thread.currentThread().interrupt();
    return CredentialException.ofCertificate(AuthFailure.OVERLOADED, STOPS);
  }

  private void registerAlone(
      String id,
      @Nullable ProvisioningTemplate template,
      X509Certificate certificate,
      @Nullable InetAddress from)
      throws CredentialException {
    String obstacle = audit.obstacle();
    if (obstacle != null) {
      throw notRegistered(id, obstacle);
    }
    boolean isNewDevice = false;
    try {
      isNewDevice = device(id, template).isCreated();
      String label = "jit-" + Certificates.fingerprint(certificate).substring(0, LABEL_DIGITS);
      var request =
          new CertificateRequest(
              new CertificateRequest.Source.Made(Pem.encode(List.of(certificate))),
              null,
              0,
              0,
              null,
              true,
              CsrRules.ID_ONLY);
      Written<DeviceCertificate> written = inventory.ensure(id, label, request, false);
      if (written.isCreated()) {
        audit.registered(written.entry(), from, isNewDevice);
      }
    } catch (RegistryException e) {
      if (isNewDevice) {
        audit.registeredAlone(id, from, e.getMessage());
      }
      if (e.reason() == RegistryException.Reason.UNAVAILABLE) { // no fault of the device
        throw CredentialException.ofCertificate(
            AuthFailure.OVERLOADED, cannotBeRegistered(id, e.getMessage()));
      }
      throw notRegistered(id, e.getMessage());
    } catch (InterruptedException _) {
      if (isNewDevice) {
        audit.registeredAlone(id, from, STOPS);
      }
      throw stops();
    }
  }

  private static CredentialException notRegistered(String id, @Nullable String why) {
    return CredentialException.ofCertificate(
        AuthFailure.DEVICE_NOT_ADMITTED, cannotBeRegistered(id, why));
  }

  private static String cannotBeRegistered(String id, @Nullable String why) {
    return "device " + LogText.quote(id) + " cannot be registered: " + why;
  }
}
