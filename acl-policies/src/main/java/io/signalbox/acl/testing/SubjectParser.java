package io.signalbox.acl.testing;

import io.signalbox.acl.model.Cidr;
import io.signalbox.acl.parser.MapReader;
import io.signalbox.acl.source.Node;
import io.signalbox.acl.source.Node.Entry;
import io.signalbox.acl.source.Node.ListNode;
import io.signalbox.acl.source.Node.MapNode;
import io.signalbox.acl.source.Node.ScalarNode;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.subject.AuthMethod;
import io.signalbox.acl.subject.CertificateAttributes;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.TlsVersion;
import io.signalbox.acl.subject.TokenAttributes;
import io.signalbox.acl.subject.TokenAttributes.AclClaim;
import io.signalbox.acl.subject.Transport;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A client as people describe one in a test or to a tool: {@code { device: { id: p7 }, groups:
 * pumps }}. What is not said gets a usual value: {@code mqtts} with TLSv1.3, and the device id,
 * token subject or user name as Client Identifier.
 */
public final class SubjectParser {
  /** Keys of a client. */
  public static final List<String> KEYS =
      List.of(
          "clientId",
          "user",
          "device",
          "groups",
          "cert",
          "jwt",
          "listener",
          "transport",
          "source",
          "tlsVersion",
          "auth",
          "policies");

  /** Keys of its certificate. */
  public static final List<String> CERT_KEYS =
      List.of(
          "ca", "cn", "serial", "fingerprint", "issuerCn", "ou", "dnsSan", "uriSan", "emailSan");

  /** Keys of its token. */
  public static final List<String> JWT_KEYS = List.of("issuer", "sub", "aud", "claims", "aclClaim");

  private final Problems problems;

  private SubjectParser(Problems problems) {
    this.problems = problems;
  }

  /**
   * @param attached policies that are attached to it by name
   */
  public record Described(Subject subject, List<String> attached) {}

  /** Empty when {@code problems} grew. */
  public static Optional<Described> parse(Node node, Problems problems) {
    int before = problems.count();
    return MapReader.of(node, "a principal", KEYS, problems)
        .map(reader -> new SubjectParser(problems).read(reader))
        .filter(_ -> problems.count() == before);
  }

  private Described read(MapReader reader) {
    Subject.Builder builder = Subject.builder("");
    reader.text("user").ifPresent(builder::userName);
    reader.node("device").ifPresent(node -> device(node, builder));
    CertificateAttributes cert = reader.node("cert").flatMap(this::certificate).orElse(null);
    TokenAttributes token = reader.node("jwt").flatMap(this::token).orElse(null);
    Transport transport =
        reader
            .word("transport", words(Transport.values(), Transport::word))
            .orElse(Transport.MQTTS);
    Optional<TlsVersion> tls =
        reader.word("tlsVersion", words(TlsVersion.values(), TlsVersion::word));
    if (tls.isPresent() && !transport.isEncrypted()) {
      problems.add(
          reader.position("tlsVersion"),
          "transport " + transport.word() + " has no \"tlsVersion\"");
    }
    Subject subject =
        builder
            .groups(reader.many("groups", Function.identity()))
            .certificate(cert)
            .token(token)
            .listener(reader.text("listener").orElse("default"))
            .transport(transport)
            .tlsVersion(transport.isEncrypted() ? tls.orElse(TlsVersion.V1_3) : null)
            .source(
                reader.many("source", Cidr::of).stream()
                    .findFirst()
                    .orElse(Cidr.of("192.0.2.1"))
                    .network())
            .build();
    AuthMethod auth =
        reader.word("auth", words(AuthMethod.values(), AuthMethod::word)).orElse(usual(subject));
    String id = reader.text("clientId").orElse(usualClientId(subject));
    return new Described(
        subject.with().authMethod(auth).clientId(id).build(),
        reader.many("policies", Function.identity()));
  }

  private static AuthMethod usual(Subject subject) {
    if (subject.certificate() != null) {
      return AuthMethod.CERTIFICATE;
    }
    if (subject.token() != null) {
      return AuthMethod.JWT;
    }
    return subject.userName().isEmpty() ? AuthMethod.ANONYMOUS : AuthMethod.PASSWORD;
  }

