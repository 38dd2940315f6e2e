package io.signalbox.server.topic;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A topic to publish to (MQTT 5.0 section 4.7): 1 to 65,535 bytes of well-formed UTF-8 without
 * wildcards and U+0000. Compared byte for byte, never normalised.
 */
public final class TopicName implements Comparable<TopicName> {
  /** Bytes of the longest name: what a two byte length can say. */
  public static final int BYTES_MAX = 65_535; // [MQTT-4.7.3-3]

  /** Stands where a PUBLISH gives a Topic Alias instead of a name; no valid name equals it. */
  public static final TopicName EMPTY = new TopicName(new byte[0], 0, new char[0]);

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  // Peers choose topics, so the hash must not be computable outside; the property makes a
  // simulation repeatable.
  private static final long SEED =
      Long.getLong("signalbox.topic-hash-seed", new SecureRandom().nextLong());
  private static final long KEY = keyOf(SEED);

  private final byte[] utf8;
  private final int hash;

  /** Where each level ends; a char holds every offset because BYTES_MAX is 65,535. */
  private final char[] levelEnds;

  private TopicName(byte[] utf8, int hash, char[] levelEnds) {
    this.utf8 = utf8;
    this.hash = hash;
    this.levelEnds = levelEnds;
  }

  /**
   * @throws InvalidTopicException empty, longer than {@link #BYTES_MAX}, with {@code +}, {@code #}
   *     or U+0000, or with an unpaired surrogate
   */
  public static TopicName of(String name) throws InvalidTopicException {
    byte[] utf8 = encode(name, "topic name");
    return checked(utf8, hash(utf8, 0, utf8.length));
  }

  /**
   * @param utf8 checked by {@link TopicFilter}, without wildcards; like the level ends not copied
   */
  static TopicName of(byte[] utf8, char[] levelEnds) {
    return new TopicName(utf8, hash(utf8, 0, utf8.length), levelEnds);
  }

  /**
   * Copies the bytes.
   *
   * @throws InvalidTopicException as {@link #of}, or the bytes are not well-formed UTF-8
   */
  public static TopicName ofUtf8(byte[] array, int offset, int length)
      throws InvalidTopicException {
    return ofUtf8(array, offset, length, hash(array, offset, length));
  }

  static TopicName ofUtf8(byte[] array, int offset, int length, int hash)
      throws InvalidTopicException {
    checkText(array, offset, length, "topic name");
    return checked(Arrays.copyOfRange(array, offset, offset + length), hash);
  }

  private static TopicName checked(byte[] utf8, int hash) throws InvalidTopicException {
    for (byte b : utf8) {
      if (b == '+' || b == '#') {
        throw InvalidTopicException.invalid(
            "topic name "
                + InvalidTopicException.quoted(new String(utf8, UTF_8))
                + " contains a wildcard"); // [MQTT-4.7.0-1]
      }
    }
    return new TopicName(utf8, hash, levelEnds(utf8));
  }

  /** The bytes of a name or filter given as text, checked like those of {@link #checkText}. */
  static byte[] encode(String text, String what) throws InvalidTopicException {
    byte[] utf8 = text.getBytes(UTF_8);
    if (!new String(utf8, UTF_8).equals(text)) {
      throw InvalidTopicException.illFormed(what + " with an unpaired surrogate");
    }
    checkText(utf8, 0, utf8.length, what);
    return utf8;
  }

  static void checkText(byte[] array, int offset, int length, String what)
      throws InvalidTopicException {
    if (length == 0) {
      throw InvalidTopicException.invalid(what + " is empty"); // [MQTT-4.7.3-1]
    }
    if (length > BYTES_MAX) {
      throw InvalidTopicException.invalid(
          what + " of " + length + " bytes, at most " + BYTES_MAX); // [MQTT-4.7.3-3]
    }
    int wrong = Utf8.illFormedAt(array, offset, offset + length);
    if (wrong != Utf8.WELL_FORMED) {
      throw InvalidTopicException.illFormed(
          what
              + (array[wrong] == 0 ? " contains U+0000 at byte " : " is not UTF-8 at byte ")
              + (wrong - offset)); // [MQTT-4.7.3-2]
    }
  }

