package io.signalbox.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.undertow.util.StatusCodes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a request is answered with.
 *
 * @param revision for the header ETag; 0: none
 * @param changes for the audit log
 * @param refusals for the audit log, of a batch whose other parts may be done
 */
record ApiResponse(
    int status,
    String contentType,
    byte[] body,
    long revision,
    List<AuditedChange> changes,
    List<AuditedRefusal> refusals) {

  private static final String JSON = "application/json";
  private static final String PROBLEM = "application/problem+json";

  /**
   * What was changed.
   *
   * @param path of the object
   * @param before as the API shows it; JSON null if there was none
   * @param after as the API shows it; JSON null if there is none
   * @param detail for people; may be empty
   */
  record AuditedChange(String path, JsonElement before, JsonElement after, String detail) {}

  /**
   * What of a batch was refused.
   *
   * @param path of the object
   * @param status with which the same request by itself would be answered
   */
  record AuditedRefusal(String path, int status) {}

  static JsonElement orNull(@Nullable JsonObject object) {
    return object == null ? JsonNull.INSTANCE : object;
  }

  static ApiResponse of(JsonObject body) {
    return json(StatusCodes.OK, JSON, body, 0);
  }

  /** One object. */
  static ApiResponse of(int status, JsonObject body, long revision) {
    return json(status, JSON, body, revision);
  }

  static ApiResponse of(ApiProblem problem) {
    return json(problem.type().status(), PROBLEM, problem.toJson(), 0);
  }

  static ApiResponse text(String contentType, String text) {
    return bytes(contentType, text.getBytes(UTF_8));
  }

  static ApiResponse bytes(String contentType, byte[] bytes) {
    return new ApiResponse(StatusCodes.OK, contentType, bytes, 0, List.of(), List.of());
  }

  static ApiResponse nothing(int status, long revision) {
    return new ApiResponse(status, "", new byte[0], revision, List.of(), List.of());
  }

  /** A page of a list. */
  static ApiResponse page(JsonArray items, @Nullable String next) {
    var body = new JsonObject();
    body.add("items", items);
    if (next != null) {
      body.addProperty("next", next);
    }
    return of(body);
  }

  private static ApiResponse json(int status, String type, JsonObject body, long revision) {
    byte[] bytes = (body + "\n").getBytes(UTF_8);
    return new ApiResponse(status, type, bytes, revision, List.of(), List.of());
  }

  ApiResponse changing(String path, @Nullable JsonObject before, @Nullable JsonObject after) {
    List<AuditedChange> all = new ArrayList<>(changes);
    all.add(new AuditedChange(path, orNull(before), orNull(after), ""));
    return changing(all);
  }

  ApiResponse changing(List<AuditedChange> all) {
    return new ApiResponse(status, contentType, body, revision, List.copyOf(all), refusals);
  }

  ApiResponse refusing(List<AuditedRefusal> all) {
    return new ApiResponse(status, contentType, body, revision, changes, List.copyOf(all));
  }
}
