package io.signalbox.acl.source;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.comments.CommentType;
import org.snakeyaml.engine.v2.events.CommentEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;

/**
 * YAML with its comments, for the formatter. Only for texts that {@link Documents} has read without
 * a problem: depth, size and anchors are not looked at again.
 */
public final class CommentedYaml {
  /** A value; exactly one of the three kinds. */
  public sealed interface Value {}

  /**
   * @param plain whether it was written without quotes and is no text: a number, true, false
   */
  public record Scalar(String text, boolean plain) implements Value {}

  /**
   * @param trailing comments after the last item
   */
  public record Items(List<Item> items, List<String> trailing) implements Value {}

  /**
   * @param trailing comments after the last entry
   */
  public record Entries(List<Item> entries, List<String> trailing) implements Value {}

  /**
   * An entry of a map or an item of a list.
   *
   * @param key "" in a list
   * @param before comment lines above it with their '#'; "" for a blank line
   * @param beside comment on its line; "" for none
   */
  public record Item(String key, Value value, List<String> before, String beside) {}

  /** A collection that is not finished yet. */
  private static final class Open {
    final boolean map;
    final List<Item> items = new ArrayList<>();
    List<String> before = List.of();
    @Nullable String key;

    /** Where it starts; comments further left belong to what is around it. */
    final int column;

    Open(boolean map, int column) {
      this.map = map;
      this.column = column;
    }
  }

  private final Deque<Open> open = new ArrayDeque<>();
  private List<String> pending = new ArrayList<>();
  private int pendingColumn;
  private @Nullable Open lastInto;
  private Value root = new Scalar("", false);
  private List<String> head = List.of();

  private CommentedYaml() {}

  /**
   * @param head comments above the document
   * @param root the document
   */
  public record Document(List<String> head, Value root, List<String> tail) {}

  public static Document read(String text) {
    CommentedYaml reader = new CommentedYaml();
    LoadSettings settings =
        LoadSettings.builder().setParseComments(true).setCodePointLimit(Integer.MAX_VALUE).build();
    for (Event event : new Parse(settings).parseString(text)) {
      reader.accept(event);
    }
    return new Document(reader.head, reader.root, reader.pending);
  }

  private void accept(Event event) {
    switch (event.getEventId()) {
      case Comment -> comment((CommentEvent) event);
      case MappingStart -> start(true, event);
      case SequenceStart -> start(false, event);
      case MappingEnd, SequenceEnd -> end();
      case Scalar -> scalar((ScalarEvent) event);
      case Alias, StreamStart, StreamEnd, DocumentStart, DocumentEnd -> {}
    }
  }

  private void comment(CommentEvent event) {
    if (event.getCommentType() == CommentType.IN_LINE) {
      Open into = lastInto;
      Open top = open.peek();
      if (top != null && top.map && top.key != null) {
        pending.add("#" + event.getValue()); // beside a key whose value is still to come
      } else if (into != null && !into.items.isEmpty()) {
        Item last = into.items.removeLast();
        into.items.add(
            new Item(last.key, last.value, last.before, "#" + event.getValue().stripTrailing()));
      } else {
        pending.add("#" + event.getValue());
      }
      return;
    }
    if (pending.isEmpty() || pending.getLast().isEmpty()) {
      pendingColumn = column(event);
    }
    boolean blank = event.getCommentType() == CommentType.BLANK_LINE;
    if (!blank || pending.isEmpty() || !pending.getLast().isEmpty()) {
      pending.add(blank ? "" : ("#" + event.getValue()).stripTrailing());
    }
  }

  private void start(boolean map, Event event) {
    Open parent = open.peek();
    if (parent == null) {
      head = taken();
    } else if (!parent.map) {
      parent.before = taken();
    }
    open.push(new Open(map, column(event)));
  }

  private void end() {
    Open done = open.pop();
    List<String> trailing = List.of();
    if (!pending.isEmpty() && !open.isEmpty() && pendingColumn >= done.column) {
      trailing = taken();
    }
    add(done.map ? new Entries(done.items, trailing) : new Items(done.items, trailing));
  }

  private void scalar(ScalarEvent event) {
    Open top = open.peek();
    String text = event.getValue();
    if (top == null) {
      head = taken();
      root = new Scalar(text, false);
    } else if (top.map && top.key == null) {
      top.key = text;
      top.before = taken();
    } else {
      if (!top.map) {
        top.before = taken();
      }
      boolean plain = event.isPlain() && YamlSource.typeOfPlain(text) != Node.ScalarType.STRING;
      add(new Scalar(text, plain));
    }
  }

  private void add(Value value) {
    Open top = open.peek();
    if (top == null) {
      root = value;
      return;
    }
    String key = top.key;
    top.items.add(new Item(key == null ? "" : key, value, top.before, ""));
    top.key = null;
    lastInto = top;
  }

  private List<String> taken() {
    List<String> taken = pending;
    pending = new ArrayList<>();
    return taken;
  }

  private static int column(Event event) {
    return event.getStartMark().map(Mark::getColumn).orElse(0);
  }
}
