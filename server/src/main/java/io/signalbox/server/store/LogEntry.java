package io.signalbox.server.store;

import io.signalbox.server.routing.Message;
import io.signalbox.server.routing.Subscription;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A batch of commands with all that decides what applying it does, and its byte form: what a
 * replicated log carries. A single machine applies commands as they are and never makes the bytes.
 *
 * <pre>
 * version:1 = 1, may grow:1, count:4, then for each command its type:1 and its fields
 * </pre>
 *
 * @param mayGrow whether there was room when the batch was put together
 */
record LogEntry(boolean mayGrow, List<Command> commands) {
  private static final int VERSION = 1;
  private static final int NONE = -1;

  // Types are part of the form: never reuse one.
  private static final int OPEN_SESSION = 1;
  private static final int DISCONNECT_SESSION = 2;
  private static final int END_SESSION = 3;
  private static final int STORE_SUBSCRIPTIONS = 4;
  private static final int REMOVE_SUBSCRIPTIONS = 5;
  private static final int STORE_PUBLISH = 6;
  private static final int DEQUEUE = 7;
  private static final int ASSIGN_PACKET_ID = 8;
  private static final int MARK_RELEASED = 9;
  private static final int RELEASE_INBOUND = 10;
  private static final int MARK_SENT = 11;
  private static final int MOVE_QUEUED = 12;
  private static final int BARRIER = 13;
  private static final int PUT_RECORD = 14;
  private static final int DELETE_RECORD = 15;
  private static final int SWEEP = 16;
  private static final int DROP_EXPIRED = 17;
  private static final int WRITE_RECORDS = 18;
  private static final int RENEW_WILL = 19;
  private static final int STORE_COPY = 20;

  LogEntry {
    commands = List.copyOf(commands);
  }

  /**
   * Settles the race for the Packet Identifiers of the publishes in it, as applying them would.
   *
   * @throws IllegalStateException a command names its row by a publish that is neither in this
   *     entry nor applied
   */
  byte[] encode() {
    var out = new RowWriter();
    out.putByte(VERSION).putByte(mayGrow ? 1 : 0).putInt(commands.size());
    Map<StorePublish, Integer> places = new HashMap<>();
    for (int i = 0; i < commands.size(); i++) {
      Command command = commands.get(i);
      if (command instanceof StorePublish publish) {
        places.put(publish, i);
      }
      encode(out, command, places);
    }
    return out.toArray();
  }

