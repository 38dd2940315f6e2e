package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.routing.Subscription;
import io.signalbox.server.store.SnapshotPair.DamagedPageException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;

/**
 * Verifies what the tables promise each other: every row has the form its table prescribes, every
 * row belongs to a session that exists or waits to be swept, the heads of queues and the counters
 * say what the rows add up to, and each message has as many receivers as queues refer to it.
 *
 * <p>Reads everything in one snapshot, so on a store in use the file grows while it runs. Queues
 * are gone through more than once when they hold very many messages ({@link ReferenceWindow}).
 * Behind a page that cannot be read the next table is looked at, in another snapshot, and nothing
 * is compared with what was not read.
 */
public final class StoreCheck {
  /**
   * What was found.
   *
   * @param rows looked at
   * @param problems how many; 0 when the store is sound
   * @param descriptions of the first ones
   */
  public record Report(long rows, long problems, List<String> descriptions) {
    public Report {
      descriptions = List.copyOf(descriptions);
    }

    public boolean isSound() {
      return problems == 0;
    }

    Report with(String problem) {
      return new Report(
          rows, problems + 1, Stream.concat(Stream.of(problem), descriptions.stream()).toList());
    }
  }

  private final Lmdb lmdb;
  private final SnapshotPair reading;
  private final Keys keys = new Keys();

  /** Null: the counters cannot be read. */
  private final @Nullable MetaState state;

  private final Consumer<byte[]> willForm;
  private final int descriptionsMax;

  private final List<String> descriptions = new ArrayList<>();
  private long problems;
  private long rows;

  /** Tables of which not all was read, so that what is not there may be. */
  private final Set<String> cutShort = new HashSet<>();

  private final Set<Long> sessions = new HashSet<>();
  private final Set<Long> ended = new HashSet<>();
  private final ReferenceWindow references;

  private StoreCheck(
      Lmdb lmdb,
      SnapshotPair reading,
      Consumer<byte[]> willForm,
      int descriptionsMax,
      ReferenceWindow references) {
    this.lmdb = lmdb;
    this.reading = reading;
    this.willForm = willForm;
    this.descriptionsMax = descriptionsMax;
    this.references = references;
    this.state = readState();
  }

  private @Nullable MetaState readState() {
    try {
      return new Readers.Snapshot(reading.walking).state(lmdb);
    } catch (CorruptRowException | LmdbException e) {
      problem("the counters: " + e.getMessage());
      reading.renew(); // a page that cannot be read spoils the snapshot
      return null;
    }
  }

  /**
   * Checks a store that no process has open.
   *
   * @param willForm throws any unchecked exception for what is stored of a will and is damaged
   * @throws StoreOpenException it cannot be opened at all
   */
  public static Report run(
      Path directory, StoreConfig config, Consumer<byte[]> willForm, int descriptionsMax)
      throws StoreOpenException {
    Path path = directory.toAbsolutePath().normalize();
    StoreFiles.requireStore(path);
    try (DirectoryLock _ = DirectoryLock.take(path)) {
      Lmdb.unpackLibraryInto(path);
      try (Lmdb lmdb = Lmdb.open(path, config)) {
        StoreFormat.requireCurrent(lmdb);
        return lmdb.withLostPage(run(lmdb, willForm, descriptionsMax));
      }
    }
  }

  /**
   * Checks a store in use. Not on an I/O thread.
   *
   * @param willForm throws any unchecked exception for what is stored of a will and is damaged
   */
  public static Report run(Store store, Consumer<byte[]> willForm, int descriptionsMax) {
    return run(store.lmdb(), willForm, descriptionsMax);
  }

  static Report run(Lmdb lmdb, Consumer<byte[]> willForm, int descriptionsMax) {
    return run(lmdb, willForm, descriptionsMax, new ReferenceWindow(ReferenceWindow.SEQUENCES_MAX));
  }

