package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * Every key of the store, and by which table it is used. Numbers are big-endian, so that rows lie
 * in the order of their numbers; {@code |} joins parts.
 *
 * <pre>
 * table      key                          value
 * meta       "format" | "state"           magic, format version | all counters, the applied index
 * client     name(clientId)               session number
 * session    number:8                     epoch, owner, expiry, online, disconnect time, clientId
 * will       number:8                     the will, opaque here
 * ended      number:8                     nothing: rows of this session wait to be swept
 * sub        number:8 | name(filter)      options, identifier, the filter itself if shortened
 * queue      number:8 | 0:8               head: messages, bytes, "maybe sent up to" of the queue
 *            number:8 | sequence:8        state, flags, packet id, and the message or its place
 * msg        sequence:8 | 0:1             receivers left, length of the message
 *            sequence:8 | 1:1 [| 2:1]     the message, cut so that it wastes no page
 * qos2in     number:8 | packetId:2        nothing
 * retained   name(topic)                  message
 * registry, revoked, policy    key        revision, record
 *
 * name(text)   up to 480 bytes:  the UTF-8 itself
 *              longer:           first 464 bytes | 0:1 | first 128 bits of its SHA-256
 * </pre>
 *
 * <p>No text in MQTT has a zero byte and no short name has 481 bytes, so the two forms cannot meet.
 *
 * <p>An instance holds the memory of one thread's keys: two keys of different length may be in use
 * at once, two of the same length may not.
 */
final class Keys {
  /** Longest name that is its own key. */
  static final int NAME_BYTES_MAX = 480;

  /** Longest key that LMDB takes. */
  private static final int BYTES_MAX = 511;

  static final int PREFIX_BYTES = NAME_BYTES_MAX - 16;
  private static final int HASH_BYTES = 16;
  private static final int LONG_NAME_BYTES = PREFIX_BYTES + 1 + HASH_BYTES;

  static final byte[] FORMAT = "format".getBytes(US_ASCII);
  static final byte[] STATE = "state".getBytes(US_ASCII);

  /** Sequence of the row at the front of every queue that holds the queue's totals. */
  static final long QUEUE_HEAD = 0;

  private final MemorySegment number = allocate(8);
  private final MemorySegment part = allocate(9);
  private final MemorySegment packetId = allocate(10);
  private final MemorySegment row = allocate(16);
  private final MemorySegment name = allocate(8 + LONG_NAME_BYTES);

  private static MemorySegment allocate(long bytes) {
    return Arena.ofAuto().allocate(bytes);
  }

  MemorySegment number(long sessionNumber) {
    number.set(Bytes.LONG, 0, sessionNumber);
    return number;
  }

  MemorySegment queue(long sessionNumber, long sequence) {
    row.set(Bytes.LONG, 0, sessionNumber);
    row.set(Bytes.LONG, 8, sequence);
    return row;
  }

  MemorySegment message(long sequence, int partNumber) {
    part.set(Bytes.LONG, 0, sequence);
    part.set(Bytes.BYTE, 8, (byte) partNumber);
    return part;
  }

  MemorySegment inboundQos2(long sessionNumber, int id) {
    packetId.set(Bytes.LONG, 0, sessionNumber);
    packetId.set(Bytes.SHORT, 8, (short) id);
    return packetId;
  }

  MemorySegment subscription(long sessionNumber, byte[] filter) {
    name.set(Bytes.LONG, 0, sessionNumber);
    return name.asSlice(0, 8 + putName(8, filter));
  }

  MemorySegment clientId(String clientId) {
    return name.asSlice(0, putName(0, clientId.getBytes(UTF_8)));
  }

  MemorySegment topic(byte[] topic) {
    return name.asSlice(0, putName(0, topic));
  }

  /** A key that is given as it is, at most {@link #NAME_BYTES_MAX} bytes. */
  MemorySegment raw(byte[] key) {
    MemorySegment.copy(key, 0, name, Bytes.BYTE, 0, key.length);
    return name.asSlice(0, key.length);
  }

  private int putName(int at, byte[] utf8) {
    if (utf8.length <= NAME_BYTES_MAX) {
      MemorySegment.copy(utf8, 0, name, Bytes.BYTE, at, utf8.length);
      return utf8.length;
    }
    MemorySegment.copy(utf8, 0, name, Bytes.BYTE, at, PREFIX_BYTES);
    name.set(Bytes.BYTE, at + PREFIX_BYTES, (byte) 0);
    MemorySegment.copy(sha256(utf8), 0, name, Bytes.BYTE, at + PREFIX_BYTES + 1, HASH_BYTES);
    return LONG_NAME_BYTES;
  }

  /** Whether a name is its own key, so that the row need not repeat it. */
  static boolean isWhole(byte[] utf8) {
    return utf8.length <= NAME_BYTES_MAX;
  }

  /** Whether a key, or the part of it behind a session number, is a shortened name. */
  static boolean isShortened(long nameBytes) {
    return nameBytes == LONG_NAME_BYTES;
  }

  /** The key of a topic on the heap, to compare and to go on from. */
  static byte[] topicKey(byte[] topic) {
    if (isWhole(topic)) {
      return topic;
    }
    byte[] key = Arrays.copyOf(topic, LONG_NAME_BYTES);
    key[PREFIX_BYTES] = 0;
    System.arraycopy(sha256(topic), 0, key, PREFIX_BYTES + 1, HASH_BYTES);
    return key;
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /**
   * Refuses a key that was read and that LMDB would not take.
   *
   * @throws CorruptRowException it is empty or too long
   */
  static void requireLength(MemorySegment key) {
    long bytes = key.byteSize();
    if (bytes < 1 || bytes > BYTES_MAX) {
      throw new CorruptRowException("a key of " + bytes + " bytes");
    }
  }

  static void requireRecordKey(byte[] key) {
    if (key.length < 1 || key.length > NAME_BYTES_MAX) {
      throw new IllegalArgumentException(
          "record key of " + key.length + " bytes is outside 1.." + NAME_BYTES_MAX);
    }
  }
}
