package io.signalbox.server.admin;

import io.signalbox.pki.RevocationList;
import io.signalbox.server.registry.Authorities;
import io.signalbox.server.registry.Fields;
import io.signalbox.server.registry.IssuingAuthority;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.Written;
import java.util.ArrayList;
import java.util.List;

/** Authorities whose certificates are trusted, and those that live here. */
final class AuthorityRoutes {
  static final String PEM = "application/x-pem-file";

  private final Registry registry;
  private final Authorities authorities;
  private final Views views;
  private final EntryRoutes<IssuingAuthority> issuing;

  AuthorityRoutes(Registry registry, Authorities authorities, Views views) {
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
            authorities::delete);
  }

  List<Route> routes() {
    List<Route> routes = new ArrayList<>(issuing.routes());
    routes.addAll(
        EntryRoutes.plain(
                Kind.TRUSTED_CA,
                registry,
                views,
                Role.ADMIN,
                (_, existing, wanted) -> {
                  if (existing == null && registry.find(Kind.ISSUING_CA, wanted.name()) != null) {
                    throw new ApiException(
                        ApiProblem.Type.CONFLICT,
                        "there is an issuing CA of this name; policies need different names");
                  }
                })
            .routes());
    routes.add(Route.put("/issuing-cas/{name}/certificate", Role.ADMIN, this::install));
    routes.add(Route.get("/issuing-cas/{name}/crl", Role.VIEWER, this::revocationList));
    return routes;
  }

  private ApiResponse install(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    Fields body = request.fields();
    String chain = body.required("chainPem", 262_144);
    body.end();
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
