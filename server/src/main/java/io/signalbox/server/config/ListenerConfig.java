package io.signalbox.server.config;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One place where clients connect. An entry of {@code listeners}.
 *
 * @param name unique, a word of lower-case letters, digits and hyphens; policies and logs call the
 *     listener by it
 * @param type what is spoken on the socket
 * @param bind one or more addresses or host names to listen on, at least one
 * @param port 0..65,535; 0 takes a free port, printed at start
 * @param allowAnonymous whether a client without credentials is let in; policies still decide what
 *     it may do
 * @param clientCertificate whether TLS asks for one; {@code NONE} without TLS
 * @param path HTTP path of the WebSocket, starts with a slash; of no meaning for TCP and TLS
 * @param allowedOrigins values of the HTTP header Origin that may open a WebSocket; empty: only
 *     pages of this same listener, also through a proxy that has TLS in its place and passes the
 *     header Host on; {@code *}: all
 * @param tokenCookie name of a cookie of the WebSocket request that may hold a token; null: none
 * @param proxyProtocol whether each connection from a trusted proxy starts with a PROXY protocol
 *     header
 * @param trustedProxies where such headers are believed; not empty when {@code proxyProtocol} is on
 * @param protocols MQTT versions spoken; not empty
 * @param durability what the acknowledgement of a publish waits for
 * @param connectionsMax 1..10,000,000 open connections on this listener
 */
public record ListenerConfig(
    String name,
    Type type,
    List<String> bind,
    int port,
    boolean allowAnonymous,
    ClientCertificate clientCertificate,
    String path,
    List<String> allowedOrigins,
    @Nullable String tokenCookie,
    boolean proxyProtocol,
    List<AddressRange> trustedProxies,
    Set<Protocol> protocols,
    Durability durability,
    int connectionsMax) {

  /** What is spoken on the socket. */
  public enum Type {
    TCP,
    TLS,
    WS,
    WSS;

    private final String word = name().toLowerCase(Locale.ROOT);

    /** As in the configuration. */
    public String word() {
      return word;
    }

    public boolean isTls() {
      return this == TLS || this == WSS;
    }

    public boolean isWebSocket() {
      return this == WS || this == WSS;
    }
  }

  /** What TLS asks of a client. */
  public enum ClientCertificate {
    /** Not asked for. */
    NONE,
    /** Asked for; a client without one must show a token. */
    OPTIONAL,
    /** A client without one does not get through the handshake. */
    REQUIRED
  }

  /** What the acknowledgement of a publish that must be kept waits for. */
  public enum Durability {
    /** For the disk: an acknowledged message survives a loss of power. */
    COMMIT,
    /** For nothing: a crash loses what the store has not committed yet, as a rule milliseconds. */
    LAZY
  }

  /** A protocol version as it is written in the file. */
  public enum Protocol {
    MQTT_3_1_1("3.1.1"),
    MQTT_5_0("5.0");

    private final String text;

    Protocol(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  private static final Range PORT = Range.of("listeners.port", 0, 65_535);
  private static final Range CONNECTIONS_MAX = Range.of("listeners.connections-max", 1, 10_000_000);
  private static final List<String> LOOPBACK = List.of("127.0.0.1", "::1");
  private static final Set<Protocol> ALL_PROTOCOLS = Set.of(Protocol.values());

  /**
   * What {@code serve} without a configuration listens on: a loopback for devices and one for
   * browsers.
   */
  public static final List<ListenerConfig> DEFAULTS =
      List.of(of("mqtts", Type.TLS, 8883), of("wss", Type.WSS, 8443));

  public ListenerConfig {
    bind = List.copyOf(bind);
    allowedOrigins = List.copyOf(allowedOrigins);
    trustedProxies = List.copyOf(trustedProxies);
    protocols = Set.copyOf(protocols);
    require(
        name.matches("[a-z0-9-]{1,64}"),
        "name: \"" + name + "\" is not 1 to 64 lower-case letters, digits and hyphens");
    require(!bind.isEmpty(), "bind: no address; name at least one");
    PORT.check(port);
    require(
        type.isTls() || clientCertificate == ClientCertificate.NONE,
        "client-certificate: without TLS it can only be none");
    require(path.startsWith("/"), "path: \"" + path + "\" does not start with a slash");
    require(
        tokenCookie == null || (type.isWebSocket() && tokenCookie.matches("[A-Za-z0-9_.-]{1,64}")),
        "token-cookie: is for ws and wss, and a name of letters, digits and _ . -");
    require(
        tokenCookie == null || !allowedOrigins.contains("*"),
        "token-cookie: browsers send it for pages of anybody, so allowed-origins must not be"
            + " \"*\"");
    require(
        !proxyProtocol || !trustedProxies.isEmpty(),
        "trusted-proxies: name at least one when proxy-protocol is on, else anybody could forge an"
            + " address");
    require(
        !protocols.isEmpty(), "protocol-versions: none left; name at least one of 3.1.1 and 5.0");
    CONNECTIONS_MAX.check(connectionsMax);
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException("listeners." + message);
    }
  }

  /** A listener on loopback with everything else as the file's defaults are. */
  public static ListenerConfig of(String name, Type type, int port) {
    return new ListenerConfig(
        name,
        type,
        LOOPBACK,
        port,
        false,
        type.isTls() ? ClientCertificate.OPTIONAL : ClientCertificate.NONE,
        "/mqtt",
        List.of(),
        null,
        false,
        List.of(),
        ALL_PROTOCOLS,
        Durability.COMMIT,
        LimitsConfig.DEFAULTS.connectionsMax());
  }

  ListenerConfig withPort(int other) {
    return at(bind, other);
  }

  /** The same elsewhere. */
  public ListenerConfig at(List<String> otherBind, int otherPort) {
    return with(otherBind, otherPort, connectionsMax);
  }

  /** The same with another bound of its open connections. */
  public ListenerConfig withConnectionsMax(int other) {
    return with(bind, port, other);
  }

  private ListenerConfig with(List<String> otherBind, int otherPort, int otherConnectionsMax) {
    return new ListenerConfig(
        name,
        type,
        otherBind,
        otherPort,
        allowAnonymous,
        clientCertificate,
        path,
        allowedOrigins,
        tokenCookie,
        proxyProtocol,
        trustedProxies,
        protocols,
        durability,
        otherConnectionsMax);
  }

  static ListenerConfig read(Section listener) {
    String name = listener.required("name", "listener");
    Type type = listener.requiredChoice("type", Type.class, Type.TLS);
    ListenerConfig d = of("listener", type, 0);
    return listener.make(
        d,
        () ->
            new ListenerConfig(
                name,
                type,
                listener.strings("bind", d.bind),
                listener.requiredInteger(PORT, d.port),
                listener.bool("allow-anonymous", d.allowAnonymous),
                listener.choice("client-certificate", ClientCertificate.class, d.clientCertificate),
                listener.string("path", d.path),
                listener.values("allowed-origins", WebOrigin::canonical, d.allowedOrigins),
                listener.optional("token-cookie"),
                listener.bool("proxy-protocol", d.proxyProtocol),
                listener.values("trusted-proxies", AddressRange::of, d.trustedProxies),
                Set.copyOf(
                    listener.choices(
                        "protocol-versions", Protocol.class, List.copyOf(d.protocols))),
                listener.choice("durability", Durability.class, d.durability),
                listener.integer(CONNECTIONS_MAX, d.connectionsMax)));
  }
}
