package io.signalbox.server.store;

import io.signalbox.server.routing.Message;
import io.signalbox.server.store.Readers.Snapshot;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Cursor;
import org.lmdbjava.GetOp;
import org.lmdbjava.Txn;

/**
 * Finds retained messages by filter. The table is in the order of topics, so the levels before the
 * first wildcard are a range; within it rows are passed one by one, which costs a tenth of looking
 * each up, and a run of rows that do not match is left by a jump to where the next match can be.
 */
final class RetainedReader {
  private static final Logger LOG = System.getLogger(RetainedReader.class.getName());

  /** Rows looked at in one snapshot for each message asked for. */
  private static final int LOOK_FACTOR = 10;

  /** Rows without a match before a jump is tried: a step costs a fifth of a jump. */
  private static final int STEPS_BEFORE_JUMP = 8;

  /** Sorts directly behind the separator of levels, so it ends a subtree. */
  private static final byte BEHIND_SEPARATOR = '/' + 1;

  private final Lmdb lmdb;
  private final TopicFilter filter;
  private final long nowMillis;

  /** Where a seek goes to: the reader thread's, from the moment it reads. */
  private @Nullable RowWriter targetRow;

  RetainedReader(Lmdb lmdb, TopicFilter filter, long nowMillis) {
    this.lmdb = lmdb;
    this.filter = filter;
    this.nowMillis = nowMillis;
  }

  private RowWriter target() {
    return Objects.requireNonNull(targetRow);
  }

  /** Where a page is damaged the walk ends: what is behind it cannot be found. */
  RetainedSlice read(Snapshot snapshot, byte @Nullable [] after, int messagesMax, int bytesMax) {
    List<Message> messages = new ArrayList<>(Math.min(messagesMax, 64));
    try {
      byte[] next = add(messages, snapshot, after, messagesMax, bytesMax);
      return new RetainedSlice(messages, next);
    } catch (RuntimeException e) {
      LOG.log(
          Level.ERROR,
          "the retained messages of \"" + filter + "\" cannot all be read; check the store",
          e);
      return new RetainedSlice(messages, null);
    }
  }

  /**
   * @return the last key looked at; null: nothing is behind it
   */
  private byte @Nullable [] add(
      List<Message> messages,
      Snapshot snapshot,
      byte @Nullable [] after,
      int messagesMax,
      int bytesMax) {
    targetRow = snapshot.row;
    if (!filter.hasWildcard()) {
      addExact(snapshot.txn, snapshot.keys, filter.utf8(), messages);
      return null;
    }
    byte[] range = range();
    byte[] last = after;
    long bytes = 0;
    int steps = 0;
    int lookMax = messagesMax * LOOK_FACTOR;
    try (Cursor<MemorySegment> cursor = lmdb.retained.openCursor(snapshot.txn)) {
      boolean found = seek(cursor, after == null ? range : after, after != null);
      for (int looked = 0; found; looked++) {
        byte[] key = cursor.key().toArray(Bytes.BYTE);
        if (!startsWith(key, range)) {
          break;
        }
        if (messages.size() >= messagesMax || bytes >= bytesMax || looked >= lookMax) {
          return last;
        }
        last = key;
        TopicName topic = topic(key, cursor.val());
        if (topic != null && filter.matches(topic)) {
          bytes += add(topic, cursor.val(), messages);
          steps = 0;
          found = cursor.next();
        } else if (++steps < STEPS_BEFORE_JUMP || topic == null || !Keys.isWhole(key)) {
          found = cursor.next();
        } else {
          steps = 0;
          found = jump(cursor, topic) ? seek(cursor, null, false) : cursor.next();
        }
      }
    }
    byte[] parent = parent(); // last, or the key to go on from would not be one of the range
    if (parent == null) {
      return null;
    }
    if (messages.size() >= messagesMax || bytes >= bytesMax) {
      return last;
    }
    addExact(snapshot.txn, snapshot.keys, parent, messages);
    return null;
  }

  /** The message of a filter without wildcards, or null. */
  @Nullable Message exact(Txn<MemorySegment> txn, Keys keys) {
    List<Message> found = new ArrayList<>(1);
    addExact(txn, keys, filter.utf8(), found);
    return found.isEmpty() ? null : found.getFirst();
  }

  /** Whether there is a row in the range of a filter with wildcards, or its parent's. */
  boolean hasCandidate(Txn<MemorySegment> txn, Keys keys) {
    byte[] parent = parent();
    if (parent != null && lmdb.retained.get(txn, keys.topic(parent)) != null) {
      return true;
    }
    byte[] range = range();
    try (Cursor<MemorySegment> cursor = lmdb.retained.openCursor(txn)) {
      return range.length == 0
          ? cursor.first()
          : cursor.get(keys.raw(range), GetOp.MDB_SET_RANGE)
              && startsWith(cursor.key().toArray(Bytes.BYTE), range);
    }
  }

