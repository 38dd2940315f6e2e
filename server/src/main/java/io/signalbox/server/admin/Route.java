package io.signalbox.server.admin;

import io.signalbox.server.registry.RegistryException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One operation of the API.
 *
 * @param template of the path below the API's own, such as {@code /devices/{id}}
 * @param role that the caller needs
 * @param query parameters that the operation knows; others are errors
 * @param body what it takes
 * @param isChange whether it may change something, and so is written down
 */
record Route(
    String method,
    String template,
    Role role,
    Set<String> query,
    Body body,
    boolean isChange,
    Action action) {

  /** What a request carries. */
  enum Body {
    /** A body is an error. */
    NONE,
    JSON,
    /** A policy or a test of policies, as JSON or YAML. */
    POLICY
  }

  Route(String method, String template, Role role, Set<String> query, Body body, Action action) {
    this(method, template, role, query, body, !method.equals("GET"), action);
  }

  /** A question that needs a body and changes nothing. */
  static Route ask(String template, Role role, Body body, Action action) {
    return new Route("POST", template, role, Set.of(), body, false, action);
  }

  /** What an operation does; may take its time, on a thread of the API. */
  @FunctionalInterface
  interface Action {
    ApiResponse run(ApiRequest request)
        throws ApiException, RegistryException, InterruptedException;
  }

  private static final Set<String> PAGE = Set.of("limit", "cursor");

  Route {
    query = Set.copyOf(query);
  }

  static Route get(String template, Role role, Action action) {
    return new Route("GET", template, role, Set.of(), Body.NONE, action);
  }

  /** A list in pages. */
  static Route list(String template, Role role, Set<String> filters, Action action) {
    Set<String> query = new HashSet<>(PAGE);
    query.addAll(filters);
    return new Route("GET", template, role, query, Body.NONE, action);
  }

  static Route put(String template, Role role, Action action) {
    return new Route("PUT", template, role, Set.of(), Body.JSON, action);
  }

  static Route post(String template, Role role, Action action) {
    return new Route("POST", template, role, Set.of(), Body.JSON, action);
  }

  static Route delete(String template, Role role, Action action) {
    return new Route("DELETE", template, role, Set.of(), Body.NONE, action);
  }

  boolean hasBody() {
    return body != Body.NONE;
  }

  /** Whether a request may change something; one that only tries does not. */
  boolean changes(ApiRequest request) {
    return isChange && !request.query("dryRun").orElse("").equals("true");
  }

  /** The parameters of a path, or nothing if it is none of this route. */
  Optional<Map<String, String>> match(List<String> segments) {
    String[] own = template.substring(1).split("/");
    if (own.length != segments.size()) {
      return Optional.empty();
    }
    Map<String, String> parameters = new HashMap<>();
    for (int i = 0; i < own.length; i++) {
      if (own[i].startsWith("{")) {
        parameters.put(own[i].substring(1, own[i].length() - 1), segments.get(i));
      } else if (!own[i].equals(segments.get(i))) {
        return Optional.empty();
      }
    }
    return Optional.of(parameters);
  }

  /** A route with fewer parameters in its path goes before others: {@code /devices/batch}. */
  static List<Route> inOrder(List<Route> routes) {
    List<Route> sorted = new ArrayList<>(routes);
    sorted.sort(
        Comparator.comparingLong(route -> route.template.chars().filter(c -> c == '{').count()));
    return List.copyOf(sorted);
  }
}
