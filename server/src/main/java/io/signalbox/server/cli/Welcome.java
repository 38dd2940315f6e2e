package io.signalbox.server.cli;

import io.signalbox.server.config.BrokerConfig;
import io.signalbox.server.config.ListenerConfig;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What {@code serve} without a configuration prints: where it listens, and lines to copy that
 * connect a device, a browser and a program.
 */
final class Welcome {
  /** Long enough to look around, short enough for something that stands in a terminal's history. */
  private static final Duration LINK_LIFETIME = Duration.ofHours(1);

  private static final String DEVICE = "pump7";
  private static final String GROUP = "browsers";

  private final BrokerConfig config;
  private final List<RunningBroker.Listening> listening;
  private final TokenFactory tokens;

  Welcome(BrokerConfig config, List<RunningBroker.Listening> listening, TokenFactory tokens) {
    this.config = config;
    this.listening = listening;
    this.tokens = tokens;
  }

  void print(PrintWriter out) throws CommandFailure {
    Path data = config.dataDirectory();
    String ca = quoted(data.resolve("pki").resolve("ca.crt"));
    String command = System.getProperty("signalbox.command", "signalbox");
    out.println();
    out.println("Signalbox " + VersionCommand.version() + " is running. Ctrl-C stops it.");
    // One listener may have several sockets: IPv4 and IPv6 have the same name.
    listening.stream()
        .map(socket -> String.format("  %-6s %s", socket.listener().name(), url(socket)))
        .distinct()
        .forEach(out::println);
    out.println("  data in " + data + "; clients trust " + ca);

    Optional<RunningBroker.Listening> tls = first(ListenerConfig.Type.TLS);
    Optional<RunningBroker.Listening> wss = first(ListenerConfig.Type.WSS);
    tls.ifPresent(
        socket -> {
          out.println();
          out.println("A device with a certificate, in another terminal:");
          out.println(
              "  " + command + " pki issue-device " + DEVICE + dataOption() + " --out devices");
          out.printf(
              "  mosquitto_pub -h %s -p %d --cafile %s --cert devices/%s.crt --key devices/%s.key"
                  + " -i %s -q 1 -t devices/%s/data -m 21.5%n",
              host(socket), socket.address().getPort(), ca, DEVICE, DEVICE, DEVICE, DEVICE);
        });
    if (wss.isEmpty()) {
      out.flush();
      return;
    }
    String token = tokens.issue(data, "browser", List.of(GROUP), LINK_LIFETIME).token();
    out.println();
    out.println("The browser page; the link lets its holder in for an hour:");
    out.println(
        "  https://" + host(wss.get()) + ":" + wss.get().address().getPort() + "/#token=" + token);
    out.println("  The browser warns until it trusts " + ca + ": import it as an authority");
    out.println(
        "  (Firefox: Settings, \"View Certificates\"; Chrome: chrome://certificate-manager; macOS:"
            + " Keychain), or accept the warning.");
    out.println();
    out.println("A program with a token (npm install mqtt):");
    out.printf(
        "  NODE_EXTRA_CA_CERTS=%s node -e 'const c = require(\"mqtt\").connect(\"%s\", {username:"
            + " \"browser\", password: process.argv[1]}); c.subscribe(\"devices/#\");"
            + " c.on(\"message\", (t, m) => console.log(t, m.toString()))' \"$(%s token issue"
            + " --subject browser --group %s%s)\"%n",
        ca, url(wss.get()), command, GROUP, dataOption());
    tls.ifPresent(socket -> printOwnClients(out, command, url(socket), ca));
    out.println();
    out.println(
        "Every key of the configuration: config/signalbox.yaml. All commands: "
            + command
            + " --help");
    out.flush();
  }

  /**
   * Both roles without any other program: a token that watches, the device's certificate that
   * reports.
   */
  private void printOwnClients(PrintWriter out, String command, String url, String ca) {
    String broker = " --url " + url + " --cafile " + ca;
    String token = " token issue --subject watcher --group " + GROUP + dataOption();
    out.println();
    out.println("Without other programs: watch all devices, and in another terminal be one:");
    out.println("  " + command + token + " > watcher.jwt");
    out.println("  " + command + " sub" + broker + " --token-file watcher.jwt -t 'devices/#'");
    out.printf(
        "  %s pub%s --cert devices/%s.crt --key devices/%s.key -t devices/%s/data -m 21.5%n",
        command, broker, DEVICE, DEVICE, DEVICE);
  }

  private Optional<RunningBroker.Listening> first(ListenerConfig.Type type) {
    return listening.stream().filter(socket -> socket.listener().type() == type).findFirst();
  }

  /** Nothing while the commands' own default is right. */
  private String dataOption() {
    Path data = config.dataDirectory();
    return data.equals(Path.of("data")) ? "" : " --data " + quoted(data);
  }

  static String url(RunningBroker.Listening socket) {
    ListenerConfig listener = socket.listener();
    String scheme =
        switch (listener.type()) {
          case TCP -> "mqtt";
          case TLS -> "mqtts";
          case WS -> "ws";
          case WSS -> "wss";
        };
    return scheme
        + "://"
        + host(socket)
        + ":"
        + socket.address().getPort()
        + (listener.type().isWebSocket() ? listener.path() : "");
  }

  /** The name in the server's own certificate where that leads to the socket. */
  private static String host(RunningBroker.Listening socket) {
    InetAddress address = socket.address().getAddress();
    if (address == null || address.isLoopbackAddress() || address.isAnyLocalAddress()) {
      return "localhost";
    }
    return address.getAddress().length == 16
        ? "[" + address.getHostAddress() + "]"
        : address.getHostAddress();
  }

  /** As a shell takes it for one word. */
  private static String quoted(Path path) {
    String text = path.toString();
    return text.matches("[A-Za-z0-9_./@%+=:,-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }
}
