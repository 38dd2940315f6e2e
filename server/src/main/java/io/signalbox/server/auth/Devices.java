package io.signalbox.server.auth;

import io.signalbox.pki.ClientIdentity;
import io.signalbox.server.config.RegistryConfig.Required;
import io.signalbox.server.metrics.Metrics.AuthFailure;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.registry.Device;
import io.signalbox.server.registry.DeviceCertificate;
import io.signalbox.server.registry.Group;
import io.signalbox.server.registry.IdentityMapping;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.ProvisioningTemplate;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.TrustedAuthority;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the registry says of a device: which one a certificate stands for, whether it may connect
 * and as which client, its groups and attributes. Any thread; nothing waits but {@link #register}.
 */
final class Devices {
  private final @Nullable Registry registry;
  private final @Nullable Provisioning provisioning;

  /**
   * @param registry null: nothing is registered, a device's id is its common name
   */
  Devices(@Nullable Registry registry, @Nullable Provisioning provisioning) {
    this.registry = registry;
    this.provisioning = provisioning;
  }

  /** Which device a certificate stands for. */
  String idOf(String ca, ClientIdentity identity) throws CredentialException {
    Registry known = registry;
    DeviceCertificate registered = known == null ? null : known.certificate(identity.fingerprint());
    if (registered != null) {
      if (!registered.mayConnect()) {
        throw CredentialException.ofCertificate(
            AuthFailure.CERTIFICATE_REVOKED, withdrawn(registered));
      }
      return registered.device();
    }
    TrustedAuthority authority = known == null ? null : known.find(Kind.TRUSTED_CA, ca);
    Optional<String> id = id(authority, identity);
    if (id.isEmpty()) {
      IdentityMapping mapping =
          authority == null ? IdentityMapping.COMMON_NAME : authority.mapping();
      throw CredentialException.ofCertificate(
          AuthFailure.CERTIFICATE_IDENTITY,
          "certificate "
              + identity.serialHex()
              + " of "
              + ca
              + " names no device in its "
              + switch (mapping.source()) {
                case CN -> "common name";
                case DNS -> "DNS names";
                case URI -> "URIs";
                case EMAIL -> "email addresses";
                case SERIAL -> "serial number";
                case FINGERPRINT -> "fingerprint";
              });
    }
    if (known != null && known.config().required() == Required.CERTIFICATE) {
      boolean registers = authority != null && authority.autoRegister();
      if (!registers) {
        throw CredentialException.ofCertificate(
            AuthFailure.CERTIFICATE_IDENTITY,
            "certificate " + identity.serialHex() + " of " + ca + " is not registered");
      }
    }
    return id.get();
  }

  private Optional<String> id(@Nullable TrustedAuthority authority, ClientIdentity identity) {
    if (authority == null) {
      String name = identity.commonName();
      return name.isEmpty() ? Optional.empty() : Optional.of(name);
    }
    Optional<String> mapped = authority.mapping().deviceId(identity);
    ProvisioningTemplate template = template(authority);
    return template == null
        ? mapped
        : mapped.flatMap(
            id ->
                template.deviceId(
                    Map.of(
                        "id",
                        id,
                        "serial",
                        identity.serialHex(),
                        "fingerprint",
                        identity.fingerprint())));
  }

  /** It names the devices also of an authority that registers none any more. */
  private @Nullable ProvisioningTemplate template(TrustedAuthority authority) {
    String name = authority.template();
    return registry == null || name == null ? null : registry.find(Kind.TEMPLATE, name);
  }

  /**
   * Whether {@link #register} must make the device before it may connect, or take down this
   * certificate where that is required.
   */
  boolean mustRegister(String ca, String id, String fingerprint) {
    Registry known = registry;
    if (known == null) {
      return false;
    }
    boolean lacksCertificate =
        known.config().required() == Required.CERTIFICATE && known.certificate(fingerprint) == null;
    if (known.device(id) != null && !lacksCertificate) {
      return false;
    }
    TrustedAuthority authority = known.find(Kind.TRUSTED_CA, ca);
    return authority != null && authority.autoRegister();
  }

  /**
   * Just-in-time provisioning: registers the device as the authority's template says, if it is not
   * there, and its certificate. Waits for the disk.
   *
   * @param from whence it came, for the audit log; null: not known
   */
  void register(String ca, String id, X509Certificate certificate, @Nullable InetAddress from)
      throws CredentialException {
    TrustedAuthority authority = registry == null ? null : registry.find(Kind.TRUSTED_CA, ca);
    if (authority == null || provisioning == null) {
      return;
    }
    String name = authority.template();
    ProvisioningTemplate template = template(authority);
    if (name != null && (template == null || !template.enabled())) {
      throw CredentialException.ofCertificate(
          AuthFailure.DEVICE_NOT_ADMITTED,
          "device "
              + LogText.quote(id)
              + " cannot be registered: the provisioning template of "
              + ca
              + " is not there or disabled");
    }
    provisioning.register(id, template, certificate, from);
  }

  /**
   * Adds what is registered to who a device proved to be.
   *
   * @param clientId under which it connects; null: not by MQTT
   */
  Principal admit(Principal proved, @Nullable String clientId) throws CredentialException {
    String id = proved.deviceId();
    if (registry == null || id == null) {
      return proved;
    }
    Device device = registry.device(id);
    Optional<String> obstacle = obstacle(id, device, clientId);
    if (obstacle.isPresent()) {
      throw CredentialException.ofCertificate(
          AuthFailure.DEVICE_NOT_ADMITTED, "device " + LogText.quote(id) + " " + obstacle.get());
    }
    return device == null ? proved : with(proved, device);
  }

  /** As {@link #admit}, also of a device that may not connect any more. */
  Principal described(Principal proved) {
    String id = proved.deviceId();
    Device device = registry == null || id == null ? null : registry.device(id);
    return device == null ? proved : with(proved, device);
  }

  private Optional<String> obstacle(String id, @Nullable Device device, @Nullable String clientId) {
    Registry known = registry;
    if (device == null) {
      return known == null || known.config().required() == Required.NONE
          ? Optional.empty()
          : Optional.of("is not registered");
    }
    if (!device.enabled()) {
      return Optional.of("is disabled");
    }
    if (device.pendingApproval()) {
      return Optional.of("waits for approval");
    }
    if (clientId != null && !device.mayUse(clientId)) {
      return Optional.of(
          "must use the client identifier "
              + LogText.quote(device.clientIdPin())
              + ", not "
              + LogText.quote(clientId));
    }
    assert id.equals(device.name()) : "another device was found";
    return Optional.empty();
  }

  /** Groups and attributes as they are registered now, beside those that a token brought. */
  private Principal with(Principal proved, Device device) {
    var groups = new LinkedHashSet<>(device.groups());
    groups.addAll(proved.groups());
    var attributes = new HashMap<String, String>();
    for (String name : device.groups()) {
      Group group = registry == null ? null : registry.find(Kind.GROUP, name);
      if (group != null) {
        group.attributes().forEach(attributes::putIfAbsent);
      }
    }
    attributes.putAll(proved.attributes());
    attributes.putAll(device.attributes());
    return new Principal(
        proved.id(),
        proved.method(),
        proved.deviceId(),
        proved.userName(),
        new ArrayList<>(groups),
        attributes,
        proved.certificate(),
        proved.token(),
        proved.account());
  }

  /** Why a client that is connected may no longer be. */
  Optional<String> problem(Principal principal, String clientId) {
    Registry known = registry;
    String id = principal.deviceId();
    if (known == null || id == null) {
      return Optional.empty();
    }
    var fields = principal.certificate();
    DeviceCertificate certificate = fields == null ? null : known.certificate(fields.fingerprint());
    if (certificate != null && !certificate.mayConnect()) {
      return Optional.of(withdrawn(certificate));
    }
    if (certificate != null && !certificate.device().equals(id)) { // it was registered since
      return Optional.of(
          "certificate "
              + certificate.serial()
              + " is of the device "
              + LogText.quote(certificate.device()));
    }
    return obstacle(id, known.device(id), clientId)
        .map(problem -> "device " + LogText.quote(id) + " " + problem);
  }

  private static String withdrawn(DeviceCertificate certificate) {
    return "certificate "
        + certificate.serial()
        + (certificate.revoked() != null ? " was revoked" : " is switched off");
  }

  List<String> groupsOf(String id) {
    Device device = registry == null ? null : registry.device(id);
    return device == null ? List.of() : device.groups();
  }
}
