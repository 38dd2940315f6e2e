package io.signalbox.acl.tool;

import io.signalbox.acl.filter.Filter;
import io.signalbox.acl.source.Position;
import io.signalbox.acl.source.Problem;
import io.signalbox.acl.source.Problems;
import io.signalbox.acl.tool.MosquittoAcl.Access;
import io.signalbox.acl.tool.MosquittoAcl.Rule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Turns an {@code acl_file} of mosquitto into policies, and into tests that pin what mosquitto
 * decides.
 *
 * <p>One policy for each user, one for anonymous clients, one for the patterns. {@code read}
 * becomes subscribe, {@code write} publish, retained or not, {@code deny} denies both and filters
 * at delivery. What cannot be the same is a note: a pattern's deny wins over a user's allow here,
 * and a SUBSCRIBE that reaches beyond what is allowed is refused instead of silently thinned out.
 *
 * @param files name to text: {@code NAME.policy.yaml} and {@code mosquitto.test.yaml}
 * @param problems lines that could not be read; the policies leave them out
 * @param notes what decides differently
 */
public record MosquittoImport(
    Map<String, String> files, List<Problem> problems, List<Problem> notes) {
  public static MosquittoImport of(String file, String text) {
    Problems problems = new Problems();
    MosquittoAcl acl = MosquittoAcl.read(file, text, problems);
    Writer writer = new Writer(file, acl);
    return new MosquittoImport(writer.files(), problems.list(), writer.notes.list());
  }

  private static final class Writer {
    private final String file;
    private final MosquittoAcl acl;
    private final Problems notes = new Problems();
    private final Set<String> names = new LinkedHashSet<>();

    /** User ("" for anonymous) to the rules; patterns apart. */
    private final Map<String, List<Rule>> users = new TreeMap<>();

    private final List<Rule> patterns = new ArrayList<>();

    Writer(String file, MosquittoAcl acl) {
      this.file = file;
      this.acl = acl;
      for (Rule rule : acl.rules()) {
        if (rule.pattern()) {
          patterns.add(rule);
        } else {
          users.computeIfAbsent(rule.user(), _ -> new ArrayList<>()).add(rule);
        }
      }
    }

    Map<String, String> files() {
      Map<String, String> files = new LinkedHashMap<>();
      users.forEach(
          (user, rules) -> {
            if (user.indexOf('*') >= 0) {
              notes.add(
                  rules.getFirst().position(),
                  "user \"%s\" is left out: \"*\" would match every user".formatted(user));
              return;
            }
            String name = name(user.isEmpty() ? "anonymous" : "user-" + user);
            String match =
                user.isEmpty() ? "auth: anonymous" : "user: " + PolicyFormatter.doubleQuoted(user);
            files.put(name + ".policy.yaml", policy(name, match, rules));
          });
      if (!patterns.isEmpty()) {
        String name = name("patterns");
        files.put(name + ".policy.yaml", policy(name, "everyone: true", patterns));
      }
      if (!files.isEmpty()) {
        files.put("mosquitto.test.yaml", tests());
      }
      notePatternDenies();
      return files;
    }

    private String policy(String name, String match, List<Rule> rules) {
      StringBuilder text = new StringBuilder("# from " + file.replaceAll("\\p{Cntrl}", " ") + "\n");
      text.append("version: 1\nname: ")
          .append(PolicyFormatter.doubleQuoted(name))
          .append("\nmatch: { ")
          .append(match);
      text.append(" }\nstatements:\n");
      // mosquitto's acl_file says nothing of client identifiers
      text.append("  - { id: connect, effect: allow, actions: [connect], clientIds: [\"*\"] }\n");
      statement(text, "read", "subscribe", rules, List.of(Access.READ), "shareGroups: [\"*\"]");
      statement(text, "write", "publish", rules, List.of(Access.WRITE), "where: { retain: allow }");
      List<String> both = filters(rules, List.of(Access.READWRITE));
      if (!both.isEmpty()) {
        append(
            text,
            "read-write",
            "allow",
            "publish, subscribe",
            both,
            "shareGroups: [\"*\"], where: { retain: allow }");
      }
      List<String> denied = filters(rules, List.of(Access.DENY));
      if (!denied.isEmpty()) {
        append(text, "deny", "deny", "publish, subscribe, receive", denied, "overlap: filter");
      }
      return text.toString();
    }

    private static void statement(
        StringBuilder text,
        String id,
        String action,
        List<Rule> rules,
        List<Access> access,
        String more) {
      List<String> filters = filters(rules, access);
      if (!filters.isEmpty()) {
        append(text, id, "allow", action, filters, more);
      }
    }

    private static List<String> filters(List<Rule> rules, List<Access> access) {
      return rules.stream()
          .filter(rule -> access.contains(rule.access()))
          .map(
              rule ->
                  rule.pattern()
                      ? rule.filter().replace("%c", "${client.id}").replace("%u", "${user.name}")
                      : rule.filter())
          .distinct()
          .toList();
    }

    private static void append(
        StringBuilder text,
        String id,
        String effect,
        String actions,
        List<String> filters,
        String more) {
      text.append(
          "  - id: %s%n    effect: %s%n    actions: [%s]%n    topics:%n"
              .formatted(id, effect, actions));
      filters.forEach(
          filter ->
              text.append("      - ").append(PolicyFormatter.doubleQuoted(filter)).append('\n'));
      for (String line : more.split(", (?=[a-zA-Z]+:)")) {
        text.append("    ").append(line).append('\n');
      }
    }

    /** Every rule asked about by its user, another user and an anonymous client. */
    private String tests() {
      Set<String> subjects = new LinkedHashSet<>(users.keySet());
      subjects.removeIf(user -> user.indexOf('*') >= 0);
      subjects.add("");
      subjects.add("somebody-else");
      StringBuilder text = new StringBuilder("version: 1\nprincipals:\n");
      Map<String, String> principals = new LinkedHashMap<>();
      int number = 0;
      for (String user : subjects) {
        String principal = user.isEmpty() ? "anonymous" : "u" + ++number;
        principals.put(user, principal);
        text.append(
            user.isEmpty()
                ? "  anonymous: { clientId: c1, auth: anonymous }\n"
                : "  %s: { user: %s, clientId: c1 }%n"
                    .formatted(principal, PolicyFormatter.doubleQuoted(user)));
      }
      text.append("cases:\n");
      for (String topic : topics()) {
        principals.forEach((user, principal) -> cases(text, topic, user, principal));
      }
      return text.toString();
    }

    private void cases(StringBuilder text, String topic, String user, String principal) {
      for (boolean write : List.of(true, false)) {
        if (!overruled(user, topic)) {
          text.append(
              "  - { as: %s, %s: %s, expect: %s }%n"
                  .formatted(
                      principal,
                      write ? "publish" : "receive",
                      PolicyFormatter.doubleQuoted(topic),
                      acl.allows(user, "c1", write, topic) ? "allow" : "deny"));
        }
      }
    }

    /** A topic of each rule, as every user would see it. */
    private Set<String> topics() {
      Set<String> topics = new LinkedHashSet<>();
      for (Rule rule : acl.rules()) {
        for (String user : rule.pattern() ? users.keySet() : Set.of("")) {
          String topic =
              rule.filter()
                  .replace("%u", user.isEmpty() ? "somebody-else" : user)
                  .replace("%c", "c1")
                  .replaceAll("[+#]", "x");
          if (Filter.topicFault(topic).isEmpty()) {
            topics.add(topic);
          }
        }
      }
      return topics;
    }

    /**
     * Whether a pattern's deny takes away here what mosquitto leaves, because it looks there first.
     */
    private boolean overruled(String user, String topic) {
      boolean here =
          patterns.stream()
              .filter(rule -> rule.access() == Access.DENY)
              .anyMatch(rule -> widest(rule).matches(topic));
      return here && (acl.allows(user, "c1", true, topic) || acl.allows(user, "c1", false, topic));
    }

    private static Filter widest(Rule rule) {
      List<String> levels = new ArrayList<>();
      for (String level : Filter.split(rule.filter())) {
        levels.add(level.contains("%u") || level.contains("%c") ? "+" : level);
      }
      return new Filter(levels);
    }

    private void notePatternDenies() {
      for (Rule rule : patterns) {
        if (rule.access() == Access.DENY) {
          for (Rule allow : acl.rules()) {
            if (!allow.pattern()
                && allow.access() != Access.DENY
                && Filter.of(allow.filter()).intersects(widest(rule))) {
              note(rule.position(), allow);
            }
          }
        }
      }
      if (acl.rules().stream().anyMatch(rule -> rule.access() != Access.WRITE)) {
        notes.add(
            Position.none(file),
            "a subscribe that reaches beyond what may be read is refused here; mosquitto grants it"
                + " and drops the rest");
      }
    }

    private void note(Position position, Rule allow) {
      notes.add(
          position,
          "this deny wins over \"topic %s\" in line %d; in mosquitto the topic line wins"
              .formatted(allow.filter(), allow.position().line()));
    }

    private String name(String wanted) {
      String base = wanted.replaceAll("[^A-Za-z0-9._-]", "-");
      base = base.length() > 100 ? base.substring(0, 100) : base;
      String name = base;
      for (int i = 2; !names.add(name); i++) {
        name = base + "-" + i;
      }
      return name;
    }
  }
}
