package io.signalbox.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.PolicyJson;
import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.StoredPolicy;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Policies and attachments as the API shows them. Any thread. */
final class PolicyViews {
  /** What a document says, read once. */
  private record Read(StoredPolicy stored, Policy policy, String json, String sha256) {}

  private final ApiPolicies policies;
  private final Map<String, Read> read = new ConcurrentHashMap<>();

  PolicyViews(ApiPolicies policies) {
    this.policies = policies;
  }

  /**
   * Writes what is particular to a policy.
   *
   * @param whole with its document
   */
  void policy(JsonObject out, StoredPolicy stored, boolean whole) {
    out.addProperty("name", stored.name());
    out.addProperty("ref", stored.ref());
    Optional<Read> known = read(stored);
    known.ifPresent(
        content -> {
          out.addProperty("description", content.policy.description());
          out.addProperty("mode", content.policy.mode().word());
          out.addProperty("statementCount", content.policy.statements().size());
          out.addProperty("sha256", content.sha256);
        });
    out.addProperty("format", stored.format().word());
    if (whole) {
      out.addProperty("document", stored.document());
      known.ifPresent(content -> out.add("policy", JsonParser.parseString(content.json)));
    }
  }

  private Optional<Read> read(StoredPolicy stored) {
    Read known = read.get(stored.name());
    if (known != null && known.stored.equals(stored)) {
      return Optional.of(known);
    }
    Optional<Read> made =
        policies
            .parsed(stored)
            .map(
                policy -> {
                  String json = PolicyJson.of(policy);
                  return new Read(stored, policy, json, sha256(json));
                });
    made.ifPresent(content -> read.put(stored.name(), content));
    return made;
  }

  /** A policy that is there no more. */
  void forget(String name) {
    read.remove(name);
  }

  /** Of a policy in its canonical form: the same for every way to write the same policy. */
  static String sha256(String canonical) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(canonical.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Writes what is particular to an attachment. */
  void attachment(JsonObject out, PolicyAttachment attachment) {
    attachment.write(out);
    out.addProperty("effective", policies.isInForce(attachment));
  }
}
