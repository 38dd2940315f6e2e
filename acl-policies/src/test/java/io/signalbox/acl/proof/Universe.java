package io.signalbox.acl.proof;

import io.signalbox.acl.decision.PolicyBundle;
import io.signalbox.acl.model.Policy;
import io.signalbox.acl.parser.PolicyParser;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.source.SourceLimits;
import io.signalbox.acl.subject.CertificateAttributes;
import io.signalbox.acl.subject.Subject;
import io.signalbox.acl.subject.TlsVersion;
import io.signalbox.acl.subject.TokenAttributes;
import io.signalbox.acl.subject.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A small world in which everything can be tried, and random policies about it. */
public final class Universe {
  private static final List<String> WORDS = List.of("a", "b", "d1", "d2", "g1", "");
  private static final List<String> VARIABLES =
      List.of("${device.id}", "${group}", "${client.id}", "x-${device.id}", "${cert.cn}");

  private Universe() {}

  /** A fixed seed; {@code -Dacl.seed=} hunts elsewhere. */
  public static SplittableRandom random() {
    return new SplittableRandom(Long.getLong("acl.seed", 11));
  }

  /** Rounds of a random test; {@code -Dacl.rounds=} hunts longer. */
  public static int rounds(int usual) {
    return Integer.getInteger("acl.rounds", usual);
  }

  /** Clients with every combination of a few attributes; each value is also a topic level. */
  public static List<Subject> subjects() {
    List<Subject> subjects = new ArrayList<>();
    for (String id : List.of("d1", "x-d1", "other", "a")) {
      for (String device : List.of("", "d1", "a/b")) {
        for (List<String> groups :
            List.of(List.<String>of(), List.of("g1"), List.of("g2"), List.of("g1", "a"))) {
          for (String cn : List.of("", "d1")) {
            for (Transport transport : List.of(Transport.MQTTS, Transport.WS)) {
              subjects.add(
                  Subject.builder(id)
                      .device(device)
                      .groups(groups)
                      .certificate(
                          cn.isEmpty()
                              ? null
                              : new CertificateAttributes(
                                  "ca1", cn, "1", "f", "", List.of(), List.of(), List.of(),
                                  List.of()))
                      .token(groups.isEmpty() ? null : new TokenAttributes("login", "ann"))
                      .listener("main")
                      .transport(transport)
                      .tlsVersion(transport.isEncrypted() ? TlsVersion.V1_3 : null)
                      .build());
            }
          }
        }
      }
    }
    return subjects;
  }

  /** Topic Names of up to three levels. */
  public static List<String> topics() {
    List<String> topics = new ArrayList<>();
    List<String> heads = List.of("");
    for (int length = 1; length <= 3; length++) {
      List<String> longer = new ArrayList<>();
      for (String head : heads) {
        for (String word : List.of("a", "b", "d1", "g1", "x-d1", "", "$S")) {
          longer.add(length == 1 ? word : head + "/" + word);
        }
      }
      longer.stream().filter(topic -> !topic.isEmpty()).forEach(topics::add);
      heads = longer;
    }
    return topics;
  }

  /** A bundle of one to four random policies. */
  public static PolicyBundle bundle(SplittableRandom random) {
    List<Policy> policies = new ArrayList<>();
    int count = 1 + random.nextInt(4);
    for (int i = 0; i < count; i++) {
      policies.add(policy("p" + i, random));
    }
    return bundle(policies);
  }

  /** The same, with share groups, literal filters and denies that only filter. */
  public static PolicyBundle richBundle(SplittableRandom random) {
    List<Policy> policies = new ArrayList<>();
    for (int i = random.nextInt(4); i >= 0; i--) {
      policies.add(policy("p" + i, true, random));
    }
    return bundle(policies);
  }

  public static PolicyBundle bundle(List<Policy> policies) {
    Problems problems = new Problems();
    return PolicyBundle.compile(policies, List.of(), problems)
        .orElseThrow(() -> new AssertionError(problems.toString()));
  }

  public static Policy policy(String name, SplittableRandom random) {
    return policy(name, false, random);
  }

