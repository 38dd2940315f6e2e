package io.signalbox.server.auth;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a value stands among a token's claims: names with dots between, such as {@code
 * realm_access.roles}; {@code []} behind a name is allowed and means nothing, because a list is
 * recognised. A claim whose whole name is the path, dots and all, comes first.
 */
final class ClaimPath {
  private final String path;
  private final List<String> names;

  private ClaimPath(String path, List<String> names) {
    this.path = path;
    this.names = List.copyOf(names);
  }

  static ClaimPath of(String path) {
    List<String> names = new ArrayList<>();
    for (String name : path.split("\\.", -1)) {
      names.add(name.endsWith("[]") ? name.substring(0, name.length() - 2) : name);
    }
    return new ClaimPath(path, names);
  }

  /** The value, or null if there is none. */
  @Nullable Object in(Map<String, Object> claims) {
    Object whole = claims.get(path);
    if (whole != null) {
      return whole;
    }
    Object value = claims;
    for (String name : names) {
      value = value instanceof Map<?, ?> members ? members.get(name) : null;
    }
    return value;
  }

  /** One text or a list of them; what is neither counts for nothing. */
  List<String> texts(Map<String, Object> claims) {
    Object value = in(claims);
    if (value instanceof String text) {
      return List.of(text);
    }
    var texts = new ArrayList<String>();
    if (value instanceof List<?> list) {
      for (Object element : list) {
        if (element instanceof String text) {
          texts.add(text);
        }
      }
    }
    return texts;
  }

  /** A text, number or boolean as text; null for everything else. */
  @Nullable String scalar(Map<String, Object> claims) {
    Object value = in(claims);
    return value instanceof String || value instanceof Number || value instanceof Boolean
        ? value.toString()
        : null;
  }

  @Override
  public String toString() {
    return path;
  }
}
