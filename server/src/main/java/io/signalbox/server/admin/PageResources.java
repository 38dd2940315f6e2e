package io.signalbox.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

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
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The files of the browser page: a fixed list, each read from the jar when it is first asked for. A
 * path of a request is looked up in that list and never becomes a file name, so that nothing else
 * can be reached. Any thread.
 */
final class PageResources implements HttpHandler {
  private static final String FOLDER = "/io/signalbox/server/page/";

  private record PageFile(String name, String type) {}

  private static final Map<String, PageFile> FILES =
      Map.of(
          "/", new PageFile("index.html", "text/html; charset=utf-8"),
          "/page.js", new PageFile("page.js", "text/javascript; charset=utf-8"),
          "/page.css", new PageFile("page.css", "text/css; charset=utf-8"),
          "/icon.svg", new PageFile("icon.svg", "image/svg+xml"),
          "/licenses.txt", new PageFile("licenses.txt", "text/plain; charset=utf-8"));

  private record Resource(String type, ETag tag, ByteBuffer content) {}

  /** What the page has in the jar where it says to what path it connects. */
  private static final String DEFAULT_PATH = attribute("/mqtt");

  private final String mqttPath;
  private final Map<String, Resource> read = new ConcurrentHashMap<>();

  /**
   * @param mqttPath where the page finds the WebSocket
   */
  PageResources(String mqttPath) {
    this.mqttPath = mqttPath;
  }

  /** Null if there is no such file; the page's are missing if this was built without Node.js. */
  private @Nullable Resource resource(String path) {
    Resource known = read.get(path);
    PageFile file = FILES.get(path);
    if (known != null || file == null) {
      return known;
    }
    byte[] stored = read(FOLDER + file.name);
    if (stored == null) {
      return null;
    }
    byte[] content = path.equals("/") ? withPath(stored) : stored;
    Resource fresh =
        new Resource(file.type, tag(content), ByteBuffer.wrap(content).asReadOnlyBuffer());
    read.put(path, fresh);
    return fresh;
  }

  private byte[] withPath(byte[] page) {
    return new String(page, UTF_8).replace(DEFAULT_PATH, attribute(mqttPath)).getBytes(UTF_8);
  }

  private static String attribute(String path) {
    String escaped = path.replace("&", "&amp;").replace("\"", "&quot;").replace("<", "&lt;");
    return "data-mqtt-path=\"" + escaped + "\"";
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
    String path = exchange.getRequestPath();
    if (exchange.isInIoThread() && FILES.containsKey(path) && !read.containsKey(path)) {
      exchange.dispatch(this); // to unpack and digest it takes milliseconds
      return;
    }
    Resource resource = resource(path);
    if (resource == null) {
      new Problem(StatusCodes.NOT_FOUND, missing(path)).send(exchange);
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

  private static String missing(String path) {
    return path.equals("/")
        ? "this Signalbox was built without Node.js 20 and so without its browser page; MQTT works"
            + " all the same"
        : "nothing is here";
  }
}
