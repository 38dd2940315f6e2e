package io.signalbox.server.auth;

import io.signalbox.server.config.PolicyConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.registry.RegistryFixture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** Policies over a registry, with one of a file to attach. */
final class ApiPoliciesFixture {
  private ApiPoliciesFixture() {}

  /**
   * {@code file:p} allows to publish to {@code a} and binds nobody by itself.
   *
   * @param test beside it; empty: none
   */
  static ApiPolicies withPolicyP(Path directory, RegistryFixture fixture, String test)
      throws Exception {
    return withPolicyP(directory, fixture, test, PolicyConfig.DEFAULTS);
  }

  /** The same without those that come with the broker: nobody may do anything. */
  static ApiPolicies withPolicyPAlone(Path directory, RegistryFixture fixture, String test)
      throws Exception {
    PolicyConfig d = PolicyConfig.DEFAULTS;
    return withPolicyP(
        directory,
        fixture,
        test,
        new PolicyConfig(
            d.directory(), Set.of(), d.reloadInterval(), d.revokeGrace(), d.revisionsMax()));
  }

  private static ApiPolicies withPolicyP(
      Path directory, RegistryFixture fixture, String test, PolicyConfig d) throws Exception {
    Path folder = Files.createDirectories(directory.resolve("policies"));
    Files.writeString(
        folder.resolve("p.policy.yaml"),
        """
        version: 1
        name: p
        statements: [{ id: a, effect: allow, actions: [publish], topics: [a] }]
        """);
    if (!test.isEmpty()) {
      Files.writeString(folder.resolve("p.test.yaml"), test);
    }
    var config =
        new PolicyConfig(
            folder, d.shipped(), d.reloadInterval(), d.revokeGrace(), d.revisionsMax());
    var metrics = new Metrics(1, "test");
    return new ApiPolicies(
        PolicyStore.open(config, fixture.registry, metrics, Clocks.system()), fixture.registry);
  }
}
