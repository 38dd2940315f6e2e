package io.signalbox.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.signalbox.server.registry.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the audit log from its end. */
final class AuditReader {
  private static final int BLOCK_BYTES = 64 * 1_024;

  /** Lines looked at for one page, whatever the filter leaves over. */
  private static final int LOOKED_AT_MAX = 20_000;

  /** Of the lines of one page, unless it is a single one: what is changed may be large. */
  private static final int PAGE_BYTES_MAX = 4 << 20;

  private static final Pattern CURSOR = Pattern.compile("(\\d{1,8})-(\\d{1,18})");

  private final Path folder;
  private final JsonArray found = new JsonArray();
  private final Predicate<JsonObject> wanted;
  private final int limit;
  private int lookedAt;
  private long bytesFound;
  private int number;
  private long end;

  private AuditReader(Path folder, Predicate<JsonObject> wanted, int limit) {
    this.folder = folder;
    this.wanted = wanted;
    this.limit = limit;
  }

  /**
   * A page, newest entry first.
   *
   * @param cursor of the page before; empty: the first page
   */
  static ApiResponse page(Path folder, String cursor, Predicate<JsonObject> wanted, int limit)
      throws IOException, ApiException {
    var reader = new AuditReader(folder, wanted, limit);
    Matcher position = CURSOR.matcher(cursor);
    if (!cursor.isEmpty() && !position.matches()) {
      throw new ApiException(ApiProblem.Type.MALFORMED, "the cursor is none of the audit log");
    }
    int from = cursor.isEmpty() ? Integer.MAX_VALUE : Integer.parseInt(position.group(1));
    for (int file : AuditLog.numbers(folder)) {
      if (file > from) {
        continue;
      }
      long offset = file == from ? Long.parseLong(position.group(2)) : Long.MAX_VALUE;
      if (!reader.read(file, offset)) {
        return ApiResponse.page(reader.found, reader.number + "-" + reader.end);
      }
    }
    return ApiResponse.page(reader.found, null);
  }

  /** False when the page is full before the file is read to its beginning. */
  private boolean read(int file, long offset) throws IOException {
    number = file;
    try (FileChannel channel = FileChannel.open(AuditLog.file(folder, file))) {
      end = Math.min(offset, channel.size());
      var line = new ByteArrayOutputStream();
      long position = end;
      while (position > 0) {
        int length = (int) Math.min(BLOCK_BYTES, position);
        ByteBuffer block = ByteBuffer.allocate(length);
        position -= length;
        for (int read = 0; block.hasRemaining() && read >= 0; ) {
          read = channel.read(block, position + block.position());
        }
        for (int i = block.position() - 1; i >= 0; i--) {
          byte b = block.get(i);
          if (b != '\n') {
            line.write(b);
            continue;
          }
          if (line.size() > 0 && !take(line)) {
            return false;
          }
          end = position + i + 1;
        }
      }
      boolean room = line.size() == 0 || take(line);
      end = room ? 0 : end;
      return room;
    } catch (NoSuchFileException _) {
      return true; // it was the oldest and has just gone
    }
  }

  /** Takes a line that was gathered from its end; false if there is no room for it. */
  private boolean take(ByteArrayOutputStream reversed) {
    boolean tooLarge = !found.isEmpty() && bytesFound + reversed.size() > PAGE_BYTES_MAX;
    if (found.size() == limit || lookedAt == LOOKED_AT_MAX || tooLarge) {
      return false;
    }
    lookedAt++;
    byte[] bytes = reversed.toByteArray();
    reversed.reset();
    for (int i = 0, k = bytes.length - 1; i < k; i++, k--) {
      byte swap = bytes[i];
      bytes[i] = bytes[k];
      bytes[k] = swap;
    }
    try {
      JsonObject entry = Json.object(bytes);
      if (wanted.test(entry)) {
        found.add(entry);
        bytesFound += bytes.length;
      }
    } catch (IOException e) {
      var damaged = new JsonObject(); // shown, because a gap would hide that something is wrong
      damaged.addProperty("detail", "a line that cannot be read: " + new String(bytes, UTF_8));
      for (String field : List.of("at", "actor", "remote", "method", "path")) {
        damaged.addProperty(field, "");
      }
      damaged.addProperty("status", 0);
      found.add(damaged);
      bytesFound += bytes.length;
    }
    return true;
  }
}
