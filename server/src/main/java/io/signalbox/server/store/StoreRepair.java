package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.store.SnapshotPair.DamagedPageException;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;

/**
 * Writes every row that can still be read, and that still belongs to something, into a new file
 * with counters that are true again, and puts it in the place of the damaged one, which is kept
 * beside it.
 *
 * <p>Rows are copied one by one rather than mended in place: the damaged file is not written to, so
 * a repair that fails makes nothing worse.
 */
public final class StoreRepair {
  private static final String NEW_DIRECTORY = "unfinished-repair";

  /**
   * What is held in memory.
   *
   * @param batchRows 1.. of a transaction
   * @param batchBytes 1.. of a transaction, beyond which its last row may go
   * @param references 2.. messages of which the rows are counted at a time
   */
  record Bounds(int batchRows, long batchBytes, int references) {
    private static final Bounds DEFAULTS =
        new Bounds(10_000, 16 << 20, ReferenceWindow.SEQUENCES_MAX);
  }

  /**
   * What became of the rows.
   *
   * @param kept rows that are in the new file
   * @param leftOut rows that are not; rows of damaged pages were never seen and are not counted
   * @param recordsLeftOut those of them in tables of {@link RecordTable}, where a row may be what
   *     refuses somebody
   * @param descriptions of the first ones left out
   * @param damagedFile where the old file is now
   */
  public record Report(
      long kept, long leftOut, long recordsLeftOut, List<String> descriptions, Path damagedFile) {
    public Report {
      descriptions = List.copyOf(descriptions);
    }
  }

  /** The new file takes nothing more; not to be taken for a page of the old one that is damaged. */
  private static final class UnwritableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    final LmdbException problem;

