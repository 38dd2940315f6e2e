package io.signalbox.it.broker;

import io.signalbox.it.wire.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The YAML of a broker under test: listeners on free ports of the loopback address and more keys as
 * text.
 */
public final class BrokerConfig {
  private record Listener(Transport transport, boolean anonymous, String clientCertificate) {}

  private final List<Listener> listeners = new ArrayList<>();
  private final StringBuilder more = new StringBuilder();

  /** All four transports, anonymous clients welcome, certificates optional. */
  public static BrokerConfig open() {
    var config = new BrokerConfig();
    for (Transport transport : Transport.values()) {
      config.listener(transport, true, transport.isTls() ? "optional" : "none");
    }
    return config;
  }

  /** No listener yet. */
  public static BrokerConfig empty() {
    return new BrokerConfig();
  }

  /**
   * @param clientCertificate {@code none}, {@code optional} or {@code required}
   */
  public BrokerConfig listener(Transport transport, boolean anonymous, String clientCertificate) {
    listeners.add(new Listener(transport, anonymous, clientCertificate));
    return this;
  }

  /** More YAML at the top level. */
  public BrokerConfig yaml(String text) {
    more.append(text.stripIndent());
    if (!text.endsWith("\n")) {
      more.append('\n');
    }
    return this;
  }

  List<Transport> transports() {
    return listeners.stream().map(Listener::transport).toList();
  }

  /** The name in the log line and in the file. */
  static String nameOf(Transport transport) {
    return transport.name().toLowerCase(Locale.ROOT);
  }

  String text() {
    var yaml = new StringBuilder("listeners:\n");
    for (Listener listener : listeners) {
      String name = nameOf(listener.transport());
      yaml.append("  - name: ").append(name).append('\n');
      yaml.append("    type: ").append(name).append('\n');
      yaml.append("    bind: 127.0.0.1\n    port: 0\n");
      yaml.append("    allow-anonymous: ").append(listener.anonymous()).append('\n');
      if (listener.transport().isTls()) {
        yaml.append("    client-certificate: ").append(listener.clientCertificate()).append('\n');
      }
    }
    return yaml.append(more).toString();
  }
}
