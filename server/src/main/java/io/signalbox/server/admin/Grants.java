package io.signalbox.server.admin;

import io.signalbox.server.config.AdminConfig;
import io.signalbox.server.registry.ProvisioningTemplate;
import java.util.Collection;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Keeps a caller from giving away, or taking for itself, a role that it does not have. */
final class Grants {
  private final AdminConfig.Roles config;

  Grants(AdminConfig.Roles config) {
    this.config = config;
  }

  /** Whoever makes somebody a member of groups, or makes a credential of a member. */
  void require(Caller caller, Collection<String> groups) throws ApiException {
    String missing = missing(caller, groups);
    if (!missing.isEmpty()) {
      throw new ApiException(
          ApiProblem.Type.FORBIDDEN,
          "a group among "
              + groups.stream().sorted().toList()
              + " gives the role "
              + missing
              + ", which you do not have and so cannot give");
    }
  }

  /**
   * Whoever has tokens or certificates of somebody elsewhere accepted: those may name any group, or
   * any device.
   *
   * @param enabled false: none is accepted, and so nobody gets a role
   */
  void requireToVouch(Caller caller, boolean enabled) throws ApiException {
    String missing = enabled ? missing(caller, config.all()) : "";
    if (!missing.isEmpty()) {
      throw new ApiException(
          ApiProblem.Type.FORBIDDEN,
          "whom this vouches for can have any role, also "
              + missing
              + ", which you do not have and so cannot give; ask somebody who has every role");
    }
  }

  private String missing(Caller caller, Collection<String> groups) {
    return Role.of(groups, config).stream()
        .filter(role -> !caller.roles().contains(role))
        .map(Role::word)
        .collect(Collectors.joining(", "));
  }

  /**
   * Whoever makes a token with which devices enrol as a template says.
   *
   * @param template null: there is none, and so no use for the token
   */
  void require(Caller caller, @Nullable ProvisioningTemplate template) throws ApiException {
    if (template != null) {
      require(caller, template.groups());
    }
  }
}
