package io.signalbox.acl.subject;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One thing that a policy may know about a client: compared in {@code match}, and for most kinds
 * substituted as a variable.
 *
 * @param kind which one
 * @param argument the name after {@code device.attr.}, the path after {@code jwt.claim.}; else ""
 */
public record Attribute(Kind kind, String argument) {
  /** All attributes of the language. */
  public enum Kind {
    CLIENT_ID("client.id", true),
    USER_NAME("user.name", true),
    DEVICE_ID("device.id", true),
    DEVICE_ATTRIBUTE("device.attr.", true),
    CERT_CA("cert.ca", false),
    CERT_CN("cert.cn", true),
    CERT_SERIAL("cert.serial", true),
    CERT_FINGERPRINT("cert.fingerprint", true),
    CERT_ISSUER_CN("cert.issuerCn", true),
    CERT_OU("cert.ou", true),
    CERT_DNS_SAN("cert.dnsSan", true),
    CERT_URI_SAN("cert.uriSan", true),
    CERT_EMAIL_SAN("cert.emailSan", true),
    JWT_ISSUER("jwt.iss", true),
    JWT_SUB("jwt.sub", true),
    JWT_AUD("jwt.aud", true),
    JWT_CLAIM("jwt.claim.", true),
    GROUP("group", true),
    LISTENER("listener", true),
    TRANSPORT("transport", false),
    AUTH_METHOD("auth", false);

    private final String variable;
    private final boolean substitutable;

    Kind(String variable, boolean substitutable) {
      this.variable = variable;
      this.substitutable = substitutable;
    }

    private boolean takesArgument() {
      return variable.endsWith(".");
    }
  }

  private static final List<Kind> KINDS = List.of(Kind.values());
  private static final Map<String, Attribute> PLAIN_VARIABLES = plainVariables();

  public Attribute(Kind kind) {
    this(kind, "");
  }

  public Attribute {
    if (kind.takesArgument() == argument.isEmpty()) {
      throw new IllegalArgumentException(kind.variable + " and \"" + argument + "\" do not fit");
    }
    if (kind == Kind.JWT_CLAIM) {
      ClaimPath.of(argument); // refuses a malformed path at birth
    }
  }

  /**
   * The attribute behind {@code ${name}}.
   *
   * @throws IllegalArgumentException when the name is known but its claim path is malformed
   */
  public static Optional<Attribute> variable(String name) {
    Attribute plain = PLAIN_VARIABLES.get(name);
    if (plain != null) {
      return Optional.of(plain);
    }
    for (Kind kind : KINDS) {
      int start = kind.variable.length();
      if (kind.substitutable
          && kind.takesArgument()
          && name.length() > start
          && name.startsWith(kind.variable)) {
        return Optional.of(new Attribute(kind, name.substring(start)));
      }
    }
    return Optional.empty();
  }

  private static Map<String, Attribute> plainVariables() {
    Map<String, Attribute> variables = new HashMap<>();
    for (Kind kind : KINDS) {
      if (kind.substitutable && !kind.takesArgument()) {
        variables.put(kind.variable, new Attribute(kind));
      }
    }
    return variables;
  }

  /** Names of all variables, for messages and completion. */
  public static List<String> variables() {
    List<String> names = new ArrayList<>();
    for (Kind kind : KINDS) {
      if (kind.substitutable) {
        names.add(
            switch (kind) {
              case DEVICE_ATTRIBUTE -> kind.variable + "NAME";
              case JWT_CLAIM -> kind.variable + "PATH";
              default -> kind.variable;
            });
      }
    }
    return names;
  }

  /** Whether one client may have more than one value here. */
  public boolean isMultiValued() {
    return switch (kind) {
      case CERT_OU, CERT_DNS_SAN, CERT_URI_SAN, CERT_EMAIL_SAN, JWT_AUD, GROUP -> true;
      case JWT_CLAIM -> ClaimPath.of(argument).isMultiValued();
      default -> false;
    };
  }

  /** All values that the client has here; none when it has none or only empty ones. */
  public List<String> of(Subject subject) {
    CertificateAttributes cert = subject.certificate();
    TokenAttributes token = subject.token();
    return switch (kind) {
      case CLIENT_ID -> one(subject.clientId());
      case USER_NAME -> one(subject.userName());
      case DEVICE_ID -> one(subject.deviceId());
      case DEVICE_ATTRIBUTE -> one(subject.deviceAttributes().get(argument));
      case CERT_CA -> cert == null ? List.of() : one(cert.ca());
      case CERT_CN -> cert == null ? List.of() : one(cert.cn());
      case CERT_SERIAL -> cert == null ? List.of() : one(cert.serial());
      case CERT_FINGERPRINT -> cert == null ? List.of() : one(cert.fingerprint());
      case CERT_ISSUER_CN -> cert == null ? List.of() : one(cert.issuerCn());
      case CERT_OU -> cert == null ? List.of() : many(cert.ou());
      case CERT_DNS_SAN -> cert == null ? List.of() : many(cert.dnsSan());
      case CERT_URI_SAN -> cert == null ? List.of() : many(cert.uriSan());
      case CERT_EMAIL_SAN -> cert == null ? List.of() : many(cert.emailSan());
      case JWT_ISSUER -> token == null ? List.of() : one(token.issuer());
      case JWT_SUB -> token == null ? List.of() : one(token.sub());
      case JWT_AUD -> token == null ? List.of() : many(token.aud());
      case JWT_CLAIM ->
          token == null ? List.of() : many(ClaimPath.of(argument).values(token.claims()));
      case GROUP -> many(subject.groups());
      case LISTENER -> one(subject.listener());
      case TRANSPORT -> one(subject.transport().word());
      case AUTH_METHOD -> one(subject.authMethod().word());
    };
  }

  private static List<String> one(@Nullable String value) {
    return value == null || value.isEmpty() ? List.of() : List.of(value);
  }

  private static List<String> many(List<String> values) {
    return values.contains("")
        ? values.stream().filter(value -> !value.isEmpty()).toList()
        : values;
  }

  /** As a person writes it inside {@code ${}}. */
  @Override
  public String toString() {
    return kind.variable + argument;
  }
}
