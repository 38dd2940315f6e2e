package io.signalbox.server.admin;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.signalbox.pki.Certificates;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.metrics.Metrics.AdminRequest;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.registry.RegistryException;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.SameThreadExecutor;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.nio.ByteBuffer;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Serves the API: who is it, may it do that, is the request well-formed, do it, write it down,
 * answer. On threads of its own, a bounded number of requests at a time.
 */
final class ApiHandler implements HttpHandler, AutoCloseable {
  static final String ROOT = "/api/v1";

  private static final Logger LOG = System.getLogger(ApiHandler.class.getName());
  private static final List<String> HEADERS =
      List.of("if-match", "if-none-match", "accept", "content-type");
  private static final int STOP_SECONDS = 10;

  /** Beyond the limit of a body, so much is still read. */
  private static final long REFUSED_BYTES_MAX = 16L << 20;

  private final List<Route> routes;
  private final ApiAuthenticator authenticator;
  private final AuditLog audit;
  private final Denials denials;
  private final Clocks clocks;
  private final Metrics metrics;
  private final Runnable inForce;
  private final long bodyBytesMax;
  private final ExecutorService threads;
  private final Semaphore room;

  ApiHandler(
      List<Route> routes,
      ApiAuthenticator authenticator,
      AuditLog audit,
      Denials denials,
      Clocks clocks,
      Metrics metrics,
      Runnable inForce,
      long bodyBytesMax,
      int threadCount,
      int pendingMax) {
    this.routes = Route.inOrder(routes);
    this.authenticator = authenticator;
    this.audit = audit;
    this.denials = denials;
    this.clocks = clocks;
    this.metrics = metrics;
    this.inForce = inForce;
    this.bodyBytesMax = bodyBytesMax;
    this.room = new Semaphore(threadCount + pendingMax);
    var number = new AtomicInteger();
    this.threads =
        Executors.newFixedThreadPool(
            threadCount,
            task ->
                Thread.ofPlatform()
                    .daemon()
                    .name("signalbox-admin-" + number.incrementAndGet())
                    .unstarted(task));
  }

  List<Route> routes() {
    return routes;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) {
    if (!room.tryAcquire()) {
      metrics.limitsReached.inc(Metrics.Limit.ADMIN_REQUESTS);
      exchange.getResponseHeaders().put(Headers.RETRY_AFTER, "1");
      send(
          exchange,
          ApiResponse.of(
              new ApiProblem(
                  ApiProblem.Type.UNAVAILABLE,
                  "too many requests wait, see admin.pending-requests-max; repeat it later")));
      return;
    }
    exchange.addExchangeCompleteListener(
        (_, next) -> {
          room.release();
          next.proceed();
        });
    exchange.dispatch(threads, () -> identify(exchange));
  }

  /** Who is it? */
  private void identify(HttpServerExchange exchange) {
    try {
      refuseCrossSite(exchange);
      boolean taken =
          authenticator.identify(
              exchange,
              threads,
              caller ->
                  exchange.dispatch(SameThreadExecutor.INSTANCE, there -> admit(there, caller)));
      if (!taken) {
        throw new ApiException(ApiProblem.Type.UNAVAILABLE, OperatorsOnly.TOO_MANY);
      }
    } catch (ApiException e) {
      send(exchange, refused(e.problem()));
    } catch (RuntimeException e) {
      send(exchange, fault(exchange, e));
    }
  }

  /** May it do that? Only then is the body read. */
  private void admit(HttpServerExchange exchange, Optional<Caller> known) {
    try {
      Caller caller = required(known, exchange);
      List<String> segments = segments(exchange);
      Map<String, String> parameters = new HashMap<>();
      Route route = route(exchange, segments, parameters);
      if (!caller.roles().contains(route.role())) {
        var problem =
            new ApiProblem(
                ApiProblem.Type.FORBIDDEN,
                "this needs the role "
                    + route.role().word()
                    + "; you, "
                    + caller.actor()
                    + ", have "
                    + (caller.roles().isEmpty()
                        ? "none (groups give roles, see the section admin of the configuration)"
                        : String.join(
                            ", ", caller.roles().stream().map(Role::word).sorted().toList())));
        if (route.isChange()) {
          denials.denied(
              caller.actor(),
              caller.remote(),
              route.method(),
              ApiPath.decoded(segments),
              problem.detail());
        }
        throw new ApiException(problem);
      }
      checkContentType(exchange, route);
      Map<String, String> query = query(exchange, route);
      if (exchange.getRequestContentLength() > bodyBytesMax) {
        refuseBody(exchange);
        return;
      }
      exchange.setMaxEntitySize(bodyBytesMax);
      exchange
          .getRequestReceiver()
          .receiveFullBytes(
              (ready, body) ->
                  ready.dispatch(
                      threads,
                      there ->
                          carryOut(
                              there,
                              route,
                              new ApiRequest(
                                  caller,
                                  ApiPath.decoded(segments),
                                  parameters,
                                  query,
                                  headers(there),
                                  body))),
              (broken, e) -> send(broken, tooLarge(e)));
    } catch (ApiException e) {
      send(exchange, refused(e.problem()));
    } catch (RuntimeException e) {
      send(exchange, fault(exchange, e));
    }
  }

