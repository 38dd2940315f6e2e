package io.signalbox.server.admin;

import io.signalbox.pki.RevocationList;
import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.registry.Authorities;
import io.signalbox.server.registry.Fields;
import io.signalbox.server.registry.IssuingAuthority;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.TrustedAuthority;
import io.signalbox.server.registry.Written;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Authorities whose certificates are trusted, and those that live here. */
final class AuthorityRoutes {
  static final String PEM = "application/x-pem-file";

  private final Registry registry;
  private final Authorities authorities;
  private final Views views;
  private final Grants grants;
  private final Clocks clocks;
  private final EntryRoutes<IssuingAuthority> issuing;

  AuthorityRoutes(
      Registry registry, Authorities authorities, Views views, Grants grants, Clocks clocks) {
    this.clocks = clocks;
    this.grants = grants;
    this.registry = registry;
    this.authorities = authorities;
    this.views = views;
    this.issuing =
        new EntryRoutes<>(
            Kind.ISSUING_CA,
            registry,
            views,
            Role.ADMIN,
            "name",
            (_, _, _) -> {},
            authorities::put,
            (name, condition) -> ApiPolicies.Removed.alone(authorities.delete(name, condition)));
  }

  List<Route> routes() {
    List<Route> routes = new ArrayList<>(issuing.routes());
    routes.addAll(
        EntryRoutes.plain(
                Kind.TRUSTED_CA,
                registry,
                views,
                Role.ADMIN,
                (request, existing, wanted) -> {
                  grants.requireToVouch(request.caller(), wanted.enabled());
                  check(existing, wanted);
                })
            .routes());
    routes.add(Route.put("/issuing-cas/{name}/certificate", Role.ADMIN, this::install));
    routes.add(Route.get("/issuing-cas/{name}/crl", Role.VIEWER, this::revocationList));
    return routes;
  }

  private void check(@Nullable TrustedAuthority existing, TrustedAuthority wanted)
      throws ApiException {
    if (existing != null && existing.certificates().equals(wanted.certificates())) {
      return;
    }
    if (existing == null && authorities.isConfigured(wanted.name())) {
      throw new ApiException(
          ApiProblem.Type.CONFLICT,
          "the configuration has a trusted CA of this name; choose another");
    }
    if (existing == null && registry.find(Kind.ISSUING_CA, wanted.name()) != null) {
      throw new ApiException(
          ApiProblem.Type.CONFLICT,
          "there is an issuing CA of this name; policies need different names");
    }
    for (X509Certificate certificate : wanted.certificates()) {
      Instant end = certificate.getNotAfter().toInstant();
      if (end.toEpochMilli() <= clocks.wallMillis()) {
        throw new ApiException(
            ApiProblem.Type.INVALID,
            "certificatePem holds a certificate that ended at "
                + end
                + "; nothing below it counts");
      }
    }
    for (TrustedAuthority other : registry.all(Kind.TRUSTED_CA)) {
      if (!other.name().equals(wanted.name())
          && !Collections.disjoint(other.certificates(), wanted.certificates())) {
        throw new ApiException(
            ApiProblem.Type.CONFLICT,
            "the trusted CA \""
                + other.name()
                + "\" has this certificate; policies could not tell the two apart");
      }
    }
  }

  private ApiResponse install(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    request.requireNoCondition();
    Fields body = request.fields();
    String chain = body.required("chainPem", 262_144);
    body.end();
    grants.requireToVouch(request.caller(), true); // who signed it is elsewhere
    Written<IssuingAuthority> written = authorities.install(request.parameter("name"), chain);
    return issuing.answer(written);
  }

  private ApiResponse revocationList(ApiRequest request) throws RegistryException {
    RevocationList list = authorities.revocationList(request.parameter("name"));
    return request.accepts(PEM)
        ? ApiResponse.text(PEM, list.toPem())
        : ApiResponse.bytes("application/pkix-crl", list.encoded());
  }
}
