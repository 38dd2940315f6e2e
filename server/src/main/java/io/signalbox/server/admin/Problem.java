package io.signalbox.server.admin;

import com.google.gson.JsonObject;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;

/**
 * An error answer (RFC 9457). The type is left out, which means {@code about:blank}: the status
 * says it all, the detail what to do.
 *
 * @param detail for people; never a secret, never a peer's own words
 */
record Problem(int status, String detail) {

  void send(HttpServerExchange exchange) {
    JsonObject json = new JsonObject();
    json.addProperty("status", status);
    json.addProperty("title", StatusCodes.getReason(status));
    json.addProperty("detail", detail);
    exchange.setStatusCode(status);
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "application/problem+json");
    exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "no-store");
    exchange.getResponseSender().send(json + "\n");
  }
}
