package io.signalbox.it.admin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The OpenAPI document as a judge of answers. */
final class ApiDocument {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final JsonNode document;
  private final Map<String, JsonSchema> schemas = new ConcurrentHashMap<>();

  private ApiDocument(JsonNode document) {
    this.document = document;
  }

  static ApiDocument parse(String yaml) {
    try {
      return new ApiDocument(new ObjectMapper(new YAMLFactory()).readTree(yaml));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Fails unless the document knows the operation, the status and what the body looks like. */
  void check(String method, String path, int status, String contentType, String body) {
    String template = template(path);
    if (template.isEmpty()) { // what is not documented is answered with a problem
      validate("#/components/schemas/Problem", body);
      return;
    }
    JsonNode operation = document.at("/paths").path(template).path(method.toLowerCase(Locale.ROOT));
    if (operation.isMissingNode()) {
      validate("#/components/schemas/Problem", body);
      return;
    }
    String where = method + " " + template + " " + status;
    JsonNode responses = operation.path("responses");
    JsonNode response =
        resolved(
            responses.has("" + status) ? responses.path("" + status) : responses.path("default"));
    if (status >= 400 == responses.has("" + status) || response.isMissingNode()) {
      throw new AssertionError(where + " is not documented");
    }
    JsonNode content = response.path("content");
    if (content.isMissingNode()) {
      if (!body.isEmpty()) {
        throw new AssertionError(where + " has a body, the document knows none: " + body);
      }
      return;
    }
    JsonNode type = content.path(contentType.replaceAll(";.*", ""));
    if (type.isMissingNode()) {
      throw new AssertionError(where + " has the undocumented content type " + contentType);
    }
    JsonNode schema = type.path("schema");
    if (schema.has("$ref")) {
      validate(schema.path("$ref").asText(), body);
    }
  }

  private JsonNode resolved(JsonNode node) {
    return node.has("$ref") ? document.at(node.path("$ref").asText().substring(1)) : node;
  }

  /** The documented path with the fewest parameters that fits; empty: none. */
  private String template(String path) {
    String plain = path.replaceAll("\\?.*", "");
    String best = "";
    for (Iterator<String> names = document.at("/paths").fieldNames(); names.hasNext(); ) {
      String template = names.next();
      if (plain.matches(template.replaceAll("\\{[^}]*}", "[^/]+"))
          && (best.isEmpty() || count(template) < count(best))) {
        best = template;
      }
    }
    return best;
  }

  private static long count(String template) {
    return template.chars().filter(c -> c == '{').count();
  }

  private void validate(String reference, String body) {
    JsonSchema schema = schemas.computeIfAbsent(reference, this::schema);
    try {
      Set<ValidationMessage> problems = schema.validate(JSON.readTree(body));
      if (!problems.isEmpty()) {
        throw new AssertionError(reference + ": " + problems + "\n" + body);
      }
    } catch (IOException e) {
      throw new AssertionError("no JSON: " + body, e);
    }
  }

  private JsonSchema schema(String reference) {
    ObjectNode root = JSON.createObjectNode();
    root.put("$ref", reference);
    root.set("components", document.path("components"));
    return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(root);
  }
}