  private static void encode(RowWriter out, Command command, Map<StorePublish, Integer> places) {
    switch (command) {
      case OpenSession c -> {
        out.putByte(OPEN_SESSION).putString(c.clientId()).putString(c.owner());
        out.putLong(c.expirySeconds()).putByte(c.cleanStart() ? 1 : 0);
        byte[] will = c.will();
        out.putByte(will == null ? 0 : 1);
        if (will != null) {
          out.putLongBytes(will);
        }
      }
      case DisconnectSession c ->
          out.putByte(DISCONNECT_SESSION)
              .putLong(c.number())
              .putLong(c.epoch())
              .putLong(c.expirySeconds())
              .putLong(c.nowMillis())
              .putLong(c.willDueMillis());
      case RenewWill c ->
          out.putByte(RENEW_WILL).putLong(c.number()).putLong(c.epoch()).putLongBytes(c.will());
      case EndSession c -> out.putByte(END_SESSION).putLong(c.number()).putLong(c.epoch());
      case StoreSubscriptions c -> {
        out.putByte(STORE_SUBSCRIPTIONS).putLong(c.number()).putLong(c.epoch());
        out.putInt(c.subscriptions().size());
        c.subscriptions().forEach(s -> SubscriptionForm.writeWhole(out, s));
      }
      case RemoveSubscriptions c -> {
        out.putByte(REMOVE_SUBSCRIPTIONS).putLong(c.number()).putLong(c.epoch());
        out.putInt(c.requestedFilters().size());
        c.requestedFilters().forEach(out::putString);
      }
      case StorePublish c -> {
        StorePublish original = c.copyOf();
        if (original == null) {
          encodePublish(out.putByte(STORE_PUBLISH), c);
        } else {
          Integer place = places.get(original);
          if (place == null) {
            throw new IllegalStateException("a copy is not in the entry of its original");
          }
          encodePublish(out.putByte(STORE_COPY).putInt(place), c);
        }
      }
      case Dequeue c -> {
        out.putByte(DEQUEUE).putLong(c.number()).putLong(c.epoch());
        encodeRow(out, c.sequence(), c.handle(), places);
      }
      case AssignPacketId c -> {
        out.putByte(ASSIGN_PACKET_ID).putLong(c.number()).putLong(c.epoch());
        encodeRow(out, c.sequence(), c.handle(), places);
        out.putShort(c.packetId());
      }
      case MarkReleased c -> {
        out.putByte(MARK_RELEASED).putLong(c.number()).putLong(c.epoch());
        encodeRow(out, c.sequence(), c.handle(), places);
        out.putShort(c.packetId());
      }
      case ReleaseInbound c ->
          out.putByte(RELEASE_INBOUND)
              .putLong(c.number())
              .putLong(c.epoch())
              .putShort(c.packetId());
      case MarkSent c ->
          out.putByte(MARK_SENT).putLong(c.number()).putLong(c.epoch()).putLong(c.upToSequence());
      case MoveQueued c -> {
        out.putByte(MOVE_QUEUED).putLong(c.number()).putLong(c.epoch());
        encodeRow(out, c.sequence(), c.handle(), places);
        out.putLong(c.toNumber()).putByte(c.flags());
        encodeInts(out, c.subscriptionIdentifiers());
      }
      case Barrier _ -> out.putByte(BARRIER);
      case PutRecord c -> {
        out.putByte(PUT_RECORD).putByte(c.table().code()).putShortBytes(c.key());
        out.putLong(c.expectedRevision()).putLongBytes(c.value()).putByte(c.grows() ? 1 : 0);
      }
      case DeleteRecord c ->
          out.putByte(DELETE_RECORD)
              .putByte(c.table().code())
              .putShortBytes(c.key())
              .putLong(c.expectedRevision());
      case WriteRecords c -> {
        out.putByte(WRITE_RECORDS).putByte(c.grows() ? 1 : 0).putInt(c.writes().size());
        c.writes().forEach(write -> encodeWrite(out, write));
      }
      case Sweep c -> out.putByte(SWEEP).putInt(c.rowsMax());
      case DropExpired c -> {
        out.putByte(DROP_EXPIRED).putLong(c.nowMillis()).putInt(c.retainedTopics().size());
        c.retainedTopics().forEach(out::putShortBytes);
        out.putInt(c.numbers().length);
        for (int i = 0; i < c.numbers().length; i++) {
          out.putLong(c.numbers()[i]).putLong(c.sequences()[i]);
        }
      }
    }
  }

  private static void encodeWrite(RowWriter out, WriteRecords.Write c) {
    out.putByte(c.table().code()).putShortBytes(c.key()).putLong(c.expectedRevision());
    byte[] value = c.value();
    out.putByte(value == null ? 0 : 1);
    if (value != null) {
      out.putLongBytes(value);
    }
  }

  private static void encodePublish(RowWriter out, StorePublish c) {
    out.putLongBytes(MessageBytes.encode(c.message())).putInt(c.receivers());
    for (int i = 0; i < c.receivers(); i++) {
      out.putLong(c.number(i)).putByte(c.flagsOf(i)).putShort(c.settlePacketId(i));
      encodeInts(out, c.subscriptionIdentifiersOf(i));
    }
    out.putByte(c.retaining().code()).putLong(c.qos2Number()).putShort(c.qos2PacketId());
    out.putLong(c.epochOfQos2()).putLong(c.willOf()).putByte(c.othersToo() ? 1 : 0);
  }

  private static void encodeInts(RowWriter out, int[] values) {
    out.putVariable(values.length);
    for (int value : values) {
      out.putVariable(value);
    }
  }

