package io.signalbox.it.broker;

import io.signalbox.it.wire.Transport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The YAML of a broker under test: listeners on free ports of the loopback address and more keys as
 * text.
 */
public final class BrokerConfig {
  private record Listener(Transport transport, boolean anonymous, String clientCertificate) {}

  /**
   * Values of the section {@code limits} with which nobody is given up for saying nothing: a
   * connection that ends before CONNECT, ends for another reason.
   */
  public static final String PATIENT =
      "connect-timeout-millis: 600000, handshake-timeout-millis: 600000";

  private static final String OPEN_POLICY =
      """
      version: 1
      name: open
      description: Everybody may do everything.
      match: { everyone: true }
      statements:
        - id: connect
          effect: allow
          actions: [connect]
          clientIds: ["*"]
        - id: publish
          effect: allow
          actions: [publish]
          topics: ["#"]
          where: { retain: allow }
        - id: subscribe
          effect: allow
          actions: [subscribe]
          topics: ["#", "$SYS/#"]
          shareGroups: ["*"]
      """;

  private final List<Listener> listeners = new ArrayList<>();
  private final Map<Transport, String> listenerLines = new EnumMap<>(Transport.class);
  private final StringBuilder more = new StringBuilder();
  private final Map<String, String> policies = new LinkedHashMap<>();
  private final Map<String, String> files = new LinkedHashMap<>();
  private final StringBuilder policyOptions = new StringBuilder();

  /** All four transports, anonymous clients welcome, certificates optional, everything allowed. */
  public static BrokerConfig open() {
    BrokerConfig config = allowingAll();
    for (Transport transport : Transport.values()) {
      config.listener(transport, true, transport.isTls() ? "optional" : "none");
    }
    return config;
  }

  /** Everything allowed to everybody; no listener yet. */
  public static BrokerConfig allowingAll() {
    return new BrokerConfig().policy("open", OPEN_POLICY);
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

  /** More keys of the listener for that transport, one a line, without indentation. */
  public BrokerConfig listenerYaml(Transport transport, String lines) {
    listenerLines.merge(transport, lines.strip(), (some, more) -> some + "\n" + more);
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

  /** A policy file of that name beside the shipped ones. */
  public BrokerConfig policy(String name, String text) {
    policies.put(name + ".policy.yaml", text);
    return this;
  }

  /** A line for the section {@code policies}; needs a policy. */
  public BrokerConfig policyOption(String line) {
    policyOptions.append("  ").append(line).append('\n');
    return this;
  }

  /** A file beside the configuration file, which may name it. */
  public BrokerConfig file(String name, String text) {
    files.put(name, text);
    return this;
  }

  /** Writes the configuration file and the policies that it names. */
  void write(Path file) throws IOException {
    Path folder = file.resolveSibling("policies");
    Files.createDirectories(folder);
    for (Map.Entry<String, String> policy : policies.entrySet()) {
      Files.writeString(folder.resolve(policy.getKey()), policy.getValue());
    }
    for (Map.Entry<String, String> other : files.entrySet()) {
      Files.writeString(file.resolveSibling(other.getKey()), other.getValue());
    }
    Files.writeString(file, text());
  }

  List<Transport> transports() {
    return listeners.stream().map(Listener::transport).toList();
  }

  /** The name in the log line and in the file. */
  static String nameOf(Transport transport) {
    return transport.name().toLowerCase(Locale.ROOT);
  }

  private String text() {
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
      String lines = listenerLines.get(listener.transport());
      if (lines != null) {
        yaml.append(lines.indent(4));
      }
    }
    if (!policies.isEmpty()) {
      yaml.append("policies:\n  directory: policies\n").append(policyOptions);
    }
    return yaml.append(more).toString();
  }
}