  private static String usualClientId(Subject subject) {
    TokenAttributes token = subject.token();
    if (!subject.deviceId().isEmpty()) {
      return subject.deviceId();
    }
    if (token != null && !token.sub().isEmpty()) {
      return token.sub();
    }
    return subject.userName().isEmpty() ? "client" : subject.userName();
  }

  private void device(Node node, Subject.Builder builder) {
    Optional<MapReader> reader = MapReader.of(node, "\"device\"", List.of("id", "attr"), problems);
    if (reader.isPresent()) {
      reader.get().text("id").ifPresent(builder::device);
      Map<String, String> attributes = new HashMap<>();
      reader
          .get()
          .node("attr")
          .ifPresent(
              attr ->
                  MapReader.freeMap(attr, "\"attr\"", problems)
                      .forEach(
                          (name, values) ->
                              values.stream()
                                  .findFirst()
                                  .flatMap(
                                      value -> MapReader.text(value, "\"" + name + "\"", problems))
                                  .ifPresent(text -> attributes.put(name, text))));
      builder.deviceAttributes(attributes);
    }
  }

  private Optional<CertificateAttributes> certificate(Node node) {
    return MapReader.of(node, "\"cert\"", CERT_KEYS, problems)
        .map(
            reader ->
                new CertificateAttributes(
                    reader.text("ca").orElse(""),
                    reader.text("cn").orElse(""),
                    hexadecimal(reader, "serial"),
                    hexadecimal(reader, "fingerprint"),
                    reader.text("issuerCn").orElse(""),
                    reader.many("ou", Function.identity()),
                    reader.many("dnsSan", Function.identity()),
                    reader.many("uriSan", Function.identity()),
                    reader.many("emailSan", Function.identity())));
  }

  private static String hexadecimal(MapReader reader, String key) {
    return reader.text(key).orElse("").replace(":", "").toLowerCase(Locale.ROOT);
  }

  private Optional<TokenAttributes> token(Node node) {
    return MapReader.of(node, "\"jwt\"", JWT_KEYS, problems)
        .map(
            reader ->
                new TokenAttributes(
                    reader.text("issuer").orElse(""),
                    reader.text("sub").orElse(""),
                    reader.many("aud", Function.identity()),
                    claims(reader),
                    reader
                        .word("aclClaim", words(AclClaim.values(), SubjectParser::word))
                        .orElse(AclClaim.NARROW)));
  }

  private static String word(AclClaim claim) {
    return claim.name().toLowerCase(Locale.ROOT);
  }

  private Map<String, @Nullable Object> claims(MapReader reader) {
    Map<String, @Nullable Object> claims = new LinkedHashMap<>();
    if (reader.node("claims").orElse(null) instanceof MapNode map) {
      map.entries().forEach(entry -> claims.put(entry.key(), value(entry.value())));
    } else if (reader.has("claims")) {
      problems.add(reader.position("claims"), "\"claims\" is a map of keys and values");
    }
    return claims;
  }

  /** Claims may be of any shape; texts of doubtful type are taken as texts. */
  private static @Nullable Object value(Node node) {
    return switch (node) {
      case ScalarNode scalar ->
          switch (scalar.type()) {
            case STRING, AMBIGUOUS -> scalar.text();
            case BOOLEAN -> Boolean.valueOf(scalar.text());
            case NUMBER -> number(scalar.text());
            case NULL -> null;
          };
      case ListNode list -> {
        List<@Nullable Object> items = new ArrayList<>();
        list.items().forEach(item -> items.add(value(item)));
        yield items;
      }
      case MapNode map -> {
        Map<String, @Nullable Object> entries = new LinkedHashMap<>();
        for (Entry entry : map.entries()) {
          entries.put(entry.key(), value(entry.value()));
        }
        yield entries;
      }
    };
  }

  private static Object number(String text) {
    try {
      return new BigDecimal(text);
    } catch (NumberFormatException e) {
      return text;
    }
  }

  private static <T> Map<String, T> words(T[] values, Function<T, String> word) {
    return Arrays.stream(values)
        .collect(Collectors.toMap(word, Function.identity(), (a, _) -> a, LinkedHashMap::new));
  }
}
