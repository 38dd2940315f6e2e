package io.signalbox.server.config;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads origins of pages as browsers name them in the header {@code Origin} (RFC 6454). */
final class WebOrigin {
  /**
   * All of them; pages in a sandbox, or from files; pages from files as some programs name them.
   */
  private static final Set<String> WORDS = Set.of("*", "null", "file://");

  /** Also of pages that come with a program, such as {@code capacitor://localhost}. */
  private static final Pattern FORM =
      Pattern.compile("([a-z][a-z0-9+.-]*)://(\\[[0-9a-f:.]+\\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?");

  private WebOrigin() {}

  /**
   * The origin in lower case and without the port that its scheme has by default, as browsers send
   * it.
   *
   * @throws IllegalArgumentException if no page has it: with a path or only a slash behind it, say,
   *     it would let nobody in
   */
  static String canonical(String text) {
    if (WORDS.contains(text)) {
      return text;
    }
    Matcher origin = FORM.matcher(text.toLowerCase(Locale.ROOT));
    if (!origin.matches()
        || (origin.group(3) != null && Integer.parseInt(origin.group(3)) > 65_535)) {
      throw new IllegalArgumentException(
          "\""
              + text
              + "\" is no origin; write it as browsers send it, scheme://host or scheme://host:port"
              + " without a path or slash behind it, such as https://app.example, or \"*\" for"
              + " all");
    }
    String named = origin.group(1) + "://" + origin.group(2);
    String port = origin.group(3);
    return port == null || isDefault(origin.group(1), Integer.parseInt(port))
        ? named
        : named + ":" + Integer.parseInt(port);
  }

  private static boolean isDefault(String scheme, int port) {
    return switch (scheme) {
      case "http" -> port == 80;
      case "https" -> port == 443;
      default -> false;
    };
  }
}
