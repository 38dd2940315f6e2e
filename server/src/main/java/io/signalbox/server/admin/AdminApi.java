package io.signalbox.server.admin;

import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.auth.KeyRefresh;
import io.signalbox.server.auth.PolicyAuthorizers;
import io.signalbox.server.auth.RegisteredIssuers;
import io.signalbox.server.config.AdminConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.protocol.LiveClients;
import io.signalbox.server.registry.Authorities;
import io.signalbox.server.registry.Inventory;
import io.signalbox.server.registry.JwtIssuer;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.Registry;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The API, put together from its routes. */
public final class AdminApi implements HttpHandler, AutoCloseable {
  /** A body is never read beyond this, even if the configuration sets no bound or a larger one. */
  static final long BODY_BYTES_MAX = 64L << 20;

  private final ApiHandler handler;

  /**
   * What the API works on.
   *
   * @param askedFor who a client of a question would be; registers nobody
   * @param configuredIssuers names of the JWT issuers of the configuration by their values of
   *     {@code iss}
   * @param keyRefresh how the last fetch of an issuer's keys ended; any thread, quick
   * @param inForce returns when the changes that are stored count for whoever connects; not called
   *     on an I/O thread
   * @param localToken null: not accepted
   * @param signer null: this broker accepts no tokens of its own
   * @param bodyBytesMax as {@code limits.http-body-bytes-max} says; 0: no bound but our own
   */
  public record Parts(
      AdminConfig config,
      Registry registry,
      Authorities authorities,
      Inventory inventory,
      ApiPolicies policies,
      PolicyAuthorizers authorizers,
      LiveClients clients,
      RequestAuthenticator authenticator,
      AskedFor askedFor,
      Map<String, String> configuredIssuers,
      Function<JwtIssuer, KeyRefresh> keyRefresh,
      Runnable inForce,
      @Nullable LocalToken localToken,
      @Nullable TokenSigner signer,
      Duration tokenLifetimeMax,
      AuditLog audit,
      AuditLog refusals,
      Denials denials,
      ServerFacts facts,
      long bodyBytesMax,
      Clocks clocks,
      Metrics metrics) {}

  public AdminApi(Parts parts) {
    AdminConfig config = parts.config;
    long bodyMax =
        parts.bodyBytesMax == 0 ? BODY_BYTES_MAX : Math.min(parts.bodyBytesMax, BODY_BYTES_MAX);
    handler =
        new ApiHandler(
            routes(parts, bodyMax),
            new ApiAuthenticator(
                parts.authenticator, parts.registry, config, parts.localToken, parts.metrics),
            parts.audit,
            parts.denials,
            parts.clocks,
            parts.metrics,
            parts.inForce,
            bodyMax,
            config.threads(),
            config.pendingRequestsMax());
  }

  private static List<Route> routes(Parts parts, long bodyMax) {
    AdminConfig config = parts.config;
    Registry registry = parts.registry;
    Views views =
        new Views(
            registry,
            parts.authorities,
            new PolicyViews(parts.policies),
            parts.keyRefresh,
            parts.clocks);
    Grants grants = new Grants(config.roles());
    int batch = config.batchOperationsMax();
    List<Route> routes = new ArrayList<>();
    routes.addAll(
        new ServerRoutes(
                parts.facts,
                registry,
                parts.audit,
                parts.refusals,
                parts.clocks.wallMillis(),
                batch,
                bodyMax,
                parts.tokenLifetimeMax.toSeconds())
            .routes());
    routes.addAll(
        new DeviceRoutes(registry, parts.inventory, parts.policies, views, grants, batch).routes());
    routes.addAll(
        new CertificateRoutes(
                registry, parts.inventory, parts.policies, views, grants, parts.clocks, batch)
            .routes());
    routes.addAll(new GroupRoutes(registry, parts.policies, views, grants).routes());
    routes.addAll(
        new AuthorityRoutes(registry, parts.authorities, views, grants, parts.clocks).routes());
    routes.addAll(
        EntryRoutes.bindable(
                Kind.JWT_ISSUER,
                registry,
                parts.policies,
                views,
                Role.ADMIN,
                (request, existing, wanted) -> {
                  grants.requireToVouch(request.caller(), wanted.enabled());
                  checkIssuer(registry, parts.configuredIssuers, existing, wanted);
                })
            .routes());
    routes.addAll(
        EntryRoutes.plain(
                Kind.TEMPLATE,
                registry,
                views,
                Role.ADMIN,
                (request, _, wanted) -> grants.require(request.caller(), wanted.groups()))
            .routes());
    routes.addAll(
        EntryRoutes.plain(
                Kind.CLAIM_TOKEN,
                registry,
                views,
                Role.OPERATOR,
                (request, _, wanted) ->
                    grants.require(
                        request.caller(), registry.find(Kind.TEMPLATE, wanted.template())))
            .routes());
    routes.addAll(
        EntryRoutes.bindable(
                Kind.USER,
                registry,
                parts.policies,
                views,
                Role.ADMIN,
                (request, _, wanted) -> grants.require(request.caller(), wanted.groups()))
            .routes());
    routes.addAll(
        new TokenRoutes(registry, grants, parts.clocks, parts.signer, parts.tokenLifetimeMax)
            .routes());
    routes.addAll(new PolicyRoutes(registry, parts.policies, views).routes());
    routes.addAll(new PolicyRevisionRoutes(parts.policies, views).routes());
    routes.addAll(
        new PolicyToolRoutes(
                parts.policies, new PolicyClients(registry, parts.askedFor, parts.authorizers))
            .routes());
    routes.addAll(new ClientRoutes(parts.clients).routes());
    return routes;
  }

  /** Its keys must be usable, and two issuers with one claim {@code iss} are not told apart. */
  private static void checkIssuer(
      Registry registry,
      Map<String, String> configured,
      @Nullable JwtIssuer existing,
      JwtIssuer wanted)
      throws ApiException {
    try {
      RegisteredIssuers.check(wanted);
    } catch (IllegalArgumentException e) {
      throw new ApiException(ApiProblem.Type.INVALID, String.valueOf(e.getMessage()));
    }
    if (existing == null && configured.containsValue(wanted.name())) {
      throw new ApiException(
          ApiProblem.Type.CONFLICT,
          "the configuration has a JWT issuer of this name; choose another");
    }
    String owner = configured.get(wanted.issuer());
    if (owner != null && (existing == null || !existing.issuer().equals(wanted.issuer()))) {
      throw new ApiException(
          ApiProblem.Type.CONFLICT,
          "the configuration has the JWT issuer \""
              + owner
              + "\" with the same claim iss; put its keys there");
    }
    for (JwtIssuer other : registry.all(Kind.JWT_ISSUER)) {
      if (other.issuer().equals(wanted.issuer()) && !other.name().equals(wanted.name())) {
        throw new ApiException(
            ApiProblem.Type.CONFLICT,
            "the JWT issuer \"" + other.name() + "\" has the same claim iss; put its keys there");
      }
    }
  }

  /** For the test that holds the document against the code. */
  List<Route> routes() {
    return handler.routes();
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) {
    handler.handleRequest(exchange);
  }

  @Override
  public void close() {
    handler.close();
  }
}
