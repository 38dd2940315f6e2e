package io.signalbox.server.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/**
 * The bytes of an entry in the store.
 *
 * <pre>
 * version:1  length:4  fields: JSON of that length  rest: what is no JSON (a certificate's DER form)
 * </pre>
 *
 * The fields are those of the API, the hidden ones, and {@code createdAtMillis} and {@code
 * updatedAtMillis}. New fields have defaults and need no new version.
 */
record Row(JsonObject fields, byte[] rest) {
  /** Raised by every change that an older program would misread. */
  static final int VERSION = 1;

  /** The hidden field that never stands in the clear. */
  private static final String SECRET = "hmacSecret";

  /** In its place, in memory alone: it did not open, and is stored as it was. */
  static final String UNREADABLE = "sealedHmacSecret";

  static byte[] encode(Entry<?> entry, byte[] rest, Sealing sealing) {
    var json = new JsonObject();
    entry.write(json);
    entry.writeHidden(json);
    if (json.get(SECRET) instanceof JsonPrimitive secret) {
      json.addProperty(SECRET, sealing.seal(entry.name(), secret.getAsString()));
    } else if (json.remove(UNREADABLE) instanceof JsonPrimitive sealed) {
      json.add(SECRET, sealed);
    }
    json.addProperty("createdAtMillis", entry.stamp().createdAtMillis());
    json.addProperty("updatedAtMillis", entry.stamp().updatedAtMillis());
    byte[] fields = json.toString().getBytes(UTF_8);
    return ByteBuffer.allocate(1 + Integer.BYTES + fields.length + rest.length)
        .put((byte) VERSION)
        .putInt(fields.length)
        .put(fields)
        .put(rest)
        .array();
  }

  /**
   * @throws IllegalStateException with words for the log: the row is damaged, or of a newer version
   */
  static Row decode(byte[] bytes) {
    var in = ByteBuffer.wrap(bytes);
    try {
      int version = in.get();
      if (version != VERSION) {
        throw new IllegalStateException("version " + version + ", this program knows " + VERSION);
      }
      byte[] fields = new byte[Math.min(in.getInt(), in.remaining())];
      in.get(fields);
      byte[] rest = new byte[in.remaining()];
      in.get(rest);
      return new Row(Json.object(fields), rest);
    } catch (BufferUnderflowException | NegativeArraySizeException | IOException e) {
      throw new IllegalStateException("damaged: " + e.getMessage(), e);
    }
  }

  <E extends Entry<E>> E entry(Kind<E> kind, String name, long revision, Sealing sealing) {
    if (fields.get(SECRET) instanceof JsonPrimitive sealed) {
      fields.remove(SECRET);
      sealing
          .open(name, sealed.getAsString())
          .ifPresentOrElse(
              secret -> fields.addProperty(SECRET, secret), () -> fields.add(UNREADABLE, sealed));
    }
    var in = Fields.ofRow(fields);
    long created = in.number("createdAtMillis", 0, 0, Long.MAX_VALUE);
    long updated = in.number("updatedAtMillis", 0, 0, Long.MAX_VALUE);
    return kind.read(name, in, null, new Stamp(created, updated, revision));
  }
}
