package io.signalbox.server.admin;

import java.util.Set;

/**
 * Who makes a request.
 *
 * @param actor as the audit log names it
 * @param remote address from which the request comes
 */
record Caller(String actor, Set<Role> roles, String remote) {
  Caller {
    roles = Set.copyOf(roles);
  }
}
