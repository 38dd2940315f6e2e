package io.signalbox.acl.decision;

import io.signalbox.acl.model.Policy;
import io.signalbox.acl.proof.Universe;
import io.signalbox.acl.subject.AuthMethod;
import io.signalbox.acl.subject.CertificateAttributes;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.TlsVersion;
import io.signalbox.acl.subject.TokenAttributes;
import io.signalbox.acl.subject.TokenAttributes.AclClaim;
import io.signalbox.acl.subject.Transport;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Random policies with all that the language has, and clients with all they can have. */
final class RichUniverse {
  private static final List<String> WORDS = List.of("a", "b", "d1", "g1", "", "$S", "\u00e9");
  private static final List<String> VALUES =
      List.of("a", "b", "d1", "g1", "\u00e9", "", "+", "#", "a/b", "$S", "x\0");
  private static final List<String> VARIABLES =
      List.of(
          "${client.id}",
          "${user.name}",
          "${device.id}",
          "${group}",
          "${cert.cn}",
          "${cert.ou}",
          "${jwt.sub}",
          "${jwt.claim.t}",
          "${jwt.claim.list[]}",
          "${device.attr.hall}",
          "d${user.name}",
          "${group}1",
          "${user.name}${group}");

  private RichUniverse() {}

  static Policy policy(String name, SplittableRandom random) {
    StringBuilder text = new StringBuilder("version: 1\nname: " + name + "\nmatch: ");
    text.append(random.nextInt(3) == 0 ? Universe.condition(random) : "{ everyone: true }");
    text.append("\nstatements:\n");
    for (int i = random.nextInt(4); i >= 0; i--) {
      text.append("  - ").append(statement("s" + i, random)).append('\n');
    }
    return Universe.parse(text.toString());
  }

  private static String statement(String id, SplittableRandom random) {
    boolean deny = random.nextInt(3) == 0;
    String head = "{ id: %s, effect: %s, ".formatted(id, deny ? "deny" : "allow");
    if (random.nextInt(6) == 0) {
      return head
          + "actions: [connect], clientIds: [\"%s\"]%s }"
              .formatted(name(random), where(random, false, false, deny));
    }
    if (deny && random.nextInt(6) == 0) {
      return head
          + "actions: [subscribe], topics: [\"%s\"], shareGroups: [\"%s\"]%s }"
              .formatted(pattern(random), name(random), where(random, false, false, true));
    }
    String actions =
        deny
            ? pick(random, "publish", "subscribe", "publish, subscribe, receive", "receive")
            : pick(random, "publish", "subscribe", "publish, subscribe");
    boolean publish = actions.contains("publish");
    boolean subscribe = actions.contains("subscribe");
    StringBuilder more = new StringBuilder();
    if (subscribe && random.nextInt(3) == 0) {
      more.append(", literalFilters: [\"").append(pattern(random)).append("\"]");
    }
    if (subscribe && !deny && random.nextInt(2) == 0) {
      more.append(", shareGroups: [\"").append(name(random)).append("\"]");
    }
    if (subscribe && deny && random.nextInt(2) == 0) {
      more.append(", overlap: filter");
    }
    more.append(where(random, publish, subscribe, deny));
    return head
        + "actions: [%s], topics: [\"%s\", \"%s\"]%s }"
            .formatted(actions, pattern(random), pattern(random), more);
  }

  private static String where(
      SplittableRandom random, boolean publish, boolean subscribe, boolean deny) {
    List<String> parts = new ArrayList<>();
    if (random.nextInt(6) == 0) {
      parts.add(
          pick(
              random,
              "transport: [mqtts]",
              "source: 10.0.0.0/8",
              "tlsVersion: TLSv1.3",
              "listener: main",
              "auth: [jwt, certificate]"));
    }
    if (publish && random.nextInt(2) == 0) {
      parts.add("retain: " + (deny ? "only" : pick(random, "only", "allow", "forbid")));
    }
    if ((publish || subscribe) && !deny && random.nextInt(3) == 0) {
      parts.add("maxQos: " + random.nextInt(3));
    }
    if (publish && !deny && random.nextInt(4) == 0) {
      parts.add("maxPayload: 1B");
    }
    return parts.isEmpty() ? "" : ", where: { " + String.join(", ", parts) + " }";
  }

  /** A Client Identifier or Share Name. */
  private static String name(SplittableRandom random) {
    return pick(
        random, "*", "a", "d*", "g1", "${user.name}", "${group}*", "${client.id}", "b-${cert.cn}*");
  }