  /**
   * Throws a body away before it is refused, unless it is very large: a client that is still
   * sending when we close would see its connection break, and not our answer.
   */
  private void refuseBody(HttpServerExchange exchange) {
    long length = exchange.getRequestContentLength();
    if (length > bodyBytesMax + REFUSED_BYTES_MAX) {
      send(exchange, tooLarge());
      return;
    }
    exchange.setMaxEntitySize(length);
    exchange
        .getRequestReceiver()
        .receivePartialBytes(
            (ready, _, last) -> {
              if (last) {
                send(ready, tooLarge());
              }
            },
            (broken, e) -> send(broken, tooLarge(e)));
  }

  private ApiResponse tooLarge(IOException e) {
    LOG.log(Level.DEBUG, "the body of a request cannot be read", e);
    return tooLarge();
  }

  private ApiResponse tooLarge() {
    metrics.adminRequests.inc(AdminRequest.INVALID);
    return ApiResponse.of(
        new ApiProblem(
            ApiProblem.Type.TOO_LARGE,
            "the body is incomplete, or larger than the "
                + bodyBytesMax
                + (bodyBytesMax < AdminApi.BODY_BYTES_MAX
                    ? " bytes of limits.http-body-bytes-max"
                    : " bytes that the API takes at most")
                + "; send fewer operations at once"));
  }

  private static Caller required(Optional<Caller> caller, HttpServerExchange exchange)
      throws ApiException {
    if (caller.isEmpty()) {
      exchange.getResponseHeaders().put(Headers.WWW_AUTHENTICATE, "Bearer");
      exchange.setPersistent(false); // another guess needs another connection, which is counted
      throw new ApiException(
          ApiProblem.Type.UNAUTHENTICATED,
          "this needs the header Authorization: Bearer TOKEN or a client certificate, and what was"
              + " shown, if anything, is not accepted; the first administrator's token is in the"
              + " file admin.token of the data directory");
    }
    return caller.get();
  }

  /** A browser adds a client certificate to requests of any page; these headers it cannot forge. */
  private void refuseCrossSite(HttpServerExchange exchange) throws ApiException {
    String site = exchange.getRequestHeaders().getFirst("Sec-Fetch-Site");
    String origin = exchange.getRequestHeaders().getFirst(Headers.ORIGIN);
    boolean foreign = site != null && !site.equals("same-origin") && !site.equals("none");
    if (origin != null && !isOwn(origin, exchange.getHostAndPort())) {
      foreign = true;
    }
    if (foreign) {
      var problem =
          new ApiProblem(ApiProblem.Type.CROSS_SITE, "a page of another origin may not call this");
      writeDownCrossSite(exchange, problem);
      throw new ApiException(problem);
    }
  }

  /** Only what rides on a certificate: a stranger without could drive other refusals out. */
  private void writeDownCrossSite(HttpServerExchange exchange, ApiProblem problem)
      throws ApiException {
    List<X509Certificate> certificates = RequestCredentials.certificates(exchange);
    if (certificates.isEmpty()) {
      return;
    }
    String method = exchange.getRequestMethod().toString();
    List<String> segments = segments(exchange);
    if (routes.stream()
        .anyMatch(
            route ->
                route.isChange()
                    && route.method().equals(method)
                    && route.match(segments).isPresent())) {
      denials.denied(
          "certificate:" + Certificates.fingerprint(certificates.getFirst()),
          exchange.getSourceAddress().getAddress().getHostAddress(),
          method,
          ApiPath.decoded(segments),
          problem.detail());
    }
  }

