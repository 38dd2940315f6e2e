package io.signalbox.server.config;

/**
 * How durable state is written and read. Section {@code store}.
 *
 * @param bytesMax 0..1 PiB used in the data file, beyond which what would grow it is refused; 0:
 *     bounded by the disk alone
 * @param messagesMax 0..1,000,000,000,000 messages in the queues of all sessions together, beyond
 *     which a queue is full; 0: not bounded
 * @param diskReserveBytes 1 MiB..1 TiB of free disk that stay free: deleting needs pages too
 * @param mapBytes 16 MiB..128 TiB of address space for the data file, at least 16 MiB more than
 *     {@code diskReserveBytes}; halved at start until the system grants it, not below that
 * @param batchCommandsMax 1..1,000,000 commands in one transaction
 * @param batchBytesMax 4 KiB..1 GiB of messages in one transaction
 * @param queueCommandsMax 1..10,000,000 commands that wait for the writer; above it publishers are
 *     read no further
 * @param queueBytesMax 4 KiB..64 GiB of messages that wait for the writer
 * @param readerThreads 1..64 threads for reads of more than a few rows
 * @param sliceRowsMax 1..100,000 rows read or swept in one go
 */
public record StoreConfig(
    long bytesMax,
    long messagesMax,
    long diskReserveBytes,
    long mapBytes,
    int batchCommandsMax,
    int batchBytesMax,
    int queueCommandsMax,
    long queueBytesMax,
    int readerThreads,
    int sliceRowsMax) {

  private static final Range BYTES_MAX = Range.of("store.bytes-max", 0, 1L << 50);
  private static final Range MESSAGES_MAX = Range.of("store.messages-max", 0, 1_000_000_000_000L);
  private static final Range DISK_RESERVE_BYTES =
      Range.of("store.disk-reserve-bytes", 1 << 20, 1L << 40);
  private static final Range MAP_BYTES = Range.of("store.map-bytes", 16 << 20, 128L << 40);
  private static final Range BATCH_COMMANDS_MAX =
      Range.of("store.batch-commands-max", 1, 1_000_000);
  private static final Range BATCH_BYTES_MAX = Range.of("store.batch-bytes-max", 4_096, 1 << 30);
  private static final Range QUEUE_COMMANDS_MAX =
      Range.of("store.queue-commands-max", 1, 10_000_000);
  private static final Range QUEUE_BYTES_MAX = Range.of("store.queue-bytes-max", 4_096, 1L << 36);
  private static final Range READER_THREADS = Range.of("store.reader-threads", 1, 64);
  private static final Range SLICE_ROWS_MAX = Range.of("store.slice-rows-max", 1, 100_000);

  /** Of the map, beside the reserve: with less the store is full soon or from the start. */
  private static final long ROOM_BYTES_MIN = 16 << 20;

  public static final StoreConfig DEFAULTS =
      new StoreConfig(0, 0, 64L << 20, 1L << 40, 4_096, 4 << 20, 65_536, 64L << 20, 2, 1_000);

  public StoreConfig {
    BYTES_MAX.check(bytesMax);
    MESSAGES_MAX.check(messagesMax);
    DISK_RESERVE_BYTES.check(diskReserveBytes);
    MAP_BYTES.check(mapBytes);
    if (mapBytes < diskReserveBytes + ROOM_BYTES_MIN) {
      throw new IllegalArgumentException(
          "store.map-bytes: "
              + mapBytes
              + " leaves less than "
              + ROOM_BYTES_MIN
              + " beside disk-reserve-bytes, "
              + diskReserveBytes
              + ", which stay free in the map too");
    }
    BATCH_COMMANDS_MAX.check(batchCommandsMax);
    BATCH_BYTES_MAX.check(batchBytesMax);
    QUEUE_COMMANDS_MAX.check(queueCommandsMax);
    QUEUE_BYTES_MAX.check(queueBytesMax);
    READER_THREADS.check(readerThreads);
    SLICE_ROWS_MAX.check(sliceRowsMax);
  }

  /** The smallest map in which there is room beside the reserve. */
  public long mapBytesMin() {
    return diskReserveBytes + ROOM_BYTES_MIN;
  }

  static StoreConfig read(Section store) {
    StoreConfig d = DEFAULTS;
    return store.make(
        d,
        () ->
            new StoreConfig(
                store.number(BYTES_MAX, d.bytesMax),
                store.number(MESSAGES_MAX, d.messagesMax),
                store.number(DISK_RESERVE_BYTES, d.diskReserveBytes),
                store.number(MAP_BYTES, d.mapBytes),
                store.integer(BATCH_COMMANDS_MAX, d.batchCommandsMax),
                store.integer(BATCH_BYTES_MAX, d.batchBytesMax),
                store.integer(QUEUE_COMMANDS_MAX, d.queueCommandsMax),
                store.number(QUEUE_BYTES_MAX, d.queueBytesMax),
                store.integer(READER_THREADS, d.readerThreads),
                store.integer(SLICE_ROWS_MAX, d.sliceRowsMax)));
  }
}
