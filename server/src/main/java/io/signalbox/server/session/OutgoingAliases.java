package io.signalbox.server.session;

import io.signalbox.server.eventloop.MemoryShare;
import io.signalbox.server.topic.TopicName;
import java.util.HashMap;
import java.util.Map;

/**
 * Topic Aliases we gave out on one connection (MQTT 5.0 section 3.3.2.3.4): the first topics get
 * one until the client's Topic Alias Maximum is reached, the others are sent in full. So are those
 * with long names, and all new ones while memory is scarce: the names are held for as long as the
 * connection lasts, and count as memory that all connections have together. Confined to the
 * connection's I/O thread.
 */
final class OutgoingAliases {
  /** No alias: the topic goes in full. */
  static final int NONE = 0;

  /** For a client that takes no aliases; one for all, as it never changes. */
  static final OutgoingAliases OFF = new OutgoingAliases(0);

  private static final int NAME_BYTES_MAX = 512;

  /** Of an alias besides its name's text. */
  private static final int ALIAS_BYTES = 112;

  private final int maximum;

  /** Made with the first alias: most connections send none. */
  private Map<TopicName, Integer> aliases = Map.of();

  /** What they take of the memory of all. */
  private int bytes;

  /**
   * @param maximum 0..65,535: the smaller of the client's Topic Alias Maximum and our own limit
   *     [MQTT-3.1.2-26]
   */
  OutgoingAliases(int maximum) {
    this.maximum = maximum;
  }

  /** The alias the client already knows for the topic, or {@link #NONE}. */
  int known(TopicName topic) {
    if (maximum == 0) {
      return NONE;
    }
    Integer alias = aliases.get(topic);
    return alias == null ? NONE : alias;
  }

  /**
   * A new alias for a topic that has none, or {@link #NONE} when all are given out or memory is
   * saved.
   */
  int assign(TopicName topic, MemoryShare memory) {
    if (aliases.size() >= maximum
        || topic.utf8().length > NAME_BYTES_MAX
        || OutboundQueue.isScarce(memory)) {
      return NONE;
    }
    if (aliases.isEmpty()) {
      aliases = new HashMap<>();
    }
    int alias = aliases.size() + 1;
    aliases.put(topic, alias);
    count(ALIAS_BYTES + topic.utf8().length, memory);
    return alias;
  }

  private void count(int change, MemoryShare memory) {
    bytes += change;
    memory.charge(change);
  }

  /** The publish that would have carried it was not sent. */
  void takeBack(TopicName topic, MemoryShare memory) {
    aliases.remove(topic);
    count(-ALIAS_BYTES - topic.utf8().length, memory);
  }

  /** The connection has ended; to be used no more. */
  void forget(MemoryShare memory) {
    count(-bytes, memory);
  }
}
