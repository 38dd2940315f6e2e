package io.signalbox.server.admin;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.signalbox.server.registry.FieldProblem;
import io.signalbox.server.registry.RegistryException;
import io.undertow.util.StatusCodes;
import java.util.List;
import java.util.Locale;

/**
 * An error answer of the API (RFC 9457).
 *
 * @param detail for people: what, where, what to do
 * @param errors fields of the body
 */
record ApiProblem(Type type, String detail, List<FieldProblem> errors) {
  /** What programs may rely on. */
  enum Type {
    UNAUTHENTICATED(StatusCodes.UNAUTHORIZED),
    FORBIDDEN(StatusCodes.FORBIDDEN),
    CROSS_SITE(StatusCodes.FORBIDDEN),
    /** The path is of the API, and what it names is not there. */
    NOT_FOUND(StatusCodes.NOT_FOUND),
    /** The path is none of the API, which says nothing about what is there. */
    NO_SUCH_OPERATION(StatusCodes.NOT_FOUND),
    METHOD_NOT_ALLOWED(StatusCodes.METHOD_NOT_ALLOWED),
    /** The request itself cannot be read. */
    MALFORMED(StatusCodes.BAD_REQUEST),
    /** What it asks for cannot be. */
    INVALID(StatusCodes.UNPROCESSABLE_ENTITY),
    CONFLICT(StatusCodes.CONFLICT),
    REVISION_CONFLICT(StatusCodes.PRECONDITION_FAILED),
    TOO_LARGE(StatusCodes.REQUEST_ENTITY_TOO_LARGE),
    UNSUPPORTED_MEDIA_TYPE(StatusCodes.UNSUPPORTED_MEDIA_TYPE),
    LIMIT_REACHED(StatusCodes.CONFLICT),
    UNAVAILABLE(StatusCodes.SERVICE_UNAVAILABLE),
    INTERNAL(StatusCodes.INTERNAL_SERVER_ERROR);

    private final int status;

    Type(int status) {
      this.status = status;
    }

    int status() {
      return status;
    }

    private String uri() {
      return "urn:signalbox:problem:" + name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private String title() {
      String words = name().toLowerCase(Locale.ROOT).replace('_', ' ');
      return words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
    }
  }

  ApiProblem(Type type, String detail) {
    this(type, detail, List.of());
  }

  /** Of our own, which is in the log. */
  static ApiProblem ofFault() {
    return new ApiProblem(
        Type.INTERNAL, "a fault of the broker; its log says more, please report it");
  }

  static ApiProblem of(RegistryException e) {
    Type type =
        switch (e.reason()) {
          case INVALID -> Type.INVALID;
          case CONFLICT -> Type.CONFLICT;
          case REVISION_CONFLICT -> Type.REVISION_CONFLICT;
          case NOT_FOUND -> Type.NOT_FOUND;
          case LIMIT_REACHED -> Type.LIMIT_REACHED;
          case UNAVAILABLE -> Type.UNAVAILABLE;
        };
    return new ApiProblem(type, e.getMessage(), e.problems());
  }

  JsonObject toJson() {
    var json = new JsonObject();
    json.addProperty("type", type.uri());
    json.addProperty("title", type.title());
    json.addProperty("status", type.status());
    json.addProperty("detail", detail);
    if (!errors.isEmpty()) {
      var list = new JsonArray();
      for (FieldProblem error : errors) {
        var item = new JsonObject();
        item.addProperty("pointer", error.pointer());
        if (error.line() > 0) {
          item.addProperty("line", error.line());
          item.addProperty("column", error.column());
        }
        item.addProperty("detail", error.detail());
        list.add(item);
      }
      json.add("errors", list);
    }
    return json;
  }
}
