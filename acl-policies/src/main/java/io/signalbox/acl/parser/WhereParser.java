package io.signalbox.acl.parser;

import io.signalbox.acl.model.Action;
import io.signalbox.acl.model.Cidr;
import io.signalbox.acl.model.Effect;
import io.signalbox.acl.model.RetainRule;
import io.signalbox.acl.model.Where;
import io.signalbox.acl.source.Node;
import io.signalbox.acl.source.Node.ScalarNode;
import io.signalbox.acl.source.Node.ScalarType;
import io.signalbox.acl.source.Position;
import io.signalbox.acl.source.Problems;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code where}: what a statement asks of the connection and of the packet. */
public final class WhereParser {
  /** In the order in which the formatter writes them. */
  public static final List<String> KEYS =
      List.of(
          "transport",
          "listener",
          "source",
          "tlsVersion",
          "auth",
          "retain",
          "maxQos",
          "maxPayload");

  /** 268,435,455 bytes is the largest packet of MQTT (section 2.1.4). */
  private static final int PAYLOAD_MAX = 268_435_455;

  private static final Pattern SIZE = Pattern.compile("([0-9]{1,9})(B|KiB|MiB)?");

  private WhereParser() {}

  static Where parse(Node node, Effect effect, Set<Action> actions, Problems problems) {
    Where nothing = Where.nothing(effect);
    return MapReader.of(node, "\"where\"", KEYS, problems)
        .map(reader -> where(reader, nothing, effect, actions, problems))
        .orElse(nothing);
  }

  private static Where where(
      MapReader reader, Where nothing, Effect effect, Set<Action> actions, Problems problems) {
    boolean publish = actions.contains(Action.PUBLISH);
    fits(reader, "retain", publish, "publish", problems);
    fits(reader, "maxPayload", publish, "publish", problems);
    fits(
        reader,
        "maxQos",
        publish || actions.contains(Action.SUBSCRIBE),
        "publish or subscribe",
        problems);
    if (effect == Effect.DENY) {
      String advice = "; put the limit on the allow, a deny denies the whole topic";
      refuse(reader, "maxQos", "\"maxQos\" limits an allow" + advice, problems);
      refuse(reader, "maxPayload", "\"maxPayload\" limits an allow" + advice, problems);
    }
    RetainRule retain = reader.word("retain", Words.RETAIN).orElse(nothing.retain());
    if (effect == Effect.DENY && retain == RetainRule.FORBID) {
      problems.add(
          reader.position("retain"),
          "on a deny \"retain\" is \"only\" (deny retained messages) or absent (deny all)");
    }
    return new Where(
        reader.words("transport", Words.TRANSPORTS),
        reader.many("listener", MatchParser::glob),
        reader.many("source", Cidr::of),
        reader.words("tlsVersion", Words.TLS_VERSIONS),
        reader.words("auth", Words.AUTH_METHODS),
        retain,
        reader.integer("maxQos", 0, 2).orElse(nothing.maxQos()),
        reader
            .node("maxPayload")
            .flatMap(node -> bytes(node, problems))
            .orElse(nothing.maxPayloadBytes()));
  }

  private static void fits(
      MapReader reader, String key, boolean fits, String actions, Problems problems) {
    if (!fits) {
      refuse(
          reader, key, "\"" + key + "\" only goes with \"actions\" that hold " + actions, problems);
    }
  }

  private static void refuse(MapReader reader, String key, String message, Problems problems) {
    if (reader.has(key)) {
      problems.add(reader.position(key), message);
    }
  }

  /** A size such as 64KiB or 512: bytes, or with a unit. */
  private static Optional<Integer> bytes(Node node, Problems problems) {
    if (node instanceof ScalarNode(_, String text, ScalarType type)
        && (type == ScalarType.NUMBER || type == ScalarType.STRING)) {
      Matcher size = SIZE.matcher(text);
      if (size.matches()) {
        long unit =
            switch (String.valueOf(size.group(2))) {
              case "KiB" -> 1024;
              case "MiB" -> 1024 * 1024;
              default -> 1;
            };
        long bytes = Long.parseLong(size.group(1)) * unit;
        if (bytes <= PAYLOAD_MAX) {
          return Optional.of((int) bytes);
        }
        problems.add(
            node.position(),
            ("\"maxPayload\": %s is above %d bytes, the largest packet of MQTT; leave maxPayload"
                    + " out for no limit")
                .formatted(text, PAYLOAD_MAX));
        return Optional.empty();
      }
    }
    Position at = node.position();
    problems.add(at, "\"maxPayload\" is a size such as 512B, 64KiB or 1MiB");
    return Optional.empty();
  }
}
