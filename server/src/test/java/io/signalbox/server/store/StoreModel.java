package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.config.SessionConfig.Overflow;
import io.signalbox.server.routing.Message;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.store.StoreException.Reason;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What the store should hold, said in collections: the oracle of the tests. */
final class StoreModel {
  static final class Row {
    final Message message;
    final int bytes;
    byte flags;
    int[] identifiers;
    QueuedRow.State state = QueuedRow.State.QUEUED;
    int packetId;

    Row(Message message, byte flags, int[] identifiers) {
      this.message = message;
      this.bytes = 64 + MessageBytes.length(message, true) + 4 * identifiers.length;
      this.flags = flags;
      this.identifiers = identifiers;
    }

    int counted() {
      return state == QueuedRow.State.RELEASED ? 64 : bytes;
    }
  }

  static final class Session {
    final long number;
    final String clientId;
    String owner = "";
    long epoch;
    long expirySeconds;
    boolean online;
    long disconnectedAt;
    long willDue;
    byte @Nullable [] will;
    long sentUpTo;
    final Map<String, Subscription> subscriptions = new TreeMap<>();
    final TreeSet<Integer> inbound = new TreeSet<>();
    final TreeMap<Long, Row> queue = new TreeMap<>();

    Session(long number, String clientId) {
      this.number = number;
      this.clientId = clientId;
    }

    byte @Nullable [] willHead() {
      byte[] known = will;
      return known == null
          ? null
          : Arrays.copyOfRange(known, 4, 4 + ByteBuffer.wrap(known).getInt());
    }

    long bytes() {
      return queue.values().stream().mapToLong(Row::counted).sum();
    }
  }

  private final StoreLimits limits;
  final Map<String, Session> byClient = new TreeMap<>();
  final Map<Long, Session> byNumber = new TreeMap<>();
  final Map<String, Message> retained = new TreeMap<>();
  final Map<String, StoredRecord> records = new TreeMap<>();
  private final Map<StorePublish, Long> applied = new HashMap<>();
  private long nextSequence = 1;
  private long nextNumber = 1;

  StoreModel(StoreLimits limits) {
    this.limits = limits;
  }

  /** The reason of a refusal, or the result. A record's revision is told as null. */
  @Nullable Object apply(Command command) {
    return switch (command) {
      case OpenSession c -> open(c);
      case DisconnectSession c -> {
        Session session = require(c.number(), c.epoch());
        if (session == null) {
          yield Reason.STALE_EPOCH;
        }
        session.online = false;
        session.expirySeconds = c.expirySeconds();
        session.disconnectedAt = c.nowMillis();
        session.willDue = c.willDueMillis();
        session.will = c.willDueMillis() == 0 ? null : session.will;
        yield null;
      }
      case RenewWill c -> {
        Session session = require(c.number(), c.epoch());
        if (session == null) {
          yield Reason.STALE_EPOCH;
        }
        session.will = c.will();
        yield null;
      }
      case EndSession c -> {
        if (!byNumber.containsKey(c.number())) {
          yield false;
        }
        Session session = require(c.number(), c.epoch());
        if (session == null) {
          yield Reason.STALE_EPOCH;
        }
        end(session);
        yield true;
      }
      case StoreSubscriptions c -> {
        Session session = require(c.number(), c.epoch());
        if (session == null) {
          yield Reason.STALE_EPOCH;
        }
        c.subscriptions().forEach(s -> session.subscriptions.put(s.requestedFilter(), s));
        yield null;
      }
      case RemoveSubscriptions c -> {
        Session session = require(c.number(), c.epoch());
        if (session == null) {
          yield Reason.STALE_EPOCH;
        }
        c.requestedFilters().forEach(session.subscriptions::remove);
        yield null;
      }
      case StorePublish c -> publish(c);
      case Dequeue c -> {
        Session session = require(c.number(), c.epoch());
        if (session == null) {
          yield Reason.STALE_EPOCH;
        }
        yield session.queue.remove(sequence(c.sequence(), c.handle())) != null;
      }
      case AssignPacketId c -> {
        Session session = require(c.number(), c.epoch());
        if (session == null) {
          yield Reason.STALE_EPOCH;
        }
        Row row = session.queue.get(sequence(c.sequence(), c.handle()));
        if (row == null) {
          yield false;
        }
        row.packetId = c.packetId();
        row.state = row.state == QueuedRow.State.QUEUED ? QueuedRow.State.SENT : row.state;
        yield true;
      }
      case MarkReleased c -> {
        Session session = require(c.number(), c.epoch());
        if (session == null) {
          yield Reason.STALE_EPOCH;
        }
        Row row = session.queue.get(sequence(c.sequence(), c.handle()));
        if (row == null) {
          yield false;
        }
        row.packetId = c.packetId();
        row.state = QueuedRow.State.RELEASED;
        row.identifiers = new int[0];
        yield true;
      }
      case ReleaseInbound c -> {
        Session session = require(c.number(), c.epoch());
        if (session == null) {
          yield Reason.STALE_EPOCH;
        }
        session.inbound.remove(c.packetId());
        yield null;
      }
      case MarkSent c -> {
        Session session = require(c.number(), c.epoch());
        if (session == null) {
          yield Reason.STALE_EPOCH;
        }
        session.sentUpTo = c.upToSequence();
        yield null;
      }
      case MoveQueued c -> move(c);
      case Barrier _ -> null;
      case PutRecord c -> {
        String key = c.table() + new String(c.key(), UTF_8);
        boolean exists = records.containsKey(key);
        if (c.expectedRevision() == 0 && exists) {
          yield Reason.REVISION_CONFLICT;
        }
        records.put(key, new StoredRecord(c.key(), 0, c.value()));
        yield null;
      }
      case WriteRecords c -> writeRecords(c);
      case DeleteRecord c -> records.remove(c.table() + new String(c.key(), UTF_8)) != null;
      case Sweep _ -> null;
      case DropExpired c -> dropExpired(c);
    };
  }