  static Report run(
      Lmdb lmdb, Consumer<byte[]> willForm, int descriptionsMax, ReferenceWindow references) {
    try (Lmdb.LongRead _ = lmdb.longRead();
        Txn<MemorySegment> walking = lmdb.env.txnRead();
        Txn<MemorySegment> looking = lmdb.env.txnRead()) {
      var reading = new SnapshotPair(walking, looking);
      return new StoreCheck(lmdb, reading, willForm, descriptionsMax, references).run();
    }
  }

  /** Looks at one row. */
  private interface RowCheck {
    void check(MemorySegment key, MemorySegment value);
  }

  private Report run() {
    each("session", lmdb.sessions, this::session);
    each("client", lmdb.clients, this::client);
    if (isWhole("session")) {
      countSessions();
    }
    each("ended", lmdb.ended, (key, _) -> ended(key.get(Bytes.LONG, 0)));
    each("will", lmdb.wills, this::will);
    each("sub", lmdb.subscriptions, this::subscription);
    each("qos2in", lmdb.inboundQos2, this::inboundQos2);
    new QueueCheck().run();
    new MessageCheck().run();
    new RetainedCheck().run();
    for (RecordTable table : RecordTable.values()) {
      each(table.name(), lmdb.records(table), this::record);
    }
    return new Report(rows, problems, descriptions);
  }

  private void each(String table, Dbi<MemorySegment> dbi, RowCheck check) {
    try (Cursor<MemorySegment> cursor = dbi.openCursor(reading.walking)) {
      for (boolean found = cursor.first(); found; found = cursor.next()) {
        rows++;
        MemorySegment key = cursor.key();
        try {
          Keys.requireLength(key);
          check.check(key, cursor.val());
        } catch (DamagedPageException _) {
          // A problem of another table, whose own walk tells it.
        } catch (CorruptRowException | IndexOutOfBoundsException e) {
          problem("table " + table + ", key " + describe(key) + ": " + e.getMessage());
        }
      }
    } catch (LmdbException e) {
      problem("table " + table + ": a page cannot be read: " + e.getMessage());
      cutShort.add(table);
      reading.renew();
    }
  }

  private boolean isWhole(String table) {
    return !cutShort.contains(table);
  }

  static String describe(MemorySegment key) {
    var text = new StringBuilder("0x");
    for (byte b : key.asSlice(0, Math.min(32, key.byteSize())).toArray(Bytes.BYTE)) {
      text.append("%02x".formatted(b));
    }
    return text.append(key.byteSize() > 32 ? "..." : "").toString();
  }

  private void expect(boolean holds, String otherwise) {
    if (!holds) {
      problem(otherwise);
    }
  }

  private void problem(String description) {
    problems++;
    if (descriptions.size() < descriptionsMax) {
      descriptions.add(description);
    }
  }

  private void session(MemorySegment key, MemorySegment value) {
    long number = key.get(Bytes.LONG, 0);
    sessions.add(number);
    SessionState session = SessionState.read(number, value);
    expect(
        number > 0 && (state == null || number < state.nextSessionNumber),
        "session " + number + " has a number that was not given out");
    MemorySegment clientKey = keys.clientId(session.clientId);
    Keys.requireLength(clientKey);
    MemorySegment client = reading.lookUp(txn -> lmdb.clients.get(txn, clientKey));
    expect(
        client != null && new RowReader(client).getLong() == number,
        "session " + number + " is not the session of its client");
  }

  private void countSessions() {
    if (state != null) {
      expect(
          state.sessions == sessions.size(),
          "counter of sessions is " + state.sessions + ", there are " + sessions.size());
    }
    long clients = lmdb.clients.stat(reading.walking).entries;
    expect(clients == sessions.size(), clients + " clients have " + sessions.size() + " sessions");
  }

  private void client(MemorySegment key, MemorySegment value) {
    long number = new RowReader(value).getLong();
    expect(
        sessions.contains(number) || !isWhole("session"),
        "client " + describe(key) + " has session " + number + ", which does not exist");
  }

