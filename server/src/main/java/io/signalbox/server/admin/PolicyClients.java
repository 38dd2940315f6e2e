package io.signalbox.server.admin;

import com.google.gson.JsonObject;
import io.signalbox.acl.source.Documents;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.TlsVersion;
import io.signalbox.acl.subject.Transport;
import io.signalbox.acl.testing.SubjectParser;
import io.signalbox.pki.Certificates;
import io.signalbox.pki.Pem;
import io.signalbox.pki.PkiException;
import io.signalbox.server.auth.PolicyAuthorizers;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.registry.CertificateContent;
import io.signalbox.server.registry.Device;
import io.signalbox.server.registry.DeviceCertificate;
import io.signalbox.server.registry.Fields;
import io.signalbox.server.registry.Group;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads which client a question about policies means. */
final class PolicyClients {
  private static final SourceLimits LIMITS = new SourceLimits(262_144, 16, 10_000);
  private static final int TEXT_MAX = 1 << 18;

  /** Where a client is thought to come from if nobody says: a network for documentation. */
  private static final String REMOTE = "192.0.2.1";

  private static final String WITHOUT_CERTIFICATE =
      "no certificate of the device is in the inventory, so nothing binds it by its certificate;"
          + " if it has one, ask with certificatePem";

  private static final String NO_CERTIFICATE_COUNTS =
      "no certificate of the device that is in the inventory is accepted by itself: each is"
          + " expired, revoked, switched off, of an authority that does not count, or below an"
          + " authority that the device sends with it (the broker's log says why); so nothing binds"
          + " it by its certificate here, and with none of them it may be let in at all; ask with"
          + " certificatePem and the whole chain";

  private final Registry registry;
  private final AskedFor askedFor;
  private final PolicyAuthorizers authorizers;

  PolicyClients(Registry registry, AskedFor askedFor, PolicyAuthorizers authorizers) {
    this.registry = registry;
    this.askedFor = askedFor;
    this.authorizers = authorizers;
  }

  /**
   * A client that somebody asks about.
   *
   * @param notes what is not known of it and may make the broker decide otherwise, for people
   */
  record Asked(Subject subject, List<String> notes) {}

  /**
   * Takes the client's fields out of a question.
   *
   * @throws RegistryException they do not name one client that there could be
   */
  Asked read(Fields in, JsonObject body) throws RegistryException {
    String device = in.optionalName("device");
    String pem = in.optional("certificatePem", TEXT_MAX);
    String token = in.optional("token", TEXT_MAX);
    boolean described = in.has("client");
    String clientId = in.optional("clientId", 65_535);
    String source = in.optional("source", 64);
    String listener = in.optional("listener", 64);
    boolean overOne = in.has("transport");
    String transport = in.choice("transport", "tls", List.of("tcp", "tls", "ws", "wss"));
    int ways =
        (device == null ? 0 : 1) + (described ? 1 : 0) + (pem == null && token == null ? 0 : 1);
    if (ways != 1) {
      throw RegistryException.invalid(
          "", "say which client is meant by one of device, certificatePem or token, and client");
    }
    if (described) {
      Subject subject = described(body, clientId, source);
      Set<String> said = body.getAsJsonObject("client").keySet();
      subject = listener == null ? subject : at(listener, subject, said);
      return new Asked(overOne ? over(transport, subject, said) : subject, List.of());
    }
    Principal principal = device != null ? registered(device) : shown(pem, token);
    String as = clientId == null ? usualClientId(principal) : clientId;
    requireOwn(principal, as);
    boolean encrypted = transport.equals("tls") || transport.equals("wss");
    Subject subject =
        authorizers.subject(
            principal,
            as,
            listener == null ? "default" : listener,
            transport,
            address(source == null ? REMOTE : source),
            encrypted ? "TLSv1.3" : "");
    return new Asked(subject, notes(device, principal));
  }

  private List<String> notes(@Nullable String device, Principal principal) {
    if (device == null || principal.certificate() != null) {
      return List.of();
    }
    return List.of(
        registry.certificatesOf(device).isEmpty() ? WITHOUT_CERTIFICATE : NO_CERTIFICATE_COUNTS);
  }

  private static InetAddress address(String source) throws RegistryException {
    try {
      return InetAddress.ofLiteral(source);
    } catch (IllegalArgumentException e) {
      throw RegistryException.invalid("/source", "\"" + source + "\" is no IP address");
    }
  }

  private String usualClientId(Principal principal) {
    String id = principal.deviceId();
    if (id == null) {
      String user = principal.userName();
      return user != null ? user : "client";
    }
    Device device = registry.device(id);
    return device == null || device.mayUse(id) ? id : device.clientIdPin().replaceFirst("\\*$", "");
  }