  /** A row is named by its sequence, or by the place of its publish in this entry. */
  private static void encodeRow(
      RowWriter out,
      long sequence,
      @Nullable StorePublish handle,
      Map<StorePublish, Integer> places) {
    Integer place = handle == null ? null : places.get(handle);
    long known = sequence != 0 || handle == null ? sequence : handle.sequence();
    if (place == null && known == 0) {
      throw new IllegalStateException("a row is named by a publish that was not applied");
    }
    out.putInt(place == null ? NONE : place).putLong(place == null ? known : 0);
  }

  /**
   * @throws CorruptRowException these are not the bytes of an entry
   */
  static LogEntry decode(byte[] bytes) {
    RowReader in = RowReader.of(bytes);
    in.expectVersion(VERSION);
    boolean mayGrow = in.getByte() != 0;
    int count = in.getInt();
    List<Command> commands = new ArrayList<>();
    Map<Integer, StorePublish> publishes = new HashMap<>();
    for (int i = 0; i < count; i++) {
      Command command = decodeCommand(in, publishes);
      if (command instanceof StorePublish publish) {
        publishes.put(i, publish);
      }
      commands.add(command);
    }
    in.expectEnd();
    return new LogEntry(mayGrow, commands);
  }

  private static Command decodeCommand(RowReader in, Map<Integer, StorePublish> publishes) {
    int type = in.getByte();
    return switch (type) {
      case OPEN_SESSION -> decodeOpenSession(in);
      case DISCONNECT_SESSION ->
          new DisconnectSession(
              in.getLong(), in.getLong(), in.getLong(), in.getLong(), in.getLong());
      case RENEW_WILL -> new RenewWill(in.getLong(), in.getLong(), in.getLongBytes());
      case END_SESSION -> new EndSession(in.getLong(), in.getLong());
      case STORE_SUBSCRIPTIONS -> decodeSubscriptions(in);
      case REMOVE_SUBSCRIPTIONS -> {
        long number = in.getLong();
        long epoch = in.getLong();
        List<String> filters = new ArrayList<>();
        for (int left = in.getInt(); left > 0; left--) {
          filters.add(in.getString());
        }
        yield new RemoveSubscriptions(number, epoch, filters);
      }
      case STORE_PUBLISH -> decodePublish(in, null);
      case STORE_COPY -> {
        StorePublish original = publishes.get(in.getInt());
        if (original == null) {
          throw new CorruptRowException("a copy of no publish");
        }
        yield decodePublish(in, original);
      }
      case DEQUEUE -> {
        var row = Row.read(in, publishes);
        yield new Dequeue(row.number, row.epoch, row.sequence, row.handle);
      }
      case ASSIGN_PACKET_ID -> {
        var row = Row.read(in, publishes);
        yield new AssignPacketId(row.number, row.epoch, row.sequence, row.handle, in.getShort());
      }
      case MARK_RELEASED -> {
        var row = Row.read(in, publishes);
        yield new MarkReleased(row.number, row.epoch, row.sequence, row.handle, in.getShort());
      }
      case RELEASE_INBOUND -> new ReleaseInbound(in.getLong(), in.getLong(), in.getShort());
      case MARK_SENT -> new MarkSent(in.getLong(), in.getLong(), in.getLong());
      case MOVE_QUEUED -> {
        var row = Row.read(in, publishes);
        yield new MoveQueued(
            row.number,
            row.epoch,
            row.sequence,
            row.handle,
            in.getLong(),
            (byte) in.getByte(),
            decodeInts(in));
      }
      case BARRIER -> new Barrier();
      case PUT_RECORD ->
          new PutRecord(
              RecordTable.ofCode(in.getByte()),
              in.getShortBytes(),
              in.getLong(),
              in.getLongBytes(),
              in.getByte() != 0);
      case DELETE_RECORD ->
          new DeleteRecord(RecordTable.ofCode(in.getByte()), in.getShortBytes(), in.getLong());
      case WRITE_RECORDS -> {
        boolean grows = in.getByte() != 0;
        List<WriteRecords.Write> writes = new ArrayList<>();
        for (int left = in.getInt(); left > 0; left--) {
          writes.add(
              new WriteRecords.Write(
                  RecordTable.ofCode(in.getByte()),
                  in.getShortBytes(),
                  in.getLong(),
                  in.getByte() != 0 ? in.getLongBytes() : null));
        }
        yield new WriteRecords(writes, grows);
      }
      case SWEEP -> new Sweep(in.getInt());
      case DROP_EXPIRED -> decodeDropExpired(in);
      default -> throw new CorruptRowException("command of type " + type);
    };
  }

