package io.signalbox.acl.source;

import io.signalbox.acl.source.Node.ScalarType;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.DocumentStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * YAML without its traps. Works on the parser's events, not on composed nodes: depth and size are
 * checked as the text is read, and nothing recursive is fed by the document.
 *
 * <p>Refused: anchors, aliases, merge keys, tags, a second document, keys that are no plain texts.
 */
final class YamlSource {
  private static final Pattern NUMBER =
      Pattern.compile(
          "[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(:[0-5]?[0-9])*)"
              + "|[-+]?(\\.[0-9]+|[0-9][0-9_]*(\\.[0-9_]*)?)([eE][-+]?[0-9]+)?"
              + "|[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN)");
  private static final Pattern DATE = Pattern.compile("[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?");
  private static final Set<String> AMBIGUOUS =
      Set.of("yes", "no", "on", "off", "y", "n", "true", "false", "null"); // whatever their case
  private static final int WORD_MAX = 5;
  private static final int DATE_MIN = "2026-1-1".length();

  /** All that {@link #NUMBER} may match: most texts that start with a digit hold others. */
  private static final String NUMBER_CHARACTERS = "0123456789abcdefABCDEFox_:.+-inIN";

  private final String file;
  private final String text;
  private final NodeBuilder builder;

  YamlSource(String file, String text, NodeBuilder builder) {
    this.file = file;
    this.text = text;
    this.builder = builder;
  }

  Node read() throws SourceException {
    LoadSettings settings =
        LoadSettings.builder()
            .setLabel(file)
            .setCodePointLimit(Integer.MAX_VALUE) // SourceLimits bound the text already
            .build();
    try {
      int documents = 0;
      for (Event event : new Parse(settings).parseString(text)) {
        if (event instanceof DocumentStartEvent && ++documents > 1) {
          throw new SourceException(position(event), "a file holds one document, remove \"---\"");
        }
        accept(event);
      }
      return builder.root(new Position(file, 1, 1));
    } catch (MarkedYamlEngineException e) {
      throw new SourceException(position(e.getProblemMark()), reason(e));
    } catch (YamlEngineException e) {
      throw new SourceException(
          new Position(file, 1, 1),
          "this is no YAML: " + firstLine(String.valueOf(e.getMessage())));
    }
  }

  private void accept(Event event) throws SourceException {
    switch (event.getEventId()) {
      case Scalar -> scalar((ScalarEvent) event);
      case MappingStart, SequenceStart -> start((CollectionStartEvent) event);
      case MappingEnd, SequenceEnd -> builder.end();
      case Alias ->
          throw new SourceException(
              position(event),
              "alias \"*%s\" is not allowed, write the value out"
                  .formatted(((AliasEvent) event).getAlias()));
      case StreamStart, StreamEnd, DocumentStart, DocumentEnd, Comment -> {}
    }
  }

  private void start(CollectionStartEvent event) throws SourceException {
    Position position = position(event);
    refuseAnchor(position, event.getAnchor());
    refuseTag(position, event.getTag());
    if (builder.expectsKey()) {
      throw new SourceException(position, "a key is a plain text, not a list or map");
    }
    if (event instanceof MappingStartEvent) {
      builder.startMap(position);
    } else {
      builder.startList(position);
    }
  }

  private void scalar(ScalarEvent event) throws SourceException {
    Position position = position(event);
    refuseAnchor(position, event.getAnchor());
    refuseTag(position, event.getTag());
    String value = event.getValue();
    if (!builder.expectsKey()) {
      builder.scalar(position, value, event.isPlain() ? typeOfPlain(value) : ScalarType.STRING);
      return;
    }
    if (event.isPlain() && value.equals("<<")) {
      throw new SourceException(position, "merge key \"<<\" is not allowed, write the values out");
    }
    builder.key(position, value);
  }

  /** What YAML 1.1 or 1.2 makes of an unquoted scalar. */
  static ScalarType typeOfPlain(String value) {
    if (value.length() <= WORD_MAX) {
      ScalarType word = typeOfWord(value);
      if (word != ScalarType.STRING) {
        return word;
      }
    }
    char first = value.charAt(0);
    boolean digit = first >= '0' && first <= '9';
    boolean mayBeDate = digit && value.length() >= DATE_MIN && value.charAt(4) == '-';
    if (mayBeDate && DATE.matcher(value).matches()) {
      return ScalarType.AMBIGUOUS;
    }
    boolean mayBeNumber = digit || first == '+' || first == '-' || first == '.';
    return mayBeNumber && isNumber(value) ? ScalarType.NUMBER : ScalarType.STRING;
  }

  private static ScalarType typeOfWord(String value) {
    switch (value) {
      case "true", "false" -> {
        return ScalarType.BOOLEAN;
      }
      case "", "null", "~" -> {
        return ScalarType.NULL;
      }
      default -> {}
    }
    return AMBIGUOUS.contains(value.toLowerCase(Locale.ROOT))
        ? ScalarType.AMBIGUOUS
        : ScalarType.STRING;
  }

  private static boolean isNumber(String value) {
    for (int i = 0; i < value.length(); i++) {
      if (NUMBER_CHARACTERS.indexOf(value.charAt(i)) < 0) {
        return false;
      }
    }
    return NUMBER.matcher(value).matches();
  }

  private static void refuseAnchor(Position position, Optional<Anchor> anchor)
      throws SourceException {
    if (anchor.isPresent()) {
      throw new SourceException(
          position,
          "anchor \"&%s\" is not allowed, write the value out where it is needed"
              .formatted(anchor.get()));
    }
  }

  private static void refuseTag(Position position, Optional<String> tag) throws SourceException {
    if (tag.isPresent()) {
      throw new SourceException(
          position, "tag \"%s\" is not allowed, use quotes for a text".formatted(tag.get()));
    }
  }

  private Position position(Event event) {
    return position(event.getStartMark());
  }

  private Position position(Optional<Mark> mark) {
    return mark.map(m -> new Position(file, m.getLine() + 1, m.getColumn() + 1))
        .orElse(new Position(file, 1, 1));
  }

  /** The library's words, and its context, which often names the real cause. */
  private static String reason(MarkedYamlEngineException e) {
    String problem = e.getProblem() == null ? "" : firstLine(e.getProblem());
    String context = e.getContext() == null ? "" : " " + firstLine(e.getContext());
    if (problem.contains("found character '%'") || problem.contains("'@'")) {
      return "this is no YAML: " + problem + "; put the text in quotes";
    }
    return "this is no YAML:" + context + (context.isEmpty() ? " " : ", ") + problem;
  }

  private static String firstLine(String message) {
    int end = message.indexOf('\n');
    String line = end < 0 ? message : message.substring(0, end);
    return line.length() > 200 ? line.substring(0, 200) + "..." : line;
  }
}
