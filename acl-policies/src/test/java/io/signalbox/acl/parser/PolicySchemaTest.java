package io.signalbox.acl.parser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.signalbox.acl.load.ShippedPolicies;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.model.PolicyJson;
import io.signalbox.acl.proof.Universe;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Holds the published schema to the model: same keys, same words, same answers. */
class PolicySchemaTest {
  private static final JsonObject SCHEMA =
      JsonParser.parseString(PolicySchema.text()).getAsJsonObject();

  @Test
  void namesTheKeysAndWordsOfTheParser() {
    assertEquals(PolicyParser.KEYS, keys(SCHEMA));
    assertEquals(StatementParser.KEYS, keys(definition("statement")));
    assertEquals(WhereParser.KEYS, keys(definition("where")));
    assertEquals(MatchParser.CONDITION_KEYS, keys(definition("condition")));
    assertEquals(List.copyOf(MatchParser.CERT_FIELDS.keySet()), keys(definition("cert")));
    List<String> jwt = new ArrayList<>(MatchParser.JWT_FIELDS.keySet());
    jwt.add("claims");
    assertEquals(jwt, keys(definition("jwt")));
    assertEquals(
        MatchParser.COMBINATIONS,
        keys(definition("match").getAsJsonArray("anyOf").get(1).getAsJsonObject()));
    assertWords(Words.MODES.keySet(), property(SCHEMA, "mode"));
    assertWords(Words.ON_DENIED.keySet(), property(SCHEMA, "onDenied"));
    assertWords(Words.ON_REVOKE.keySet(), property(SCHEMA, "onRevoke"));
    JsonObject statement = definition("statement");
    assertWords(Words.EFFECTS.keySet(), property(statement, "effect"));
    assertWords(Words.ACTIONS.keySet(), first(property(statement, "actions")));
    assertWords(Words.OVERLAP.keySet(), property(statement, "overlap"));
    JsonObject where = definition("where");
    assertWords(Words.RETAIN.keySet(), property(where, "retain"));
    assertWords(Words.TRANSPORTS.keySet(), first(property(where, "transport")));
    assertWords(Words.TLS_VERSIONS.keySet(), first(property(where, "tlsVersion")));
    assertWords(Words.AUTH_METHODS.keySet(), first(property(where, "auth")));
    assertEquals(
        PolicyParser.NAME.pattern(),
        definition("name").get("pattern").getAsString().replaceAll("[$^]", ""));
  }

  @Test
  void acceptsWhatTheParserAccepts() {
    SplittableRandom random = Universe.random();
    List<Policy> policies = new ArrayList<>(ShippedPolicies.policies());
    for (int i = 0; i < 300; i++) {
      policies.add(Universe.policy("p", random));
    }
    for (Policy policy : policies) {
      String json = PolicyJson.of(policy);
      assertTrue(isValid(SCHEMA, JsonParser.parseString(json)), json);
    }
  }

  @Test
  void refusesWhatBreaksItsShapeAsTheParserDoes() {
    String head =
        "{\"version\":1,\"name\":\"p\",\"statements\":[{\"id\":\"a\",\"effect\":\"deny\",\"actions\":\"publish\",\"topics\":\"a\"}]";
    assertBoth(true, head + "}");
    assertBoth(true, head + ",\"match\":{\"group\":[\"a\"]}}");
    for (String more :
        List.of(
            ",\"x\":1",
            ",\"mode\":\"shadow\"",
            ",\"match\":{}",
            ",\"match\":{\"any\":[]}",
            ",\"match\":{\"everyone\":false}",
            ",\"match\":{\"group\":7}",
            ",\"match\":{\"any\":[{\"group\":\"a\"}],\"group\":\"b\"}",
            ",\"match\":{\"cert\":{\"dn\":\"a\"}}",
            ",\"description\":7")) {
      assertBoth(false, head + more + "}");
    }
    for (String statement :
        List.of(
            "{}",
            "{\"id\":\"a b\",\"effect\":\"deny\",\"actions\":\"publish\",\"topics\":\"a\"}",
            "{\"id\":\"a\",\"effect\":\"no\",\"actions\":\"publish\",\"topics\":\"a\"}",
            "{\"id\":\"a\",\"effect\":\"deny\",\"actions\":[],\"topics\":\"a\"}",
            "{\"id\":\"a\",\"effect\":\"allow\",\"actions\":\"publish\",\"topics\":\"a\",\"where\":{\"maxQos\":3}}",
            "{\"id\":\"a\",\"effect\":\"allow\",\"actions\":\"publish\",\"topics\":\"a\",\"where\":{\"maxPayload\":\"1GB\"}}")) {
      assertBoth(false, "{\"version\":1,\"name\":\"p\",\"statements\":[" + statement + "]}");
    }
    assertBoth(false, "{\"name\":\"p\",\"statements\":[]}");
    assertBoth(false, "[]");
  }