  private void addExact(Txn<MemorySegment> txn, Keys keys, byte[] utf8, List<Message> messages) {
    MemorySegment value = lmdb.retained.get(txn, keys.topic(utf8));
    if (value != null) {
      add(MessageBytes.topicName(utf8), value, messages);
    }
  }

  /**
   * {@code a/#} also matches {@code a} (MQTT 5.0 section 4.7.1.2), which lies outside the range;
   * null for other filters, for {@code /#}, because no topic is empty, and for a topic so long that
   * the range has it.
   */
  private byte @Nullable [] parent() {
    int lastLevel = filter.levelCount() - 1;
    int length = filter.levelStart(lastLevel) - 1;
    return length > 0
            && length < Keys.PREFIX_BYTES
            && filter.isMultiLevelWildcard(lastLevel)
            && firstWildcard() == lastLevel
        ? Arrays.copyOf(filter.utf8(), length)
        : null;
  }

  private int firstWildcard() {
    int level = 0;
    while (!filter.isSingleLevelWildcard(level) && !filter.isMultiLevelWildcard(level)) {
      level++;
    }
    return level;
  }

  /** What all keys of matching topics begin with, as far as long topics keep it. */
  private byte[] range() {
    int length = Math.min(filter.levelStart(firstWildcard()), Keys.PREFIX_BYTES);
    return Arrays.copyOf(filter.utf8(), length);
  }

  private static boolean startsWith(byte[] key, byte[] prefix) {
    return key.length >= prefix.length
        && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
  }

  /** To a key or behind it; null: to {@link #target()}. */
  private boolean seek(Cursor<MemorySegment> cursor, byte @Nullable [] key, boolean behind) {
    if (key != null) {
      if (key.length == 0) {
        return cursor.first();
      }
      target().begin().putBytes(key);
    }
    boolean found = cursor.get(target().row(), GetOp.MDB_SET_RANGE);
    if (found && behind && SegmentProxy.compare(cursor.key(), target().row()) == 0) {
      return cursor.next();
    }
    return found;
  }

  private static @Nullable TopicName topic(byte[] key, MemorySegment value) {
    try {
      byte[] whole = Keys.isShortened(key.length) ? MessageBytes.topic(value) : key;
      return whole == null ? null : MessageBytes.topicName(whole);
    } catch (CorruptRowException e) {
      LOG.log(Level.ERROR, "a retained message is damaged: {0}; check the store", e.getMessage());
      return null;
    }
  }

  private long add(TopicName topic, MemorySegment value, List<Message> messages) {
    try {
      Message message = MessageBytes.read(new RowReader(value), topic, lmdb.largePayloads);
      if (!message.isExpired(nowMillis)) {
        messages.add(message);
        return message.bytes();
      }
    } catch (CorruptRowException e) {
      LOG.log(Level.ERROR, "a retained message is damaged: {0}; check the store", e.getMessage());
    }
    return 0;
  }

  /**
   * Sets {@link #target()} to the first key that may match behind a topic that does not: everything
   * between begins as the topic does and has the same wrong level.
   *
   * @return false: there is no such jump, so the next row is as good
   */
  private boolean jump(Cursor<MemorySegment> cursor, TopicName topic) {
    byte[] utf8 = topic.utf8();
    if (topic.startsWithDollar() && firstWildcard() == 0) {
      target().begin().putByte('$' + 1); // [MQTT-4.7.2-1]
      return true;
    }
    int level = 0;
    while (level < filter.levelCount()
        && level < topic.levelCount()
        && (filter.isSingleLevelWildcard(level) || sameLevel(topic, level))) {
      level++;
    }
    if (level >= topic.levelCount()) {
      return false; // too short: its own subtree comes next
    }
    if (level >= filter.levelCount()) {
      return to(utf8, topic.levelEnd(level - 1)); // too long: leave the subtree
    }
    int start = topic.levelStart(level);
    int length = filter.levelEnd(level) - filter.levelStart(level);
    if (start + length + 1 > Keys.PREFIX_BYTES) {
      return false; // beyond, the keys of long topics are in the order of their hashes
    }
    target().begin().putBytes(MemorySegment.ofArray(utf8).asSlice(0, start));
    target()
        .putBytes(MemorySegment.ofArray(filter.utf8()).asSlice(filter.levelStart(level), length));
    if (SegmentProxy.compare(cursor.key(), target().row()) < 0) {
      return true;
    }
    target().putByte('/');
    if (SegmentProxy.compare(cursor.key(), target().row()) < 0) {
      return true;
    }
    return start > 0 && to(utf8, start - 1);
  }

  /** Behind the subtree of the topic's first bytes. */
  private boolean to(byte[] utf8, int length) {
    target().begin().putBytes(MemorySegment.ofArray(utf8).asSlice(0, length));
    target().putByte(BEHIND_SEPARATOR);
    return length < Keys.PREFIX_BYTES;
  }

  private boolean sameLevel(TopicName topic, int level) {
    return Arrays.equals(
        filter.utf8(),
        filter.levelStart(level),
        filter.levelEnd(level),
        topic.utf8(),
        topic.levelStart(level),
        topic.levelEnd(level));
  }
}
