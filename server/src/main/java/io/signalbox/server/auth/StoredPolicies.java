package io.signalbox.server.auth;

import io.signalbox.acl.decision.Attachment;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.parser.PolicyParser;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.StoredPolicy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The API's policies as the registry has them, parsed once, and its attachments. */
@ConfinedTo("the lock of PolicyStore")
final class StoredPolicies {
  /** Namespace of the API's policies. */
  static final String NAMESPACE = "api";

  private static final SourceLimits LIMITS =
      new SourceLimits(StoredPolicy.CHARS_MAX, SourceLimits.DEFAULTS.depthMax(), 250_000);

  /** What the API adds to the policies of files. */
  record Content(List<Policy> policies, List<Attachment> attachments) {}

  private record Parsed(String document, Policy policy) {}

  private final @Nullable Registry registry;
  private Map<String, Parsed> parsed = new HashMap<>();

  /**
   * @param registry null: there are none
   */
  StoredPolicies(@Nullable Registry registry) {
    this.registry = registry;
  }

  /**
   * Reads a document, without looking at what else there is.
   *
   * @param name empty: the one in the document
   * @return empty when {@code problems} grew
   */
  static Optional<Policy> parse(
      String name, StoredPolicy.Format format, String document, Problems problems) {
    int before = problems.count();
    String file = file(name, format);
    Optional<Policy> policy = PolicyParser.parse(NAMESPACE, file, document, LIMITS, problems);
    if (policy.isPresent() && !name.isEmpty() && !policy.get().name().equals(name)) {
      problems.add(
          policy.get().position(),
          "the policy is named \"%s\" here and \"%s\" in the path, make them the same"
              .formatted(policy.get().name(), name));
    }
    return problems.count() == before ? policy : Optional.empty();
  }

  /** How positions in the document of a policy name it. */
  static String file(String name, StoredPolicy.Format format) {
    return NAMESPACE + ":" + name + "." + format.word();
  }

  /** Whether a position is in the document of one. */
  static boolean isFile(String file) {
    return file.startsWith(NAMESPACE + ":");
  }

  /** What is stored, as it would be after an edit. */
  Content content(PolicyEdit edit, Problems problems) {
    Registry stored = registry;
    if (stored == null) {
      return new Content(List.of(), List.of());
    }
    Map<String, Parsed> read = new HashMap<>();
    List<Policy> policies = new ArrayList<>();
    for (StoredPolicy entry : stored.all(Kind.POLICY)) {
      Parsed before = parsed.get(entry.name());
      if (before != null && before.document.equals(entry.document())) {
        read.put(entry.name(), before);
      } else if (!edit.policies().containsKey(entry.name())) { // else what is wrong with it goes
        parse(entry.name(), entry.format(), entry.document(), problems)
            .ifPresent(policy -> read.put(entry.name(), new Parsed(entry.document(), policy)));
      }
    }
    parsed = read;
    read.forEach(
        (name, known) -> {
          if (!edit.policies().containsKey(name)) {
            policies.add(known.policy);
          }
        });
    edit.policies().values().forEach(policy -> policy.ifPresent(policies::add));
    Map<String, Attachment> attachments = new LinkedHashMap<>();
    for (PolicyAttachment entry : stored.all(Kind.ATTACHMENT)) {
      attachments.put(entry.name(), attachment(entry));
    }
    edit.attached().forEach(entry -> attachments.put(entry.name(), attachment(entry)));
    edit.detached().forEach(attachments::remove);
    return new Content(policies, List.copyOf(attachments.values()));
  }

  /** Those of some names that are stored. */
  List<Attachment> attachments(List<String> names) {
    Registry from = registry;
    List<Attachment> found = new ArrayList<>();
    for (String name : names) {
      PolicyAttachment entry = from == null ? null : from.find(Kind.ATTACHMENT, name);
      if (entry != null) {
        found.add(attachment(entry));
      }
    }
    return found;
  }

  static Attachment attachment(PolicyAttachment entry) {
    Attachment.Kind kind =
        switch (entry.targetKind()) {
          case DEVICE -> Attachment.Kind.DEVICE;
          case GROUP -> Attachment.Kind.GROUP;
          case USER -> Attachment.Kind.USER;
          case CERTIFICATE -> Attachment.Kind.CERTIFICATE;
          case JWT_ISSUER -> Attachment.Kind.JWT_ISSUER;
        };
    return new Attachment(entry.policy(), kind, entry.target());
  }
}
