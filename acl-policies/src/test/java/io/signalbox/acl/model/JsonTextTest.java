package io.signalbox.acl.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Against Gson, whose output the hashes of bundles were first made of. */
class JsonTextTest {
  @Test
  @DisplayName("Every character is written as Gson writes it")
  void escapesLikeGson() throws IOException {
    StringBuilder all = new StringBuilder();
    for (int c = 0; c <= 0xFFFF; c++) {
      all.append((char) c);
    }
    JsonText json = new JsonText();
    json.value(all.toString());
    StringWriter expected = new StringWriter();
    gson(expected).value(all.toString()).flush();
    assertEquals(expected.toString(), json.toString());
  }

  @Test
  @DisplayName("Commas and colons stand where Gson puts them, however deep")
  void separatesLikeGson() throws IOException {
    for (int seed = 0; seed < 200; seed++) {
      JsonText json = new JsonText();
      StringWriter expected = new StringWriter();
      JsonWriter gson = gson(expected);
      write(new Random(seed), 0, json, gson);
      gson.flush();
      assertEquals(expected.toString(), json.toString());
    }
  }

  private static void write(Random random, int depth, JsonText json, JsonWriter gson)
      throws IOException {
    switch (random.nextInt(depth > 4 ? 3 : 5)) {
      case 0 -> {
        int number = random.nextInt();
        json.value(number);
        gson.value(number);
      }
      case 1 -> {
        boolean truth = random.nextBoolean();
        json.value(truth);
        gson.value(truth);
      }
      case 2 -> {
        json.value("a\"b");
        gson.value("a\"b");
      }
      case 3 -> {
        json.beginArray();
        gson.beginArray();
        for (int n = random.nextInt(4); n > 0; n--) {
          write(random, depth + 1, json, gson);
        }
        json.endArray();
        gson.endArray();
      }
      default -> {
        json.beginObject();
        gson.beginObject();
        for (int n = random.nextInt(4); n > 0; n--) {
          json.name("k" + n);
          gson.name("k" + n);
          write(random, depth + 1, json, gson);
        }
        json.endObject();
        gson.endObject();
      }
    }
  }

  private static JsonWriter gson(StringWriter out) {
    JsonWriter writer = new JsonWriter(out);
    writer.setHtmlSafe(false);
    return writer;
  }
}
