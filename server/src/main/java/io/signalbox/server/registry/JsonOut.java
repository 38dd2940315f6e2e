package io.signalbox.server.registry;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Writes fields in a fixed order, so that the same entry is always the same text. */
public final class JsonOut {
  private JsonOut() {}

  public static JsonArray list(Collection<String> texts) {
    var array = new JsonArray(texts.size());
    texts.forEach(array::add);
    return array;
  }

  static JsonObject map(Map<String, String> texts) {
    var object = new JsonObject();
    new TreeMap<>(texts).forEach(object::addProperty);
    return object;
  }

  /** Nothing for null. */
  public static void optional(JsonObject out, String name, @Nullable String text) {
    if (text != null) {
      out.addProperty(name, text);
    }
  }
}
