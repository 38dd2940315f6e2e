package io.signalbox.server.admin;

import com.google.gson.JsonObject;
import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.auth.ApiPolicies.Done;
import io.signalbox.server.auth.PolicyException;
import io.signalbox.server.registry.Entry;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.PolicyRevision;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.StoredPolicy;
import io.signalbox.server.registry.Written;
import io.undertow.util.StatusCodes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The API's policies and whom they are attached to. A change is in force when it is answered. */
final class PolicyRoutes {
  private static final String POLICY = "/policies/{name}";
  private static final String ATTACHMENT = "/attachments/{policy}/{kind}/{target}";

  private final Registry registry;
  private final ApiPolicies policies;
  private final Views views;

  PolicyRoutes(Registry registry, ApiPolicies policies, Views views) {
    this.registry = registry;
    this.policies = policies;
    this.views = views;
  }

  List<Route> routes() {
    EntryRoutes<StoredPolicy> listed = entries(Kind.POLICY);
    EntryRoutes<PolicyAttachment> attached = entries(Kind.ATTACHMENT);
    List<Route> routes = new ArrayList<>();
    routes.add(
        Route.list(
            "/policies",
            Role.VIEWER,
            Set.of("prefix"),
            request -> listed.list(request, _ -> true)));
    routes.add(Route.get(POLICY, Role.VIEWER, this::get));
    routes.add(new Route("PUT", POLICY, Role.ADMIN, Set.of(), Route.Body.POLICY, this::put));
    routes.add(Route.delete(POLICY, Role.ADMIN, this::delete));
    routes.add(
        Route.list(
            "/attachments",
            Role.VIEWER,
            Set.of("policy", "kind", "target"),
            request -> attached.list(request, attachment -> isWanted(request, attachment))));
    routes.add(Route.get(ATTACHMENT, Role.VIEWER, this::attachment));
    routes.add(new Route("PUT", ATTACHMENT, Role.ADMIN, Set.of(), Route.Body.NONE, this::attach));
    routes.add(Route.delete(ATTACHMENT, Role.ADMIN, this::detach));
    return routes;
  }

  private <E extends Entry<E>> EntryRoutes<E> entries(Kind<E> kind) {
    return EntryRoutes.plain(kind, registry, views, Role.ADMIN, (_, _, _) -> {});
  }

  // ---- policies

  private ApiResponse get(ApiRequest request) throws ApiException {
    String name = request.parameter("name");
    StoredPolicy policy = registry.find(Kind.POLICY, name);
    if (policy == null) {
      throw EntryRoutes.missing(Kind.POLICY, name);
    }
    return found(request, policy);
  }

  private ApiResponse put(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    String name = request.parameter("name");
    StoredPolicy.Format format =
        request.isYaml() ? StoredPolicy.Format.YAML : StoredPolicy.Format.JSON;
    try {
      return answer(
          policies.put(name, request.condition(), format, request.text(), request.caller().actor()),
          "/policies/" + name);
    } catch (PolicyException e) {
      throw PolicyProblems.refusal(e.problems(), ApiPolicies.file(name, format));
    }
  }

  private ApiResponse delete(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    String name = request.parameter("name");
    try {
      return removed(
          policies.delete(name, request.condition(), request.caller().actor()),
          "/policies/" + name);
    } catch (PolicyException e) {
      throw PolicyProblems.refusal(e.problems(), "");
    }
  }

  // ---- attachments

  private static boolean isWanted(ApiRequest request, PolicyAttachment attachment) {
    return request.query("policy").map(attachment.policy()::equals).orElse(true)
        && request.query("kind").map(attachment.targetKind().word()::equals).orElse(true)
        && request.query("target").map(attachment.target()::equals).orElse(true);
  }

  private static PolicyAttachment named(ApiRequest request) throws RegistryException {
    return PolicyAttachment.of(
        request.parameter("policy"), request.parameter("kind"), request.parameter("target"));
  }

  private ApiResponse attachment(ApiRequest request) throws ApiException, RegistryException {
    String name = named(request).name();
    PolicyAttachment attachment = registry.find(Kind.ATTACHMENT, name);
    if (attachment == null) {
      throw EntryRoutes.missing(Kind.ATTACHMENT, name);
    }
    return found(request, attachment);
  }

  private ApiResponse attach(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    try {
      return answer(
          policies.attach(named(request), request.condition(), request.caller().actor()),
          request.path());
    } catch (PolicyException e) {
      throw PolicyProblems.refusal(e.problems(), "");
    }
  }

  private ApiResponse detach(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    try {
      return removed(
          policies.detach(named(request).name(), request.condition(), request.caller().actor()),
          request.path());
    } catch (PolicyException e) {
      throw PolicyProblems.refusal(e.problems(), "");
    }
  }

  // ---- both

  private <E extends Entry<E>> ApiResponse found(ApiRequest request, E entry) {
    long revision = entry.stamp().revision();
    return request.knows(revision) && Views.isOnlyStored(entry)
        ? ApiResponse.nothing(StatusCodes.NOT_MODIFIED, revision)
        : ApiResponse.of(StatusCodes.OK, views.whole(entry), revision);
  }

  private <E extends Entry<E>> ApiResponse answer(Done<E> done, String path) {
    Written<E> written = done.written();
    E entry = written.entry();
    return audited(
        ApiResponse.of(
            written.isCreated() ? StatusCodes.CREATED : StatusCodes.OK,
            views.whole(entry),
            entry.stamp().revision()),
        done,
        path);
  }

  private <E extends Entry<E>> ApiResponse removed(Done<E> done, String path) {
    ApiResponse response = audited(ApiResponse.nothing(StatusCodes.NO_CONTENT, 0), done, path);
    if (done.written().before() instanceof StoredPolicy policy) {
      views.forgetPolicy(policy.name());
    }
    return response;
  }

  private <E extends Entry<E>> ApiResponse audited(
      ApiResponse response, Done<E> done, String path) {
    Written<E> written = done.written();
    return written.isChanged()
        ? response.changing(
            List.of(
                new ApiResponse.AuditedChange(
                    path,
                    ApiResponse.orNull(wholeOrNull(written.before())),
                    ApiResponse.orNull(wholeOrNull(written.after())),
                    detail(done.revision()))))
        : response;
  }

  /** For the audit log. */
  static String detail(PolicyRevision revision) {
    return "policies of revision " + revision.number() + ", bundle " + revision.bundle();
  }

  private @Nullable JsonObject wholeOrNull(@Nullable Entry<?> entry) {
    return entry == null ? null : views.whole(entry);
  }
}
