package io.signalbox.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.signalbox.server.registry.JsonOut;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.Registry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;

/** The broker itself: what it is, where it listens, whom clients must trust, who changed what. */
final class ServerRoutes {
  private static final String DOCUMENT = "/io/signalbox/server/admin/openapi.yaml";

  private final ServerFacts facts;
  private final Registry registry;

  private final AuditLog audit;
  private final AuditLog refusals;

  /** A page may cost the reading of thousands of lines. */
  private final Turnstile auditReader =
      new Turnstile(
          "somebody else reads the audit log right now, which one may do at a time; repeat it");

  private final long startedAtMillis;
  private final int operationsMax;
  private final long bodyBytesMax;
  private final long tokenSecondsMax;

  ServerRoutes(
      ServerFacts facts,
      Registry registry,
      AuditLog audit,
      AuditLog refusals,
      long startedAtMillis,
      int operationsMax,
      long bodyBytesMax,
      long tokenSecondsMax) {
    this.facts = facts;
    this.registry = registry;
    this.audit = audit;
    this.refusals = refusals;
    this.startedAtMillis = startedAtMillis;
    this.operationsMax = operationsMax;
    this.bodyBytesMax = bodyBytesMax;
    this.tokenSecondsMax = tokenSecondsMax;
  }

  List<Route> routes() {
    return List.of(
        Route.get("/openapi.yaml", Role.VIEWER, _ -> document()),
        Route.get("/server-info", Role.VIEWER, this::info),
        Route.get("/endpoints", Role.VIEWER, _ -> endpoints()),
        Route.get(
            "/ca-bundle",
            Role.VIEWER,
            _ -> ApiResponse.text(AuthorityRoutes.PEM, facts.caBundlePem().get())),
        Route.list(
            "/audit",
            Role.AUDITOR,
            Set.of("actor", "target"),
            auditReader.guard(request -> page(audit, request))),
        Route.list(
            "/audit/refusals",
            Role.AUDITOR,
            Set.of("actor", "target"),
            auditReader.guard(request -> page(refusals, request))));
  }

  private static ApiResponse document() {
    try (InputStream in = ServerRoutes.class.getResourceAsStream(DOCUMENT)) {
      if (in == null) {
        throw new IllegalStateException("the jar has no " + DOCUMENT);
      }
      return ApiResponse.text("application/yaml", new String(in.readAllBytes(), UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ApiResponse info(ApiRequest request) {
    var out = new JsonObject();
    out.addProperty("version", facts.version());
    out.addProperty("startedAt", Views.time(startedAtMillis));
    var you = new JsonObject();
    you.addProperty("actor", request.caller().actor());
    you.add(
        "roles", JsonOut.list(request.caller().roles().stream().map(Role::word).sorted().toList()));
    out.add("you", you);
    var limits = new JsonObject();
    limits.addProperty("batchOperationsMax", operationsMax);
    limits.addProperty("bodyBytesMax", bodyBytesMax);
    limits.addProperty("tokenLifetimeSecondsMax", tokenSecondsMax);
    out.add("limits", limits);
    var counts = new JsonObject();
    Kind.ALL.forEach(kind -> counts.addProperty(kind.path(), registry.count(kind)));
    out.add("counts", counts);
    return ApiResponse.of(out);
  }

  private ApiResponse endpoints() {
    var items = new JsonArray();
    for (ServerFacts.Endpoint endpoint : facts.endpoints().get()) {
      var item = new JsonObject();
      item.addProperty("listener", endpoint.listener());
      item.addProperty("type", endpoint.type());
      item.addProperty("address", endpoint.address());
      item.addProperty("port", endpoint.port());
      item.addProperty("url", endpoint.url());
      items.add(item);
    }
    return ApiResponse.page(items, null);
  }

  private static ApiResponse page(AuditLog log, ApiRequest request) throws ApiException {
    String actor = request.query("actor").orElse("");
    String target = request.query("target").orElse("");
    try {
      return AuditReader.page(
          log.folder(),
          request.cursor(),
          entry ->
              (actor.isEmpty() || actor.equals(text(entry, "actor")))
                  && isWithin(text(entry, "path"), target),
          request.limit());
    } catch (IOException e) {
      throw new ApiException(
          ApiProblem.Type.UNAVAILABLE, "the audit log cannot be read: " + e.getMessage());
    }
  }

  private static String text(JsonObject entry, String field) {
    return entry.has(field) && entry.get(field).isJsonPrimitive()
        ? entry.get(field).getAsString()
        : "";
  }

  private static boolean isWithin(String path, String target) {
    return target.isEmpty() || path.equals(target) || path.startsWith(target + "/");
  }
}
