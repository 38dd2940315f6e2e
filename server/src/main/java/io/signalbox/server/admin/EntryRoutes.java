package io.signalbox.server.admin;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.auth.ApiPolicies.Removed;
import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.Entry;
import io.signalbox.server.registry.Fields;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.Written;
import io.undertow.util.StatusCodes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** List, get, put and delete of one kind of entry: what all kinds have in common. */
final class EntryRoutes<E extends Entry<E>> {
  /** What a caller may do with this very entry, beside its role. */
  @FunctionalInterface
  interface Guard<E> {
    void check(ApiRequest request, @Nullable E existing, E wanted) throws ApiException;
  }

  /** How an entry is removed, where that is more than removing it. */
  @FunctionalInterface
  interface Removal<E extends Entry<E>> {
    Removed<E> remove(String name, Condition condition)
        throws RegistryException, InterruptedException;
  }

  /** How an entry is stored. */
  @FunctionalInterface
  interface Storing<E extends Entry<E>> {
    Written<E> store(String name, Condition condition, Registry.Maker<E> maker)
        throws RegistryException, InterruptedException;
  }

  private final Kind<E> kind;
  private final Registry registry;
  private final Views views;
  private final Role writer;
  private final String parameter;
  private final Guard<E> guard;
  private final Storing<E> storing;
  private final Removal<E> removal;

  /**
   * @param writer role that changes need
   * @param parameter what the path calls the name
   */
  EntryRoutes(
      Kind<E> kind,
      Registry registry,
      Views views,
      Role writer,
      String parameter,
      Guard<E> guard,
      Storing<E> storing,
      Removal<E> removal) {
    this.kind = kind;
    this.registry = registry;
    this.views = views;
    this.writer = writer;
    this.parameter = parameter;
    this.guard = guard;
    this.storing = storing;
    this.removal = removal;
  }

  /** Of a kind that is stored as it is. */
  static <E extends Entry<E>> EntryRoutes<E> plain(
      Kind<E> kind, Registry registry, Views views, Role writer, Guard<E> guard) {
    return stored(
        kind,
        registry,
        views,
        writer,
        guard,
        (name, condition) -> Removed.alone(registry.delete(kind, name, condition)));
  }

  /** As {@link #plain}, of a kind to which policies can be attached: those go with the entry. */
  static <E extends Entry<E>> EntryRoutes<E> bindable(
      Kind<E> kind,
      Registry registry,
      ApiPolicies policies,
      Views views,
      Role writer,
      Guard<E> guard) {
    return stored(
        kind,
        registry,
        views,
        writer,
        guard,
        (name, condition) -> policies.remove(kind, name, condition));
  }

  private static <E extends Entry<E>> EntryRoutes<E> stored(
      Kind<E> kind,
      Registry registry,
      Views views,
      Role writer,
      Guard<E> guard,
      Removal<E> removal) {
    return new EntryRoutes<>(
        kind,
        registry,
        views,
        writer,
        "name",
        guard,
        (name, condition, maker) -> registry.put(kind, name, condition, maker),
        removal);
  }

  List<Route> routes() {
    String one = "/" + kind.path() + "/{" + parameter + "}";
    return List.of(
        Route.list("/" + kind.path(), Role.VIEWER, Set.of("prefix"), r -> list(r, _ -> true)),
        Route.get(one, Role.VIEWER, this::get),
        Route.put(one, writer, this::put),
        Route.delete(one, writer, this::delete));
  }

  ApiResponse list(ApiRequest request, Predicate<E> wanted) throws ApiException {
    int limit = request.limit();
    List<E> found =
        registry.page(kind, request.cursor(), request.query("prefix").orElse(""), wanted, limit);
    var items = new JsonArray();
    found.stream().limit(limit).forEach(entry -> items.add(views.of(entry)));
    return ApiResponse.page(items, found.size() > limit ? found.get(limit - 1).name() : null);
  }

  private ApiResponse get(ApiRequest request) throws ApiException {
    String name = request.parameter(parameter);
    E entry = registry.find(kind, name);
    if (entry == null) {
      throw missing(kind, name);
    }
    long revision = entry.stamp().revision();
    return request.knows(revision) && Views.isOnlyStored(entry)
        ? ApiResponse.nothing(StatusCodes.NOT_MODIFIED, revision)
        : ApiResponse.of(StatusCodes.OK, views.of(entry), revision);
  }

  static ApiException missing(Kind<?> kind, String name) {
    String shown = name.length() > 80 ? name.substring(0, 80) + "..." : name;
    return new ApiException(
        ApiProblem.Type.NOT_FOUND, "there is no " + kind.label() + " \"" + shown + "\"");
  }

  private ApiResponse put(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    String name = request.parameter(parameter);
    var json = request.json();
    return answer(
        storing.store(
            name, request.condition(), existing -> read(request, name, Fields.of(json), existing)));
  }

  /** Reads what the caller wants the entry to be. */
  E read(ApiRequest request, String name, Fields in, @Nullable E existing)
      throws RegistryException {
    E wanted = kind.read(name, in, existing);
    in.end();
    try {
      guard.check(request, existing, wanted);
    } catch (ApiException e) {
      throw new Refused(e.problem());
    }
    return wanted;
  }

  /** Carries a refusal of the guard out of the registry. */
  static final class Refused extends RuntimeException {
    private final transient ApiProblem problem;

    Refused(ApiProblem problem) {
      super(problem.detail(), null, false, false);
      this.problem = problem;
    }

    ApiProblem problem() {
      return problem;
    }
  }

  ApiResponse answer(Written<E> written) {
    E entry = written.entry();
    var response =
        ApiResponse.of(
            written.isCreated() ? StatusCodes.CREATED : StatusCodes.OK,
            views.of(entry),
            entry.stamp().revision());
    return written.isChanged() ? response.changing(List.of(audited(written))) : response;
  }

  ApiResponse.AuditedChange audited(Written<E> written) {
    E some = written.after() == null ? written.before() : written.after();
    String name = some == null ? "" : some.name();
    return change(
        "/" + kind.path() + "/" + name,
        views.orNull(written.before()),
        views.orNull(written.after()));
  }

  static ApiResponse.AuditedChange change(
      String path, @Nullable JsonObject before, @Nullable JsonObject after) {
    return ApiResponse.nothing(StatusCodes.OK, 0)
        .changing(path, before, after)
        .changes()
        .getFirst();
  }

  private ApiResponse delete(ApiRequest request)
      throws ApiException, RegistryException, InterruptedException {
    Removed<E> removed = removal.remove(request.parameter(parameter), request.condition());
    return ApiResponse.nothing(StatusCodes.NO_CONTENT, 0).changing(audited(removed));
  }

  /** The entry, the attachments that went with it, and what changed because of it. */
  List<ApiResponse.AuditedChange> audited(Removed<E> removed) {
    return audited(removed, audited(removed.written()), views);
  }

  static List<ApiResponse.AuditedChange> audited(
      Removed<?> removed, ApiResponse.AuditedChange entry, Views views) {
    List<ApiResponse.AuditedChange> changes = new ArrayList<>();
    changes.add(entry);
    for (Written<?> each : removed.attachments()) {
      Entry<?> gone = each.before();
      if (gone != null) {
        changes.add(change("/" + gone.kind().path() + "/" + gone.name(), views.of(gone), null));
      }
    }
    for (Written<?> each : removed.further()) {
      if (each.isChanged()) {
        Entry<?> after = each.entry();
        changes.add(
            change(
                "/" + after.kind().path() + "/" + after.name(),
                views.orNull(each.before()),
                views.of(after)));
      }
    }
    return changes;
  }
}
