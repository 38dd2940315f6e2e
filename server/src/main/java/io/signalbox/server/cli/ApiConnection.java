package io.signalbox.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.signalbox.pki.TlsContexts;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/** Calls the admin API of a broker. */
final class ApiConnection {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /**
   * Of TCP. Less than for all, so that its end tells that nothing was asked; a TLS handshake that
   * does not end tells nothing.
   */
  private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(30);

  private static final int PAGE_ITEMS_MAX = 1_000;
  private static final int TOKEN_BYTES_MAX = 65_535;

  /** In what Java says where something else than TLS answers. */
  private static final String NOT_TLS = "unrecognized ssl message";

  private static final String MAY_BE_DONE = "it may be done: look before trying again";

  private final HttpClient http;
  private final String root;
  private final String token;

  private ApiConnection(HttpClient http, String root, String token) {
    this.http = http;
    this.root = root;
    this.token = token;
  }

  /**
   * @param trusted authorities of brokers
   */
  static ApiConnection open(URI server, Path tokenFile, List<X509Certificate> trusted)
      throws CommandFailure {
    boolean plain = "http".equals(server.getScheme());
    if (server.getHost() == null
        || server.getPort() > 65_535
        || !(plain || "https".equals(server.getScheme()))) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "--server: \"" + server + "\" is no address such as https://localhost:8443");
    }
    if (plain && !isThisMachine(server.getHost())) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "--server: \""
              + server
              + "\" would send the credential unencrypted; use https (http only towards this"
              + " machine itself)");
    }
    HttpClient.Builder http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_PATIENCE)
            .followRedirects(HttpClient.Redirect.NEVER);
    if (!plain) {
      http.sslContext(TlsContexts.client(trusted, Optional.empty()));
    }
    String address = server.toString().replaceAll("/+$", "");
    return new ApiConnection(http.build(), address + "/api/v1", read(tokenFile));
  }

  /** No name is looked up: it might be another machine's a moment later. */
  private static boolean isThisMachine(String host) {
    return host.equalsIgnoreCase("localhost")
        || host.equals("[::1]")
        || host.matches("127(\\.[0-9]{1,3}){3}");
  }

  private static String read(Path file) throws CommandFailure {
    try {
      if (Files.size(file) <= TOKEN_BYTES_MAX) {
        String token = Files.readString(file).strip();
        if (token.chars().allMatch(c -> c > ' ' && c < 0x7F)) { // what a header can hold
          return token;
        }
      }
    } catch (IOException _) {
      // told below
    }
    throw new CommandFailure(
        ExitCode.UNREACHABLE,
        "there is no credential in \""
            + file
            + "\"; name the broker's data directory with --data, or a file with a token with"
            + " --credential");
  }

  /**
   * What came back.
   *
   * @param etag empty if there is none
   * @param changes whether something was to be changed, which the status says was done
   */
  record Answer(String text, String etag, boolean changes) {
    JsonObject json() throws CommandFailure {
      try {
        JsonElement json = JsonParser.parseString(text);
        if (json.isJsonObject()) {
          return json.getAsJsonObject();
        }
      } catch (JsonParseException _) {
        // told below
      }
      throw notOurs("is no JSON object");
    }

    /** What the answer must have to be one. */
    JsonElement field(String name) throws CommandFailure {
      JsonElement field = json().get(name);
      if (field == null) {
        throw notOurs("has no \"" + name + "\"");
      }
      return field;
    }

    /** A field that is a text, a number, true or false. */
    JsonPrimitive value(String name) throws CommandFailure {
      if (field(name) instanceof JsonPrimitive value) {
        return value;
      }
      throw notOurs("has another \"" + name + "\"");
    }

    /** A field that is a list of objects. */
    List<JsonObject> objects(String name) throws CommandFailure {
      if (field(name) instanceof JsonArray array
          && array.asList().stream().allMatch(JsonElement::isJsonObject)) {
        return array.asList().stream().map(JsonElement::getAsJsonObject).toList();
      }
      throw notOurs("has another \"" + name + "\"");
    }

    CommandFailure notOurs(String why) {
      String what = "the answer " + why + "; is --server a Signalbox broker?";
      return changes
          ? new CommandFailure(what + " If so, " + MAY_BE_DONE)
          : new CommandFailure(ExitCode.UNREACHABLE, what);
    }
  }

  /** One part of a path, whatever characters it has. */
  static String encoded(String part) {
    return URLEncoder.encode(part, UTF_8).replace("+", "%20");
  }

  Answer get(String path) throws CommandFailure {
    return send("GET", path, null);
  }

  /**
   * Asks what changes nothing, so that it may be asked again.
   *
   * @param question null: none
   * @param headers names and values
   */
  Answer ask(String path, @Nullable JsonObject question, String... headers) throws CommandFailure {
    String body = question == null ? null : question.toString();
    return call(false, "POST", path, "application/json", body, headers);
  }

  /**
   * The items of a collection, from as many pages as it takes.
   *
   * @param where names and values for the query
   * @param limit at most so many items; at least 1
   */
  JsonArray all(String path, Map<String, String> where, int limit) throws CommandFailure {
    var all = new JsonArray();
    String cursor = "";
    do {
      var query =
          new StringBuilder(path + "?limit=" + Math.min(limit - all.size(), PAGE_ITEMS_MAX));
      where.forEach(
          (field, value) -> query.append('&').append(field).append('=').append(encoded(value)));
      if (!cursor.isEmpty()) {
        query.append("&cursor=").append(encoded(cursor));
      }
      Answer page = get(query.toString());
      if (!(page.field("items") instanceof JsonArray items)) {
        throw page.notOurs("has another \"items\"");
      }
      all.addAll(items);
      cursor = page.json().has("next") ? page.value("next").getAsString() : "";
    } while (!cursor.isEmpty() && all.size() < limit);
    return all;
  }

  /**
   * @param body null: none
   * @param headers names and values
   */
  Answer send(String method, String path, @Nullable JsonObject body, String... headers)
      throws CommandFailure {
    return send(method, path, "application/json", body == null ? null : body.toString(), headers);
  }

  /**
   * A body that may be something else than JSON.
   *
   * @param body null: none
   */
  Answer send(
      String method, String path, String contentType, @Nullable String body, String... headers)
      throws CommandFailure {
    return call(!"GET".equals(method), method, path, contentType, body, headers);
  }

  private Answer call(
      boolean changes,
      String method,
      String path,
      String contentType,
      @Nullable String body,
      String... headers)
      throws CommandFailure {
    var request =
        HttpRequest.newBuilder(URI.create(root + path))
            .timeout(PATIENCE)
            .header("Authorization", "Bearer " + token)
            .header("Accept", "application/json, application/x-pem-file")
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (body != null) {
      request.header("Content-Type", contentType);
    }
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    try {
      HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
      if (response.statusCode() < 200 || response.statusCode() >= 300) {
        throw refused(changes, response);
      }
      String etag = response.headers().firstValue("ETag").orElse("");
      return new Answer(response.body(), etag, changes);
    } catch (IOException e) {
      throw isUndone(e) ? neverAsked(e) : unanswered(changes, reason(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unanswered(changes, "interrupted before the answer");
    }
  }

  /** Whether there was no connection yet that the request could have gone out on. */
  private static boolean isUndone(IOException e) {
    return e instanceof ConnectException // unknown and unreachable hosts too
        || e instanceof HttpConnectTimeoutException
        || e instanceof SSLHandshakeException
        || (e instanceof SSLException
            && String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains(NOT_TLS));
  }

  private CommandFailure neverAsked(IOException e) {
    String why = e instanceof ConnectException refused ? why(refused) : e.getMessage();
    String what =
        e instanceof SSLException
            ? "name the broker in --server by a name that its certificate has, and in --cafile"
                + " the authority that has signed it"
            : "see --server and --cafile";
    return new CommandFailure(
        ExitCode.UNREACHABLE, root + " cannot be called: " + why + "; " + what);
  }

  /** The client wraps whatever kept it from a connection. */
  private static String why(ConnectException refused) {
    for (Throwable cause = refused; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
        return "the host is not known; check its name";
      }
    }
    String message = String.valueOf(refused.getMessage());
    return refused.getMessage() == null || message.contains("refused")
        ? "nothing listens there"
        : message;
  }

  /** Why there was no answer to what may have been asked. */
  static String reason(IOException e) {
    return e instanceof HttpTimeoutException
        ? "no answer within " + PATIENCE.toSeconds() + " s"
        : "the connection broke before the answer: " + e.getMessage();
  }

  private CommandFailure unanswered(boolean changes, String why) {
    return changes
        ? new CommandFailure(root + ": " + why + "; " + MAY_BE_DONE)
        : new CommandFailure(
            ExitCode.UNREACHABLE, root + ": " + why + "; see --server and --cafile");
  }

  /** Each problem of a text with its line and column, one a line. */
  private static String places(JsonObject problem) {
    var text = new StringBuilder();
    if (problem.get("errors") instanceof JsonArray errors) {
      for (JsonElement element : errors) {
        JsonObject error = element.getAsJsonObject();
        if (error.has("line")) {
          text.append(System.lineSeparator())
              .append(error.get("line").getAsInt())
              .append(':')
              .append(error.get("column").getAsInt())
              .append(": ")
              .append(error.get("detail").getAsString());
        }
      }
    }
    return text.toString();
  }

  private static CommandFailure refused(boolean changes, HttpResponse<String> response) {
    String detail = "HTTP status " + response.statusCode();
    try {
      JsonObject problem = JsonParser.parseString(response.body()).getAsJsonObject();
      detail = problem.get("detail").getAsString() + places(problem);
    } catch (JsonParseException | IllegalStateException | NullPointerException _) {
      // not our answer: the status must do
    }
    int status = response.statusCode();
    if (changes && status >= 500 && status != 503) { // in the middle of it, or a proxy gave up
      return new CommandFailure(detail + "; " + MAY_BE_DONE);
    }
    boolean unknown = status < 400 || status == 401 || status >= 500;
    return new CommandFailure(
        unknown ? ExitCode.UNREACHABLE : ExitCode.REFUSED, detail + elsewhere(response));
  }

  /**
   * Where a redirect leads. It is not followed: the credential is for the broker that was named.
   */
  private static String elsewhere(HttpResponse<?> response) {
    Optional<String> location = response.headers().firstValue("Location");
    if (response.statusCode() >= 400 || location.isEmpty()) {
      return "";
    }
    String to;
    try {
      to = response.uri().resolve(location.get()).toASCIIString();
    } catch (IllegalArgumentException _) {
      return ", a redirect to no address";
    }
    return ", a redirect to \""
        + to
        + "\"; if a broker is there, name it with --server "
        + to.replaceFirst("/api/v1/.*", "");
  }
}
