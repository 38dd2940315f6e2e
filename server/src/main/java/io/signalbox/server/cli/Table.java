package io.signalbox.server.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Shows JSON objects to people. */
final class Table {
  private static final int CELL_CHARS_MAX = 64;

  private Table() {}

  /** One line each, columns as wide as they need. */
  static void print(List<JsonObject> rows, List<String> columns, PrintWriter out) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(columns.stream().map(name -> name.toUpperCase(Locale.ROOT)).toList());
    for (JsonObject row : rows) {
      lines.add(columns.stream().map(name -> shortened(printable(text(row.get(name))))).toList());
    }
    int[] widths = widths(lines);
    for (List<String> line : lines) {
      var text = new StringBuilder();
      for (int i = 0; i < line.size(); i++) {
        boolean last = i == line.size() - 1;
        text.append(last ? line.get(i) : ("%-" + (widths[i] + 2) + "s").formatted(line.get(i)));
      }
      out.println(text);
    }
  }

  private static int[] widths(List<List<String>> lines) {
    var widths = new int[lines.getFirst().size()];
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    return widths;
  }

  /** One field a line; texts of several lines below each other at the end. */
  static void print(JsonObject object, PrintWriter out) {
    int width = object.keySet().stream().mapToInt(String::length).max().orElse(0);
    List<String> blocks = new ArrayList<>();
    for (Map.Entry<String, JsonElement> field : object.entrySet()) {
      String text = text(field.getValue());
      if (text.contains("\n")) {
        String lines = text.strip().lines().map(Table::printable).collect(Collectors.joining("\n"));
        blocks.add(field.getKey() + "\n" + lines);
      } else {
        out.println(("%-" + (width + 2) + "s%s").formatted(field.getKey(), printable(text)));
      }
    }
    blocks.forEach(out::println);
  }

  private static String text(@Nullable JsonElement value) {
    return switch (value) {
      case null -> "";
      case JsonNull _ -> "";
      case JsonPrimitive primitive -> primitive.getAsString();
      case JsonArray array -> String.join(",", array.asList().stream().map(Table::text).toList());
      default ->
          value.getAsJsonObject().entrySet().stream()
              .map(entry -> entry.getKey() + "=" + text(entry.getValue()))
              .reduce((a, b) -> a + "," + b)
              .orElse("");
    };
  }

  /**
   * Client Identifiers and names come from strangers: escape sequences in them would write anywhere
   * on the terminal, and a line break would make a row of its own.
   */
  private static String printable(String text) {
    var safe = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
        safe.append("\\u%04x".formatted((int) c));
      } else {
        safe.append(c);
      }
    }
    return safe.toString();
  }

  private static String shortened(String text) {
    return text.length() > CELL_CHARS_MAX ? text.substring(0, CELL_CHARS_MAX - 3) + "..." : text;
  }
}
