package io.signalbox.server.admin;

import com.google.gson.JsonObject;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.registry.Device;
import io.signalbox.server.registry.Entry;
import io.signalbox.server.registry.Fields;
import io.signalbox.server.registry.JsonOut;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.ProvisioningTemplate;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Tokens that are signed, shown once and kept nowhere. */
final class TokenRoutes {
  private static final int SECONDS_DEFAULT = 900;

  private final Registry registry;
  private final Grants grants;
  private final Clocks clocks;
  private final @Nullable TokenSigner signer;
  private final Duration lifetimeMax;

  /**
   * @param signer null: this broker accepts no tokens of its own
   */
  TokenRoutes(
      Registry registry,
      Grants grants,
      Clocks clocks,
      @Nullable TokenSigner signer,
      Duration lifetimeMax) {
    this.registry = registry;
    this.grants = grants;
    this.clocks = clocks;
    this.signer = signer;
    this.lifetimeMax = lifetimeMax;
  }

  List<Route> routes() {
    return List.of(
        Route.post("/access-tokens", Role.OPERATOR, this::access),
        Route.post("/enrolment-tokens", Role.OPERATOR, this::enrolment));
  }

  private TokenSigner signer() throws ApiException {
    TokenSigner own = signer;
    if (own == null) {
      throw new ApiException(
          ApiProblem.Type.CONFLICT,
          "this broker accepts no tokens of its own: auth.jwt.local-issuer is false");
    }
    return own;
  }

  private ApiResponse access(ApiRequest request) throws ApiException, RegistryException {
    Fields body = request.fields();
    String subject = body.required("subject", 255);
    List<String> groups = body.texts("groups", 64, 256, g -> !g.isEmpty(), "not empty");
    Duration lifetime = lifetime(body);
    body.end();
    grants.require(request.caller(), groups);
    requireForUser(request.caller(), subject);
    var what = new JsonObject();
    what.addProperty("subject", subject);
    what.add("groups", JsonOut.list(groups));
    TokenSigner own = signer();
    try {
      return answer("/access-tokens", what, own.access(subject, groups, lifetime), lifetime);
    } catch (IllegalArgumentException e) {
      throw new ApiException(ApiProblem.Type.INVALID, String.valueOf(e.getMessage()));
    }
  }

  /** Policies and attachments go by the name: who has the token is that user to them. */
  private void requireForUser(Caller caller, String subject) throws ApiException {
    boolean isUser = registry.find(Kind.USER, subject) != null;
    if (isUser && !caller.roles().contains(Role.ADMIN)) {
      throw new ApiException(
          ApiProblem.Type.FORBIDDEN,
          "the subject is a user of the registry, and a token in a user's name needs the role "
              + Role.ADMIN.word()
              + ", as a change of the user does");
    }
  }

  private ApiResponse enrolment(ApiRequest request) throws ApiException, RegistryException {
    Fields body = request.fields();
    String device = body.optionalName("device");
    String template = body.optionalName("template");
    Duration lifetime = lifetime(body);
    if ((device == null) == (template == null)) {
      body.problem("device", "give exactly one of device and template");
    }
    Device known = device == null ? null : registry.device(device);
    if (device != null && known == null) {
      body.problem("device", "there is no such device; put it first");
    }
    ProvisioningTemplate found = template == null ? null : registry.find(Kind.TEMPLATE, template);
    if (template != null && found == null) {
      body.problem("template", "there is no such provisioning template; put it first");
    }
    body.end();
    if (known != null) {
      grants.require(request.caller(), known.groups());
    }
    grants.require(request.caller(), found);
    var what = new JsonObject();
    JsonOut.optional(what, "device", device);
    JsonOut.optional(what, "template", template);
    Entry<?> invited = known != null ? known : Objects.requireNonNull(found, "one of the two");
    TokenSigner.Signed token =
        signer().enrolment(device, template, invited.stamp().createdAtMillis(), lifetime);
    return answer("/enrolment-tokens", what, token, lifetime);
  }

  private Duration lifetime(Fields body) {
    long max = lifetimeMax.toSeconds();
    return Duration.ofSeconds(body.number("ttlSeconds", Math.min(SECONDS_DEFAULT, max), 1, max));
  }

  private ApiResponse answer(
      String path, JsonObject what, TokenSigner.Signed signed, Duration lifetime) {
    long now = clocks.wallMillis() / 1_000 * 1_000; // tokens count in whole seconds
    String end = Views.time(now + lifetime.toMillis());
    var out = new JsonObject();
    out.addProperty("token", signed.token());
    out.addProperty("jti", signed.id());
    out.addProperty("expiresAt", end);
    what.addProperty("expiresAt", end);
    what.addProperty("jti", signed.id()); // by which it can be revoked
    return ApiResponse.of(out).changing(path, null, what); // audited without the token
  }
}
