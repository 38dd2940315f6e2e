package io.signalbox.server.topic;

import org.jspecify.annotations.Nullable;

/**
 * Makes equal Topic Names of one I/O thread usually the same object, so that a PUBLISH to a topic
 * seen lately allocates no name and is not validated again, and caches further on can compare by
 * identity. Confined to one thread.
 *
 * <p>Direct-mapped: a name that meets another one in its slot replaces it, so a peer that sends
 * ever new topics costs a bounded amount of memory and nobody else's correctness.
 */
public final class TopicNames {
  /** Longer names are made anew each time, so that the cache stays below about 2.5 MB. */
  static final int CACHED_BYTES_MAX = 512;

  private static final int SLOTS = 4_096; // a power of two

  private final @Nullable TopicName[] slots = new TopicName[SLOTS];

  /**
   * @return the name with these bytes; nothing is allocated when it is in the cache
   * @throws InvalidTopicException as {@link TopicName#ofUtf8}
   */
  public TopicName intern(byte[] array, int offset, int length) throws InvalidTopicException {
    int hash = TopicName.hash(array, offset, length);
    if (length > CACHED_BYTES_MAX) {
      return TopicName.ofUtf8(array, offset, length, hash);
    }
    int slot = hash & (SLOTS - 1);
    TopicName cached = slots[slot];
    if (cached != null && cached.hasBytes(array, offset, length, hash)) {
      return cached;
    }
    TopicName name = TopicName.ofUtf8(array, offset, length, hash);
    slots[slot] = name;
    return name;
  }
}
