package io.signalbox.server.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A change of the policies in force, as it is written down.
 *
 * @param number 1.., one more with each change, over restarts
 * @param atMillis wall clock, milliseconds since 1970
 * @param author who did it
 * @param cause for people: {@code put api:pump}, {@code files}, {@code rollback to 7}
 * @param bundle hash of all policies that were in force then, those of files included; empty: it
 *     was made while no broker ran, and the start after it is a revision too
 * @param others hash of those that are not of the API alone: which a start may find changed
 * @param deltas what changed; empty at a start, before which files may have changed
 */
public record PolicyRevision(
    long number,
    long atMillis,
    String author,
    String cause,
    String bundle,
    String others,
    List<Delta> deltas) {

  /** Of what one delta tells. */
  public enum What {
    /** A policy of the API. */
    POLICY,
    ATTACHMENT,
    /** A policy of a file; its content is the files' own affair. */
    FILE;

    /** As the API writes it. */
    public String word() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /** What became of one thing. */
  public enum Became {
    CREATED,
    CHANGED,
    REMOVED;

    /** As the API writes it. */
    public String word() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }

    static Became of(boolean wasThere, boolean isThere) {
      return wasThere ? isThere ? CHANGED : REMOVED : CREATED;
    }
  }

  /**
   * One thing that changed.
   *
   * @param name of the policy, of the attachment, or {@code file:NAME}
   * @param before null: it was not there, or is of a file
   * @param orphaned whoever the attachment is or was for has been removed since
   */
  public record Delta(
      What what, String name, Became became, @Nullable Entry<?> before, boolean orphaned) {
    public Delta(What what, String name, Became became, @Nullable Entry<?> before) {
      this(what, name, became, before, false);
    }

    static Delta of(Change<?> change) {
      Entry<?> before = change.before();
      return new Delta(
          change.kind() == Kind.POLICY ? What.POLICY : What.ATTACHMENT,
          change.name(),
          Became.of(before != null, change.after() != null),
          before);
    }

    private Delta orphaned(Set<Target> gone) {
      return new Delta(what, name, became, before, orphaned || gone.contains(target()));
    }

    private @Nullable Target target() {
      return what == What.ATTACHMENT ? PolicyAttachment.target(name) : null;
    }
  }

  /** Who may have an attachment. */
  record Target(PolicyAttachment.TargetKind kind, String name) {}

  /** The row of a revision: version:1, then JSON to its end. */
  private static final int VERSION = 1;

  private static final byte KEY_PREFIX = 'r';

  public PolicyRevision {
    deltas = List.copyOf(deltas);
  }

  /** The same change, with a number. */
  PolicyRevision withNumber(long other, List<Delta> what) {
    return new PolicyRevision(other, atMillis, author, cause, bundle, others, what);
  }

  /** The same, known to be of somebody who is not there any more. */
  PolicyRevision orphaning(Set<Target> gone) {
    return withNumber(number, deltas.stream().map(delta -> delta.orphaned(gone)).toList());
  }

  /** Whose attachments come or go with this change taken back. */
  Set<Target> targets() {
    return deltas.stream()
        .filter(delta -> !delta.orphaned)
        .flatMap(delta -> Stream.ofNullable(delta.target()))
        .collect(Collectors.toUnmodifiableSet());
  }

  static byte[] key(long number) {
    return ByteBuffer.allocate(1 + Long.BYTES).put(KEY_PREFIX).putLong(number).array();
  }

  /** The number of a row; empty: a row of something else. */
  static Optional<Long> number(byte[] key) {
    return key.length == 1 + Long.BYTES && key[0] == KEY_PREFIX
        ? Optional.of(ByteBuffer.wrap(key, 1, Long.BYTES).getLong())
        : Optional.empty();
  }

  byte[] encode() {
    var out = new JsonObject();
    out.addProperty("atMillis", atMillis);
    out.addProperty("author", author);
    out.addProperty("cause", cause);
    out.addProperty("bundle", bundle);
    out.addProperty("others", others);
    var changes = new JsonArray();
    for (Delta delta : deltas) {
      var one = new JsonObject();
      one.addProperty("what", delta.what.word());
      one.addProperty("name", delta.name);
      one.addProperty("became", delta.became.word());
      Entry<?> before = delta.before;
      if (before != null) {
        var fields = new JsonObject();
        before.write(fields);
        one.add("before", fields);
      }
      if (delta.orphaned) {
        one.addProperty("orphaned", true);
      }
      changes.add(one);
    }
    out.add("changes", changes);
    byte[] json = out.toString().getBytes(UTF_8);
    return ByteBuffer.allocate(1 + json.length).put((byte) VERSION).put(json).array();
  }

  /**
   * @throws IllegalStateException with words for the log: the row is damaged, or of a newer version
   */
  static PolicyRevision decode(long number, byte[] row) {
    if (row.length == 0 || row[0] != VERSION) {
      throw new IllegalStateException(
          "revision %d of the policies is of a version that this program does not know"
              .formatted(number));
    }
    try {
      JsonObject in = Json.object(Arrays.copyOfRange(row, 1, row.length));
      List<Delta> deltas = new ArrayList<>();
      for (JsonElement each : in.getAsJsonArray("changes")) {
        deltas.add(delta(each.getAsJsonObject()));
      }
      return new PolicyRevision(
          number,
          in.get("atMillis").getAsLong(),
          in.get("author").getAsString(),
          in.get("cause").getAsString(),
          in.get("bundle").getAsString(),
          in.get("others").getAsString(),
          deltas);
    } catch (IOException | NullPointerException | IllegalArgumentException e) {
      throw new IllegalStateException("revision " + number + " of the policies is damaged", e);
    }
  }

  private static Delta delta(JsonObject in) {
    What what = What.valueOf(in.get("what").getAsString().toUpperCase(java.util.Locale.ROOT));
    String name = in.get("name").getAsString();
    Became became =
        Became.valueOf(in.get("became").getAsString().toUpperCase(java.util.Locale.ROOT));
    Entry<?> before =
        in.get("before") instanceof JsonObject fields
            ? entry(what, name, Fields.ofRow(fields))
            : null;
    boolean orphaned = in.has("orphaned") && in.get("orphaned").getAsBoolean();
    return new Delta(what, name, became, before, orphaned);
  }

  private static Entry<?> entry(What what, String name, Fields in) {
    return switch (what) {
      case POLICY -> Kind.POLICY.read(name, in, null, Stamp.NEW);
      case ATTACHMENT -> Kind.ATTACHMENT.read(name, in, null, Stamp.NEW);
      case FILE -> throw new IllegalArgumentException("a file has no entry");
    };
  }
}