  private static void assertBoth(boolean valid, String json) {
    Problems problems = new Problems();
    boolean parsed =
        PolicyParser.parse("api", "p.json", json, SourceLimits.DEFAULTS, problems).isPresent();
    assertEquals(valid, parsed, () -> json + problems);
    assertEquals(valid, isValid(SCHEMA, JsonParser.parseString(json)), json);
  }

  private static void assertWords(Collection<String> words, JsonObject schema) {
    List<String> listed = new ArrayList<>();
    schema.getAsJsonArray("enum").forEach(word -> listed.add(word.getAsString()));
    assertEquals(List.copyOf(words), listed);
  }

  private static List<String> keys(JsonObject schema) {
    assertFalse(schema.get("additionalProperties").getAsBoolean());
    return List.copyOf(schema.getAsJsonObject("properties").keySet());
  }

  private static JsonObject definition(String name) {
    return SCHEMA.getAsJsonObject("$defs").getAsJsonObject(name);
  }

  private static JsonObject property(JsonObject schema, String name) {
    return schema.getAsJsonObject("properties").getAsJsonObject(name);
  }

  private static JsonObject first(JsonObject schema) {
    return schema.getAsJsonArray("anyOf").get(0).getAsJsonObject();
  }

  /** As much of JSON Schema as the schema uses; an unknown keyword fails. */
  private static boolean isValid(JsonObject schema, JsonElement value) {
    return schema.keySet().stream().allMatch(keyword -> holds(keyword, schema, value));
  }

  private static boolean holds(String keyword, JsonObject schema, JsonElement value) {
    JsonElement argument = schema.get(keyword);
    return switch (keyword) {
      case "$schema", "$id", "title", "description", "$defs" -> true;
      case "$ref" ->
          isValid(definition(argument.getAsString().substring("#/$defs/".length())), value);
      case "type" -> isOfType(argument.getAsString(), value);
      case "const" -> argument.equals(value);
      case "enum" -> ((JsonArray) argument).contains(value);
      case "anyOf" ->
          ((JsonArray) argument)
              .asList().stream().anyMatch(any -> isValid(any.getAsJsonObject(), value));
      case "pattern" ->
          !isOfType("string", value)
              || java.util.regex.Pattern.compile(argument.getAsString())
                  .matcher(value.getAsString())
                  .find();
      case "minLength" ->
          !isOfType("string", value) || value.getAsString().length() >= argument.getAsInt();
      case "minimum" -> !isOfType("integer", value) || value.getAsLong() >= argument.getAsLong();
      case "maximum" -> !isOfType("integer", value) || value.getAsLong() <= argument.getAsLong();
      case "minItems" ->
          !value.isJsonArray() || value.getAsJsonArray().size() >= argument.getAsInt();
      case "items" ->
          !value.isJsonArray()
              || value.getAsJsonArray().asList().stream()
                  .allMatch(item -> isValid(argument.getAsJsonObject(), item));
      case "minProperties" ->
          !value.isJsonObject() || value.getAsJsonObject().size() >= argument.getAsInt();
      case "required" ->
          !value.isJsonObject()
              || ((JsonArray) argument)
                  .asList().stream()
                      .allMatch(key -> value.getAsJsonObject().has(key.getAsString()));
      case "properties" ->
          !value.isJsonObject()
              || value.getAsJsonObject().keySet().stream()
                  .filter(key -> ((JsonObject) argument).has(key))
                  .allMatch(
                      key ->
                          isValid(
                              ((JsonObject) argument).getAsJsonObject(key),
                              value.getAsJsonObject().get(key)));
      case "additionalProperties" -> !value.isJsonObject() || additional(schema, value);
      default -> throw new AssertionError("unknown keyword " + keyword);
    };
  }

  private static boolean additional(JsonObject schema, JsonElement value) {
    JsonElement rule = schema.get("additionalProperties");
    List<String> more = new ArrayList<>(value.getAsJsonObject().keySet());
    if (schema.has("properties")) {
      more.removeAll(schema.getAsJsonObject("properties").keySet());
    }
    return rule.isJsonObject()
        ? more.stream()
            .allMatch(key -> isValid(rule.getAsJsonObject(), value.getAsJsonObject().get(key)))
        : more.isEmpty();
  }

  private static boolean isOfType(String type, JsonElement value) {
    return switch (type) {
      case "object" -> value.isJsonObject();
      case "array" -> value.isJsonArray();
      case "string" -> value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
      case "integer" ->
          value.isJsonPrimitive()
              && value.getAsJsonPrimitive().isNumber()
              && value.getAsDouble() == Math.rint(value.getAsDouble());
      default -> throw new AssertionError("unknown type " + type);
    };
  }
}
