package io.signalbox.server.admin;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.auth.ApiPolicies.Removed;
import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.Device;
import io.signalbox.server.registry.DeviceCertificate;
import io.signalbox.server.registry.Fields;
import io.signalbox.server.registry.Inventory;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.Written;
import io.undertow.util.StatusCodes;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Devices, one by one and many at once. */
final class DeviceRoutes {
  private static final Logger LOG = System.getLogger(DeviceRoutes.class.getName());

  private final Registry registry;
  private final Inventory inventory;
  private final Views views;
  private final ApiPolicies policies;
  private final EntryRoutes<Device> entries;
  private final int operationsMax;

  DeviceRoutes(
      Registry registry,
      Inventory inventory,
      ApiPolicies policies,
      Views views,
      Grants grants,
      int operationsMax) {
    this.policies = policies;
    this.registry = registry;
    this.inventory = inventory;
    this.views = views;
    this.operationsMax = operationsMax;
    this.entries =
        new EntryRoutes<>(
            Kind.DEVICE,
            registry,
            views,
            Role.OPERATOR,
            "id",
            (request, existing, wanted) ->
                grants.require(request.caller(), gained(existing, wanted)),
            (id, condition, maker) -> registry.put(Kind.DEVICE, id, condition, maker),
            this::remove);
  }

  private Removed<Device> remove(String id, Condition condition)
      throws RegistryException, InterruptedException {
    Inventory.Deleted<Removed<Device>> deleted =
        inventory.deleteDevice(
            id, condition, revocations -> policies.remove(Kind.DEVICE, id, condition, revocations));
    return deleted.removed().with(deleted.late());
  }

  /**
   * Groups whose roles the device has by this and had not before: those that are new, and all of
   * them if it was disabled or not approved.
   */
  private static List<String> gained(@Nullable Device existing, Device wanted) {
    boolean isLetIn = existing != null && !existing.mayConnect() && wanted.mayConnect();
    return wanted.groups().stream()
        .filter(group -> existing == null || isLetIn || !existing.groups().contains(group))
        .toList();
  }

  List<Route> routes() {
    List<Route> routes = new ArrayList<>(entries.routes());
    routes.removeFirst();
    routes.add(
        Route.list(
            "/devices",
            Role.VIEWER,
            Set.of("prefix", "group", "enabled", "pendingApproval"),
            this::list));
    routes.add(Route.post("/devices/batch", Role.OPERATOR, this::batch));
    routes.add(Route.ask("/devices/lookup", Role.VIEWER, Route.Body.JSON, this::lookup));
    return routes;
  }

  private ApiResponse list(ApiRequest request) throws ApiException {
    Optional<String> group = request.query("group");
    Optional<Boolean> enabled = request.flag("enabled");
    Optional<Boolean> pending = request.flag("pendingApproval");
    return entries.list(
        request,
        device ->
            group.map(device.groups()::contains).orElse(true)
                && enabled.map(wanted -> wanted == device.enabled()).orElse(true)
                && pending.map(wanted -> wanted == device.pendingApproval()).orElse(true));
  }

  /** Many devices by their ids, each with its newest certificate of one name; as each is now. */
  private ApiResponse lookup(ApiRequest request) throws ApiException, RegistryException {
    Fields body = request.fields();
    List<String> ids = body.texts("ids", operationsMax, 64, id -> !id.isEmpty(), "not empty");
    String name = body.text("certificate", "", 64);
    body.end();
    var items = new JsonArray();
    for (String id : ids) {
      Device device = registry.find(Kind.DEVICE, id);
      if (device == null) {
        continue;
      }
      var item = new JsonObject();
      item.add("device", views.of(device));
      DeviceCertificate newest = name.isEmpty() ? null : inventory.newest(id, name);
      if (newest != null) {
        item.add("certificate", views.certificate(newest, true));
      }
      items.add(item);
    }
    var answer = new JsonObject();
    answer.add("items", items);
    return ApiResponse.of(answer);
  }

  /** One operation of a batch on its way. */
  private record Step(
      String id,
      Registry.@Nullable Put<Device> put,
      @Nullable Written<Device> done,
      List<ApiResponse.AuditedChange> changes,
      @Nullable ApiProblem problem) {}

