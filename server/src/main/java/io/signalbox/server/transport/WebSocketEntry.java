package io.signalbox.server.transport;

import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.metrics.Metrics.Turnaway;
import io.signalbox.server.principal.LogText;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.HttpUpgradeListener;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.Methods;
import io.undertow.util.Protocols;
import io.undertow.util.StatusCodes;
import io.undertow.websockets.WebSocketProtocolHandshakeHandler;
import io.undertow.websockets.core.protocol.version13.Hybi13Handshake;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * HTTP of a WebSocket listener: the one path that upgrades, and the caller's handler for all
 * others. Undertow answers the upgrade, after the checks that it does not do itself; the frames are
 * ours.
 */
final class WebSocketEntry implements HttpHandler {
  private static final System.Logger LOG = System.getLogger(WebSocketEntry.class.getName());

  private static final String MQTT = "mqtt";

  /** What clients of before 3.1.1 was finished still offer. */
  private static final String MQTT_LEGACY = "mqttv3.1";

  private final String listener;
  private final String path;
  private final boolean tls;
  private final Set<String> origins = new HashSet<>();
  private final AdmittedRequests otherPaths;
  private final IoLoops loops;
  private final HttpHandler mqtt;
  private final HttpHandler mqttLegacy;
  private final Notice foreignOrigin = new Notice();

  WebSocketEntry(ListenerConfig config, HttpHandler otherPaths, IoLoops loops) {
    this.listener = config.name();
    this.path = config.path();
    this.tls = config.type().isTls();
    this.otherPaths = new AdmittedRequests(otherPaths, loops);
    this.loops = loops;
    config.allowedOrigins().forEach(origin -> origins.add(origin.toLowerCase(Locale.ROOT)));
    this.mqtt = handshake(MQTT);
    this.mqttLegacy = handshake(MQTT_LEGACY);
  }

  private HttpHandler handshake(String subprotocol) {
    HttpUpgradeListener upgraded =
        (connection, exchange) -> {
          XnioEventLoop loop = loops.loop(connection.getIoThread().getNumber());
          Arrival arrival = loop.http().get(connection);
          if (arrival != null) {
            arrival.upgraded(connection, exchange);
          }
        };
    return new WebSocketProtocolHandshakeHandler(
        List.of(new Hybi13Handshake(Set.of(subprotocol), false)),
        upgraded,
        exchange -> refuse(exchange, StatusCodes.BAD_REQUEST, Turnaway.UPGRADE));
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    if (!exchange.isInIoThread()) { // It stood behind one that a worker has answered.
      exchange.dispatch(exchange.getIoThread(), this);
    } else if (exchange.getRequestPath().equals(path)) {
      upgrade(exchange);
    } else {
      otherPaths.handleRequest(exchange);
    }
  }

  private void upgrade(HttpServerExchange exchange) throws Exception {
    HeaderMap headers = exchange.getRequestHeaders();
    if (!exchange.getRequestMethod().equals(Methods.GET)
        || !exchange.getProtocol().equals(Protocols.HTTP_1_1)
        || !lists(headers.get(Headers.UPGRADE), "websocket", false)
        || !lists(headers.get(Headers.CONNECTION), "upgrade", false)) {
      exchange.getResponseHeaders().put(Headers.UPGRADE, "websocket");
      refuse(exchange, StatusCodes.UPGRADE_REQUIRED, Turnaway.UPGRADE);
    } else if (!"13".equals(headers.getFirst(Headers.SEC_WEB_SOCKET_VERSION))) {
      exchange.getResponseHeaders().put(Headers.SEC_WEB_SOCKET_VERSION, "13"); // RFC 6455 4.4
      refuse(exchange, StatusCodes.UPGRADE_REQUIRED, Turnaway.UPGRADE);
    } else if (!originAllowed(headers)) {
      tellOfOrigin(String.valueOf(headers.getFirst(Headers.ORIGIN)));
      refuse(exchange, StatusCodes.FORBIDDEN, Turnaway.ORIGIN);
    } else if (lists(headers.get(Headers.SEC_WEB_SOCKET_PROTOCOL), MQTT, true)) {
      inOneLine(headers);
      mqtt.handleRequest(exchange); // [MQTT-6.0.0-4], whatever else was offered
    } else if (lists(headers.get(Headers.SEC_WEB_SOCKET_PROTOCOL), MQTT_LEGACY, true)) {
      inOneLine(headers);
      mqttLegacy.handleRequest(exchange);
    } else {
      refuse(exchange, StatusCodes.BAD_REQUEST, Turnaway.SUBPROTOCOL); // [MQTT-6.0.0-3]
    }
  }

  /** Undertow takes what was offered from the first line (RFC 6455 section 11.3.4 allows more). */
  private static void inOneLine(HeaderMap headers) {
    HeaderValues offered = headers.get(Headers.SEC_WEB_SOCKET_PROTOCOL);
    if (offered.size() > 1) {
      headers.put(Headers.SEC_WEB_SOCKET_PROTOCOL, String.join(", ", offered));
    }
  }

  /** A page of another site must not speak with the credentials of this one's users. */
  private boolean originAllowed(HeaderMap headers) {
    String origin = headers.getFirst(Headers.ORIGIN);
    if (origin == null || origins.contains("*")) {
      return true; // No browser: only those send it, and a script in one cannot leave it out.
    }
    String canonical = origin.toLowerCase(Locale.ROOT);
    if (!origins.isEmpty()) {
      return origins.contains(canonical);
    }
    String host = headers.getFirst(Headers.HOST);
    return host != null && isOwn(canonical, host.toLowerCase(Locale.ROOT));
  }

  /** Now and then: whoever runs the page sees no more than that it does not connect. */
  private void tellOfOrigin(String origin) {
    foreignOrigin
        .at(loops.clocks().nanos())
        .ifPresent(
            count ->
                LOG.log(
                    System.Logger.Level.WARNING,
                    "listener {0}: refused a page of the origin {1}, which is not {2}; {3} since"
                        + " this was last said",
                    listener,
                    LogText.quote(origin),
                    origins.isEmpty()
                        ? "this broker's own as its Host names it (allowed-origins is empty)"
                        : "among allowed-origins",
                    Long.toString(count)));
  }

  /** Without TLS at this end, a page that came with it came through a proxy that has it. */
  private boolean isOwn(String origin, String host) {
    return origin.equals("https://" + host) || (!tls && origin.equals("http://" + host));
  }

  private void refuse(HttpServerExchange exchange, int status, Turnaway reason) {
    Arrival arrival = otherPaths.arrival(exchange);
    if (arrival != null && !arrival.servesHttp(exchange)) {
      return;
    }
    XnioEventLoop loop = loops.loop(exchange.getIoThread().getNumber());
    loop.metrics().connectionsTurnedAway.inc(reason, loop.index());
    exchange.setStatusCode(status).setPersistent(false).endExchange();
  }

  private static boolean lists(@Nullable HeaderValues values, String wanted, boolean exact) {
    if (values == null) {
      return false;
    }
    for (String value : values) {
      for (String word : value.split(",", -1)) {
        String offered = word.strip();
        if (exact ? offered.equals(wanted) : offered.equalsIgnoreCase(wanted)) {
          return true;
        }
      }
    }
    return false;
  }
}
