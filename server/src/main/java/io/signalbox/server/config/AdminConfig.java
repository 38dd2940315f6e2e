package io.signalbox.server.config;

import java.util.List;
import java.util.Set;

/**
 * What the WebSocket listeners serve over HTTP besides MQTT. Section {@code admin}.
 *
 * @param page whether {@code /} shows the browser page
 * @param metricsGroups groups whose members may read {@code /health} and {@code /metrics} from
 *     other machines; from loopback everybody may
 */
public record AdminConfig(boolean page, Set<String> metricsGroups) {

  public static final AdminConfig DEFAULTS = new AdminConfig(true, Set.of("operators"));

  public AdminConfig {
    metricsGroups = Set.copyOf(metricsGroups);
  }

  static AdminConfig read(Section admin) {
    AdminConfig d = DEFAULTS;
    return admin.make(
        d,
        () ->
            new AdminConfig(
                admin.bool("page", d.page),
                Set.copyOf(admin.strings("metrics-groups", List.copyOf(d.metricsGroups)))));
  }
}