  private void ended(long number) {
    ended.add(number);
    expect(!sessions.contains(number), "session " + number + " exists and is to be swept");
  }

  private void owner(String table, long number) {
    expect(
        sessions.contains(number) || ended.contains(number) || !ownersAreKnown(),
        "table " + table + " has a row of session " + number + ", which does not exist");
  }

  private boolean ownersAreKnown() {
    return isWhole("session") && isWhole("ended");
  }

  private void will(MemorySegment key, MemorySegment value) {
    owner("will", key.get(Bytes.LONG, 0));
    requireWill(value, willForm);
  }

  /**
   * @throws CorruptRowException the form refuses it
   */
  static void requireWill(MemorySegment row, Consumer<byte[]> willForm) {
    try {
      willForm.accept(row.toArray(Bytes.BYTE));
    } catch (RuntimeException e) {
      throw new CorruptRowException(e);
    }
  }

  private void subscription(MemorySegment key, MemorySegment value) {
    long number = key.get(Bytes.LONG, 0);
    owner("sub", number);
    byte[] filter = key.asSlice(8).toArray(Bytes.BYTE);
    Subscription subscription = SubscriptionForm.read(new RowReader(value), filter);
    byte[] requested = subscription.requestedFilter().getBytes(UTF_8);
    expect(
        SegmentProxy.compare(keys.subscription(number, requested), key) == 0,
        "a subscription of session " + number + " has another one's key");
  }

  private void inboundQos2(MemorySegment key, MemorySegment value) {
    owner("qos2in", key.get(Bytes.LONG, 0));
    expect(
        key.get(Bytes.SHORT, 8) != 0 && value.byteSize() == 0,
        "row in qos2in, key " + describe(key));
  }

  private void record(MemorySegment key, MemorySegment value) {
    long revision = new RowReader(value).getLong();
    expect(
        revision > 0 && (state == null || revision <= state.appliedIndex),
        "record " + describe(key) + " has revision " + revision + ", which was not given out");
  }

  /** Queues: rows against their heads, heads against the counters. */
  private final class QueueCheck {
    private @Nullable SessionState head;
    private long messages;
    private long bytes;
    private long allMessages;
    private long allBytes;

    void run() {
      each("queue", lmdb.queue, this::row);
      if (isWhole("queue")) {
        finish();
        compareTotals();
      }
    }

    private void compareTotals() {
      if (state != null && isWhole("ended")) {
        expect(
            allMessages == state.queuedMessages && allBytes == state.queuedBytes,
            "counters say "
                + state.queuedMessages
                + " queued messages and "
                + state.queuedBytes
                + " bytes, there are "
                + allMessages
                + " and "
                + allBytes);
      }
    }

    private void row(MemorySegment key, MemorySegment value) {
      long number = key.get(Bytes.LONG, 0);
      long sequence = key.get(Bytes.LONG, 8);
      if (head == null || head.number != number) {
        finish();
        head = new SessionState(number, "");
        owner("queue", number);
      }
      if (sequence == Keys.QUEUE_HEAD) {
        head.readHead(value);
        return;
      }
      var in = new RowReader(value);
      QueueRow row = QueueRow.read(in);
      messages++;
      bytes += row.bytes;
      String name = "row " + sequence + " of session " + number;
      expect(
          state == null || sequence < state.nextSequence,
          name + " has a sequence that was not given out");
      expect(
          (row.state == QueueRow.RELEASED) == (row.content == QueueRow.NO_CONTENT),
          name + " has state " + row.state + " with content " + row.content);
      expect(row.state != QueueRow.RELEASED || row.packetId != 0, name + " has no packet id");
      long formBytes =
          switch (row.content) {
            case QueueRow.INLINE -> {
              long length = in.remaining();
              MessageBytes.read(in, null);
              yield length;
            }
            case QueueRow.REFERENCE -> {
              long message = in.getLong();
              in.expectEnd();
              references.count(message);
              yield messageBytes(name, message);
            }
            default -> 0;
          };
      expect(
          countsRight(row, (int) formBytes),
          name + " counts " + row.bytes + " bytes for a message of " + formBytes);
    }

