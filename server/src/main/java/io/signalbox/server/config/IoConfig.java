package io.signalbox.server.config;

/**
 * Threads and buffers. Section {@code io}.
 *
 * @param ioThreads 0..256 threads that own the sockets; 0: one a processor
 * @param workerThreads 1..1,024 threads for signatures, password hashes and HTTP
 * @param readBufferBytes 32 KiB..16 MiB, one buffer an I/O thread; a TLS record needs 17 KiB of it
 * @param acceptBacklog 1..65,535 connections the system holds until they are accepted
 * @param handoverEntriesMax 1,024..10,000,000 tasks on their way from one I/O thread to another;
 *     above it the sender's publishers are read no further
 */
public record IoConfig(
    int ioThreads,
    int workerThreads,
    int readBufferBytes,
    int acceptBacklog,
    int handoverEntriesMax) {

  private static final Range IO_THREADS = Range.of("io.io-threads", 0, 256);
  private static final Range WORKER_THREADS = Range.of("io.worker-threads", 1, 1_024);
  private static final Range READ_BUFFER_BYTES = Range.of("io.read-buffer-bytes", 32_768, 16 << 20);
  private static final Range ACCEPT_BACKLOG = Range.of("io.accept-backlog", 1, 65_535);
  private static final Range HANDOVER_ENTRIES_MAX =
      Range.of("io.handover-entries-max", 1_024, 10_000_000);

  public static final IoConfig DEFAULTS = new IoConfig(0, 4, 65_536, 4_096, 65_536);

  public IoConfig {
    IO_THREADS.check(ioThreads);
    WORKER_THREADS.check(workerThreads);
    READ_BUFFER_BYTES.check(readBufferBytes);
    ACCEPT_BACKLOG.check(acceptBacklog);
    HANDOVER_ENTRIES_MAX.check(handoverEntriesMax);
  }

  /** The number of I/O threads with 0 resolved to the processors of this machine. */
  public int ioThreadCount() {
    return ioThreads > 0 ? ioThreads : Runtime.getRuntime().availableProcessors();
  }

  static IoConfig read(Section io) {
    IoConfig d = DEFAULTS;
    return io.make(
        d,
        () ->
            new IoConfig(
                io.integer(IO_THREADS, d.ioThreads),
                io.integer(WORKER_THREADS, d.workerThreads),
                io.integer(READ_BUFFER_BYTES, d.readBufferBytes),
                io.integer(ACCEPT_BACKLOG, d.acceptBacklog),
                io.integer(HANDOVER_ENTRIES_MAX, d.handoverEntriesMax)));
  }
}
