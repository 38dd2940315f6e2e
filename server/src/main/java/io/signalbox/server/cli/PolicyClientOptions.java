package io.signalbox.server.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.signalbox.acl.load.PolicySources;
import io.signalbox.acl.source.Documents;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.testing.PolicyTest;
import io.signalbox.acl.testing.SubjectParser;
import io.signalbox.pki.ClientIdentity;
import io.signalbox.pki.Pem;
import io.signalbox.pki.PkiException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which client a question is about. */
final class PolicyClientOptions {
  private static final SourceLimits LIMITS = new SourceLimits(1 << 20, 16, 10_000);

  @Option(
      names = "--as",
      paramLabel = "CLIENT",
      description =
          "A client as tests describe it, such as \"{ device: { id: p7 }, groups: pumps }\", or"
              + " the name of one in the tests beside the policies.")
  private @Nullable String described;

  @Option(
      names = "--cert",
      paramLabel = "FILE",
      description = "Its certificate, PEM. It is read, not verified.")
  private @Nullable Path certificate;

  @Option(
      names = "--ca",
      paramLabel = "NAME",
      defaultValue = "",
      description = "Name under which the broker knows the authority of the certificate.")
  private String ca = "";

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "Its token. It is read, not verified.")
  private @Nullable Path token;

  @Option(
      names = "--issuer",
      paramLabel = "NAME",
      defaultValue = "local",
      description = "Name under which the broker knows the issuer of the token (default: local).")
  private String issuer = "local";

  @Option(
      names = "--client-id",
      paramLabel = "ID",
      description = "Client Identifier (default: device id, subject or user name).")
  private @Nullable String clientId;

  @Option(names = "--group", paramLabel = "GROUP", description = "A group; may be repeated.")
  private List<String> groups = List.of();

  /**
   * @throws CommandFailure with the code of wrong usage, so that it is no answer about the client
   */
  Subject read(PolicySources sources) throws CommandFailure {
    String text = described;
    boolean credential = certificate != null || token != null;
    if ((text != null) == credential) {
      throw new CommandFailure(
          ExitCode.USAGE, "say which client is meant: --as, or --cert and --token-file");
    }
    if (text == null) {
      return parse("the client", fromCredentials().toString());
    }
    if (!text.stripLeading().startsWith("{")) {
      return ofTests(sources, text);
    }
    Subject subject = parse("--as", text);
    return clientId == null ? subject : subject.with().clientId(clientId).build();
  }

  private static Subject ofTests(PolicySources sources, String name) throws CommandFailure {
    return sources.tests().stream()
        .flatMap(test -> test.cases().stream())
        .filter(test -> test.principal().equals(name))
        .map(PolicyTest.Case::subject)
        .findFirst()
        .orElseThrow(
            () ->
                new CommandFailure(
                    ExitCode.USAGE,
                    "no case of the tests beside the policies is about a client \""
                        + name
                        + "\"; describe one in braces: --as \"{ device: { id: "
                        + name
                        + " } }\""));
  }

  private static Subject parse(String origin, String text) throws CommandFailure {
    Problems problems = new Problems();
    var parsed =
        Documents.read(origin, text, LIMITS, problems)
            .flatMap(node -> SubjectParser.parse(node, problems));
    if (parsed.isEmpty()) {
      throw new CommandFailure(ExitCode.USAGE, problems.toString());
    }
    if (!parsed.get().attached().isEmpty()) {
      throw new CommandFailure(
          ExitCode.USAGE, "\"policies\" of a client is for tests; use a client that they bind to");
    }
    return parsed.get().subject();
  }

  /** The client that the broker would make of the credentials. */
  private JsonObject fromCredentials() throws CommandFailure {
    JsonObject client = new JsonObject();
    JsonArray memberOf = array(groups);
    if (token != null) {
      JsonObject claims = claims(token);
      JsonObject jwt = new JsonObject();
      jwt.addProperty("issuer", issuer);
      for (String claim : List.of("sub", "aud")) {
        if (claims.has(claim)) {
          jwt.add(claim, claims.get(claim));
        }
      }
      jwt.add("claims", claims);
      client.add("jwt", jwt);
      if (claims.has("sub")) {
        client.add("user", claims.get("sub"));
      }
      if (claims.get("groups") instanceof JsonArray ofToken) {
        memberOf.addAll(ofToken);
      }
    }
    if (certificate != null) {
      ClientIdentity identity = identity(certificate);
      JsonObject cert = new JsonObject();
      cert.addProperty("ca", ca);
      cert.addProperty("cn", identity.commonName());
      cert.addProperty("serial", identity.serialHex());
      cert.addProperty("fingerprint", identity.fingerprint());
      cert.addProperty("issuerCn", identity.issuerCommonName());
      addTexts(cert, "ou", identity.names().organizationalUnits());
      addTexts(cert, "dnsSan", identity.names().dnsNames());
      addTexts(cert, "uriSan", identity.names().uris());
      addTexts(cert, "emailSan", identity.names().emails());
      client.add("cert", cert);
      JsonObject device = new JsonObject();
      device.addProperty("id", identity.commonName());
      client.add("device", device);
    }
    if (!memberOf.isEmpty()) {
      client.add("groups", memberOf);
    }
    if (clientId != null) {
      client.addProperty("clientId", clientId);
    }
    return client;
  }

  private static ClientIdentity identity(Path certificate) throws CommandFailure {
    try {
      return ClientIdentity.of(Pem.readCertificates(certificate).getFirst());
    } catch (PkiException e) {
      throw new CommandFailure(ExitCode.USAGE, String.valueOf(e.getMessage()));
    }
  }

  private static void addTexts(JsonObject to, String key, List<String> texts) {
    if (!texts.isEmpty()) {
      to.add(key, array(texts));
    }
  }

  private static JsonArray array(List<String> texts) {
    JsonArray all = new JsonArray();
    texts.forEach(all::add);
    return all;
  }

  private static JsonObject claims(Path file) throws CommandFailure {
    try {
      String[] parts = Files.readString(file).strip().split("\\.", -1);
      if (parts.length != 3) {
        throw new CommandFailure(
            ExitCode.USAGE, file + " holds no token: a token has three parts with two dots");
      }
      String json = new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8);
      JsonElement claims = JsonParser.parseString(json);
      if (claims instanceof JsonObject object) {
        return object;
      }
      throw new CommandFailure(
          ExitCode.USAGE, "the claims of the token in " + file + " are no JSON object");
    } catch (IOException e) {
      throw new CommandFailure(ExitCode.USAGE, "cannot read " + file + ": " + e.getMessage());
    } catch (IllegalArgumentException | JsonParseException e) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "the claims of the token in " + file + " cannot be read: " + e.getMessage());
    }
  }
}
