package io.signalbox.acl.subject;

import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A client as policies see it, fixed for one MQTT connection. An empty text, list or map: the
 * client has no such thing.
 *
 * @param clientId Client Identifier, also when the server assigned it
 * @param userName as authenticated, not merely as sent
 * @param deviceId identity of the device in the registry, or the common name of its certificate
 * @param deviceAttributes set in the registry, never by the device
 * @param groups of the device and of the token together
 * @param certificate null without a verified client certificate
 * @param token null without a verified token
 * @param listener name of the listener in the configuration
 * @param source null when unknown; conditions on it then fail closed
 * @param tlsVersion null without TLS
 */
public record Subject(
    String clientId,
    String userName,
    String deviceId,
    Map<String, String> deviceAttributes,
    List<String> groups,
    @Nullable CertificateAttributes certificate,
    @Nullable TokenAttributes token,
    String listener,
    Transport transport,
    @Nullable InetAddress source,
    @Nullable TlsVersion tlsVersion,
    AuthMethod authMethod) {
  public Subject {
    deviceAttributes = Map.copyOf(deviceAttributes);
    groups = List.copyOf(groups);
  }

  public static Builder builder(String clientId) {
    return new Builder(clientId);
  }

  /** A builder that starts with everything this subject has. */
  public Builder with() {
    Builder builder = new Builder(clientId);
    builder.userName = userName;
    builder.deviceId = deviceId;
    builder.deviceAttributes = deviceAttributes;
    builder.groups = groups;
    builder.certificate = certificate;
    builder.token = token;
    builder.listener = listener;
    builder.transport = transport;
    builder.source = source;
    builder.tlsVersion = tlsVersion;
    builder.authMethod = authMethod;
    return builder;
  }

  /** Starts as an anonymous client on an unnamed plain TCP listener. One thread. */
  public static final class Builder {
    private String clientId;
    private String userName = "";
    private String deviceId = "";
    private Map<String, String> deviceAttributes = Map.of();
    private List<String> groups = List.of();
    private @Nullable CertificateAttributes certificate;
    private @Nullable TokenAttributes token;
    private String listener = "";
    private Transport transport = Transport.MQTT;
    private @Nullable InetAddress source;
    private @Nullable TlsVersion tlsVersion;
    private AuthMethod authMethod = AuthMethod.ANONYMOUS;

    private Builder(String clientId) {
      this.clientId = clientId;
    }

    public Builder clientId(String value) {
      clientId = value;
      return this;
    }

    public Builder userName(String value) {
      userName = value;
      return this;
    }

    public Builder device(String id) {
      deviceId = id;
      return this;
    }

    public Builder deviceAttributes(Map<String, String> value) {
      deviceAttributes = value;
      return this;
    }

    public Builder groups(List<String> value) {
      groups = value;
      return this;
    }

    public Builder certificate(@Nullable CertificateAttributes value) {
      certificate = value;
      return this;
    }

    public Builder token(@Nullable TokenAttributes value) {
      token = value;
      return this;
    }

    public Builder listener(String value) {
      listener = value;
      return this;
    }

    public Builder transport(Transport value) {
      transport = value;
      return this;
    }

    public Builder source(@Nullable InetAddress value) {
      source = value;
      return this;
    }

    public Builder tlsVersion(@Nullable TlsVersion value) {
      tlsVersion = value;
      return this;
    }

    public Builder authMethod(AuthMethod value) {
      authMethod = value;
      return this;
    }

    public Subject build() {
      return new Subject(
          clientId,
          userName,
          deviceId,
          deviceAttributes,
          groups,
          certificate,
          token,
          listener,
          transport,
          source,
          tlsVersion,
          authMethod);
    }
  }
}