    private static boolean countsRight(QueueRow row, int formBytes) {
      return row.bytes == QueueRow.OVERHEAD_BYTES + formBytes // released, or of an earlier version
          || row.bytes == QueueRow.counted(formBytes, row.subscriptionIdentifiers);
    }

    private long messageBytes(String name, long message) {
      MemorySegment count = reading.lookUp(txn -> lmdb.messages.get(txn, keys.message(message, 0)));
      if (count == null) {
        problem(name + " refers to message " + message + ", which does not exist");
        return 0;
      }
      return count.get(Bytes.INT, Integer.BYTES);
    }

    private void finish() {
      SessionState done = head;
      if (done != null && isWhole("ended") && !ended.contains(done.number)) {
        expect(
            done.messages == messages && done.bytes == bytes,
            "the queue of session "
                + done.number
                + " counts "
                + done.messages
                + " messages and "
                + done.bytes
                + " bytes, has "
                + messages
                + " and "
                + bytes);
        allMessages += messages;
        allBytes += bytes;
      }
      messages = 0;
      bytes = 0;
    }
  }

  /** Messages: receivers left against references, parts against length. */
  private final class MessageCheck {
    /** Of which the references were counted; what is damaged leads to a newer one. */
    private final long snapshot = reading.walking.getId();

    void run() {
      each("msg", lmdb.messages, this::row);
      while (isWhole("msg") && areCounted()) {
        tellRest();
        if (references.isLast()) {
          return;
        }
        countNext();
      }
    }

    private void tellRest() {
      references.rest(
          (message, count) -> problem(count + " rows too many refer to message " + message));
    }

    private boolean areCounted() {
      return isWhole("queue") && reading.walking.getId() == snapshot;
    }

    private void row(MemorySegment key, MemorySegment value) {
      long sequence = key.get(Bytes.LONG, 0);
      int part = key.get(Bytes.BYTE, 8);
      if (part != 0) {
        expect(
            lmdb.messages.get(reading.walking, keys.message(sequence, 0)) != null,
            "part " + part + " of message " + sequence + " is left alone");
        return;
      }
      int receivers = value.get(Bytes.INT, 0);
      if (areCounted()) {
        int referring = referring(sequence);
        expect(
            referring == receivers,
            "message " + sequence + " counts " + receivers + " receivers, has " + referring);
      }
      MemorySegment form = new MessageTable(lmdb.messages, keys).read(reading.walking, sequence);
      MessageBytes.read(new RowReader(form), null);
    }

    /** Sequences come in their order, so a window behind which one lies is done with. */
    private int referring(long sequence) {
      while (references.endsBefore(sequence)) {
        tellRest();
        countNext();
      }
      return references.take(sequence);
    }

    private void countNext() {
      references.next();
      references.countAll(lmdb.queue, reading.walking);
    }
  }

  /** Retained messages: keys against topics, counters against rows. */
  private final class RetainedCheck {
    private long bytes;
    private long messages;

    void run() {
      each("retained", lmdb.retained, this::row);
      if (state != null && isWhole("retained")) {
        expect(
            messages == state.retainedMessages && bytes == state.retainedBytes,
            "counters say "
                + state.retainedMessages
                + " retained messages and "
                + state.retainedBytes
                + " bytes, there are "
                + messages
                + " and "
                + bytes);
      }
    }

    private void row(MemorySegment key, MemorySegment value) {
      messages++;
      bytes += key.byteSize() + value.byteSize();
      byte[] stored = MessageBytes.topic(value);
      byte[] topic = stored == null ? key.toArray(Bytes.BYTE) : stored;
      MessageBytes.read(new RowReader(value), MessageBytes.topicName(topic));
      expect(
          SegmentProxy.compare(keys.topic(topic), key) == 0,
          "a retained message has another topic's key: " + describe(key));
    }
  }
}
