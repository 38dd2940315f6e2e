package io.signalbox.acl.filter;

/**
 * The two halves of {@code $share/ShareName/filter} (MQTT 5.0 section 4.8.2).
 *
 * @param shareName not empty, without '/', '+' and '#'
 * @param filter what follows, not checked here
 */
public record SharedFilter(String shareName, String filter) {
  private static final String PREFIX = "$share/";

  public static boolean isShared(String requested) {
    return requested.startsWith(PREFIX) || requested.equals("$share");
  }

  /**
   * @throws IllegalArgumentException when the Share Name or the filter is missing or the name holds
   *     a wildcard
   */
  public static SharedFilter of(String requested) {
    int end = requested.indexOf('/', PREFIX.length());
    if (!requested.startsWith(PREFIX) || end < 0 || end == requested.length() - 1) {
      throw new IllegalArgumentException("a shared subscription reads $share/name/filter");
    }
    String name = requested.substring(PREFIX.length(), end);
    if (name.isEmpty() || name.indexOf('+') >= 0 || name.indexOf('#') >= 0) {
      throw new IllegalArgumentException(
          "a share name is not empty and holds no wildcard"); // [MQTT-4.8.2-1], [MQTT-4.8.2-2]
    }
    return new SharedFilter(name, requested.substring(end + 1));
  }

  @Override
  public String toString() {
    return PREFIX + shareName + "/" + filter;
  }
}
