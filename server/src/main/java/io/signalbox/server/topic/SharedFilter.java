package io.signalbox.server.topic;

/**
 * A Shared Subscription's filter {@code $share/{ShareName}/{filter}} (MQTT 5.0 section 4.8.2).
 *
 * @param shareName at least one character, without {@code /}, {@code +} and {@code #}
 */
public record SharedFilter(String shareName, TopicFilter filter) {
  private static final String PREFIX = "$share/";

  /** Whether this asks for a Shared Subscription, well-formed or not. */
  public static boolean isShared(String topicFilter) {
    return topicFilter.startsWith(PREFIX);
  }

  /**
   * @throws InvalidTopicException without the prefix, without or with a bad Share Name, or without
   *     a valid Topic Filter behind it
   */
  public static SharedFilter parse(String topicFilter) throws InvalidTopicException {
    if (!isShared(topicFilter)) {
      throw invalid(topicFilter, "does not start with " + PREFIX);
    }
    int slash = topicFilter.indexOf('/', PREFIX.length());
    if (slash < 0) {
      throw invalid(topicFilter, "has no topic filter behind the share name"); // [MQTT-4.8.2-2]
    }
    String shareName = topicFilter.substring(PREFIX.length(), slash);
    if (shareName.isEmpty()) {
      throw invalid(topicFilter, "has an empty share name"); // [MQTT-4.8.2-1]
    }
    if (shareName.indexOf('+') >= 0 || shareName.indexOf('#') >= 0) {
      throw invalid(topicFilter, "has a wildcard in its share name"); // [MQTT-4.8.2-2]
    }
    TopicName.encode(topicFilter, "shared topic filter"); // the whole must be a UTF-8 string too
    return new SharedFilter(shareName, TopicFilter.of(topicFilter.substring(slash + 1)));
  }

  private static InvalidTopicException invalid(String topicFilter, String problem) {
    return InvalidTopicException.invalid(
        "shared filter " + InvalidTopicException.quoted(topicFilter) + " " + problem);
  }

  @Override
  public String toString() {
    return PREFIX + shareName + "/" + filter;
  }
}
