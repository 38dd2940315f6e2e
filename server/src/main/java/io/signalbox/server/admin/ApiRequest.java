package io.signalbox.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.Fields;
import io.signalbox.server.registry.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A request whose caller is known and may make it.
 *
 * @param path below the API's own, as {@link ApiPath#decoded} writes it
 * @param parameters of the path, by the names of the route
 * @param query of the address; only those that the route knows
 * @param headers that conditions and formats need, by lower-case name
 */
record ApiRequest(
    Caller caller,
    String path,
    Map<String, String> parameters,
    Map<String, String> query,
    Map<String, String> headers,
    byte[] body) {

  private static final int LIMIT_DEFAULT = 100;
  private static final int LIMIT_MAX = 1_000;
  private static final Pattern ETAG = Pattern.compile("\"(\\d{1,18})\"");

  String parameter(String name) {
    String value = parameters.get(name);
    if (value == null) {
      throw new IllegalStateException("the route has no parameter " + name);
    }
    return value;
  }

  Optional<String> query(String name) {
    return Optional.ofNullable(query.get(name));
  }

  Optional<Boolean> flag(String name) throws ApiException {
    String value = query.get(name);
    if (value == null) {
      return Optional.empty();
    }
    if (!value.equals("true") && !value.equals("false")) {
      throw malformed("the query parameter " + name + " must be true or false");
    }
    return Optional.of(value.equals("true"));
  }

  /** Items of a page. */
  int limit() throws ApiException {
    String value = query.get("limit");
    if (value == null) {
      return LIMIT_DEFAULT;
    }
    if (!value.matches("[0-9]{1,4}")
        || Integer.parseInt(value) < 1
        || Integer.parseInt(value) > LIMIT_MAX) {
      throw malformed("the query parameter limit must be a number in 1.." + LIMIT_MAX);
    }
    return Integer.parseInt(value);
  }

  /** Where a page begins; empty: the first one. */
  String cursor() {
    return query.getOrDefault("cursor", "");
  }

  /** Of PUT and DELETE. */
  Condition condition() throws ApiException {
    String ifMatch = headers.get("if-match");
    String ifNoneMatch = headers.get("if-none-match");
    if (ifNoneMatch != null && !ifNoneMatch.strip().equals("*")) {
      throw malformed("If-None-Match of a change can be * only, which means: only create");
    }
    return new Condition(ifMatch == null ? Condition.ANY : revision(ifMatch), ifNoneMatch != null);
  }

  /** Whether it is to create only, of a change that no revision can be named for. */
  boolean onlyCreate() throws ApiException {
    Condition condition = condition();
    if (condition.revision() != Condition.ANY) {
      throw malformed("If-Match is not for this change, which would not look at it; leave it out");
    }
    return condition.onlyCreate();
  }

  /** Of a change that looks at no condition. */
  void requireNoCondition() throws ApiException {
    if (onlyCreate()) {
      throw malformed("If-None-Match is not for this change; leave it out");
    }
  }

  /** Whether the caller of GET has this revision already; a proxy may have made its ETag weak. */
  boolean knows(long revision) {
    String tag = "\"" + revision + "\"";
    return Stream.of(headers.getOrDefault("if-none-match", "").split(","))
        .map(String::strip)
        .anyMatch(known -> known.equals("*") || known.equals(tag) || known.equals("W/" + tag));
  }

  private static long revision(String ifMatch) throws ApiException {
    Matcher etag = ETAG.matcher(ifMatch.strip());
    if (!etag.matches()) {
      throw malformed("If-Match must be one revision in quotes, such as \"42\"");
    }
    return Long.parseLong(etag.group(1));
  }

  boolean accepts(String type) {
    return List.of(headers.getOrDefault("accept", "").split("[,;]")).stream()
        .anyMatch(wanted -> wanted.strip().equals(type));
  }

  /** Whether the body is YAML, where a route takes that beside JSON. */
  boolean isYaml() {
    return headers
        .getOrDefault("content-type", "")
        .strip()
        .toLowerCase(Locale.ROOT)
        .startsWith("application/yaml");
  }

  /** The body as text. */
  String text() throws ApiException {
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException e) {
      throw malformed("the body is not UTF-8");
    }
  }

  /** The body, to be read field by field. */
  Fields fields() throws ApiException {
    return Fields.of(json());
  }

  JsonObject json() throws ApiException {
    try {
      return Json.object(body);
    } catch (IOException e) {
      throw malformed("the body " + e.getMessage());
    }
  }

  private static ApiException malformed(String detail) {
    return new ApiException(ApiProblem.Type.MALFORMED, detail);
  }
}