  /** The fields by which a command names a row. */
  private record Row(long number, long epoch, long sequence, @Nullable StorePublish handle) {
    static Row read(RowReader in, Map<Integer, StorePublish> publishes) {
      long number = in.getLong();
      long epoch = in.getLong();
      int place = in.getInt();
      return new Row(number, epoch, in.getLong(), place == NONE ? null : publishes.get(place));
    }
  }

  private static OpenSession decodeOpenSession(RowReader in) {
    String clientId = in.getString();
    String owner = in.getString();
    long expirySeconds = in.getLong();
    boolean cleanStart = in.getByte() != 0;
    byte[] will = in.getByte() != 0 ? in.getLongBytes() : null;
    return new OpenSession(clientId, owner, expirySeconds, cleanStart, will);
  }

  private static StoreSubscriptions decodeSubscriptions(RowReader in) {
    long number = in.getLong();
    long epoch = in.getLong();
    List<Subscription> subscriptions = new ArrayList<>();
    for (int left = in.getInt(); left > 0; left--) {
      subscriptions.add(SubscriptionForm.read(in, new byte[0]));
    }
    return new StoreSubscriptions(number, epoch, subscriptions);
  }

  private static StorePublish decodePublish(RowReader in, @Nullable StorePublish original) {
    Message message = MessageBytes.read(RowReader.of(in.getLongBytes()), null);
    int receivers = in.getInt();
    if (receivers < 0 || receivers > in.remaining()) {
      throw new CorruptRowException(receivers + " receivers");
    }
    long[] numbers = new long[receivers];
    byte[] flags = new byte[receivers];
    int[] packetIds = new int[receivers];
    int[][] identifiers = new int[receivers][];
    for (int i = 0; i < receivers; i++) {
      numbers[i] = in.getLong();
      flags[i] = (byte) in.getByte();
      packetIds[i] = in.getShort();
      identifiers[i] = decodeInts(in);
    }
    var to = new StorePublish.Keepers(numbers, flags, identifiers);
    var read =
        new StorePublish(
            message,
            to,
            StorePublish.Retaining.of(in.getByte()),
            new StorePublish.Qos2Origin(in.getLong(), in.getShort(), in.getLong()),
            in.getLong(),
            in.getByte() != 0);
    StorePublish publish = original == null ? read : original.copyFor(message, to);
    for (int i = 0; i < receivers; i++) {
      if (packetIds[i] != 0) {
        publish.setPacketId(i, packetIds[i]);
      }
    }
    return publish;
  }

  private static int[] decodeInts(RowReader in) {
    int count = in.getVariable();
    if (count < 0 || count > in.remaining()) {
      throw new CorruptRowException(count + " subscription identifiers");
    }
    int[] values = new int[count];
    for (int i = 0; i < count; i++) {
      values[i] = in.getVariable();
    }
    return values;
  }

  private static DropExpired decodeDropExpired(RowReader in) {
    long nowMillis = in.getLong();
    List<byte[]> topics = new ArrayList<>();
    for (int left = in.getInt(); left > 0; left--) {
      topics.add(in.getShortBytes());
    }
    int count = in.getInt();
    if (count < 0 || count > in.remaining()) {
      throw new CorruptRowException(count + " rows");
    }
    long[] numbers = new long[count];
    long[] sequences = new long[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = in.getLong();
      sequences[i] = in.getLong();
    }
    return new DropExpired(nowMillis, topics, numbers, sequences);
  }
}
