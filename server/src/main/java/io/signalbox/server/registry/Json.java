package io.signalbox.server.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;

/**
 * Reads JSON as strictly as RFC 8259 allows: UTF-8, one value, no name twice in an object, bounded
 * depth, no huge numbers.
 */
public final class Json {
  private static final int DEPTH_MAX = 32;
  private static final int NUMBER_CHARS_MAX = 30;

  private Json() {}

  /**
   * The object that a text is.
   *
   * @throws IOException it is none; with a message for people that quotes nothing of it
   */
  public static JsonObject object(byte[] utf8) throws IOException {
    var in = new JsonReader(new StringReader(decode(utf8)));
    in.setStrictness(Strictness.STRICT);
    in.setNestingLimit(DEPTH_MAX);
    try {
      if (in.peek() != JsonToken.BEGIN_OBJECT) {
        throw new IOException("is no JSON object");
      }
      JsonElement value = value(in);
      if (in.peek() != JsonToken.END_DOCUMENT) {
        throw new IOException("holds something behind the JSON object");
      }
      return value.getAsJsonObject();
    } catch (MalformedJsonException
        | EOFException
        | IllegalStateException
        | NumberFormatException e) {
      throw new IOException("is no well-formed JSON, or nested too deep, at " + in.getPath(), e);
    }
  }

  private static String decode(byte[] utf8) throws IOException {
    try {
      return UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(utf8))
          .toString();
    } catch (CharacterCodingException e) {
      throw new IOException("is not UTF-8", e);
    }
  }

  private static JsonElement value(JsonReader in) throws IOException {
    return switch (in.peek()) {
      case BEGIN_OBJECT -> members(in);
      case BEGIN_ARRAY -> elements(in);
      case STRING -> new JsonPrimitive(in.nextString());
      case BOOLEAN -> new JsonPrimitive(in.nextBoolean());
      case NUMBER -> new JsonPrimitive(number(in.nextString()));
      case NULL -> {
        in.nextNull();
        yield JsonNull.INSTANCE;
      }
      case END_OBJECT, END_ARRAY, NAME, END_DOCUMENT -> throw new IOException("is no JSON object");
    };
  }

  private static JsonObject members(JsonReader in) throws IOException {
    var object = new JsonObject();
    in.beginObject();
    while (in.hasNext()) {
      String name = in.nextName();
      if (object.has(name)) {
        throw new IOException("holds a name twice in one object, at " + in.getPath());
      }
      object.add(name, value(in));
    }
    in.endObject();
    return object;
  }

  private static JsonArray elements(JsonReader in) throws IOException {
    var array = new JsonArray();
    in.beginArray();
    while (in.hasNext()) {
      array.add(value(in));
    }
    in.endArray();
    return array;
  }

  private static Number number(String text) throws IOException {
    if (text.length() > NUMBER_CHARS_MAX) {
      throw new IOException("holds a number of " + text.length() + " characters");
    }
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException _) {
      return new BigDecimal(text);
    }
  }
}
