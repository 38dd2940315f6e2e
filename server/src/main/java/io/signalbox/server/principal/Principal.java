package io.signalbox.server.principal;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Who a client is, as far as it proved it.
 *
 * @param id unique and stable for this identity, for example {@code device:p7} or {@code
 *     user:alice@login}; an MQTT session belongs to the id that created it
 * @param deviceId of a device, else null
 * @param userName of a person or a service, else null
 * @param attributes of the device, as the registry has them
 * @param account of a user with a password, else null; null too of a client that an earlier version
 *     remembers, such as by its will
 */
public record Principal(
    String id,
    AuthMethod method,
    @Nullable String deviceId,
    @Nullable String userName,
    List<String> groups,
    Map<String, String> attributes,
    @Nullable CertificateFields certificate,
    @Nullable TokenClaims token,
    @Nullable Account account) {

  /** {@link #expiresAtMillis} of a principal whose credential does not end. */
  public static final long NEVER = Long.MAX_VALUE;

  private static final Principal ANONYMOUS =
      new Principal("anonymous", AuthMethod.ANONYMOUS, null, null, List.of(), Map.of(), null, null);

  public Principal {
    groups = List.copyOf(groups);
    attributes = Map.copyOf(attributes);
  }

  /** Somebody who is known by no password. */
  public Principal(
      String id,
      AuthMethod method,
      @Nullable String deviceId,
      @Nullable String userName,
      List<String> groups,
      Map<String, String> attributes,
      @Nullable CertificateFields certificate,
      @Nullable TokenClaims token) {
    this(id, method, deviceId, userName, groups, attributes, certificate, token, null);
  }

  /** Nobody in particular; only on a listener that allows it. */
  public static Principal anonymous() {
    return ANONYMOUS;
  }

  /** The same identity in other groups. */
  public Principal withGroups(List<String> others) {
    return new Principal(
        id, method, deviceId, userName, others, attributes, certificate, token, account);
  }

  /**
   * Whether a fresh credential is of the same identity: the same device, and the same user of the
   * same issuer.
   */
  public boolean isSameAs(Principal other) {
    return id.equals(other.id)
        && Objects.equals(deviceId, other.deviceId)
        && Objects.equals(userName, other.userName)
        && Objects.equals(issuer(), other.issuer());
  }

  /** All that {@link #isSameAs} looks at, for the log. */
  public String identity() {
    var text = new StringBuilder(LogText.quote(id));
    if (userName != null) {
      text.append(", user ").append(LogText.quote(userName));
    }
    if (token != null) {
      text.append(", issuer ").append(LogText.quote(token.issuer()));
    }
    return text.toString();
  }

  private @Nullable String issuer() {
    return token == null ? null : token.issuer();
  }

  /** Wall clock in milliseconds at which the credential ends, {@link #NEVER} if it does not. */
  public long expiresAtMillis() {
    long certificateEnd = certificate == null ? NEVER : certificate.notAfterMillis();
    long tokenEnd = token == null ? NEVER : token.expiresAtMillis();
    return Math.min(certificateEnd, tokenEnd);
  }
}
