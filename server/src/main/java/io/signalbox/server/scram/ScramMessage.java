package io.signalbox.server.scram;

import java.util.Base64;

/** Reads the attributes of a SCRAM message one after the other (RFC 5802 section 7). */
final class ScramMessage {
  /** Attributes that have a meaning and a place, so that none of them is an extension. */
  private static final String KNOWN = "anmrcsipve";

  private final String text;
  private int at;

  ScramMessage(String text) {
    this.text = text;
  }

  /** The channel binding flag, up to and with its comma. */
  char flag() throws ScramException {
    String flag = upToComma();
    if (flag.isEmpty() || (flag.length() > 1 && flag.charAt(0) != 'p')) {
      throw new ScramException("a first message without channel binding flag");
    }
    return flag.charAt(0);
  }

  /** The authorization identity, up to and with its comma; empty if there is none. */
  String authorizationId() throws ScramException {
    String field = upToComma();
    if (field.isEmpty()) {
      return "";
    }
    if (!field.startsWith("a=") || field.length() == 2) {
      throw new ScramException("a first message with a wrong authorization identity");
    }
    return unescaped(field.substring(2));
  }

  private String upToComma() throws ScramException {
    int comma = text.indexOf(',', at);
    if (comma < 0) {
      throw new ScramException("a message that ends too early");
    }
    String field = text.substring(at, comma);
    at = comma + 1;
    return field;
  }

  /** All that was read so far. */
  String taken() {
    return text.substring(0, at);
  }

  /** All that was not read yet. */
  String rest() {
    return text.substring(at);
  }

  /** The value of the attribute that must come next; its comma is read too. */
  String value(char attribute) throws ScramException {
    if (text.startsWith("m=", at)) {
      throw new ScramException("a message with a mandatory extension");
    }
    if (at + 1 >= text.length() || text.charAt(at) != attribute || text.charAt(at + 1) != '=') {
      throw new ScramException("a message without attribute " + attribute + " in its place");
    }
    int comma = text.indexOf(',', at);
    int end = comma < 0 ? text.length() : comma;
    String value = text.substring(at + 2, end);
    at = comma < 0 ? end : end + 1;
    if (attribute != 'n' && !value.chars().allMatch(c -> c > ' ' && c < 0x7F)) {
      throw new ScramException(
          "a message whose attribute " + attribute + " is not printable ASCII");
    }
    return value;
  }

  String saslName(char attribute) throws ScramException {
    return unescaped(value(attribute));
  }

  byte[] base64(char attribute) throws ScramException {
    String value = value(attribute);
    try {
      return Base64.getDecoder().decode(value);
    } catch (IllegalArgumentException e) {
      throw new ScramException("a message whose attribute " + attribute + " is not Base64");
    }
  }

  /** Skips optional extensions up to the end. */
  void extensions() throws ScramException {
    extensionsUntil(text.length());
  }

  /** Skips optional extensions up to an index, which one of them must reach. */
  void extensionsUntil(int end) throws ScramException {
    while (at < end) {
      char attribute = text.charAt(at);
      if (KNOWN.indexOf(attribute) >= 0 || !Character.isLetter(attribute)) {
        throw new ScramException("a message with an extension that is not known here");
      }
      value(attribute);
    }
    if (at != end) {
      throw new ScramException("a message with its attributes in another order");
    }
  }

  void end() throws ScramException {
    if (at < text.length()) {
      throw new ScramException("a message with more after its end");
    }
  }

  /** {@code =2C} is a comma, {@code =3D} an equals sign, and nothing else begins with one. */
  private static String unescaped(String name) throws ScramException {
    if (name.replaceAll("=2C|=3D", "").indexOf('=') >= 0) {
      throw new ScramException("a user name with an equals sign that is not written =3D");
    }
    return name.replace("=2C", ",").replace("=3D", "=");
  }
}
