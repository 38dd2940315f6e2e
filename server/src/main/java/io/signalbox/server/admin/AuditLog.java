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
import java.nio.channels.ClosedChannelException;
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
 */
public final class AuditLog implements AutoCloseable {
  private static final Logger LOG = System.getLogger(AuditLog.class.getName());
  private static final Pattern NAME = Pattern.compile("audit-(\\d{8})\\.log");

  /** Of entries that are owed; what a flood of refused changes adds beyond is only counted. */
  private static final int OWED_CHARS_MAX = 4 << 20;

  private final Path folder;
  private final long fileBytesMax;
  private final int filesMax;
  private final Metrics metrics;
  private FileChannel current;
  private int number;

  /** Lines that could not be written, oldest first. */
  private final Deque<String> owed = new ArrayDeque<>();

  private long owedChars;
  private long lost;

  private AuditLog(
      Path folder,
      long fileBytesMax,
      int filesMax,
      Metrics metrics,
      int number,
      FileChannel current) {
    this.folder = folder;
    this.fileBytesMax = fileBytesMax;
    this.filesMax = filesMax;
    this.metrics = metrics;
    this.number = number;
    this.current = current;
  }

  /** Goes on in the newest file of a folder, which is made if it is not there. */
  public static AuditLog open(Path folder, long fileBytesMax, int filesMax, Metrics metrics)
      throws IOException {
    if (Files.notExists(folder)) {
      Files.createDirectories(folder.toAbsolutePath().getParent());
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    int newest = numbers(folder).stream().mapToInt(n -> n).max().orElse(1);
    return new AuditLog(folder, fileBytesMax, filesMax, metrics, newest, channel(folder, newest));
  }

  private static FileChannel channel(Path folder, int number) throws IOException {
    return FileChannel.open(
        file(folder, number),
        Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
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

  /** Writes down whose connections were ended, and why. Not synced: there may be thousands. */
  public void ended(List<LiveClients.Ended> all, long wallMillis) {
    String at = Views.time(wallMillis);
    FileChannel _ =
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
                          line.addProperty("path", "/clients/" + one.client().clientId());
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
    var line = new JsonObject();
    line.addProperty("at", Views.time(wallMillis));
    line.addProperty("actor", actor);
    line.addProperty("remote", remote);
    line.addProperty("method", method);
    line.addProperty("path", "/certificates/" + certificate.name());
    line.addProperty("status", StatusCodes.CREATED);
    line.add("before", JsonNull.INSTANCE);
    var after = new JsonObject();
    after.addProperty("fingerprint", certificate.name());
    after.addProperty("serial", certificate.serial());
    after.addProperty("device", certificate.device());
    after.addProperty("ca", certificate.ca());
    line.add("after", after);
    line.addProperty("detail", "device:" + certificate.device() + ": " + detail);
    append(List.of(line));
  }

  /** Writes entries, all of them or none, and waits until they are on disk or owed. */
  void append(List<JsonObject> entries) {
    String text = lines(entries);
    FileChannel written = write(text);
    if (written == null) {
      return;
    }
    try {
      written.force(false); // outside the lock, so that several share a sync
    } catch (ClosedChannelException _) {
      // synced when its file was full
    } catch (IOException e) {
      failed(text, e);
    }
  }

  private static String lines(List<JsonObject> entries) {
    var text = new StringBuilder();
    entries.forEach(entry -> text.append(entry).append('\n'));
    return text.toString();
  }

  /** Gives where they are; null if they are owed. */
  private synchronized @Nullable FileChannel write(String text) {
    try {
      if (isOwing()) {
        settle();
      }
      put(text);
      return current;
    } catch (IOException e) {
      failed(text, e);
      return null;
    }
  }

  private boolean isOwing() {
    return !owed.isEmpty() || lost > 0;
  }

  /** Into the file of the same name, which may be another one by now. */
  private void settle() throws IOException {
    FileChannel fresh = channel(folder, number);
    current.close();
    current = fresh;
    writeOwed();
    LOG.log(
        lost == 0 ? Level.INFO : Level.ERROR,
        "the audit log can be written again, changes are accepted; entries lost: {0}",
        lost);
    lost = 0;
  }

  /** An entry is owed until it is synced: what a disk has taken it may still lose. */
  private void writeOwed() throws IOException {
    long start = current.size();
    int unsynced = 0;
    try {
      for (String text : List.copyOf(owed)) {
        if (isFullFor(text)) {
          rotate(); // syncs the full one
          forget(unsynced);
          unsynced = 0;
          start = current.size();
        }
        put(text);
        unsynced++;
      }
      current.force(false);
      forget(unsynced);
    } catch (IOException e) {
      takeBack(start, e);
      throw e;
    }
  }

  private void forget(int oldest) {
    for (int i = 0; i < oldest; i++) {
      owedChars -= owed.removeFirst().length();
    }
  }

  /** Else each attempt would add what is owed once more, and push old files out. */
  private void takeBack(long start, IOException why) {
    try {
      current.truncate(start);
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
    if (isFullFor(text)) {
      rotate();
    }
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
    FileChannel next = channel(folder, number + 1);
    current.force(true);
    current.close();
    current = next;
    number++;
    List<Integer> numbers = numbers(folder);
    for (int old : numbers.subList(Math.min(filesMax, numbers.size()), numbers.size())) {
      Files.deleteIfExists(file(folder, old));
    }
  }

  /** Why changes are to be refused; null if they are not. Tries whether it is over by now. */
  public synchronized @Nullable String obstacle() {
    if (!isOwing()) {
      return null;
    }
    try {
      settle();
      return null;
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "the audit log still cannot be written", e);
      return "the audit log in \"" + folder + "\" cannot be written";
    }
  }

  @Override
  public synchronized void close() throws IOException {
    try {
      if (isOwing()) {
        settle();
      }
      current.force(true);
    } finally {
      current.close();
    }
  }
}
