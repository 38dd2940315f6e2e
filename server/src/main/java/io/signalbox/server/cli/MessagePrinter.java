package io.signalbox.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.UserProperty;
import io.signalbox.server.topic.Utf8;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;

/** Writes messages for people and programs. */
final class MessagePrinter {
  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

  private final OutputStream out;
  private final SubCommand.Format format;

  MessagePrinter(OutputStream out, SubCommand.Format format) {
    this.out = new BufferedOutputStream(out, 1 << 16);
    this.format = format;
  }

  void flush() throws IOException {
    out.flush();
  }

  void print(Publish message) throws IOException {
    switch (format) {
      case LINE -> {
        out.write(printable(message.topic().utf8()).getBytes(UTF_8));
        out.write(' ');
        out.write(printable(message.payload()).getBytes(UTF_8));
      }
      case PAYLOAD -> out.write(message.payload());
      case JSON -> out.write(GSON.toJson(json(message)).getBytes(UTF_8));
    }
    out.write('\n');
  }

  /**
   * Text that does nothing to a terminal: whoever may publish must not move the reader's cursor.
   */
  static String printable(byte[] bytes) {
    if (Utf8.illFormedAt(bytes, 0, bytes.length) != Utf8.WELL_FORMED) {
      return escaped(bytes);
    }
    String text = new String(bytes, UTF_8);
    if (text.codePoints().noneMatch(MessagePrinter::isControl)) {
      return text;
    }
    var escaped = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (isControl(c)) {
                escaped.append(escaped(Character.toString(c).getBytes(UTF_8)));
              } else {
                escaped.appendCodePoint(c);
              }
            });
    return escaped.toString();
  }

  private static boolean isControl(int codePoint) {
    int type = Character.getType(codePoint);
    return (type == Character.CONTROL && codePoint != '\t')
        || type == Character.FORMAT // turns the direction of text, hides it
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR;
  }

  private static String escaped(byte[] bytes) {
    var escaped = new StringBuilder(4 * bytes.length);
    for (byte b : bytes) {
      if (b >= ' ' && b < 0x7F) {
        escaped.append((char) b);
      } else {
        escaped.append("\\x").append(HexFormat.of().toHexDigits(b));
      }
    }
    return escaped.toString();
  }

  private static JsonObject json(Publish message) {
    var object = new JsonObject();
    object.addProperty("topic", message.topic().toString());
    byte[] payload = message.payload();
    if (Utf8.illFormedAt(payload, 0, payload.length) == Utf8.WELL_FORMED) {
      object.addProperty("payload", new String(payload, UTF_8));
    } else {
      object.addProperty("payload-base64", Base64.getEncoder().encodeToString(payload));
    }
    object.addProperty("qos", message.qos().value());
    object.addProperty("retain", message.retain());
    addProperties(object, message.properties());
    return object;
  }

  private static void addProperties(JsonObject object, Properties properties) {
    for (Property property : properties.names()) {
      String name = property.name().toLowerCase(Locale.ROOT).replace('_', '-');
      switch (property.type()) {
        case STRING -> object.addProperty(name, properties.string(property));
        case BINARY ->
            object.addProperty(
                name, Base64.getEncoder().encodeToString(properties.binary(property)));
        case STRING_PAIR -> object.add("user-properties", pairs(properties));
        case VARIABLE -> object.add(name, numbers(properties.subscriptionIdentifiers()));
        case BYTE, TWO_BYTE, FOUR_BYTE -> object.addProperty(name, properties.number(property, 0));
      }
    }
  }

  private static JsonArray numbers(int[] values) {
    var numbers = new JsonArray();
    for (int value : values) {
      numbers.add(value);
    }
    return numbers;
  }

  private static JsonArray pairs(Properties properties) {
    var pairs = new JsonArray();
    for (UserProperty property : properties.userProperties()) {
      var pair = new JsonArray();
      pair.add(property.name());
      pair.add(property.value());
      pairs.add(pair);
    }
    return pairs;
  }
}