  /** Where each level of a name or filter ends. */
  static char[] levelEnds(byte[] utf8) {
    int levels = 1;
    for (byte b : utf8) {
      if (b == '/') {
        levels++;
      }
    }
    var ends = new char[levels];
    int level = 0;
    for (int i = 0; i < utf8.length; i++) {
      if (utf8[i] == '/') {
        ends[level++] = (char) i;
      }
    }
    ends[level] = (char) utf8.length;
    return ends;
  }

  /**
   * A hash that peers cannot compute, for tables keyed by what they send: sixteen bytes a step;
   * equal bytes give equal values within one process only.
   */
  public static int hash(byte[] array, int offset, int length) {
    return hash(array, offset, length, SEED, KEY);
  }

  static int hash(byte[] array, int offset, int length, long seed, long key) {
    long h = seed;
    int i = offset;
    int end = offset + length;
    for (; end - i >= 2 * Long.BYTES; i += 2 * Long.BYTES) {
      h = mix(h ^ (long) LONG.get(array, i), key ^ (long) LONG.get(array, i + Long.BYTES));
    }
    if (end - i >= Long.BYTES) {
      h = mix(h ^ (long) LONG.get(array, i), key);
      i += Long.BYTES;
    }
    int rest = end - i;
    if (rest > 0) {
      h = mix(h ^ rest(array, i, rest, length), key);
    }
    h = mix(h ^ length, key);
    return (int) (h ^ (h >>> 32));
  }

  /** Another secret. */
  static long keyOf(long seed) {
    return new SplittableRandom(seed).nextLong();
  }

  /** The last 1 to 7 bytes; bytes already seen may come again, which costs nothing. */
  private static long rest(byte[] array, int i, int rest, int length) {
    if (length >= Long.BYTES) {
      return (long) LONG.get(array, i + rest - Long.BYTES);
    }
    if (rest >= Integer.BYTES) {
      return ((long) (int) INT.get(array, i) << 32)
          | ((int) INT.get(array, i + rest - Integer.BYTES) & 0xFFFFFFFFL);
    }
    return (array[i] & 0xFF)
        | (array[i + (rest >> 1)] & 0xFF) << 8
        | (array[i + rest - 1] & 0xFF) << 16;
  }

  /**
   * Both halves of the product of two numbers that hold a secret each. In the lower half alone,
   * whatever a constant or an odd secret multiplies by, the highest bits of a number change nothing
   * but the highest bits of the product: whoever knows that can have the next bytes change them
   * back. In the upper half they change all that the other secret does.
   */
  private static long mix(long a, long b) {
    return a * b ^ Math.unsignedMultiplyHigh(a, b);
  }

  boolean hasBytes(byte[] array, int offset, int length, int itsHash) {
    return hash == itsHash && Arrays.equals(utf8, 0, utf8.length, array, offset, offset + length);
  }

  /** The name's bytes: shared, never to be modified. */
  public byte[] utf8() {
    return utf8;
  }

  /** Whether the first level starts with {@code $}, so that no leading wildcard matches it. */
  public boolean startsWithDollar() {
    return utf8.length > 0 && utf8[0] == '$';
  }

  /** At least 1, except for {@link #EMPTY}. */
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

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other
        || (other instanceof TopicName name && hash == name.hash && Arrays.equals(utf8, name.utf8));
  }

  @Override
  public int hashCode() {
    return hash;
  }

  /** By unsigned bytes, which is the order of code points. */
  @Override
  public int compareTo(TopicName other) {
    return Arrays.compareUnsigned(utf8, other.utf8);
  }

  @Override
  public String toString() {
    return new String(utf8, UTF_8);
  }
}
