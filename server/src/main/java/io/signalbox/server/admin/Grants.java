package io.signalbox.server.admin;

import io.signalbox.server.config.AdminConfig;
import io.signalbox.server.registry.ProvisioningTemplate;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Keeps a caller from giving away, or taking for itself, a role that it does not have. */
final class Grants {
  private final AdminConfig.Roles config;

  Grants(AdminConfig.Roles config) {
    this.config = config;
  }

  /** Whoever makes somebody a member of groups, or makes a credential of a member. */
  void require(Caller caller, Collection<String> groups) throws ApiException {
    Set<Role> given = Role.of(groups, config);
    List<String> missing =
        given.stream().filter(role -> !caller.roles().contains(role)).map(Role::word).toList();
    if (!missing.isEmpty()) {
      throw new ApiException(
          ApiProblem.Type.FORBIDDEN,
          "a group among "
              + groups.stream().sorted().toList()
              + " gives the role "
              + String.join(", ", missing)
              + ", which you do not have and so cannot give");
    }
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
