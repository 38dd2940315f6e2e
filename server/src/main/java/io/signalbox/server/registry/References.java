package io.signalbox.server.registry;

import io.signalbox.server.registry.RegistryException.Reason;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What an entry may name, and what may go while others name it. */
final class References {
  private static final int SHOWN_MAX = 5;

  /** What one change of several adds and takes away. */
  static final class Together {
    /** Of a change that stands alone. */
    static final Together ALONE = new Together();

    private final Map<Kind<?>, Map<String, Boolean>> byKind = new HashMap<>();

    /**
     * @param stays false: it goes
     */
    void note(Kind<?> kind, String name, boolean stays) {
      byKind.computeIfAbsent(kind, _ -> new HashMap<>()).put(name, stays);
    }

    private @Nullable Boolean stays(Kind<?> kind, String name) {
      return byKind.getOrDefault(kind, Map.of()).get(name);
    }
  }

  private final Indexes indexes;

  References(Indexes indexes) {
    this.indexes = indexes;
  }

  /** Refuses an entry that names what is not registered. */
  void checkTargets(Entry<?> entry, Together with) throws RegistryException {
    List<FieldProblem> missing = new ArrayList<>();
    switch (entry) {
      case Device device -> groups(device.groups(), with, missing);
      case ProvisioningTemplate template -> {
        groups(template.groups(), with, missing);
        need(Kind.ISSUING_CA, template.ca(), "/ca", with, missing);
      }
      case TrustedAuthority ca ->
          need(Kind.TEMPLATE, ca.template(), "/provisioningTemplate", with, missing);
      case ClaimToken token -> need(Kind.TEMPLATE, token.template(), "/template", with, missing);
      case IssuingAuthority ca -> {
        need(Kind.ISSUING_CA, ca.form().parent(), "/parent", with, missing);
        need(Kind.ISSUING_CA, ca.successor(), "/successor", with, missing);
      }
      case PolicyAttachment attachment ->
          need(Kind.POLICY, attachment.apiPolicy().orElse(null), "/policy", with, missing);
      // A certificate outlives its device: that it is revoked must be known until it ends.
      case DeviceCertificate _, Group _, JwtIssuer _, User _, StoredPolicy _ -> {}
    }
    if (!missing.isEmpty()) {
      throw RegistryException.invalid(missing);
    }
  }

  private void groups(List<String> groups, Together with, List<FieldProblem> missing) {
    for (int i = 0; i < groups.size(); i++) {
      need(Kind.GROUP, groups.get(i), "/groups/" + i, with, missing);
    }
  }

  private <E extends Entry<E>> void need(
      Kind<E> kind,
      @Nullable String name,
      String pointer,
      Together with,
      List<FieldProblem> missing) {
    if (name != null && !isThere(kind, name, with)) {
      missing.add(
          new FieldProblem(pointer, "there is no " + kind + " \"" + name + "\"; put it first"));
    }
  }

  private <E extends Entry<E>> boolean isThere(Kind<E> kind, String name, Together with) {
    Boolean stays = with.stays(kind, name);
    return stays == null ? indexes.of(kind).get(name) != null : stays;
  }

  /** Refuses to remove an entry that others name. */
  void checkUnused(Entry<?> entry, Together with) throws RegistryException {
    String name = entry.name();
    Stream<String> users =
        switch (entry) {
          case Group _ ->
              Stream.concat(
                  named("device", indexes.members(name).stream()),
                  Stream.concat(
                      named(
                          "provisioning template",
                          names(Kind.TEMPLATE, template -> template.groups().contains(name))),
                      attachments(entry, with)));
          case ProvisioningTemplate _ ->
              Stream.concat(
                  named("trusted CA", names(Kind.TRUSTED_CA, ca -> name.equals(ca.template()))),
                  named(
                      "claim token",
                      names(Kind.CLAIM_TOKEN, token -> token.template().equals(name))));
          case IssuingAuthority _ ->
              Stream.concat(
                  named(
                      "issuing CA",
                      names(
                          Kind.ISSUING_CA,
                          ca -> name.equals(ca.form().parent()) || name.equals(ca.successor()))),
                  named(
                      "provisioning template",
                      names(Kind.TEMPLATE, template -> name.equals(template.ca()))));
          case StoredPolicy policy ->
              named(
                  "attachment",
                  names(Kind.ATTACHMENT, attachment -> attachment.policy().equals(policy.ref()))
                      .filter(each -> isThere(Kind.ATTACHMENT, each, with)));
          case Device _, DeviceCertificate _, JwtIssuer _, User _ -> attachments(entry, with);
          case TrustedAuthority _, ClaimToken _, PolicyAttachment _ -> Stream.of();
        };
    List<String> first = users.limit(SHOWN_MAX + 1).toList();
    if (!first.isEmpty()) {
      String shown = String.join(", ", first.subList(0, Math.min(SHOWN_MAX, first.size())));
      throw new RegistryException(
          Reason.CONFLICT,
          "the "
              + entry.kind()
              + " \""
              + name
              + "\" is still used by "
              + shown
              + (first.size() > SHOWN_MAX ? " and others" : "")
              + "; remove it there first");
    }
  }

  /** Those that bind policies to an entry and stay. */
  private Stream<String> attachments(Entry<?> entry, Together with) {
    return named(
        "attachment",
        PolicyAttachment.TargetKind.of(entry.kind()).stream()
            .flatMap(target -> indexes.attachmentsTo(target, entry.name()).stream())
            .filter(each -> isThere(Kind.ATTACHMENT, each, with)));
  }

  private <E extends Entry<E>> Stream<String> names(Kind<E> kind, Predicate<E> uses) {
    return indexes.of(kind).all().stream().filter(uses).map(Entry::name);
  }

  private static Stream<String> named(String label, Stream<String> names) {
    return names.map(name -> label + " \"" + name + "\"");
  }
}