  private static Policy policy(String name, boolean rich, SplittableRandom random) {
    StringBuilder text = new StringBuilder("version: 1\nname: " + name + "\n");
    text.append("match: ").append(match(random)).append("\nstatements:\n");
    int count = 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      text.append(statement("s" + i, rich, random));
    }
    return parse(text.toString());
  }

  public static Policy parse(String text) {
    Problems problems = new Problems();
    return PolicyParser.parse("file", "p.yaml", text, SourceLimits.DEFAULTS, problems)
        .orElseThrow(() -> new AssertionError(problems + text));
  }

  /** A random condition, in flow style. */
  public static String condition(SplittableRandom random) {
    return pick(
        random,
        "{ group: g1 }",
        "{ group: \"g*\" }",
        "{ group: [a, g2] }",
        "{ device: { id: d1 } }",
        "{ device: { id: \"d*\" } }",
        "{ cert: { ca: ca1 } }",
        "{ cert: { cn: [b, d1] } }",
        "{ jwt: { issuer: login }, group: g1 }",
        "{ transport: [mqtts] }");
  }

  private static String match(SplittableRandom random) {
    return switch (random.nextInt(5)) {
      case 0 -> "{ everyone: true }";
      case 1 -> "{ any: [" + condition(random) + ", " + condition(random) + "] }";
      case 2 -> "{ all: [" + condition(random) + "], not: [" + condition(random) + "] }";
      default -> condition(random);
    };
  }

  private static String statement(String id, boolean rich, SplittableRandom random) {
    boolean deny = random.nextInt(3) == 0;
    String where = random.nextInt(4) == 0 ? ", where: { transport: [mqtts] }" : "";
    if (random.nextInt(5) == 0) {
      return "  - { id: %s, effect: %s, actions: [connect], clientIds: [\"%s\"]%s }\n"
          .formatted(
              id,
              deny ? "deny" : "allow",
              pick(
                  random,
                  "*",
                  "${device.id}",
                  "d1",
                  "x-${device.id}",
                  "${cert.cn}",
                  "d*",
                  "${group}"),
              where);
    }
    String actions =
        deny
            ? pick(random, "publish", "subscribe", "publish, subscribe, receive", "receive")
            : pick(random, "publish", "subscribe", "publish, subscribe");
    if (where.isEmpty() && actions.startsWith("publish") && random.nextInt(4) == 0) {
      where = ", where: { retain: only }";
    }
    if (where.isEmpty() && !deny && random.nextInt(4) == 0) {
      where = actions.equals("subscribe") ? ", where: { maxQos: 1 }" : ", where: { maxQos: 0 }";
    }
    String more = rich && actions.contains("subscribe") ? subscribing(deny, actions, random) : "";
    return "  - { id: %s, effect: %s, actions: [%s], topics: [\"%s\", \"%s\"]%s }\n"
        .formatted(
            id, deny ? "deny" : "allow", actions, pattern(random), pattern(random), where + more);
  }

  /** What only a statement on SUBSCRIBE may have. */
  private static String subscribing(boolean deny, String actions, SplittableRandom random) {
    String more = "";
    boolean groups = random.nextInt(3) == 0 && (!deny || actions.equals("subscribe"));
    if (groups) {
      more += ", shareGroups: [\"" + pick(random, "g1", "g*", "${group}", "x-${device.id}") + "\"]";
    } else if (deny && random.nextInt(3) == 0) {
      more += ", overlap: filter";
    }
    if (random.nextInt(4) == 0) {
      more += ", literalFilters: [\"" + pattern(random) + "\"]";
    }
    return more;
  }

  /** A random pattern, mostly with a variable. */
  public static String pattern(SplittableRandom random) {
    List<String> levels = new ArrayList<>();
    int length = 1 + random.nextInt(3);
    for (int i = 0; i < length; i++) {
      levels.add(
          switch (random.nextInt(5)) {
            case 0 -> "+";
            case 1, 2 -> VARIABLES.get(random.nextInt(VARIABLES.size()));
            default -> WORDS.get(random.nextInt(WORDS.size()));
          });
    }
    if (random.nextInt(3) == 0) {
      levels.set(length - 1, "#");
    }
    String pattern = String.join("/", levels);
    return pattern.isEmpty() ? "a" : pattern;
  }

  /** Clients of every combination of three groups, with names that are made of one of them. */
  static List<Subject> subjectsOfGroups() {
    List<Subject> subjects = new ArrayList<>();
    for (String id : List.of("a", "g1", "g2", "x-a", "x-g1", "g1z", "x-g1z", "other")) {
      for (int some = 0; some < 8; some++) {
        List<String> groups = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          if ((some >> i & 1) == 1) {
            groups.add(List.of("a", "g1", "g2").get(i));
          }
        }
        for (String device : List.of("", "d1")) {
          subjects.add(
              Subject.builder(id)
                  .device(device)
                  .groups(groups)
                  .listener("main")
                  .transport(Transport.MQTTS)
                  .tlsVersion(TlsVersion.V1_3)
                  .build());
        }
      }
    }
    return subjects;
  }

  /** Topic Names of two and three levels for {@link #bundleOfGroups}. */
  static List<String> topicsOfGroups() {
    List<String> words = List.of("a", "g1", "g2", "x-a", "x-g1", "b", "g1-a", "g1-g2", "a-g1");
    List<String> topics = new ArrayList<>();
    for (String one : words) {
      for (String other : words) {
        topics.add(one + "/" + other);
        topics.add(one + "/" + other + "/b");
      }
    }
    return topics;
  }

  /** One policy that knows a client by its groups alone, in Client Identifiers and in topics. */
  static PolicyBundle bundleOfGroups(SplittableRandom random) {
    String name = pick(random, "${group}", "${group}", "x-${group}", "${group}*", "x-${group}*");
    String denied = pick(random, "g1", "a", "x-g1", "g*", "x-*", "g1z*", "${group}z", "other");
    return bundle(
        List.of(
            parse(
                """
                version: 1
                name: p
                match: { group: %s }
                statements:
                  - { id: c, effect: allow, actions: [connect], clientIds: ["%s"] }
                  - { id: d, effect: deny, actions: [connect], clientIds: ["%s"] }
                  - { id: s, effect: allow, actions: [publish], topics: ["%s", "%s"] }
                  - { id: less, effect: deny, actions: [publish], topics: ["%s", "%s"] }
                """
                    .formatted(
                        pick(random, "\"*\"", "\"g*\"", "a", "[a, g1]", "[a, g2]"),
                        name,
                        denied,
                        patternOfGroups(random),
                        patternOfGroups(random),
                        patternOfGroups(random),
                        patternOfGroups(random)))));
  }

  static String patternOfGroups(SplittableRandom random) {
    String pattern =
        pick(random, "${group}", "${client.id}", "x-${group}", "g1", "a", "+")
            + "/"
            + pick(
                random,
                "${group}",
                "${client.id}",
                "x-${group}",
                "g1",
                "b",
                "+",
                "${client.id}-${group}",
                "g1-a");
    return random.nextInt(3) == 0 ? pattern + "/#" : pattern;
  }

  private static String pick(SplittableRandom random, String... choices) {
    return choices[random.nextInt(choices.length)];
  }
}
