package io.signalbox.server.topic;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A valid Topic Filter without a {@code $share} prefix (MQTT 5.0 section 4.7): 1 to 65,535 bytes;
 * {@code +} fills a whole level, {@code #} is the whole last level.
 */
public final class TopicFilter {
  private static final byte[] SINGLE_LEVEL = {'+'};
  private static final byte[] MULTI_LEVEL = {'#'};

  private final byte[] utf8;
  private final char[] levelEnds;
  private final boolean wildcard;

  private TopicFilter(byte[] utf8, char[] levelEnds, boolean wildcard) {
    this.utf8 = utf8;
    this.levelEnds = levelEnds;
    this.wildcard = wildcard;
  }

  /**
   * @throws InvalidTopicException empty, too long, with U+0000 or an unpaired surrogate, or with a
   *     wildcard where none may stand
   */
  public static TopicFilter of(String filter) throws InvalidTopicException {
    byte[] utf8 = TopicName.encode(filter, "topic filter");
    boolean wildcard = false;
    for (int i = 0; i < utf8.length; i++) {
      byte b = utf8[i];
      if (b != '+' && b != '#') {
        continue;
      }
      wildcard = true;
      boolean wholeLevel =
          (i == 0 || utf8[i - 1] == '/') && (i + 1 == utf8.length || utf8[i + 1] == '/');
      if (!wholeLevel) {
        throw InvalidTopicException.invalid(
            "topic filter "
                + InvalidTopicException.quoted(filter)
                + ": "
                + (char) b
                + " must be a whole level"); // [MQTT-4.7.1-1] [MQTT-4.7.1-2]
      }
      if (b == '#' && i + 1 != utf8.length) {
        throw InvalidTopicException.invalid(
            "topic filter "
                + InvalidTopicException.quoted(filter)
                + ": # must be the last level"); // [MQTT-4.7.1-1]
      }
    }
    return new TopicFilter(utf8, TopicName.levelEnds(utf8), wildcard);
  }

  /** The filter that matches this name only. */
  public static TopicFilter of(TopicName name) {
    return new TopicFilter(name.utf8(), TopicName.levelEnds(name.utf8()), false);
  }

  /** The filter's bytes: shared, never to be modified. */
  public byte[] utf8() {
    return utf8;
  }

  /** At least 1. */
  public int levelCount() {
    return levelEnds.length;
  }

  /** Offset in {@link #utf8} of the first byte of a level. */
  public int levelStart(int level) {
    return level == 0 ? 0 : levelEnds[level - 1] + 1;
  }

  /** Offset in {@link #utf8} behind the last byte of a level. */
  public int levelEnd(int level) {
    return levelEnds[level];
  }

  /** The UTF-8 of one level; not to be modified. A wildcard level allocates nothing. */
  public byte[] level(int level) {
    if (isSingleLevelWildcard(level)) {
      return SINGLE_LEVEL;
    }
    if (isMultiLevelWildcard(level)) {
      return MULTI_LEVEL;
    }
    return Arrays.copyOfRange(utf8, levelStart(level), levelEnd(level));
  }

  /** Whether a level is {@code +}. */
  public boolean isSingleLevelWildcard(int level) {
    return isOneByte(level, '+');
  }

  /** Whether a level is {@code #}; only the last one can be. */
  public boolean isMultiLevelWildcard(int level) {
    return isOneByte(level, '#');
  }

  private boolean isOneByte(int level, char c) {
    int start = levelStart(level);
    return levelEnd(level) == start + 1 && utf8[start] == c;
  }

  /** Whether any level is a wildcard. */
  public boolean hasWildcard() {
    return wildcard;
  }

  /**
   * The one name that a filter without wildcards matches.
   *
   * @throws IllegalStateException it has wildcards
   */
  public TopicName asTopicName() {
    if (wildcard) {
      throw new IllegalStateException("a filter with wildcards is no topic name");
    }
    return TopicName.of(utf8, levelEnds);
  }

  /** Whether a message on this topic is for this filter; linear in the length of the name. */
  public boolean matches(TopicName name) {
    byte[] topic = name.utf8();
    if (!wildcard) {
      return Arrays.equals(utf8, topic);
    }
    if (name.startsWithDollar() && (utf8[0] == '+' || utf8[0] == '#')) {
      return false; // [MQTT-4.7.2-1]
    }
    int topicLevels = name.levelCount();
    for (int level = 0; level < levelEnds.length; level++) {
      if (isMultiLevelWildcard(level)) {
        return true; // also stands for no level at all: a/# matches a
      }
      if (level >= topicLevels) {
        return false;
      }
      if (!isSingleLevelWildcard(level)
          && !Arrays.equals(
              utf8,
              levelStart(level),
              levelEnd(level),
              topic,
              name.levelStart(level),
              name.levelEnd(level))) {
        return false; // byte for byte [MQTT-4.7.3-4]
      }
    }
    return levelEnds.length == topicLevels;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TopicFilter filter && Arrays.equals(utf8, filter.utf8);
  }

  @Override
  public int hashCode() {
    return TopicName.hash(utf8, 0, utf8.length);
  }

  @Override
  public String toString() {
    return new String(utf8, UTF_8);
  }
}
