package io.signalbox.server.admin;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.principal.CertificateFields;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.principal.TokenClaims;
import io.signalbox.server.protocol.Ending;
import io.signalbox.server.protocol.LiveClient;
import io.signalbox.server.protocol.LiveClients;
import io.signalbox.server.registry.Fields;
import io.signalbox.server.registry.JsonOut;
import io.signalbox.server.registry.RegistryException;
import io.undertow.util.StatusCodes;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Clients that are connected. */
final class ClientRoutes {
  private static final int ANSWER_SECONDS = 10;

  private final LiveClients clients;

  ClientRoutes(LiveClients clients) {
    this.clients = clients;
  }

  List<Route> routes() {
    return List.of(
        Route.list(
            "/clients", Role.VIEWER, Set.of("prefix", "device", "user", "listener"), this::list),
        Route.get("/clients/{clientId}", Role.VIEWER, this::get),
        Route.post("/clients/{clientId}/disconnect", Role.OPERATOR, this::disconnect));
  }

  private ApiResponse list(ApiRequest request) throws ApiException {
    String prefix = request.query("prefix").orElse("");
    Optional<String> device = request.query("device");
    Optional<String> user = request.query("user");
    Optional<String> listener = request.query("listener");
    LiveClients.Page page =
        clients.list(
            request.cursor(),
            request.limit(),
            client ->
                client.clientId().startsWith(prefix)
                    && device.map(id -> id.equals(client.principal().deviceId())).orElse(true)
                    && user.map(id -> id.equals(client.principal().userName())).orElse(true)
                    && listener.map(client.peer().listener()::equals).orElse(true));
    var items = new JsonArray();
    page.clients().forEach(client -> items.add(view(client)));
    return ApiResponse.page(items, page.next());
  }

  private ApiResponse get(ApiRequest request) throws ApiException {
    return ApiResponse.of(view(client(request)));
  }

  private LiveClient client(ApiRequest request) throws ApiException {
    return clients
        .find(request.parameter("clientId"))
        .orElseThrow(
            () ->
                new ApiException(
                    ApiProblem.Type.NOT_FOUND, "no client of this identifier is connected"));
  }

  private ApiResponse disconnect(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    Fields body = request.fields();
    String reason = body.text("reason", "", 256);
    body.end();
    JsonObject before = view(client(request));
    String text = reason.isEmpty() ? "an administrator ended the connection" : reason;
    try {
      boolean ended =
          clients
              .disconnect(request.parameter("clientId"), Ending.byAdministrator(text))
              .get(ANSWER_SECONDS, TimeUnit.SECONDS);
      if (!ended) {
        throw new ApiException(ApiProblem.Type.NOT_FOUND, "the client has just gone by itself");
      }
    } catch (ExecutionException | TimeoutException e) {
      throw new ApiException(
          ApiProblem.Type.UNAVAILABLE, "the client's I/O thread does not answer; try again");
    }
    var out = new JsonObject();
    out.addProperty("clientId", request.parameter("clientId"));
    return ApiResponse.of(StatusCodes.ACCEPTED, out, 0).changing(request.path(), before, null);
  }

  private static JsonObject view(LiveClient client) {
    Principal who = client.principal();
    var out = new JsonObject();
    out.addProperty("clientId", client.clientId());
    out.addProperty("principal", who.id());
    JsonOut.optional(out, "device", who.deviceId());
    JsonOut.optional(out, "user", who.userName());
    out.add("groups", JsonOut.list(who.groups()));
    out.addProperty("listener", client.peer().listener());
    out.addProperty("transport", client.peer().transport());
    Peer peer = client.peer();
    out.addProperty("remote", peer.address().getHostAddress() + ":" + peer.port());
    JsonOut.optional(out, "tlsVersion", client.peer().tlsVersion());
    out.addProperty("protocolVersion", version(client.version()));
    out.addProperty("authMethod", who.method().name().toLowerCase(Locale.ROOT));
    CertificateFields certificate = who.certificate();
    if (certificate != null) {
      out.addProperty("certificateFingerprint", certificate.fingerprint());
    }
    TokenClaims token = who.token();
    if (token != null) {
      out.addProperty("jwtIssuer", token.issuer());
      JsonOut.optional(out, "jti", token.tokenId().isEmpty() ? null : token.tokenId());
    }
    out.addProperty("keepAliveSeconds", client.keepAliveSeconds());
    if (who.expiresAtMillis() != Principal.NEVER) {
      out.addProperty("credentialExpiresAt", Views.time(who.expiresAtMillis()));
    }
    out.addProperty("connectedAt", Views.time(client.connectedAtMillis()));
    return out;
  }

  private static String version(ProtocolVersion version) {
    return switch (version) {
      case V3_1_1 -> "3.1.1";
      case V5 -> "5.0";
    };
  }
}