  /** Of a session that is away, only what nobody has begun to send. */
  private int dropExpired(DropExpired c) {
    int dropped = 0;
    for (byte[] topic : c.retainedTopics()) {
      String name = new String(topic, UTF_8);
      Message message = retained.get(name);
      if (message != null && message.isExpired(c.nowMillis())) {
        retained.remove(name);
        dropped++;
      }
    }
    for (int i = 0; i < c.numbers().length; i++) {
      Session session = byNumber.get(c.numbers()[i]);
      long sequence = c.sequences()[i];
      Row row = session == null ? null : session.queue.get(sequence);
      if (session != null
          && !session.online
          && row != null
          && sequence > session.sentUpTo
          && row.state == QueuedRow.State.QUEUED
          && row.message.isExpired(c.nowMillis())) {
        session.queue.remove(sequence);
        dropped++;
      }
    }
    return dropped;
  }

  private @Nullable Object writeRecords(WriteRecords c) {
    for (WriteRecords.Write write : c.writes()) {
      boolean exists = records.containsKey(write.table() + new String(write.key(), UTF_8));
      if (write.expectedRevision() == 0 && exists) {
        return Reason.REVISION_CONFLICT;
      }
    }
    for (WriteRecords.Write write : c.writes()) {
      String key = write.table() + new String(write.key(), UTF_8);
      byte[] value = write.value();
      if (value == null) {
        records.remove(key);
      } else {
        records.put(key, new StoredRecord(write.key(), 0, value));
      }
    }
    return null;
  }

  private OpenedSession open(OpenSession c) {
    Session session = byClient.get(c.clientId());
    boolean present = session != null && !c.cleanStart();
    if (session == null || !present) {
      if (session != null) {
        end(session);
      }
      session = new Session(nextNumber++, c.clientId());
      byClient.put(c.clientId(), session);
      byNumber.put(session.number, session);
    }
    session.epoch++;
    session.owner = c.owner();
    session.expirySeconds = c.expirySeconds();
    session.online = true;
    session.disconnectedAt = 0;
    session.willDue = 0;
    session.will = c.will();
    return new OpenedSession(session.number, session.epoch, present, List.copyOf(session.inbound));
  }

  private void end(Session session) {
    byClient.remove(session.clientId);
    byNumber.remove(session.number);
  }

  private @Nullable Session require(long number, long epoch) {
    Session session = byNumber.get(number);
    return session == null || (epoch != Command.ANY_EPOCH && epoch != session.epoch)
        ? null
        : session;
  }

  private long sequence(long given, @Nullable StorePublish handle) {
    Long known = handle == null ? null : applied.get(handle);
    return given != 0 || known == null ? given : known;
  }