  private static boolean isOwn(String origin, String hostAndPort) {
    try {
      String authority = URI.create(origin).getRawAuthority();
      return authority != null && withPort(authority).equalsIgnoreCase(withPort(hostAndPort));
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  private static String withPort(String authority) {
    return authority.matches(".*:\\d+") ? authority : authority + ":443";
  }

  private static List<String> segments(HttpServerExchange exchange) throws ApiException {
    String uri = exchange.getRequestURI();
    if (!uri.startsWith(ROOT + "/")) {
      throw new ApiException(
          ApiProblem.Type.NO_SUCH_OPERATION, "nothing is here; the API is " + ROOT);
    }
    return ApiPath.segments(uri.substring(ROOT.length()));
  }

  private Route route(
      HttpServerExchange exchange, List<String> segments, Map<String, String> parameters)
      throws ApiException {
    String method = exchange.getRequestMethod().toString();
    List<String> allowed = new ArrayList<>();
    for (Route route : routes) {
      Optional<Map<String, String>> match = route.match(segments);
      if (match.isEmpty()) {
        continue;
      }
      if (route.method().equals(method)) {
        parameters.putAll(match.get());
        return route;
      }
      allowed.add(route.method());
    }
    if (allowed.isEmpty()) {
      throw new ApiException(
          ApiProblem.Type.NO_SUCH_OPERATION, "nothing is here; see " + ROOT + "/openapi.yaml");
    }
    String methods = String.join(", ", allowed);
    exchange.getResponseHeaders().put(Headers.ALLOW, methods);
    throw new ApiException(
        ApiProblem.Type.METHOD_NOT_ALLOWED, "only " + methods + " can be used here");
  }

  private static void checkContentType(HttpServerExchange exchange, Route route)
      throws ApiException {
    String type = exchange.getRequestHeaders().getFirst(Headers.CONTENT_TYPE);
    if (!route.hasBody()) {
      return;
    }
    String plain = type == null ? "" : type.toLowerCase(Locale.ROOT).replace(" ", "");
    plain = plain.replaceFirst(";charset=utf-8$", "");
    boolean yaml = route.body() == Route.Body.POLICY;
    if (!plain.equals("application/json") && !(yaml && plain.equals("application/yaml"))) {
      throw new ApiException(
          ApiProblem.Type.UNSUPPORTED_MEDIA_TYPE,
          yaml
              ? "send JSON or YAML with the header Content-Type: application/json, or"
                  + " application/yaml"
              : "send JSON with the header Content-Type: application/json");
    }
  }

  private static Map<String, String> query(HttpServerExchange exchange, Route route)
      throws ApiException {
    Map<String, String> query = new HashMap<>();
    for (Map.Entry<String, Deque<String>> entry : exchange.getQueryParameters().entrySet()) {
      if (!route.query().contains(entry.getKey())) {
        throw new ApiException(
            ApiProblem.Type.MALFORMED,
            "the query parameter "
                + LogText.quote(entry.getKey())
                + " is not known here; known are "
                + route.query().stream().sorted().toList());
      }
      if (entry.getValue().size() != 1) {
        throw new ApiException(
            ApiProblem.Type.MALFORMED,
            "the query parameter " + entry.getKey() + " may stand only once");
      }
      query.put(entry.getKey(), entry.getValue().getFirst());
    }
    return query;
  }

  private static Map<String, String> headers(HttpServerExchange exchange) {
    Map<String, String> headers = new HashMap<>();
    for (String name : HEADERS) {
      HeaderValues values = exchange.getRequestHeaders().get(name);
      if (values != null) {
        headers.put(name, String.join(", ", values));
      }
    }
    return headers;
  }

  private void carryOut(HttpServerExchange exchange, Route route, ApiRequest request) {
    ApiResponse done = null; // is written down whatever happens after it
    ApiResponse response;
    try {
      done = run(route, request);
      if (route.changes(request)) {
        inForce.run(); // also if nothing changed: it may be another request's, just stored
      }
      metrics.adminRequests.inc(
          route.changes(request)
              ? done.changes().isEmpty() ? AdminRequest.UNCHANGED : AdminRequest.CHANGED
              : AdminRequest.READ);
      response = done;
    } catch (ApiException e) {
      response = refused(e.problem());
    } catch (EntryRoutes.Refused e) {
      response = refused(e.problem());
    } catch (RegistryException e) {
      response = refused(ApiProblem.of(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      response = refused(new ApiProblem(ApiProblem.Type.UNAVAILABLE, "the broker is stopping"));
    } catch (RuntimeException e) {
      response = fault(exchange, e);
      if (done != null) {
        response = response.changing(done.changes()).refusing(done.refusals());
      }
    }
    if (route.changes(request)) {
      writeDown(route, request, response);
    }
    send(exchange, response);
  }

  private ApiResponse run(Route route, ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    if (!route.hasBody() && request.body().length > 0) {
      throw new ApiException(ApiProblem.Type.MALFORMED, "this takes no body");
    }
    if (route.changes(request)) {
      String obstacle = audit.obstacle();
      if (obstacle != null) {
        throw new ApiException(
            ApiProblem.Type.UNAVAILABLE, obstacle + ", so nothing is changed; make room for it");
      }
    }
    return route.action().run(request);
  }

  private ApiResponse refused(ApiProblem problem) {
    count(problem.type());
    return ApiResponse.of(problem);
  }

  private void count(ApiProblem.Type type) {
    metrics.adminRequests.inc(
        switch (type) {
          case UNAUTHENTICATED -> AdminRequest.UNAUTHENTICATED;
          case FORBIDDEN, CROSS_SITE -> AdminRequest.FORBIDDEN;
          case NOT_FOUND,
              NO_SUCH_OPERATION,
              METHOD_NOT_ALLOWED,
              MALFORMED,
              INVALID,
              TOO_LARGE,
              UNSUPPORTED_MEDIA_TYPE ->
              AdminRequest.INVALID;
          case CONFLICT, REVISION_CONFLICT, LIMIT_REACHED -> AdminRequest.CONFLICT;
          case UNAVAILABLE, INTERNAL -> AdminRequest.FAILED;
        });
  }

  private ApiResponse fault(HttpServerExchange exchange, RuntimeException e) {
    LOG.log(
        Level.ERROR,
        "the request " + exchange.getRequestMethod() + " " + exchange.getRequestURI() + " failed",
        e);
    return refused(ApiProblem.ofFault());
  }

  /** One line for each object that was changed or refused. */
  private void writeDown(Route route, ApiRequest request, ApiResponse response) {
    boolean done = response.status() < StatusCodes.BAD_REQUEST;
    List<JsonObject> lines = new ArrayList<>();
    for (ApiResponse.AuditedChange change : response.changes()) {
      JsonObject line = line(route, request, change.path(), response.status());
      line.add("before", change.before());
      line.add("after", change.after());
      if (!change.detail().isEmpty()) {
        line.addProperty("detail", change.detail());
      }
      lines.add(line);
    }
    for (ApiResponse.AuditedRefusal refusal : response.refusals()) {
      lines.add(line(route, request, refusal.path(), refusal.status()));
    }
    if (!done) {
      lines.add(line(route, request, request.path(), response.status()));
    }
    if (!lines.isEmpty()) {
      audit.append(lines);
    }
  }

  private JsonObject line(Route route, ApiRequest request, String path, int status) {
    var line = new JsonObject();
    line.addProperty("at", Views.time(clocks.wallMillis()));
    line.addProperty("actor", request.caller().actor());
    var roles = new JsonArray();
    request.caller().roles().stream().map(Role::word).sorted().forEach(roles::add);
    line.add("roles", roles);
    line.addProperty("remote", request.caller().remote());
    line.addProperty("method", route.method());
    line.addProperty("path", path);
    line.addProperty("status", status);
    return line;
  }

  private static void send(HttpServerExchange exchange, ApiResponse response) {
    exchange.setStatusCode(response.status());
    exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "no-store");
    if (response.revision() > 0) {
      exchange.getResponseHeaders().put(Headers.ETAG, "\"" + response.revision() + "\"");
    }
    if (response.body().length == 0) {
      exchange.endExchange();
      return;
    }
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, response.contentType());
    exchange.getResponseSender().send(ByteBuffer.wrap(response.body()));
  }

  /** Waits for requests that are being served. */
  @Override
  public void close() {
    threads.shutdown();
    try {
      if (!threads.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
        threads.shutdownNow();
      }
    } catch (InterruptedException _) {
      threads.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
