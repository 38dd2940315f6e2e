package io.signalbox.server.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.regex.Pattern;

/** What entries may be called. */
final class Names {
  static final String RULE =
      "1 to 64 letters, digits, dots, hyphens and underscores, beginning with a letter or digit";
  static final String USER_RULE =
      "1 to 64 letters, digits and . _ @ + - , beginning with a letter or digit";

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final Pattern USER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}");
  private static final Pattern FINGERPRINT = Pattern.compile("[0-9a-f]{64}");

  private Names() {}

  static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  static boolean isShort(String text, int bytesMax) {
    return text.length() <= bytesMax && text.getBytes(UTF_8).length <= bytesMax;
  }

  /** Checks the name under which somebody wants to register something. */
  static void check(Kind<?> kind, String name) throws RegistryException {
    boolean good;
    String rule;
    if (kind == Kind.USER) {
      good = USER.matcher(name).matches();
      rule = USER_RULE;
    } else if (kind == Kind.CERTIFICATE) {
      good = FINGERPRINT.matcher(name).matches();
      rule = "64 lower-case hexadecimal digits";
    } else if (kind == Kind.ATTACHMENT) {
      good = true; // as good as what it is made of, see PolicyAttachment.fault
      rule = "";
    } else {
      good = isName(name);
      rule = RULE;
    }
    if (!good) {
      throw RegistryException.invalid("", "the name of a " + kind + " must be " + rule);
    }
  }
}