  private ApiResponse batch(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    Fields body = request.fields();
    List<Fields> operations = body.parts("operations", operationsMax);
    body.end();
    List<Step> steps = new ArrayList<>(operations.size());
    for (int from = 0; from < operations.size(); from = steps.size()) {
      int end = endOfPuts(operations, from);
      steps.addAll(put(request, operations.subList(from, end)));
      if (end < operations.size() && isDelete(operations.get(end))) {
        steps.add(delete(operations.get(end))); // needs the registry for itself
      }
    }
    var results = new JsonArray();
    List<ApiResponse.AuditedChange> changes = new ArrayList<>();
    List<ApiResponse.AuditedRefusal> refusals = new ArrayList<>();
    for (Step step : steps) {
      ApiProblem problem = step.problem;
      if (problem != null) {
        refusals.add(
            new ApiResponse.AuditedRefusal("/devices/" + step.id, problem.type().status()));
      }
      results.add(result(step, changes));
    }
    var answer = new JsonObject();
    answer.addProperty("failed", refusals.size());
    answer.add("results", results);
    return ApiResponse.of(answer).changing(changes).refusing(refusals);
  }

  /**
   * Where the puts end that can be on their way together: at a deletion, and at the second one of a
   * device, which is compared with what the first has stored.
   */
  private static int endOfPuts(List<Fields> operations, int from) {
    Set<String> ids = new HashSet<>();
    int end = from;
    while (end < operations.size()
        && !isDelete(operations.get(end))
        && ids.add(operations.get(end).again().text("id", "", 64))) {
      end++;
    }
    return end;
  }

  private static boolean isDelete(Fields operation) {
    return operation.text("op", "", 16).equals("delete");
  }

  /** Hands all of them to the store before it waits for the first, so that they share syncs. */
  private List<Step> put(ApiRequest request, List<Fields> operations) throws InterruptedException {
    List<Step> steps = new ArrayList<>(operations.size());
    try (Closeable _ = registry.writing()) {
      for (Fields operation : operations) {
        steps.add(begin(request, operation));
      }
      for (int i = 0; i < steps.size(); i++) {
        steps.set(i, finish(steps.get(i)));
      }
    } catch (IOException e) {
      throw new IllegalStateException("a lock does no I/O", e);
    }
    return steps;
  }

  private Step begin(ApiRequest request, Fields operation) {
    String id = operation.text("id", "", 64);
    try {
      operation.choice("op", "put", List.of("put", "delete"));
      Condition condition = condition(operation);
      Fields device = operation.nested("device");
      operation.end();
      return new Step(
          id,
          registry.begin(
              Kind.DEVICE,
              id,
              condition,
              existing -> entries.read(request, id, device.again(), existing)),
          null,
          List.of(),
          null);
    } catch (RegistryException e) {
      return failed(id, ApiProblem.of(e));
    } catch (EntryRoutes.Refused e) {
      return failed(id, e.problem());
    }
  }

  private static Step failed(String id, ApiProblem problem) {
    return new Step(id, null, null, List.of(), problem);
  }

  private static Condition condition(Fields operation) {
    long revision = operation.number("ifMatch", Condition.ANY, 1, Long.MAX_VALUE);
    return new Condition(revision, false);
  }

  private Step finish(Step step) throws InterruptedException {
    Registry.Put<Device> put = step.put;
    if (put == null) {
      return step;
    }
    try {
      Written<Device> done = put.finish();
      return new Step(
          step.id, null, done, done.isChanged() ? List.of(entries.audited(done)) : List.of(), null);
    } catch (RegistryException e) {
      return failed(step.id, ApiProblem.of(e));
    } catch (EntryRoutes.Refused e) {
      return failed(step.id, e.problem());
    } catch (RuntimeException e) {
      return fault(step.id, e);
    }
  }

  private Step delete(Fields operation) throws InterruptedException {
    String id = operation.text("id", "", 64);
    try {
      operation.ignore("op");
      Condition condition = condition(operation);
      operation.end();
      Removed<Device> removed = remove(id, condition);
      return new Step(id, null, removed.written(), entries.audited(removed), null);
    } catch (RegistryException e) {
      return failed(id, ApiProblem.of(e));
    } catch (RuntimeException e) {
      return fault(id, e);
    }
  }

  /** The others of the batch are done, and are answered and written down. */
  private static Step fault(String id, RuntimeException e) {
    LOG.log(Level.ERROR, "one operation of a batch failed", e);
    return failed(id, ApiProblem.ofFault());
  }

  private JsonObject result(Step step, List<ApiResponse.AuditedChange> changes) {
    var result = new JsonObject();
    result.addProperty("id", step.id);
    ApiProblem problem = step.problem;
    Written<Device> done = step.done;
    if (problem != null || done == null) {
      result.addProperty("status", problem == null ? 0 : problem.type().status());
      result.add("problem", problem == null ? new JsonObject() : problem.toJson());
      return result;
    }
    changes.addAll(step.changes);
    Device after = done.after();
    if (after == null) {
      result.addProperty("status", StatusCodes.NO_CONTENT);
    } else {
      result.addProperty("status", done.isCreated() ? StatusCodes.CREATED : StatusCodes.OK);
      result.addProperty("revision", after.stamp().revision());
    }
    return result;
  }
}
