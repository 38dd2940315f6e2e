package io.signalbox.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.protocol.LiveClients;
import io.signalbox.server.registry.DeviceCertificate;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Who changed what: one JSON object a line, in numbered files of bounded size and number. On disk
 * before a change is answered. If that fails the entry is owed: it stays in memory and is written
 * before any other, and until then {@link #obstacle} has further changes refused.
 *
 * <p>A sync that failed is not tried again: the next may report success for what the system has
 * thrown away. So one thread at a time syncs, and what was written since the last good sync is owed
 * when it fails, whoever wrote it.
 */
public final class AuditLog implements AutoCloseable {
  private static final Logger LOG = System.getLogger(AuditLog.class.getName());
  private static final Pattern NAME = Pattern.compile("audit-(\\d{8})\\.log");

  /** Of entries that are owed; what a flood of refused changes adds beyond is only counted. */
  private static final int OWED_CHARS_MAX = 4 << 20;

  /** How a file reaches the disk. */
  @FunctionalInterface
  interface Disk {
    void sync(FileChannel file) throws IOException;
  }

  /** Held by who syncs, and taken before the lock of the log, which others write under. */
  private final Object syncing = new Object();

  private final Disk disk;
  private final Path folder;
  private final long fileBytesMax;
  private final int filesMax;
  private final Metrics metrics;

  // Changed with both locks.
  private FileChannel current;
  private int number;

  /** Texts that the file has and the disk perhaps not, oldest first. */
  private final Deque<String> unsynced = new ArrayDeque<>();

  private long unsyncedChars;

  /** Of all files: texts that were written. */
  private long written;

  /** Of the file, from its beginning. */
  private long syncedBytes;

  /** Lines that could not be written, oldest first. */
  private final Deque<String> owed = new ArrayDeque<>();

  private long owedChars;
  private long lost;

  private AuditLog(
      Path folder,
      long fileBytesMax,
      int filesMax,
      Metrics metrics,
      Disk disk,
      int number,
      FileChannel current)
      throws IOException {
    this.folder = folder;
    this.fileBytesMax = fileBytesMax;
    this.filesMax = filesMax;
    this.metrics = metrics;
    this.disk = disk;
    this.number = number;
    this.current = current;
    this.syncedBytes = current.size();
  }

  /** Goes on in the newest file of a folder, which is made if it is not there. */
  public static AuditLog open(Path folder, long fileBytesMax, int filesMax, Metrics metrics)
      throws IOException {
    return open(folder, fileBytesMax, filesMax, metrics, file -> file.force(false));
  }

  static AuditLog open(Path folder, long fileBytesMax, int filesMax, Metrics metrics, Disk disk)
      throws IOException {
    if (Files.notExists(folder)) {
      Files.createDirectories(folder.toAbsolutePath().getParent());
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    int newest = numbers(folder).stream().mapToInt(n -> n).max().orElse(1);
    return new AuditLog(
        folder, fileBytesMax, filesMax, metrics, disk, newest, channel(folder, newest));
  }

  private static FileChannel channel(Path folder, int number) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file(folder, number),
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      endLine(file(folder, number), channel);
      syncNamesOf(folder);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    return channel;
  }

  /** One that a kill or a copy has cut short would take the next entry with it. */
  private static void endLine(Path file, FileChannel channel) throws IOException {
    long size = channel.size();
    if (size > 0 && byteAt(file, size - 1) != '\n') {
      channel.write(ByteBuffer.wrap(new byte[] {'\n'}));
    }
  }

  /** A channel that appends cannot read. */
  private static byte byteAt(Path file, long position) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, position);
      return one.get(0);
    }
  }

  /** What is written to a new file is lost with its name, and its folder's. */
  private static void syncNamesOf(Path folder) throws IOException {
    for (Path names : List.of(folder, folder.toAbsolutePath().getParent())) {
      try (FileChannel directory = FileChannel.open(names, StandardOpenOption.READ)) {
        directory.force(true);
      }
    }
  }

  static Path file(Path folder, int number) {
    return folder.resolve("audit-%08d.log".formatted(number));
  }

  /** Numbers of the files that are there, newest first. */
  static List<Integer> numbers(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<Integer> numbers = new ArrayList<>();
      for (Path file : files.toList()) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        if (name.matches()) {
          numbers.add(Integer.parseInt(name.group(1)));
        }
      }
      numbers.sort(Comparator.reverseOrder());
      return numbers;
    } catch (UncheckedIOException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  Path folder() {
    return folder;
  }

  /**
   * Writes down whose connections were ended, and why. Not synced: there may be thousands. A Client
   * Identifier may have 64 KB and is shortened: what its client sends must not push other entries
   * out.
   */
  public void ended(List<LiveClients.Ended> all, long wallMillis) {
    String at = Views.time(wallMillis);
    long _ =
        write(
            lines(
                all.stream()
                    .map(
                        one -> {
                          var line = new JsonObject();
                          line.addProperty("at", at);
                          line.addProperty("actor", "signalbox");
                          line.addProperty(
                              "remote", one.client().peer().address().getHostAddress());
                          line.addProperty("method", "DISCONNECT");
                          line.addProperty(
                              "path", "/clients/" + RefusalLog.shortened(one.client().clientId()));
                          line.addProperty("status", one.ending().reason().code());
                          line.addProperty(
                              "detail", one.client().principal().id() + ": " + one.ending().text());
                          return line;
                        })
                    .toList()));
  }

  /**
   * Writes down the certificate that a device obtained without an administrator, and waits until it
   * is on disk.
   *
   * @param method how
   * @param actor whose right it was
   * @param remote address; empty: not known here
   * @param detail for people
   */
  public void obtained(
      long wallMillis,
      String method,
      String actor,
      String remote,
      DeviceCertificate certificate,
      String detail) {
    var after = new JsonObject();
    after.addProperty("fingerprint", certificate.name());
    after.addProperty("serial", certificate.serial());
    after.addProperty("device", certificate.device());
    after.addProperty("ca", certificate.ca());
    String path = "/certificates/" + certificate.name();
    made(wallMillis, method, actor, remote, path, after, certificate.device(), detail);
  }

  /**
   * Writes down a device that was registered without an administrator for a certificate that could
   * not be made or registered, and waits until it is on disk.
   *
   * @param method how
   * @param actor whose right it was
   * @param remote address; empty: not known here
   * @param why it has none, for people
   */
  public void registeredAlone(
      long wallMillis, String method, String actor, String remote, String device, String why) {
    var after = new JsonObject();
    after.addProperty("id", device);
    String detail = "registered without a certificate: " + why;
    made(wallMillis, method, actor, remote, "/devices/" + device, after, device, detail);
  }

  private void made(
      long wallMillis,
      String method,
      String actor,
      String remote,
      String path,
      JsonObject after,
      String device,
      String detail) {
    var line = new JsonObject();
    line.addProperty("at", Views.time(wallMillis));
    line.addProperty("actor", actor);
    line.addProperty("remote", remote);
    line.addProperty("method", method);
    line.addProperty("path", path);
    line.addProperty("status", StatusCodes.CREATED);
    line.add("before", JsonNull.INSTANCE);
    line.add("after", after);
    line.addProperty("detail", "device:" + device + ": " + detail);
    append(List.of(line));
  }

  /** Writes entries, all of them or none, and waits until they are on disk or owed. */
  void append(List<JsonObject> entries) {
    long mine = write(lines(entries));
    if (mine > 0) {
      sync(mine);
    }
  }

  private static String lines(List<JsonObject> entries) {
    var text = new StringBuilder();
    entries.forEach(entry -> text.append(entry).append('\n'));
    return text.toString();
  }

  /** Gives how many texts were written by then; 0: this one is owed. */
  private long write(String text) {
    try {
      synchronized (this) {
        if (!isOwing() && !isFullFor(text) && !isTooMuchUnsyncedWith(text)) {
          return add(text);
        }
      }
      synchronized (syncing) {
        synchronized (this) {
          if (isOwing()) {
            settle();
          }
          if (isFullFor(text)) {
            rotate();
          } else if (isTooMuchUnsyncedWith(text)) {
            sync();
          }
          return add(text);
        }
      }
    } catch (IOException e) {
      failed(text, e);
      return 0;
    }
  }

  private long add(String text) throws IOException {
    put(text);
    unsynced.add(text);
    unsyncedChars += text.length();
    return ++written;
  }

  /** What nobody waits for may be much, and is kept until it is synced. */
  private boolean isTooMuchUnsyncedWith(String text) {
    return unsyncedChars > 0 && unsyncedChars + text.length() > OWED_CHARS_MAX;
  }

  /** Others write meanwhile, so that several share the next sync. */
  private void sync(long mine) {
    synchronized (syncing) {
      try {
        FileChannel file;
        long last;
        long bytes;
        synchronized (this) {
          if (mine <= written - unsynced.size()) {
            return; // with somebody else's, or owed since that failed
          }
          file = current;
          last = written;
          bytes = file.size();
        }
        disk.sync(file);
        synced(last, bytes);
      } catch (IOException e) {
        oweUnsynced(e);
      }
    }
  }

  /** With both locks: all of the file. */
  private void sync() throws IOException {
    try {
      disk.sync(current);
      synced(written, current.size());
    } catch (IOException e) {
      oweUnsynced(e);
      throw e;
    }
  }

  private synchronized void synced(long last, long bytes) {
    for (long left = unsynced.size() - (written - last); left > 0; left--) {
      unsyncedChars -= unsynced.removeFirst().length();
    }
    syncedBytes = bytes;
  }

  private synchronized void oweUnsynced(IOException e) {
    takeBack(e);
    unsynced.forEach(text -> failed(text, e));
    unsynced.clear();
    unsyncedChars = 0;
  }

  private boolean isOwing() {
    return !owed.isEmpty() || lost > 0;
  }

  /** Into the file of the same name, which may be another one by now. */
  private void settle() throws IOException {
    if (!unsynced.isEmpty()) {
      sync();
    }
    FileChannel fresh = channel(folder, number);
    current.close();
    current = fresh;
    syncedBytes = fresh.size();
    writeOwed();
    LOG.log(
        lost == 0 ? Level.INFO : Level.ERROR,
        "the audit log can be written again, changes are accepted; entries lost: {0}",
        lost);
    lost = 0;
  }

  /** An entry is owed until it is synced: what a disk has taken it may still lose. */
  private void writeOwed() throws IOException {
    int taken = 0;
    try {
      for (String text : List.copyOf(owed)) {
        if (isFullFor(text)) {
          sync();
          forget(taken);
          taken = 0;
          rotate();
        }
        put(text);
        taken++;
      }
      sync();
      forget(taken);
    } catch (IOException e) {
      takeBack(e);
      throw e;
    }
  }

  private void forget(int oldest) {
    for (int i = 0; i < oldest; i++) {
      owedChars -= owed.removeFirst().length();
    }
  }

  /** Else each attempt would add what is owed once more, and push old files out. */
  private void takeBack(IOException why) {
    try {
      current.truncate(syncedBytes);
    } catch (IOException e) {
      why.addSuppressed(e);
    }
  }

  private synchronized void failed(String text, IOException e) {
    boolean first = !isOwing();
    if (owedChars + text.length() <= OWED_CHARS_MAX) {
      owed.add(text);
      owedChars += text.length();
    } else {
      lost += text.lines().count();
    }
    metrics.auditFailures.inc();
    if (first) {
      LOG.log(
          Level.ERROR,
          "the audit log in \"{0}\" cannot be written, changes are refused until it can: {1}",
          folder,
          e.toString());
    }
  }

  private void put(String text) throws IOException {
    long before = current.size();
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(UTF_8));
    try {
      while (bytes.hasRemaining()) {
        current.write(bytes);
      }
    } catch (IOException e) {
      current.truncate(before); // half a line would hide the next one
      throw e;
    }
  }

  private boolean isFullFor(String text) throws IOException {
    return current.size() > 0 && current.size() + text.length() > fileBytesMax;
  }

  private void rotate() throws IOException {
    sync();
    FileChannel next = channel(folder, number + 1);
    current.close();
    current = next;
    syncedBytes = next.size();
    number++;
    List<Integer> numbers = numbers(folder);
    for (int old : numbers.subList(Math.min(filesMax, numbers.size()), numbers.size())) {
      Files.deleteIfExists(file(folder, old));
    }
  }

  /** Why changes are to be refused; null if they are not. Tries whether it is over by now. */
  public @Nullable String obstacle() {
    synchronized (this) {
      if (!isOwing()) {
        return null;
      }
    }
    try {
      settleWhatIsOwed();
      return null;
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "the audit log still cannot be written", e);
      return "the audit log in \"" + folder + "\" cannot be written";
    }
  }

  private void settleWhatIsOwed() throws IOException {
    synchronized (syncing) {
      synchronized (this) {
        if (isOwing()) {
          settle();
        }
      }
    }
  }

  @Override
  public void close() throws IOException {
    synchronized (syncing) {
      synchronized (this) {
        try {
          if (isOwing()) {
            settle();
          }
          sync();
        } finally {
          current.close();
        }
      }
    }
  }
}
