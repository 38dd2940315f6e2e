package io.signalbox.it.crash;

import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.Launch;
import io.signalbox.it.interop.Program;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/**
 * The layer of {@code disk.c} below the broker's LMDB: makes its calls fail or wait while the
 * broker runs, and notes what a disk would have when the power goes.
 *
 * <p>It is put in by {@code LD_PRELOAD} because there it is honest: what runs above it is the
 * packaged broker and LMDB's own native code, unchanged, with their own order of writes and syncs
 * and their own handling of errors. A layer in Java would have to guess what LMDB does below it.
 */
final class NativeDisk {
  static final int WRITE_ERRNO = 0;
  static final int WRITE_SHORT = 1;
  static final int WRITES_SPARED = 2;
  static final int SYNC_ERRNO = 3;
  static final int SYNC_MILLIS = 4;
  static final int FREE_MIB = 5;
  static final int SYNCS_WAITING = 6;
  static final int FAILURES = 7;
  static final int COMMITS = 8;
  static final int CUT_SHORT = 9;
  private static final int INTS = 16;
  private static final long POLL_NANOS = 500_000;

  /** Of {@link #WRITE_SHORT}: as when somebody else fills the disk. */
  static final int FULL = 2;

  static final int EIO = 5;
  static final int ENOSPC = 28;

  private static final String SOURCE = "disk.c";

  private final Path folder;
  private final IntBuffer control;

  private NativeDisk(Path folder, IntBuffer control) {
    this.folder = folder;
    this.control = control;
  }

  private static @Nullable Path library;

  /** Compiled once, by the first test that needs it. */
  private static synchronized Path library() {
    Path known = library;
    if (known == null) {
      known = compile();
      library = known;
    }
    return known;
  }

  private static Path compile() {
    if (!System.getProperty("os.name").equals("Linux")) {
      throw new TestAbortedException("a layer below the broker by LD_PRELOAD needs Linux");
    }
    String gcc = Program.find("gcc", "gcc");
    try (InputStream source =
        Objects.requireNonNull(NativeDisk.class.getResourceAsStream(SOURCE), SOURCE)) {
      Path folder = Files.createDirectories(Path.of("target", "native").toAbsolutePath());
      Path code = folder.resolve(SOURCE);
      Files.copy(source, code, StandardCopyOption.REPLACE_EXISTING);
      Path made = folder.resolve("disk.so");
      var words = new ArrayList<String>(List.of(gcc, "-O2", "-Wall", "-Wextra", "-Werror"));
      words.addAll(List.of("-shared", "-fPIC", "-o", made.toString(), code.toString()));
      words.addAll(List.of("-ldl", "-lpthread"));
      CommandLine.run(words).expectSuccess();
      return made;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A disk that does not fail yet.
   *
   * @param folder for its own files; is there
   */
  static NativeDisk in(Path folder) {
    try (FileChannel file =
        FileChannel.open(
            folder.resolve("disk.control"),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      IntBuffer control =
          file.map(FileChannel.MapMode.READ_WRITE, 0, INTS * Integer.BYTES)
              .order(ByteOrder.nativeOrder())
              .asIntBuffer();
      return new NativeDisk(folder, control);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The broker's process with this layer below its data file. */
  Launch under(Launch launch, Path dataFile) {
    return launch
        .with("LD_PRELOAD", library().toString())
        .with("FAULTY_DISK_FILE", dataFile.toString())
        .with("FAULTY_DISK_CONTROL", folder.resolve("disk.control").toString());
  }

  /** As {@link #under}, with every write and sync noted. */
  Launch journaled(Launch launch, Path dataFile) {
    return under(launch, dataFile).with("FAULTY_DISK_JOURNAL", journal().toString());
  }

  Path journal() {
    return folder.resolve("disk.journal");
  }

  void set(int which, int value) {
    control.put(which, value);
  }

  int get(int which) {
    return control.get(which);
  }

  /** Everything works again. */
  void heal() {
    for (int i = 0; i < SYNCS_WAITING; i++) {
      control.put(i, 0);
    }
  }

  /** Waits until a call was made to fail. */
  void awaitFailure() {
    await(() -> get(FAILURES) > 0, "the disk was not used");
  }

  /** Waits until a sync is under way that takes its time. */
  void awaitWaitingSync() {
    await(() -> get(SYNCS_WAITING) > 0, "nothing is synced");
  }

  static void await(BooleanSupplier condition, String problem) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError(problem);
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  /** Where the broker has its data. */
  static Path dataFile(BrokerUnderTest broker) {
    return broker.dataFolder().resolve("store").resolve("data.mdb").toAbsolutePath();
  }
}
