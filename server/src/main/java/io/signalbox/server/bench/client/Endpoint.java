package io.signalbox.server.bench.client;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/**
 * Where a broker listens and how it is spoken to.
 *
 * @param host a name or an address, IPv6 without brackets
 * @param port 1..65,535
 * @param path of the WebSocket; empty without one
 */
public record Endpoint(Transport transport, String host, int port, String path) {

  /** The ways to reach a broker, named by the schemes of their URLs. */
  public enum Transport {
    MQTT(1883),
    MQTTS(8883),
    WS(8080),
    WSS(8443);

    private final int defaultPort;

    Transport(int defaultPort) {
      this.defaultPort = defaultPort;
    }

    public boolean isTls() {
      return this == MQTTS || this == WSS;
    }

    public boolean isWebSocket() {
      return this == WS || this == WSS;
    }

    String scheme() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final String DEFAULT_PATH = "/mqtt";

  /**
   * Reads {@code mqtts://host:8883} or {@code wss://host:8443/mqtt}. Port and path may be left out.
   *
   * @throws IllegalArgumentException with a message for people
   */
  public static Endpoint parse(String url) {
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      throw invalid(url, "is no URL: " + e.getReason());
    }
    Transport transport = transport(url, uri);
    String host = uri.getHost();
    if (host == null) {
      throw invalid(url, "names no host");
    }
    if (uri.getUserInfo() != null || uri.getFragment() != null) {
      throw invalid(
          url, "carries more than host, port and path; credentials have their own options");
    }
    String path = uri.getRawPath() == null ? "" : uri.getRawPath();
    if (transport.isWebSocket()) {
      path = path.isEmpty() ? DEFAULT_PATH : path;
      path = uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
    } else if (!path.isEmpty() && !path.equals("/")) {
      throw invalid(url, "has a path, which only ws and wss know");
    } else {
      path = "";
    }
    if (uri.getPort() == 0 || uri.getPort() > 65_535) {
      throw invalid(url, "has port " + uri.getPort() + ", must be 1..65535");
    }
    int port = uri.getPort() < 0 ? transport.defaultPort : uri.getPort();
    return new Endpoint(transport, unbracketed(host), port, path);
  }

  private static Transport transport(String url, URI uri) {
    for (Transport transport : Transport.values()) {
      if (transport.scheme().equalsIgnoreCase(uri.getScheme())) {
        return transport;
      }
    }
    throw invalid(url, "must start with mqtts://, mqtt://, wss:// or ws://");
  }

  private static String unbracketed(String host) {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  private static IllegalArgumentException invalid(String url, String problem) {
    return new IllegalArgumentException("\"" + url + "\" " + problem);
  }

  /** Host and port as they stand in a URL or a Host header. */
  public String authority() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  @Override
  public String toString() {
    return transport.scheme() + "://" + authority() + path;
  }
}
