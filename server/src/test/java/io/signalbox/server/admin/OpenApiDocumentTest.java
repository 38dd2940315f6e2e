package io.signalbox.server.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Holds the document against the code: every operation with its role, its query and its body. */
final class OpenApiDocumentTest {
  @TempDir Path directory;

  @Test
  void listsExactlyTheOperationsThatAreServed() throws Exception {
    Map<String, String> served = new TreeMap<>();
    for (Route route : routes()) {
      served.put(
          route.method() + " " + route.template(),
          route.role().word() + " " + new TreeSet<>(route.query()) + " " + route.hasBody());
    }
    assertEquals(documented(), served);
    assertTrue(served.size() > 50, () -> "only " + served.size() + " operations");
  }

  @Test
  void listsExactlyTheProblemsThatThereAre() throws Exception {
    List<String> types =
        Arrays.stream(ApiProblem.Type.values())
            .map(type -> new ApiProblem(type, "").toJson().get("type").getAsString())
            .toList();
    Map<?, ?> problem = map(map(map(document(), "components"), "schemas"), "Problem");
    assertEquals(map(map(problem, "properties"), "type").get("enum"), types);
  }

  private List<Route> routes() throws Exception {
    try (var api = AdminApiFixture.open(directory, null)) {
      return api.routes();
    }
  }

  private static Map<String, String> documented() throws Exception {
    Map<String, String> operations = new TreeMap<>();
    Map<?, ?> document = document();
    Map<?, ?> shared = map(map(document, "components"), "parameters");
    for (Map.Entry<?, ?> path : map(document, "paths").entrySet()) {
      Map<?, ?> item = (Map<?, ?>) path.getValue();
      for (String method : List.of("get", "put", "post", "delete", "patch")) {
        if (!item.containsKey(method)) {
          continue;
        }
        Map<?, ?> operation = map(item, method);
        operations.put(
            method.toUpperCase(Locale.ROOT) + " " + path.getKey(),
            operation.get("x-role")
                + " "
                + new TreeSet<>(query(operation, shared))
                + " "
                + operation.containsKey("requestBody"));
      }
    }
    return operations;
  }

  private static Map<?, ?> document() throws Exception {
    try (InputStream in = AdminApi.class.getResourceAsStream("openapi.yaml")) {
      assertNotNull(in);
      return (Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromInputStream(in);
    }
  }

  private static List<String> query(Map<?, ?> operation, Map<?, ?> shared) {
    List<String> names = new ArrayList<>();
    if (operation.get("parameters") instanceof List<?> parameters) {
      for (Object element : parameters) {
        Map<?, ?> parameter = (Map<?, ?>) element;
        if (parameter.get("$ref") instanceof String reference) {
          parameter = map(shared, reference.substring(reference.lastIndexOf('/') + 1));
        }
        if ("query".equals(parameter.get("in"))) {
          names.add(String.valueOf(parameter.get("name")));
        }
      }
    }
    return names;
  }

  private static Map<?, ?> map(Map<?, ?> of, String key) {
    return (Map<?, ?>) Objects.requireNonNull(of.get(key), key);
  }
}
