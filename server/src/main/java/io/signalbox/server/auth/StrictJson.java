package io.signalbox.server.auth;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.Reader;
import java.math.BigDecimal;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the JSON objects of a token: a name that stands twice is an error (RFC 7515 section 4, RFC
 * 7519 section 4), because two readers would take different ones, and depth and size are bounded.
 */
final class StrictJson {
  private static final int DEPTH_MAX = 16;
  private static final int VALUES_MAX = 2_000;

  private final JsonReader in;
  private int values;

  private StrictJson(Reader text) {
    in = new JsonReader(text);
    in.setStrictness(Strictness.STRICT);
    in.setNestingLimit(DEPTH_MAX);
  }

  /**
   * One object and nothing behind it. Values are strings, booleans, Long, BigDecimal, lists, maps
   * and, inside of those, null; a null member of the object itself counts as absent.
   *
   * @throws IOException anything else, with a message fit for a log
   */
  static Map<String, Object> object(Reader text) throws IOException {
    var json = new StrictJson(text);
    try {
      Map<String, @Nullable Object> all = json.object();
      if (json.in.peek() != JsonToken.END_DOCUMENT) {
        throw new IOException("more than one JSON value");
      }
      var present = new LinkedHashMap<String, Object>();
      all.forEach(
          (name, value) -> {
            if (value != null) {
              present.put(name, value);
            }
          });
      return present;
    } catch (CharacterCodingException e) {
      throw new IOException("not UTF-8", e);
    } catch (MalformedJsonException
        | EOFException
        | IllegalStateException
        | NumberFormatException e) {
      throw new IOException("not a JSON object", e); // the parser's text could quote the token
    }
  }

  private Map<String, @Nullable Object> object() throws IOException {
    var members = new LinkedHashMap<String, @Nullable Object>();
    in.beginObject();
    while (in.hasNext()) {
      String name = in.nextName();
      if (members.containsKey(name)) {
        throw new IOException("a JSON object with a name that stands twice");
      }
      members.put(name, value());
    }
    in.endObject();
    return members;
  }

  private List<@Nullable Object> array() throws IOException {
    var elements = new ArrayList<@Nullable Object>();
    in.beginArray();
    while (in.hasNext()) {
      elements.add(value());
    }
    in.endArray();
    return elements;
  }

  private @Nullable Object value() throws IOException {
    if (++values > VALUES_MAX) {
      throw new IOException("more than " + VALUES_MAX + " JSON values");
    }
    return switch (in.peek()) {
      case BEGIN_OBJECT -> object();
      case BEGIN_ARRAY -> array();
      case STRING -> in.nextString();
      case BOOLEAN -> in.nextBoolean();
      case NUMBER -> number(in.nextString());
      case NULL -> {
        in.nextNull();
        yield null;
      }
      case END_OBJECT, END_ARRAY, NAME, END_DOCUMENT -> throw new IOException("not a JSON object");
    };
  }

  private static Number number(String text) throws IOException {
    if (text.length() > 30) { // 1e999999999 would be expanded by whoever adds it up
      throw new IOException("a JSON number of " + text.length() + " characters");
    }
    var number = new BigDecimal(text);
    if (Math.abs((long) number.scale()) > 30) {
      throw new IOException("a JSON number with a large exponent");
    }
    try {
      return number.longValueExact();
    } catch (ArithmeticException e) {
      return number;
    }
  }
}
