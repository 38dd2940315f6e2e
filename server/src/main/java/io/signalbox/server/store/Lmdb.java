package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.signalbox.server.config.StoreConfig;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.CopyFlags;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.EnvInfo;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Stat;
import org.lmdbjava.Txn;

/**
 * The LMDB environment with its tables, opened the one way that the measurements allow: no WRITEMAP
 * (4 times slower), no NOSYNC (a commit would not be durable), and the largest map that the system
 * grants, because growing it later pulls the memory from under readers.
 */
final class Lmdb implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Lmdb.class.getName());

  static final String DATA_FILE = "data.mdb";
  private static final String NATIVE_DIRECTORY = "native";
  private static final String META = "meta";
  private static final int TABLES_MAX = 16;
  private static final int FILE_MODE = 0600;

  /**
   * Besides the reader threads: single gets of at most 256 I/O threads and as many of the admin
   * API, backup, check, start.
   */
  private static final int SPARE_READERS = 1_024;

  /** A map should be this many times the quota: space is reused only after readers left. */
  private static final int MAP_TO_QUOTA = 4;

  /** A file that ended before its last page, where and at which state. */
  private record ShortEnd(long bytes, long bytesNeeded, long lastTransactionId) {
    StoreOpenException lost(Path dataFile, @Nullable String problem) {
      return new StoreOpenException(
          "\""
              + dataFile
              + "\" has lost its end: "
              + bytes
              + " of "
              + bytesNeeded
              + " bytes are there, and "
              + problem
              + "; restore a backup, or save what is left with \"signalbox store repair\"");
    }
  }

  final Env<MemorySegment> env;
  final Dbi<MemorySegment> meta;
  final Dbi<MemorySegment> clients;
  final Dbi<MemorySegment> sessions;
  final Dbi<MemorySegment> wills;
  final Dbi<MemorySegment> ended;
  final Dbi<MemorySegment> subscriptions;
  final Dbi<MemorySegment> queue;
  final Dbi<MemorySegment> messages;
  final Dbi<MemorySegment> inboundQos2;
  final Dbi<MemorySegment> retained;

  /** Of what is read from this file. */
  final LargePayloads largePayloads = new LargePayloads();

  private final Map<RecordTable, Dbi<MemorySegment>> records = new EnumMap<>(RecordTable.class);
  private final List<Dbi<MemorySegment>> all = new ArrayList<>();

  private final Path dataFile;
  private final FileChannel syncing;
  private final long mapBytes;
  private final int pageBytes;

  /** Null: the file was as long as its last page needs, or is to stay so. */
  private @Nullable ShortEnd shortEnd;

  /** The file has been seen to be as long. */
  private long reached;

  private final AtomicInteger longReads = new AtomicInteger();

  private Lmdb(
      Env<MemorySegment> env,
      Path dataFile,
      FileChannel syncing,
      long mapBytes,
      @Nullable ShortEnd shortEnd) {
    this.env = env;
    this.dataFile = dataFile;
    this.syncing = syncing;
    this.mapBytes = mapBytes;
    this.shortEnd = shortEnd;
    this.pageBytes = env.stat().pageSize;
    meta = table(META);
    clients = table("client");
    sessions = table("session");
    wills = table("will");
    ended = table("ended");
    subscriptions = table("sub");
    queue = table("queue");
    messages = table("msg");
    inboundQos2 = table("qos2in");
    retained = table("retained");
    for (RecordTable table : RecordTable.values()) {
      records.put(table, table(table.name().toLowerCase(Locale.ROOT)));
    }
  }

  private Dbi<MemorySegment> table(String name) {
    Dbi<MemorySegment> table = env.openDbi(name.getBytes(US_ASCII), DbiFlags.MDB_CREATE);
    all.add(table);
    return table;
  }

  Dbi<MemorySegment> records(RecordTable table) {
    return Objects.requireNonNull(records.get(table));
  }

  /**
   * Where the native library of LMDB is unpacked: beside the data, because a temporary directory
   * may forbid execution, and emptied at each start, because a killed process leaves its copy
   * behind. Only the first store of a process decides.
   */
  static void unpackLibraryInto(Path directory) throws StoreOpenException {
    Path into = directory.resolve(NATIVE_DIRECTORY);
    try {
      StoreFiles.makeFolder(into);
      try (DirectoryStream<Path> left = Files.newDirectoryStream(into, "*lmdb*")) {
        for (Path file : left) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException e) {
      throw new StoreOpenException("cannot use \"" + into + "\": " + e.getMessage(), e);
    }
    System.setProperty("lmdbjava.extract.dir", into.toString());
  }

  /** Asks for the address space of the configuration and halves it until the system grants it. */
  static Lmdb open(Path directory, StoreConfig config) throws StoreOpenException {
    Path dataFile = directory.resolve(DATA_FILE);
    long bytesMin = Math.max(config.mapBytesMin(), config.bytesMax());
    for (long bytes = config.mapBytes(); ; bytes /= 2) {
      try {
        var env =
            Env.create(SegmentProxy.INSTANCE)
                .setMapSize(bytes)
                .setMaxDbs(TABLES_MAX)
                .setMaxReaders(config.readerThreads() + SPARE_READERS)
                .open(directory.toFile(), FILE_MODE, EnvFlags.MDB_NOTLS);
        return check(env, dataFile, bytes, config);
      } catch (Env.FileInvalidException | Env.VersionMismatchException e) {
        throw new StoreOpenException(
            "\"" + dataFile + "\" is not a store of this program; move it away", e);
      } catch (LmdbException e) {
        if (UnreadablePageException.isOne(e)) {
          throw StoreOpenException.damaged("the tables", dataFile, e);
        }
        if (Committer.isNoRoom(e) || Committer.isPerhapsNoRoom(e)) {
          throw StoreOpenException.unwritable(dataFile, e);
        }
        if (bytes / 2 < bytesMin) {
          throw new StoreOpenException(
              "cannot open \""
                  + dataFile
                  + "\" with a map of "
                  + bytes
                  + " bytes: "
                  + e.getMessage(),
              e);
        }
      }
    }
  }

  private static Lmdb check(Env<MemorySegment> env, Path dataFile, long granted, StoreConfig config)
      throws StoreOpenException {
    ShortEnd shortEnd = null;
    try {
      shortEnd = fillUp(env, dataFile);
      StoreFormat.requireOursOrEmpty(env, dataFile);
      if (granted < config.mapBytes()) {
        LOG.log(
            granted / MAP_TO_QUOTA < config.bytesMax() ? Level.WARNING : Level.INFO,
            "the system grants {0} bytes of address space for the store instead of {1}",
            granted,
            config.mapBytes());
      }
      return opened(env, dataFile, granted, shortEnd);
    } catch (StoreOpenException | RuntimeException e) {
      close(env, dataFile, shortEnd);
      if (shortEnd != null && UnreadablePageException.isOne(e)) {
        throw shortEnd.lost(dataFile, e.getMessage());
      }
      throw e;
    }
  }

  private static Lmdb opened(
      Env<MemorySegment> env, Path dataFile, long granted, @Nullable ShortEnd shortEnd)
      throws StoreOpenException {
    FileChannel syncing;
    try {
      syncing = FileChannel.open(dataFile, StandardOpenOption.READ);
    } catch (IOException e) {
      throw new StoreOpenException("cannot read \"" + dataFile + "\": " + e.getMessage(), e);
    }
    try {
      return new Lmdb(env, dataFile, syncing, granted, shortEnd);
    } catch (RuntimeException e) {
      closeQuietly(syncing);
      throw e;
    }
  }

  /**
   * Makes the file as long as its last page needs, for a look behind its end would kill the
   * process: then what is lost reads as damaged. A file may be shorter than that although nothing
   * is lost, because LMDB does not write pages that a transaction took at the end and gave back.
   *
   * @return null if it was as long
   */
  private static @Nullable ShortEnd fillUp(Env<MemorySegment> env, Path dataFile)
      throws StoreOpenException {
    try {
      long needed = (env.info().lastPageNumber + 1) * env.stat().pageSize;
      long end = Files.size(dataFile);
      if (end >= needed) {
        return null;
      }
      lengthen(dataFile, needed);
      return new ShortEnd(end, needed, env.info().lastTransactionId);
    } catch (IOException e) {
      throw new StoreOpenException("cannot use \"" + dataFile + "\": " + e.getMessage(), e);
    }
  }

  private static void lengthen(Path dataFile, long bytes) throws IOException {
    try (FileChannel file = FileChannel.open(dataFile, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.allocate(1), bytes - 1);
    }
  }

  /** A file that was short is as short again, unless something was written. */
  private static void close(Env<MemorySegment> env, Path dataFile, @Nullable ShortEnd shortEnd) {
    boolean isCut =
        shortEnd != null && env.info().lastTransactionId == shortEnd.lastTransactionId();
    env.close();
    if (shortEnd != null && isCut) {
      cut(dataFile, shortEnd.bytes());
    }
  }

  private static void cut(Path dataFile, long end) {
    try (FileChannel file = FileChannel.open(dataFile, StandardOpenOption.WRITE)) {
      file.truncate(end);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "\"{0}\" is not as short as it was: {1}", dataFile, e.getMessage());
    }
  }

  /**
   * To be called before anything is written. Of a file that ended before its last page it is found
   * out whether something was lost: as long as nobody calls this, closing makes it as short again.
   *
   * @throws StoreOpenException it is damaged
   */
  void requireWhole() throws StoreOpenException {
    ShortEnd wasShort = shortEnd;
    if (wasShort == null) {
      return;
    }
    LOG.log(
        Level.INFO,
        "{0} has {1} of {2} bytes, which may be in order: the store is checked",
        dataFile,
        wasShort.bytes(),
        wasShort.bytesNeeded());
    StoreCheck.Report report = withLostPage(StoreCheck.run(this, _ -> {}, 1));
    if (!report.isSound()) {
      throw wasShort.lost(dataFile, report.descriptions().getFirst());
    }
    shortEnd = null;
  }

  /** Pages are written as a whole: of a file that ends within one something is lost. */
  StoreCheck.Report withLostPage(StoreCheck.Report report) {
    return shortEnd == null || shortEnd.bytes() % pageBytes == 0
        ? report
        : report.with("the file ends within a page");
  }

  /** After each commit: the file is as long as its last page needs. The writer's thread. */
  void fillUp() {
    long needed = fileBytes();
    if (needed <= reached) {
      return;
    }
    try {
      if (syncing.size() < needed) {
        lengthen(dataFile, needed);
      }
      reached = needed;
    } catch (IOException e) { // the next start finds out that nothing is lost
      LOG.log(Level.DEBUG, "the data file cannot be made longer", e);
    }
  }

  Path dataFile() {
    return dataFile;
  }

  /** Of the file, and of the system that began it: 4,096 as a rule. */
  int pageBytes() {
    return pageBytes;
  }

  /** Address space that the file can still grow into. */
  long mapRoomBytes() {
    return mapBytes - fileBytes(env.info());
  }

  private long fileBytes(EnvInfo info) {
    return (info.lastPageNumber + 1) * pageBytes;
  }

  /** Bytes of the file, whether they are in use or free for reuse. */
  long fileBytes() {
    return fileBytes(env.info());
  }

  /** Bytes of pages that hold rows. */
  long usedBytes(Txn<MemorySegment> txn) {
    long pages = 0;
    for (Dbi<MemorySegment> table : all) {
      Stat stat = table.stat(txn);
      pages += stat.branchPages + stat.leafPages + stat.overflowPages;
    }
    return pages * pageBytes;
  }

  /** A read that takes as long as the data is large; until it is closed. */
  interface LongRead extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * To be told by who holds a snapshot for long: pages that are freed meanwhile are not used again
   * before it ends. Any thread.
   */
  LongRead longRead() {
    longReads.incrementAndGet();
    return longReads::decrementAndGet;
  }

  /** How many last. Any thread. */
  int longReads() {
    return longReads.get();
  }

  /** Writes a compacted copy of one consistent state into an existing, empty directory. */
  void copy(Path directory) {
    try (LongRead _ = longRead()) {
      env.copy(directory.toFile(), CopyFlags.MDB_CP_COMPACT);
    }
  }

  /**
   * Waits until all that was written is on the disk, by a descriptor that has been there from the
   * start: the system tells each descriptor of a page that it could not write back and has given
   * up, also when LMDB's was told before.
   *
   * @throws IOException the disk failed, now or since the last time
   */
  void sync() throws IOException {
    syncing.force(false);
  }

  @Override
  public void close() {
    close(env, dataFile, shortEnd);
    closeQuietly(syncing);
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "closing the data file failed: {0}", e.getMessage());
    }
  }
}
