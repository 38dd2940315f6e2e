package io.signalbox.server.auth;

import io.signalbox.server.config.PolicyConfig;
import io.signalbox.server.config.RegistryConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.Sealing;
import io.signalbox.server.store.StoreFixture;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;

/** CPU time of attaching one policy of many to many devices, one after the other. Run by hand. */
final class AttachmentMeasurement {
  private static final int POLICIES = 2_000;
  private static final int COUNT = 2_000;

  private AttachmentMeasurement() {}

  public static void main(String[] arguments) throws Exception {
    Path directory = Files.createTempDirectory("attachments");
    Metrics metrics = new Metrics(1, "test");
    try (var fixture = StoreFixture.open(directory.resolve("store"))) {
      Registry registry =
          Registry.open(
              fixture.store,
              RegistryConfig.DEFAULTS,
              Sealing.openOrCreate(directory, new SecureRandom()),
              Clocks.system(),
              metrics);
      Path folder = Files.createDirectory(directory.resolve("policies"));
      for (int i = 0; i < POLICIES; i++) {
        Files.writeString(
            folder.resolve("p" + i + ".policy.yaml"),
            """
            version: 1
            name: p%d
            statements:
              - { id: send, effect: allow, actions: [publish], topics: ["t%d/#"] }
            """
                .formatted(i, i));
      }
      PolicyConfig d = PolicyConfig.DEFAULTS;
      var config =
          new PolicyConfig(
              folder, d.shipped(), d.reloadInterval(), d.revokeGrace(), d.revisionsMax());
      var policies =
          new ApiPolicies(PolicyStore.open(config, registry, metrics, Clocks.system()), registry);
      var cpu = ManagementFactory.getThreadMXBean();
      long before = cpu.getCurrentThreadCpuTime();
      for (int i = 1; i <= COUNT; i++) {
        policies.attach(PolicyAttachment.of("file:p1", "device", "d" + i), Condition.NONE, "x");
        if (i % 500 == 0) {
          long now = cpu.getCurrentThreadCpuTime();
          System.out.println(i + ": " + (now - before) / 500 / 1_000 + " us each");
          before = now;
        }
      }
    }
  }
}
