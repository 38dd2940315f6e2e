package io.signalbox.server.auth;

import io.signalbox.acl.model.Policy;
import io.signalbox.server.registry.PolicyAttachment;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is to become of the API's policies.
 *
 * @param policies by name; empty: removed
 * @param attached added to those there are
 * @param detached names of attachments that go
 */
record PolicyEdit(
    Map<String, Optional<Policy>> policies,
    List<PolicyAttachment> attached,
    List<String> detached) {
  static final PolicyEdit NOTHING = new PolicyEdit(Map.of(), List.of(), List.of());

  boolean isNothing() {
    return policies.isEmpty() && attached.isEmpty() && detached.isEmpty();
  }

  /** Whether it is the same, if the policies that it brings come from the same documents. */
  boolean isOfTheSame(PolicyEdit other) {
    return policies.keySet().equals(other.policies.keySet())
        && attached.equals(other.attached)
        && detached.equals(other.detached);
  }

  static PolicyEdit put(Policy policy) {
    return new PolicyEdit(Map.of(policy.name(), Optional.of(policy)), List.of(), List.of());
  }

  static PolicyEdit remove(String policy) {
    return new PolicyEdit(Map.of(policy, Optional.empty()), List.of(), List.of());
  }

  static PolicyEdit attach(PolicyAttachment attachment) {
    return new PolicyEdit(Map.of(), List.of(attachment), List.of());
  }

  static PolicyEdit detach(String attachment) {
    return new PolicyEdit(Map.of(), List.of(), List.of(attachment));
  }
}
