package io.signalbox.server.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which access policies bind the clients. Section {@code policies}. Without any, everything is
 * denied.
 *
 * @param directory folder whose {@code *.policy.yaml} files are read; null: none
 * @param shipped which of the policies that come with the broker are in force
 */
public record PolicyConfig(@Nullable Path directory, Set<Shipped> shipped) {

  /** Policies that come with the broker. */
  public enum Shipped {
    /** A device with a certificate: its own topics under {@code devices/ID/}. */
    DEVICES,
    /** A browser with a token. */
    BROWSERS
  }

  public static final PolicyConfig DEFAULTS = new PolicyConfig(null, Set.of(Shipped.values()));

  public PolicyConfig {
    shipped = Set.copyOf(shipped);
  }

  static PolicyConfig read(Section policies) {
    PolicyConfig d = DEFAULTS;
    return policies.make(
        d,
        () ->
            new PolicyConfig(
                policies.directory("directory"),
                Set.copyOf(policies.choices("shipped", Shipped.class, List.copyOf(d.shipped)))));
  }
}
