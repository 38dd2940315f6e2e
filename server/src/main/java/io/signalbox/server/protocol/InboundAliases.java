package io.signalbox.server.protocol;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.eventloop.MemoryShare;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.topic.TopicName;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Topic Aliases that a client has set (MQTT 5.0 section 3.3.2.3.4). What they hold counts as memory
 * that all connections have together: long names of many clients would fill the heap.
 */
@ConfinedTo("the connection's I/O thread")
final class InboundAliases {
  /** Of a name besides its text. */
  private static final int NAME_BYTES = 64;

  /** For each alias that the client may set; together they may be one of the longest names. */
  private static final int BYTES_PER_ALIAS = 1_024;

  private static final int BYTES_MIN = 65_535 + NAME_BYTES;

  /** If so much of the memory of all is used, a client may have this, and keeps what it has. */
  private static final int UP_TO_EIGHTHS = 7;

  private static final int BYTES_ALWAYS = 4_096;

  private static final int LENGTH_MIN = 8;

  private final int maximum;
  private final EventLoop loop;
  private final Metrics metrics;

  /** Grown when the client sets one: most set few. */
  private @Nullable TopicName[] names = {};

  /** Of the names, which are bounded together; their array counts as memory besides. */
  private int bytes;

  /**
   * @param maximum 0..65,535, as CONNACK said
   */
  InboundAliases(int maximum, EventLoop loop, Metrics metrics) {
    this.maximum = maximum;
    this.loop = loop;
    this.metrics = metrics;
  }

  /**
   * Sets or reads one.
   *
   * @param topic empty when the alias stands for it
   * @throws PacketException 0x94 if it is not one of those that CONNACK allowed, 0x82 if it was
   *     never set, 0x97 if the names take too much memory
   */
  TopicName resolve(int alias, TopicName topic) throws PacketException {
    if (alias < 1 || alias > maximum) { // [MQTT-3.3.2-8], [MQTT-3.3.2-9]
      metrics.limitsReached.inc(Metrics.Limit.TOPIC_ALIAS, loop.index());
      throw PacketException.of(
          ReasonCode.TOPIC_ALIAS_INVALID, "topic alias " + alias + " is outside 1.." + maximum);
    }
    if (topic != TopicName.EMPTY) {
      set(alias, topic);
      return topic;
    }
    TopicName known = alias > names.length ? null : names[alias - 1];
    if (known == null) {
      throw PacketException.protocolError(
          "topic alias " + alias + " was never set"); // [MQTT-3.3.2-7]
    }
    return known;
  }

  private void set(int alias, TopicName topic) throws PacketException {
    if (alias > names.length) {
      int length = Math.min(maximum, Math.max(LENGTH_MIN, 2 * alias));
      loop.memory().charge((long) (length - names.length) * Integer.BYTES);
      names = Arrays.copyOf(names, length);
    }
    TopicName before = names[alias - 1];
    count(topic.utf8().length - (before == null ? -NAME_BYTES : before.utf8().length));
    names[alias - 1] = topic;
  }

  private void count(int more) throws PacketException {
    MemoryShare memory = loop.memory();
    int most =
        memory.isUsed(UP_TO_EIGHTHS)
            ? BYTES_ALWAYS
            : Math.max(BYTES_MIN, maximum * BYTES_PER_ALIAS);
    if (more > 0 && bytes + more > most) {
      metrics.limitsReached.inc(Metrics.Limit.TOPIC_ALIAS, loop.index());
      throw PacketException.of(
          ReasonCode.QUOTA_EXCEEDED, "the names behind topic aliases take more than " + most);
    }
    bytes += more;
    memory.charge(more);
  }

  /** The connection has ended. */
  void forget() {
    loop.memory().charge(-bytes - (long) names.length * Integer.BYTES);
    names = new TopicName[0];
    bytes = 0;
  }
}
