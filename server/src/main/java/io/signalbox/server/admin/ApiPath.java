package io.signalbox.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.List;

/** Takes the path of a request apart: first at the slashes, then the percent signs. */
final class ApiPath {
  private ApiPath() {}

  /**
   * @param raw beginning with a slash, as it was sent
   * @throws ApiException a part is not percent-encoded UTF-8
   */
  static List<String> segments(String raw) throws ApiException {
    List<String> segments = new ArrayList<>();
    for (String part : raw.substring(1).split("/", -1)) {
      segments.add(decoded(part));
    }
    return segments;
  }

  /**
   * The one spelling of a path, by which the audit log names things. A name may have slashes in it.
   */
  static String decoded(List<String> segments) {
    return "/" + String.join("/", segments);
  }

  private static String decoded(String part) throws ApiException {
    if (part.indexOf('%') < 0) {
      return part;
    }
    var bytes = new ByteArrayOutputStream();
    for (int i = 0; i < part.length(); i++) {
      char c = part.charAt(i);
      if (c != '%') {
        bytes.writeBytes(String.valueOf(c).getBytes(UTF_8));
        continue;
      }
      int high = i + 2 < part.length() ? Character.digit(part.charAt(i + 1), 16) : -1;
      int low = high >= 0 ? Character.digit(part.charAt(i + 2), 16) : -1;
      if (low < 0) {
        throw malformed();
      }
      bytes.write(high * 16 + low);
      i += 2;
    }
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toByteArray())).toString();
    } catch (CharacterCodingException e) {
      throw malformed();
    }
  }

  private static ApiException malformed() {
    return new ApiException(
        ApiProblem.Type.MALFORMED, "the path is not percent-encoded UTF-8 (RFC 3986)");
  }
}
