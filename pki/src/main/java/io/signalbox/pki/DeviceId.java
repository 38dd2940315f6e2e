package io.signalbox.pki;

import java.util.regex.Pattern;

/**
 * The rule for device ids: fit for a common name (64 characters, X.520), a file name and a topic
 * level alike.
 */
public final class DeviceId {
  private static final Pattern VALID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  private DeviceId() {}

  /**
   * Returns the id unchanged if it may be used.
   *
   * @throws PkiException naming the id and the rule
   */
  public static String check(String id) throws PkiException {
    if (!VALID.matcher(id).matches()) {
      String shown = id.length() > 80 ? id.substring(0, 80) + "..." : id;
      throw new PkiException(
          "\""
              + shown.replaceAll("\\p{C}", "?")
              + "\" cannot be a device id: use 1 to 64 letters, digits, dots, hyphens and"
              + " underscores, beginning with a letter or digit");
    }
    return id;
  }
}
