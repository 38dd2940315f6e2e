package io.signalbox.server.admin;

import io.signalbox.server.config.AdminConfig;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** What a caller of the API may do. */
enum Role {
  VIEWER,
  OPERATOR,
  ADMIN,
  AUDITOR;

  /** As the API writes it. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The roles that groups give, with those that they include. */
  static Set<Role> of(Collection<String> groups, AdminConfig.Roles config) {
    Set<Role> roles = EnumSet.noneOf(Role.class);
    if (!Collections.disjoint(groups, config.admins())) {
      roles.addAll(EnumSet.of(ADMIN, OPERATOR, VIEWER));
    }
    if (!Collections.disjoint(groups, config.operators())) {
      roles.addAll(EnumSet.of(OPERATOR, VIEWER));
    }
    if (!Collections.disjoint(groups, config.viewers())) {
      roles.add(VIEWER);
    }
    if (!Collections.disjoint(groups, config.auditors())) {
      roles.add(AUDITOR);
    }
    return roles;
  }
}
