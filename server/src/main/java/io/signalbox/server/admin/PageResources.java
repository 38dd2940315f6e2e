package io.signalbox.server.admin;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.ETag;
import io.undertow.util.ETagUtils;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The files of the browser page: a fixed list, read from the jar once. A path of a request is
 * looked up in that list and never becomes a file name, so that nothing else can be reached.
 */
final class PageResources implements HttpHandler {
  private static final String FOLDER = "/io/signalbox/server/page/";

  /** File to content type; {@code index.html} is {@code /}. */
  private static final Map<String, String> FILES =
      Map.of(
          "index.html", "text/html; charset=utf-8",
          "page.js", "text/javascript; charset=utf-8",
          "page.css", "text/css; charset=utf-8",
          "icon.svg", "image/svg+xml",
          "licenses.txt", "text/plain; charset=utf-8");

  private record Resource(String type, ETag tag, ByteBuffer content) {}

  private final Map<String, Resource> byPath;

  private PageResources(Map<String, Resource> byPath) {
    this.byPath = Map.copyOf(byPath);
  }

  /** The page in this jar; without one if the machine that built it had no Node.js. */
  static PageResources inJar() {
    Map<String, Resource> found = new HashMap<>();
    FILES.forEach(
        (name, type) -> {
          byte[] content = read(FOLDER + name);
          if (content != null) {
            found.put(
                name.equals("index.html") ? "/" : "/" + name,
                new Resource(type, tag(content), ByteBuffer.wrap(content).asReadOnlyBuffer()));
          }
        });
    return new PageResources(found);
  }

  private static byte @Nullable [] read(String name) {
    try (InputStream in = PageResources.class.getResourceAsStream(name)) {
      return in == null ? null : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name + " of the jar", e);
    }
  }

  private static ETag tag(byte[] content) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
      return new ETag(false, HexFormat.of().formatHex(Arrays.copyOf(digest, 16)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) {
    Resource resource = byPath.get(exchange.getRequestPath());
    if (resource == null) {
      new Problem(StatusCodes.NOT_FOUND, missing(exchange.getRequestPath())).send(exchange);
      return;
    }
    exchange
        .getResponseHeaders()
        .put(
            Headers.CACHE_CONTROL,
            "no-cache"); // may be kept, must be asked for: a new broker brings a new page
    exchange.getResponseHeaders().put(Headers.ETAG, resource.tag.toString());
    if (!ETagUtils.handleIfNoneMatch(exchange, resource.tag, true)) {
      exchange.setStatusCode(StatusCodes.NOT_MODIFIED);
      exchange.endExchange();
      return;
    }
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, resource.type);
    exchange.getResponseSender().send(resource.content.duplicate());
  }

  private String missing(String path) {
    boolean pageWanted = path.equals("/") && byPath.isEmpty();
    return pageWanted
        ? "this Signalbox was built without Node.js 20 and so without its browser page; MQTT works"
            + " all the same"
        : "nothing is here";
  }
}