    UnwritableException(LmdbException problem) {
      super(problem);
      this.problem = problem;
    }
  }

  private final Bounds bounds;
  private final Lmdb from;
  private final Lmdb to;
  private final SnapshotPair reading;
  private final Consumer<byte[]> willForm;
  private final int descriptionsMax;
  private final Keys keys = new Keys();
  private final RowWriter row = new RowWriter();
  private final List<String> descriptions = new ArrayList<>();
  private final Map<Long, SessionState> sessions = new HashMap<>();

  /** Whose queues told how far they may have been sent. */
  private final Set<Long> withHead = new HashSet<>();

  private final ReferenceWindow references;
  private final MetaState state = new MetaState();
  private Txn<MemorySegment> writing;
  private int rowsInBatch;
  private long bytesInBatch;
  private long kept;
  private long leftOut;

  private StoreRepair(
      Lmdb from,
      Lmdb to,
      SnapshotPair reading,
      Consumer<byte[]> willForm,
      int descriptionsMax,
      Bounds bounds) {
    this.bounds = bounds;
    this.references = new ReferenceWindow(bounds.references);
    this.from = from;
    this.to = to;
    this.reading = reading;
    this.willForm = willForm;
    this.descriptionsMax = descriptionsMax;
    this.writing = to.env.txnWrite();
  }

  /**
   * Repairs a store that no process has open.
   *
   * @param willForm throws any unchecked exception for what is stored of a will and is damaged
   * @throws StoreOpenException it cannot be opened at all, or the disk refuses the new file
   */
  public static Report run(
      Path directory, StoreConfig config, Consumer<byte[]> willForm, int descriptionsMax)
      throws StoreOpenException {
    return run(directory, config, willForm, descriptionsMax, Bounds.DEFAULTS);
  }

  static Report run(
      Path directory,
      StoreConfig config,
      Consumer<byte[]> willForm,
      int descriptionsMax,
      Bounds bounds)
      throws StoreOpenException {
    Path path = directory.toAbsolutePath().normalize();
    Path fresh = path.resolve(NEW_DIRECTORY);
    StoreFiles.requireStore(path);
    try (DirectoryLock _ = DirectoryLock.take(path);
        Closeable _ = () -> StoreFiles.deleteTree(fresh)) { // a disk it has filled needs the room
      Lmdb.unpackLibraryInto(path);
      StoreFiles.deleteTree(fresh);
      StoreFiles.makeFolder(fresh);
      Report counts = copy(path, fresh, config, willForm, descriptionsMax, bounds);
      keepAccess(path, fresh);
      Path damaged = StoreFiles.replace(path, fresh.resolve(Lmdb.DATA_FILE));
      return new Report(
          counts.kept, counts.leftOut, counts.recordsLeftOut, counts.descriptions, damaged);
    } catch (UnwritableException e) {
      throw new StoreOpenException(unwritable(path, e.problem), e);
    } catch (IOException | LmdbException e) {
      throw new StoreOpenException("repair of \"" + path + "\" failed: " + e.getMessage(), e);
    }
  }

  /** The new file is for the same users as the old one; so is what opening both has made. */
  private static void keepAccess(Path path, Path fresh) throws IOException {
    Path oldFile = path.resolve(Lmdb.DATA_FILE);
    Path newFile = fresh.resolve(Lmdb.DATA_FILE);
    FileOwner owner = FileOwner.of(oldFile);
    owner.give(newFile);
    Files.getFileAttributeView(newFile, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
        .setPermissions(Files.getPosixFilePermissions(oldFile));
    if (StoreFiles.isRoots(fresh)) {
      try (Stream<Path> entries = Files.list(path)) {
        for (Path entry : entries.toList()) {
          owner.giveTree(entry);
        }
      }
    }
  }

  private static String unwritable(Path path, LmdbException problem) {
    String failed = "repair of \"" + path + "\" failed: " + problem.getMessage();
    String needed =
        "it needs up to "
            + path.resolve(Lmdb.DATA_FILE).toFile().length()
            + " bytes beside the old file, which is as it was; make room and do it again";
    if (Committer.isNoRoom(problem)) {
      return failed + "; " + needed;
    }
    return Committer.isPerhapsNoRoom(problem)
        ? failed + "; the disk is perhaps full: " + needed
        : failed;
  }

  private static Report copy(
      Path path,
      Path fresh,
      StoreConfig config,
      Consumer<byte[]> willForm,
      int descriptionsMax,
      Bounds bounds)
      throws StoreOpenException {
    try (Lmdb from = Lmdb.open(path, config);
        Lmdb to = Lmdb.open(fresh, config)) {
      StoreFormat.requireCurrent(from);
      StoreFormat.bringUpToDate(to);
      try (Txn<MemorySegment> walking = from.env.txnRead();
          Txn<MemorySegment> looking = from.env.txnRead()) {
        var reading = new SnapshotPair(walking, looking);
        return new StoreRepair(from, to, reading, willForm, descriptionsMax, bounds).run();
      }
    }
  }

  private Report run() {
    try {
      readState();
      each("session", from.sessions, this::session);
      each("will", from.wills, this::will);
      each("sub", from.subscriptions, this::subscription);
      each("qos2in", from.inboundQos2, (key, value) -> belonging(to.inboundQos2, key, value));
      each("queue", from.queue, this::queued);
      heads();
      messages();
      each("retained", from.retained, this::retained);
      long others = leftOut;
      for (RecordTable table : RecordTable.values()) {
        each(
            table.name(),
            from.records(table),
            (key, value) -> record(to.records(table), key, value));
      }
      state.write(row.begin());
      write(to.meta, keys.raw(Keys.STATE), row.row());
      commit();
      return new Report(kept, leftOut, leftOut - others, descriptions, Path.of(""));
    } finally {
      writing.close();
    }
  }

  // ---------------------------------------------------------------- walking

  /** Copies a row, or says why not. */
  private interface RowCopy {
    /**
     * @throws CorruptRowException the row is left out
     */
    void copy(MemorySegment key, MemorySegment value);
  }

  /** From the front as far as the pages can be read, then from the back to there. */
  private void each(String table, Dbi<MemorySegment> dbi, RowCopy copy) {
    byte[] last = null;
    try (Cursor<MemorySegment> cursor = dbi.openCursor(reading.walking)) {
      for (boolean found = cursor.first(); found; found = cursor.next()) {
        if (hasKey(table, cursor)) {
          last = cursor.key().toArray(Bytes.BYTE);
          one(table, cursor, copy);
        }
      }
      return;
    } catch (LmdbException e) {
      leaveOut("table " + table + ": a page cannot be read: " + e.getMessage());
      reading.renew();
    }
    try (Cursor<MemorySegment> cursor = dbi.openCursor(reading.walking)) {
      for (boolean found = cursor.last(); found; found = cursor.prev()) {
        if (!hasKey(table, cursor)) {
          continue;
        }
        byte[] key = cursor.key().toArray(Bytes.BYTE);
        if (last != null && Arrays.compareUnsigned(key, last) <= 0) {
          return;
        }
        one(table, cursor, copy);
      }
    } catch (LmdbException e) {
      leaveOut("table " + table + ", from its end: a page cannot be read: " + e.getMessage());
      reading.renew();
    }
  }

  /** A key of another length is in no order, and may reach beyond the file. */
  private boolean hasKey(String table, Cursor<MemorySegment> cursor) {
    try {
      Keys.requireLength(cursor.key());
      return true;
    } catch (CorruptRowException e) {
      leaveOut("table " + table + ": " + e.getMessage());
      return false;
    }
  }

  private void one(String table, Cursor<MemorySegment> cursor, RowCopy copy) {
    MemorySegment key = cursor.key();
    try {
      copy.copy(key, cursor.val());
    } catch (CorruptRowException | IndexOutOfBoundsException e) {
      leaveOut("table " + table + ", key " + StoreCheck.describe(key) + ": " + e.getMessage());
    }
  }

  private void leaveOut(String description) {
    leftOut++;
    if (descriptions.size() < descriptionsMax) {
      descriptions.add(description);
    }
  }

  private void put(Dbi<MemorySegment> table, MemorySegment key, MemorySegment value) {
    write(table, key, value);
    kept++;
  }

  private void write(Dbi<MemorySegment> table, MemorySegment key, MemorySegment value) {
    write(key.byteSize() + value.byteSize(), () -> table.put(writing, key, value));
  }

  /** The one way into the new file: what a transaction has written is in memory until it ends. */
  private void write(long bytes, Runnable rows) {
    orUnwritable(rows);
    rowsInBatch++;
    bytesInBatch += bytes;
    if (rowsInBatch >= bounds.batchRows || bytesInBatch >= bounds.batchBytes) {
      commit();
      writing.close();
      writing = to.env.txnWrite();
      rowsInBatch = 0;
      bytesInBatch = 0;
    }
  }

  private void commit() {
    orUnwritable(writing::commit);
  }

  private static void orUnwritable(Runnable intoNewFile) {
    try {
      intoNewFile.run();
    } catch (LmdbException e) {
      throw new UnwritableException(e);
    }
  }

  // ---------------------------------------------------------------- tables

  /** Counters only grow, so what rows show is the least they can have been. */
  private void readState() {
    try {
      MetaState old = new Readers.Snapshot(reading.walking).state(from);
      state.appliedIndex = old.appliedIndex;
      state.nextSequence = old.nextSequence;
      state.nextSessionNumber = old.nextSessionNumber;
    } catch (CorruptRowException | IndexOutOfBoundsException | LmdbException e) {
      leaveOut("the counters: " + e.getMessage());
      reading.renew(); // a page that cannot be read spoils the snapshot
    }
  }

  private void session(MemorySegment key, MemorySegment value) {
    long number = key.get(Bytes.LONG, 0);
    SessionState session = SessionState.read(number, value);
    MemorySegment client = keys.clientId(session.clientId);
    Keys.requireLength(client);
    if (to.clients.get(writing, client) != null) {
      throw new CorruptRowException("a second session of one client");
    }
    write(to.clients, client, row.begin().putLong(number).row());
    put(to.sessions, key, value);
    sessions.put(number, session);
    state.sessions++;
    state.nextSessionNumber = Math.max(state.nextSessionNumber, number + 1);
  }

  private @Nullable SessionState owner(MemorySegment key) {
    SessionState session = sessions.get(key.get(Bytes.LONG, 0));
    if (session == null && !isEnded(key)) {
      throw new CorruptRowException("its session does not exist");
    }
    return session;
  }

  /** Rows of ended sessions waited to be swept: they are no loss. */
  private boolean isEnded(MemorySegment key) {
    MemorySegment number = keys.number(key.get(Bytes.LONG, 0));
    try {
      return reading.lookUp(txn -> from.ended.get(txn, number) != null);
    } catch (DamagedPageException e) {
      return false;
    }
  }

  private void belonging(Dbi<MemorySegment> table, MemorySegment key, MemorySegment value) {
    if (owner(key) != null) {
      put(table, key, value);
    }
  }

  private void will(MemorySegment key, MemorySegment value) {
    if (owner(key) != null) {
      StoreCheck.requireWill(value, willForm);
      put(to.wills, key, value);
    }
  }

  private void subscription(MemorySegment key, MemorySegment value) {
    if (owner(key) != null) {
      SubscriptionForm.read(new RowReader(value), key.asSlice(8).toArray(Bytes.BYTE));
      put(to.subscriptions, key, value);
    }
  }

  private void queued(MemorySegment key, MemorySegment value) {
    long sequence = key.get(Bytes.LONG, 8);
    SessionState session = owner(key);
    if (session == null) {
      return;
    }
    if (sequence == Keys.QUEUE_HEAD) {
      var head = new SessionState(session.number, "");
      head.readHead(value);
      session.sentUpTo = head.sentUpTo;
      withHead.add(session.number);
      return;
    }
    var in = new RowReader(value);
    QueueRow queueRow = QueueRow.read(in);
    switch (queueRow.content) {
      case QueueRow.INLINE -> MessageBytes.read(in, null);
      case QueueRow.REFERENCE -> {
        long message = in.getLong();
        MessageBytes.read(new RowReader(message(message)), null);
        references.count(message);
      }
      default -> {
        if (queueRow.state != QueueRow.RELEASED) {
          throw new CorruptRowException("no message");
        }
      }
    }
    put(to.queue, key, value);
    session.messages++;
    session.bytes += queueRow.bytes;
    state.nextSequence = Math.max(state.nextSequence, sequence + 1);
  }

  private MemorySegment message(long sequence) {
    try {
      return reading.lookUp(txn -> new MessageTable(from.messages, keys).read(txn, sequence));
    } catch (DamagedPageException e) {
      throw new CorruptRowException("message " + sequence + ": " + e.getMessage());
    }
  }

  private void heads() {
    for (SessionState session : sessions.values()) {
      if (session.messages > 0 && !withHead.contains(session.number)) {
        session.sentUpTo = state.nextSequence - 1; // each may have been sent: DUP rather than twice
      }
      if (session.messages > 0 || session.sentUpTo > 0) {
        session.writeHead(row.begin());
        put(to.queue, keys.queue(session.number, Keys.QUEUE_HEAD), row.row());
      }
      state.queuedMessages += session.messages;
      state.queuedBytes += session.bytes;
    }
  }

  private void messages() {
    var source = new MessageTable(from.messages, new Keys());
    var target = new MessageTable(to.messages, keys);
    while (true) {
      references.rest(
          (sequence, receivers) -> {
            MemorySegment message = source.read(reading.walking, sequence);
            row.begin().putBytes(message); // LMDB copies from no array
            write(message.byteSize(), () -> target.append(writing, sequence, receivers, row.row()));
            kept++;
          });
      if (references.isLast()) {
        return;
      }
      references.next();
      references.countAll(to.queue, writing);
    }
  }

  private void retained(MemorySegment key, MemorySegment value) {
    byte[] stored = MessageBytes.topic(value);
    byte[] topic = stored == null ? key.toArray(Bytes.BYTE) : stored;
    MessageBytes.read(new RowReader(value), MessageBytes.topicName(topic));
    if (SegmentProxy.compare(keys.topic(topic), key) != 0) {
      throw new CorruptRowException(
          "not the key of \"" + new String(topic, UTF_8) + "\", which it holds");
    }
    state.retainedMessages++;
    state.retainedBytes += key.byteSize() + value.byteSize();
    put(to.retained, key, value);
  }

  private void record(Dbi<MemorySegment> table, MemorySegment key, MemorySegment value) {
    long revision = new RowReader(value).getLong();
    if (revision < 1) {
      throw new CorruptRowException("revision " + revision);
    }
    state.appliedIndex = Math.max(state.appliedIndex, revision);
    put(table, key, value);
  }
}
