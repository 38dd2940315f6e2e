package io.signalbox.server.registry;

import io.signalbox.server.config.RegistryConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Bounds of one entry that the configuration decides. */
final class EntryLimits {
  private EntryLimits() {}

  static void check(RegistryConfig config, Entry<?> entry) throws RegistryException {
    List<FieldProblem> problems = new ArrayList<>();
    switch (entry) {
      case Device device -> {
        attributes(device.attributes(), config, problems);
        groups(device.groups(), config, problems);
      }
      case Group group -> attributes(group.attributes(), config, problems);
      case ProvisioningTemplate template -> {
        attributes(template.attributes(), config, problems);
        groups(template.groups(), config, problems);
      }
      case User user -> groups(user.groups(), config, problems);
      case IssuingAuthority ca -> {
        if (ca.form().isExperimental() && !config.experimentalKeyTypes()) {
          problems.add(
              new FieldProblem(
                  ca.form().alternativeKeyType() == null ? "/keyType" : "/alternativeKeyType",
                  "is an experiment that few programs can read; to try it, set"
                      + " registry.experimental-key-types: true"));
        }
      }
      case DeviceCertificate _,
          JwtIssuer _,
          TrustedAuthority _,
          ClaimToken _,
          StoredPolicy _,
          PolicyAttachment _ -> {}
    }
    if (!problems.isEmpty()) {
      throw RegistryException.invalid(problems);
    }
  }

  private static void attributes(
      Map<String, String> attributes, RegistryConfig config, List<FieldProblem> problems) {
    check("/attributes", attributes.size(), config.attributesMax(), "attributes-max", problems);
  }

  private static void groups(
      List<String> groups, RegistryConfig config, List<FieldProblem> problems) {
    check("/groups", groups.size(), config.groupsPerEntryMax(), "groups-per-entry-max", problems);
  }

  private static void check(
      String pointer, int size, int max, String key, List<FieldProblem> problems) {
    if (size > max) {
      problems.add(
          new FieldProblem(
              pointer, "has " + size + " entries, registry." + key + " allows " + max));
    }
  }
}
