package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.Env;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;

/**
 * The format row: it tells our files from others, and one version's from another's.
 *
 * <pre>
 * magic:8 = "signlbox"
 * version:4
 * </pre>
 */
final class StoreFormat {
  private static final Logger LOG = System.getLogger(StoreFormat.class.getName());

  /** Raised by every change of a key or row that an older program would misread. */
  static final int VERSION = 2;

  private static final byte[] QUEUE = "queue".getBytes(US_ASCII);
  private static final byte[] META = "meta".getBytes(US_ASCII);
  static final byte[] MAGIC = "signlbox".getBytes(US_ASCII);

  /** Brings a store of version {@code from} to {@code from + 1}, in one transaction. */
  interface Migration {
    int from();

    void apply(Lmdb lmdb, Txn<MemorySegment> txn);
  }

  /** In order, one for each step. */
  private static final List<Migration> MIGRATIONS = List.of(new CountQueued());

  /** Format 2 counts what all queues hold together. */
  private static final class CountQueued implements Migration {
    @Override
    public int from() {
      return 1;
    }

    @Override
    public void apply(Lmdb lmdb, Txn<MemorySegment> txn) {
      var keys = new Keys();
      MemorySegment row = lmdb.meta.get(txn, keys.raw(Keys.STATE));
      if (row == null) {
        return; // nothing was ever committed
      }
      MetaState state = MetaState.readFormat1(row);
      try (Cursor<MemorySegment> cursor = lmdb.sessions.openCursor(txn)) {
        for (boolean found = cursor.first(); found; found = cursor.next()) {
          var session = new SessionState(cursor.key().get(Bytes.LONG, 0), "");
          MemorySegment head = lmdb.queue.get(txn, keys.queue(session.number, Keys.QUEUE_HEAD));
          if (head != null) {
            session.readHead(head);
            state.queuedMessages += session.messages;
            state.queuedBytes += session.bytes;
          }
        }
      }
      var out = new RowWriter();
      state.write(out.begin());
      lmdb.meta.put(txn, keys.raw(Keys.STATE), out.row());
    }
  }

  private StoreFormat() {}

  /**
   * Refuses files of other programs before a table is made in them. A file in which nothing has
   * been committed yet is ours to begin.
   */
  static void requireOursOrEmpty(Env<MemorySegment> env, Path file) throws StoreOpenException {
    List<byte[]> names = env.getDbiNames();
    if (names.isEmpty()) {
      return;
    }
    for (byte[] name : names) {
      if (java.util.Arrays.equals(name, META)) {
        Dbi<MemorySegment> meta = env.openDbi(META);
        try (Txn<MemorySegment> txn = env.txnRead()) {
          int version = read(meta.get(txn, new Keys().raw(Keys.FORMAT)), file);
          if (version == 0 && meta.stat(txn).entries > 0) {
            throw foreign(file);
          }
        } catch (LmdbException e) {
          requireOurNames(names, e);
        }
        return;
      }
    }
    throw foreign(file);
  }

  /** Where the page with the format is damaged the names of the tables tell whose file it is. */
  private static void requireOurNames(List<byte[]> names, LmdbException e) {
    boolean areOurs = names.stream().anyMatch(name -> java.util.Arrays.equals(name, QUEUE));
    if (!areOurs || !UnreadablePageException.isOne(e)) {
      throw e;
    }
  }

  /**
   * Writes the format row into a new file, or brings an old one up to date.
   *
   * @throws StoreOpenException it is of a newer version, or damaged, and left as it was; or it
   *     cannot be written
   */
  static void bringUpToDate(Lmdb lmdb) throws StoreOpenException {
    var keys = new Keys();
    try (Txn<MemorySegment> txn = lmdb.env.txnWrite()) {
      MemorySegment row = lmdb.meta.get(txn, keys.raw(Keys.FORMAT));
      int version = read(row, lmdb.dataFile());
      if (version == VERSION) {
        return;
      }
      for (Migration migration : MIGRATIONS) {
        if (row != null && migration.from() >= version) {
          LOG.log(Level.INFO, "bringing the store to format {0}", migration.from() + 1);
          apply(migration, lmdb, txn);
        }
      }
      MemorySegment format = new RowWriter().begin().putBytes(MAGIC).putInt(VERSION).row();
      lmdb.meta.put(txn, keys.raw(Keys.FORMAT), format);
      txn.commit();
    } catch (LmdbException e) {
      if (UnreadablePageException.isOne(e)) {
        throw StoreOpenException.damaged("format and counters", lmdb.dataFile(), e);
      }
      throw StoreOpenException.unwritable(lmdb.dataFile(), e);
    }
  }

  private static void apply(Migration migration, Lmdb lmdb, Txn<MemorySegment> txn)
      throws StoreOpenException {
    try {
      migration.apply(lmdb, txn);
    } catch (CorruptRowException | LmdbException e) {
      if (Committer.isNoRoom(e)) {
        throw e;
      }
      throw new StoreOpenException(
          "\""
              + lmdb.dataFile()
              + "\" cannot be brought from format "
              + migration.from()
              + " to "
              + (migration.from() + 1)
              + ", and is as it was: "
              + e.getMessage()
              + "; restore a backup, or use the program that wrote it to repair it",
          e);
    }
  }

  /**
   * For those who only look: another version is not theirs to change.
   *
   * @throws StoreOpenException it is of an older version
   */
  static void requireCurrent(Lmdb lmdb) throws StoreOpenException {
    try (Txn<MemorySegment> txn = lmdb.env.txnRead()) {
      int version = read(lmdb.meta.get(txn, new Keys().raw(Keys.FORMAT)), lmdb.dataFile());
      if (version != VERSION && version != 0) {
        throw new StoreOpenException(
            "\""
                + lmdb.dataFile()
                + "\" has format "
                + version
                + ", this program writes "
                + VERSION
                + "; start the broker once, which brings it up to date");
      }
    } catch (LmdbException e) {
      if (!UnreadablePageException.isOne(e)) { // else the counters are damaged too, which is told
        throw e;
      }
    }
  }

  /** Version of the row; 0 when there is none, which is so until the first commit of a new file. */
  private static int read(@Nullable MemorySegment row, Path file) throws StoreOpenException {
    if (row == null) {
      return 0;
    }
    var in = new RowReader(row);
    if (in.remaining() != MAGIC.length + Integer.BYTES
        || !java.util.Arrays.equals(in.getBytes(MAGIC.length), MAGIC)) {
      throw foreign(file);
    }
    int version = in.getInt();
    if (version > VERSION) {
      throw new StoreOpenException(
          "\""
              + file
              + "\" was written by a newer version of this program (format "
              + version
              + ", this one knows "
              + VERSION
              + "); install that version");
    }
    if (version < 1) {
      throw foreign(file);
    }
    return version;
  }

  private static StoreOpenException foreign(Path file) {
    return new StoreOpenException("\"" + file + "\" is not a store of this program; move it away");
  }
}
