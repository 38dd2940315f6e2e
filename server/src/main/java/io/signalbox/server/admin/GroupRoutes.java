package io.signalbox.server.admin;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.Device;
import io.signalbox.server.registry.Group;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.Written;
import io.undertow.util.StatusCodes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Groups and who is in them. */
final class GroupRoutes {
  private static final String MEMBER = "/groups/{name}/members/{id}";

  private final Registry registry;
  private final ApiPolicies policies;
  private final Views views;
  private final Grants grants;

  GroupRoutes(Registry registry, ApiPolicies policies, Views views, Grants grants) {
    this.registry = registry;
    this.policies = policies;
    this.views = views;
    this.grants = grants;
  }

  List<Route> routes() {
    List<Route> routes =
        new ArrayList<>(
            EntryRoutes.bindable(
                    Kind.GROUP, registry, policies, views, Role.OPERATOR, (_, _, _) -> {})
                .routes());
    routes.add(Route.list("/groups/{name}/members", Role.VIEWER, Set.of(), this::members));
    routes.add(Route.get(MEMBER, Role.VIEWER, this::member));
    routes.add(new Route("PUT", MEMBER, Role.OPERATOR, Set.of(), Route.Body.NONE, this::add));
    routes.add(Route.delete(MEMBER, Role.OPERATOR, this::remove));
    return routes;
  }

  private Group group(ApiRequest request) throws ApiException {
    String name = request.parameter("name");
    Group group = registry.find(Kind.GROUP, name);
    if (group == null) {
      throw EntryRoutes.missing(Kind.GROUP, name);
    }
    return group;
  }

  private ApiResponse members(ApiRequest request) throws ApiException {
    int limit = request.limit();
    List<String> found =
        registry.members(group(request).name()).stream()
            .filter(id -> id.compareTo(request.cursor()) > 0)
            .limit(limit + 1L)
            .toList();
    var items = new JsonArray();
    found.stream().limit(limit).forEach(items::add);
    return ApiResponse.page(items, found.size() > limit ? found.get(limit - 1) : null);
  }

  private ApiResponse member(ApiRequest request) throws ApiException {
    Group group = group(request);
    String id = request.parameter("id");
    Device device = registry.device(id);
    if (device == null || !device.groups().contains(group.name())) {
      throw new ApiException(
          ApiProblem.Type.NOT_FOUND, "the group \"" + group.name() + "\" has no device of this id");
    }
    return ApiResponse.of(view(group.name(), id));
  }

  private static JsonObject view(String group, String device) {
    var out = new JsonObject();
    out.addProperty("group", group);
    out.addProperty("device", device);
    return out;
  }

  private ApiResponse add(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    request.requireNoCondition();
    String group = group(request).name();
    grants.require(request.caller(), List.of(group));
    Written<Device> written = change(request.parameter("id"), group, true);
    return audited(ApiResponse.of(view(group, written.entry().name())), written);
  }

  private ApiResponse remove(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    request.requireNoCondition();
    member(request);
    Written<Device> written = change(request.parameter("id"), request.parameter("name"), false);
    return audited(ApiResponse.nothing(StatusCodes.NO_CONTENT, 0), written);
  }

  private Written<Device> change(String id, String group, boolean in)
      throws RegistryException, InterruptedException {
    return registry.put(
        Kind.DEVICE,
        id,
        Condition.NONE,
        device -> {
          if (device == null) {
            throw RegistryException.notFound(Kind.DEVICE, id);
          }
          if (device.groups().contains(group) == in) {
            return device;
          }
          List<String> groups = new ArrayList<>(device.groups());
          if (in) {
            groups.add(group);
          } else {
            groups.remove(group);
          }
          return device.withGroups(groups);
        });
  }

  private ApiResponse audited(ApiResponse response, Written<Device> written) {
    Device device = written.entry();
    return written.isChanged()
        ? response.changing(
            "/devices/" + device.name(), views.orNull(written.before()), views.of(device))
        : response;
  }
}