  private static String pattern(SplittableRandom random) {
    List<String> levels = levels(random);
    for (int i = 0; i < levels.size(); i++) {
      if (random.nextInt(3) == 0) {
        levels.set(i, VARIABLES.get(random.nextInt(VARIABLES.size())));
      }
    }
    return joined(levels, random);
  }

  static String filter(SplittableRandom random) {
    return joined(levels(random), random);
  }

  static String topic(SplittableRandom random) {
    List<String> levels = levels(random);
    levels.replaceAll(level -> level.equals("+") ? "a" : level);
    String topic = String.join("/", levels);
    return topic.isEmpty() ? "a" : topic;
  }

  static String group(SplittableRandom random) {
    return pick(random, "a", "d1", "g1", "b-a", "other");
  }

  private static List<String> levels(SplittableRandom random) {
    List<String> levels = new ArrayList<>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      levels.add(random.nextInt(4) == 0 ? "+" : WORDS.get(random.nextInt(WORDS.size())));
    }
    return levels;
  }

  private static String joined(List<String> levels, SplittableRandom random) {
    if (random.nextInt(4) == 0) {
      levels.set(levels.size() - 1, "#");
    }
    String text = String.join("/", levels);
    return text.isEmpty() ? "a" : text;
  }

  static Subject subject(SplittableRandom random) {
    Transport transport = random.nextBoolean() ? Transport.MQTTS : Transport.MQTT;
    return Subject.builder(value(random))
        .userName(value(random))
        .device(value(random))
        .deviceAttributes(random.nextBoolean() ? Map.of() : Map.of("hall", value(random)))
        .groups(values(random))
        .listener(random.nextBoolean() ? "main" : "other")
        .transport(transport)
        .tlsVersion(
            transport.isEncrypted() && random.nextInt(3) > 0
                ? random.nextBoolean() ? TlsVersion.V1_3 : TlsVersion.V1_2
                : null)
        .source(source(random))
        .authMethod(random.nextBoolean() ? AuthMethod.JWT : AuthMethod.ANONYMOUS)
        .certificate(
            random.nextBoolean()
                ? null
                : new CertificateAttributes(
                    "ca1",
                    value(random),
                    "1",
                    "f",
                    "",
                    values(random),
                    List.of(),
                    List.of(),
                    List.of()))
        .token(random.nextInt(3) == 0 ? null : token(random))
        .build();
  }

  private static @Nullable InetAddress source(SplittableRandom random) {
    return random.nextInt(3) == 0
        ? null
        : InetAddress.ofLiteral(random.nextBoolean() ? "10.1.2.3" : "192.0.2.1");
  }

  private static TokenAttributes token(SplittableRandom random) {
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("t", value(random));
    claims.put("list", values(random));
    if (random.nextInt(3) == 0) {
      List<Object> statements = new ArrayList<>();
      for (int i = random.nextInt(3); i >= 0; i--) {
        statements.add(claimed(random));
      }
      claims.put("acl", statements);
    }
    return new TokenAttributes(
        "login",
        value(random),
        List.of(),
        claims,
        random.nextInt(3) == 0 ? AclClaim.GRANT : AclClaim.NARROW);
  }

  private static Map<String, Object> claimed(SplittableRandom random) {
    Map<String, Object> statement = new LinkedHashMap<>();
    boolean deny = random.nextInt(4) == 0;
    statement.put("effect", deny ? "deny" : "allow");
    if (random.nextInt(4) == 0) {
      statement.put("actions", "connect");
      statement.put("clientIds", name(random));
      return statement;
    }
    statement.put(
        "actions",
        deny
            ? List.of(pick(random, "publish", "subscribe", "receive"))
            : List.of("publish", "subscribe"));
    statement.put("topics", List.of(pattern(random), "#"));
    if (deny) {
      statement.put("topics", List.of(pattern(random)));
    } else {
      statement.put("shareGroups", name(random));
      statement.put("where", Map.of("maxQos", random.nextInt(3), "retain", "allow"));
    }
    return statement;
  }

  /** Of sixty and more now and then: more than are expanded. */
  private static List<String> values(SplittableRandom random) {
    if (random.nextInt(20) == 0) {
      int count = 63 + random.nextInt(4);
      return IntStream.range(0, count).mapToObj(i -> i == 0 ? "a" : "v" + i).toList();
    }
    List<String> values = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      values.add(value(random));
    }
    return values;
  }

  private static String value(SplittableRandom random) {
    int good = random.nextInt(3) == 0 ? VALUES.size() : 5;
    return VALUES.get(random.nextInt(good));
  }

  private static String pick(SplittableRandom random, String... choices) {
    return choices[random.nextInt(choices.length)];
  }
}
