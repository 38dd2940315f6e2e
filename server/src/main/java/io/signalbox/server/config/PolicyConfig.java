package io.signalbox.server.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which access policies bind the clients. Section {@code policies}. Without any, everything is
 * denied.
 *
 * @param directory folder whose {@code *.policy.yaml} files are read; null: none
 * @param shipped which of the policies that come with the broker are in force
 * @param reloadInterval 0..1 h between two looks at the folder; 0: it is read at the start only
 * @param revokeGrace 0..1 min in which a client that lost rights must take what was on its way to
 *     it before; then its connection is cut
 * @param revisionsMax 1..1,000 changes of policies that are kept to look at and to go back to; the
 *     oldest goes when another comes
 */
public record PolicyConfig(
    @Nullable Path directory,
    Set<Shipped> shipped,
    Duration reloadInterval,
    Duration revokeGrace,
    int revisionsMax) {

  /** Policies that come with the broker. */
  public enum Shipped {
    /** A device with a certificate: its own topics under {@code devices/ID/}. */
    DEVICES,
    /** A browser with a token. */
    BROWSERS
  }

  private static final Range RELOAD_INTERVAL =
      Range.millis("policies.reload-interval-millis", 0, 3_600_000);
  private static final Range REVOKE_GRACE = Range.millis("policies.revoke-grace-millis", 0, 60_000);
  private static final Range REVISIONS_MAX = Range.of("policies.revisions-max", 1, 1_000);

  public static final PolicyConfig DEFAULTS =
      new PolicyConfig(
          null, Set.of(Shipped.values()), Duration.ofSeconds(2), Duration.ofSeconds(1), 20);

  public PolicyConfig {
    shipped = Set.copyOf(shipped);
    RELOAD_INTERVAL.check(reloadInterval);
    REVOKE_GRACE.check(revokeGrace);
    REVISIONS_MAX.check(revisionsMax);
  }

  static PolicyConfig read(Section policies) {
    PolicyConfig d = DEFAULTS;
    return policies.make(
        d,
        () ->
            new PolicyConfig(
                policies.directory("directory"),
                Set.copyOf(policies.choices("shipped", Shipped.class, List.copyOf(d.shipped))),
                policies.duration(RELOAD_INTERVAL, d.reloadInterval),
                policies.duration(REVOKE_GRACE, d.revokeGrace),
                policies.integer(REVISIONS_MAX, d.revisionsMax)));
  }
}