  /** Refuses a device's client whose Client Identifier is not one that CONNECT takes from it. */
  private void requireOwn(Principal principal, String clientId) throws RegistryException {
    String id = principal.deviceId();
    Device device = id == null ? null : registry.device(id);
    if (device != null && !device.mayUse(clientId)) {
      throw RegistryException.invalid(
          "/clientId",
          "would not be let in: the device \""
              + id
              + "\" must use the client identifier \""
              + device.clientIdPin()
              + "\", see its clientIdPin");
    }
  }

  /** As the tests beside policies describe one. */
  private static Subject described(
      JsonObject body, @Nullable String clientId, @Nullable String source)
      throws RegistryException {
    Problems problems = new Problems();
    Optional<SubjectParser.Described> client =
        Documents.read("client.json", body.get("client").toString(), LIMITS, problems)
            .flatMap(node -> SubjectParser.parse(node, problems));
    if (client.isEmpty()) {
      throw RegistryException.invalid("/client", problems.list().getFirst().message());
    }
    if (!client.get().attached().isEmpty()) {
      throw RegistryException.invalid(
          "/client/policies", "is for tests; attach the policy, or describe whom it binds");
    }
    Subject.Builder subject = client.get().subject().with();
    if (clientId != null) {
      subject.clientId(clientId);
    }
    if (source != null) {
      subject.source(address(source));
    }
    return subject.build();
  }

  /**
   * The described client at the listener that the question names.
   *
   * @param said what its description says itself
   */
  private static Subject at(String listener, Subject client, Set<String> said)
      throws RegistryException {
    if (said.contains("listener") && !client.listener().equals(listener)) {
      throw contradiction("listener", listener, client.listener());
    }
    return client.with().listener(listener).build();
  }

  /** The same over a transport, of which each has a TLS version or none. */
  private static Subject over(String word, Subject client, Set<String> said)
      throws RegistryException {
    Transport transport = PolicyAuthorizers.transport(word);
    if (said.contains("transport") && client.transport() != transport) {
      throw contradiction("transport", word, client.transport().word());
    }
    if (transport.isEncrypted()) { // as every client whose description says nothing of it
      return client.with().transport(transport).build();
    }
    TlsVersion version = client.tlsVersion();
    if (said.contains("tlsVersion") && version != null) {
      throw contradiction("transport", word, version.word());
    }
    return client.with().transport(transport).tlsVersion(null).build();
  }

  private static RegistryException contradiction(String field, String asked, String described) {
    return RegistryException.invalid(
        "/" + field,
        "\"" + asked + "\" contradicts the description of the client, \"" + described + "\"");
  }

  /**
   * With the certificate that it would connect with, if the inventory has one that counts. It may
   * have one of a foreign authority, not yet any, or one that only counts with what the device
   * sends beside it.
   */
  private Principal registered(String id) throws RegistryException {
    Device device = registry.device(id);
    if (device == null) {
      throw RegistryException.invalid("/device", "there is no device \"" + id + "\"");
    }
    if (!device.mayConnect()) {
      throw RegistryException.invalid(
          "/device",
          "would not be let in: it "
              + (device.enabled() ? "waits for approval (pendingApproval)" : "is disabled"));
    }
    for (DeviceCertificate certificate : registry.certificatesOf(id).reversed()) {
      CertificateContent content =
          certificate.mayConnect() ? registry.content(certificate.name()) : null;
      if (content != null) {
        Optional<Principal> proved = askedFor.wouldBe(List.of(parsed(content.der())), null);
        if (proved.isPresent()) {
          return proved.get();
        }
      }
    }
    return withoutCertificate(device);
  }

  private Principal withoutCertificate(Device device) {
    Map<String, String> attributes = new HashMap<>();
    for (String name : device.groups()) {
      Group group = registry.find(Kind.GROUP, name);
      if (group != null) {
        group.attributes().forEach(attributes::putIfAbsent);
      }
    }
    attributes.putAll(device.attributes());
    return new Principal(
        "device:" + device.name(),
        AuthMethod.CERTIFICATE,
        device.name(),
        null,
        device.groups(),
        attributes,
        null,
        null);
  }

  private static X509Certificate parsed(byte[] der) {
    try {
      return Certificates.parse(der, "the inventory");
    } catch (PkiException e) {
      throw new IllegalStateException("a certificate that was checked cannot be read", e);
    }
  }

  /** Whoever shows these credentials, checked as at a connection. */
  private Principal shown(@Nullable String pem, @Nullable String token) throws RegistryException {
    List<X509Certificate> chain = List.of();
    if (pem != null) {
      try {
        chain = Pem.parseCertificates(pem, "certificatePem");
      } catch (PkiException e) {
        throw RegistryException.invalid("/certificatePem", e.getMessage());
      }
    }
    Optional<Principal> proved = askedFor.wouldBe(chain, token);
    if (proved.isEmpty()) {
      throw RegistryException.invalid(
          pem != null ? "/certificatePem" : "/token",
          "would not be let in: unknown, expired, revoked or not for this broker; its log says"
              + " why");
    }
    return proved.get();
  }
}