  private Object publish(StorePublish c) {
    if (c.qos2Number() != 0 && require(c.qos2Number(), c.epochOfQos2()) == null) {
      return Reason.STALE_EPOCH;
    }
    long sequence = nextSequence++;
    applied.put(c, sequence);
    if (c.qos2Number() != 0) {
      Session publisher = byNumber.get(c.qos2Number());
      if (publisher == null || publisher.inbound.contains(c.qos2PacketId())) {
        return expectation(c, sequence, true, new boolean[c.receivers()]);
      }
    }
    boolean[] accepted = new boolean[c.receivers()];
    if (c.retaining() == StorePublish.Retaining.OR_REFUSED && !mayRetain(c.message())) {
      return expectation(c, sequence, false, accepted);
    }
    boolean overQuota = false;
    boolean taken = c.othersToo() || c.setRetained();
    for (int i = 0; i < c.receivers(); i++) {
      Session session = byNumber.get(c.number(i));
      var row = new Row(c.message(), c.flagsOf(i), c.subscriptionIdentifiersOf(i));
      if (session != null && makeRoom(session, row.bytes)) {
        accepted[i] = true;
        row.packetId = c.packetId(i); // claimed before it was submitted
        row.state = row.packetId == 0 ? QueuedRow.State.QUEUED : QueuedRow.State.SENT;
        session.queue.put(sequence, row);
      }
      taken |= accepted[i];
      overQuota |= session != null && !accepted[i];
    }
    Session publisher = byNumber.get(c.qos2Number());
    if (publisher != null && (taken || !overQuota)) {
      publisher.inbound.add(c.qos2PacketId());
    }
    if (c.setRetained()) {
      retain(c.message());
    }
    if (c.willOf() != 0) {
      Session session = byNumber.get(c.willOf());
      if (session != null) {
        session.will = null;
        session.willDue = 0;
      }
    }
    return expectation(c, sequence, false, accepted);
  }

  record Published(long sequence, boolean duplicate, List<Boolean> accepted) {}

  private static Published expectation(
      StorePublish publish, long sequence, boolean duplicate, boolean[] accepted) {
    List<Boolean> list = new ArrayList<>();
    for (int i = 0; i < publish.receivers(); i++) {
      list.add(accepted[i]);
    }
    return new Published(sequence, duplicate, list);
  }

  private boolean makeRoom(Session session, int bytes) {
    if (limits.overflow() == Overflow.DROP_OLDEST && bytes <= limits.queueBytesMax()) {
      var before = new TreeMap<>(session.queue);
      var rows = session.queue.tailMap(session.sentUpTo, false).entrySet().iterator();
      while (!fits(session, bytes) && rows.hasNext()) {
        if (rows.next().getValue().state == QueuedRow.State.QUEUED) {
          rows.remove();
        }
      }
      if (!fits(session, bytes)) {
        session.queue.putAll(before); // nothing gives way in vain
      }
    }
    return fits(session, bytes);
  }

  private boolean fits(Session session, int bytes) {
    return session.queue.size() < limits.queueMessagesMax()
        && queuedMessages() < limits.queuedMessagesMax()
        && session.bytes() + bytes <= limits.queueBytesMax();
  }

  long queuedMessages() {
    return byNumber.values().stream().mapToLong(s -> s.queue.size()).sum();
  }

  private boolean mayRetain(Message message) {
    List<Message> others =
        retained.values().stream().filter(m -> !m.topic().equals(message.topic())).toList();
    return message.payload().length == 0
        || (others.size() < limits.retainedMessagesMax()
            && others.stream().mapToLong(StoreModel::bytes).sum() + bytes(message)
                <= limits.retainedBytesMax());
  }

  private void retain(Message message) {
    boolean may = mayRetain(message);
    retained.remove(message.topic().toString());
    if (may && message.payload().length > 0) {
      retained.put(message.topic().toString(), message);
    }
  }

  private static long bytes(Message message) {
    byte[] topic = message.topic().utf8();
    return topic.length <= 480
        ? topic.length + MessageBytes.length(message, false)
        : 481 + MessageBytes.length(message, true);
  }

  private Object move(MoveQueued c) {
    Session from = require(c.number(), c.epoch());
    if (from == null) {
      return Reason.STALE_EPOCH;
    }
    long given = sequence(c.sequence(), c.handle());
    Row row = from.queue.get(given);
    if (row == null || row.state == QueuedRow.State.RELEASED) {
      return MoveQueued.GONE;
    }
    Session to = byNumber.get(c.toNumber());
    var moved = new Row(row.message, c.flags(), c.subscriptionIdentifiers());
    from.queue.remove(given); // before room is looked for: together they get no longer
    if (to == null || !makeRoom(to, moved.bytes)) {
      from.queue.put(given, row);
      return MoveQueued.REFUSED;
    }
    to.queue.put(nextSequence, moved);
    return nextSequence++;
  }
}
