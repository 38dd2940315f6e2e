package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.Dbi;
import org.lmdbjava.Env;
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
  /** Raised by every change of a key or row that an older program would misread. */
  static final int VERSION = 1;

  private static final byte[] META = "meta".getBytes(US_ASCII);
  private static final byte[] MAGIC = "signlbox".getBytes(US_ASCII);

  /** Brings a store of version {@code from} to {@code from + 1}, in one transaction. */
  interface Migration {
    int from();

    void apply(Lmdb lmdb, Txn<MemorySegment> txn);
  }

  /** In order, one for each step. None yet: this is the first version. */
  private static final List<Migration> MIGRATIONS = List.of();

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
        }
        return;
      }
    }
    throw foreign(file);
  }

  /** Writes the format row into a new file, or brings an old one up to date. */
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
          migration.apply(lmdb, txn);
        }
      }
      MemorySegment format = new RowWriter().begin().putBytes(MAGIC).putInt(VERSION).row();
      lmdb.meta.put(txn, keys.raw(Keys.FORMAT), format);
      txn.commit();
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
